"""Lambda Lab: the lab behind the notebooks. A notebook uses one name: ``from labsupport import lab``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import lab as lab

__version__ = "0.1.0"
__all__ = ["__version__", "lab"]


def __getattr__(name: str) -> Any:
    # Lazily, so that importing the package (the local cloud does) costs nothing and needs no boto3.
    if name == "lab":
        from .session import lab

        return lab
    raise AttributeError(f"module 'labsupport' has no attribute {name!r}")
