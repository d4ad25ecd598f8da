"""Authoring: lesson sources in, executed solution notebooks and starter notebooks out; and the course linter.

From outside: ``build_command`` and ``lint_command`` (each does what the subcommand of that name does and returns its exit
code), ``reply_status`` (a pytest plugin beside nbval).
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["build_command", "lint_command"]


def build_command(names: Sequence[str] = (), *, check: bool = False, force: bool = False) -> int:
    """``labsupport build [NAMES...] [--check] [--force]``. Names are lessons ("01" or "01_hello_lambda"); none means all.

    ``check`` writes nothing and executes nothing: it fails when a generated notebook is not what its source generates.
    ``force`` rebuilds what has not changed, too. Returns 0, 1 (a difference, a cell that failed) or 2 (unknown lesson).
    """
    from . import build

    return build.main(tuple(names), check=check, force=force)


def lint_command(names: Sequence[str] = ()) -> int:
    """``labsupport lint [NAMES...]``: prints findings in cell coordinates. Returns 0, 1 (findings) or 2 (unknown lesson)."""
    from . import lint

    return lint.main(tuple(names))
