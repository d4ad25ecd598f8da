"""What installing a distribution brings, read from the metadata of what is installed here."""

from __future__ import annotations

import importlib.metadata

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def distributions_needed(name: str, extra: str = "", **system: str) -> set[str]:
    """Canonical names of every distribution that ``name[extra]`` brings, itself left out.

    ``system`` changes markers: ``sys_platform="darwin"`` tells what macOS would get. Below a distribution that is not
    installed here nothing is known.
    """
    needed: set[str] = set()
    seen: set[tuple[str, str]] = set()
    open_ends = [(name, ""), (name, extra)]
    while open_ends:
        owner, its_extra = open_ends.pop()
        try:
            texts = importlib.metadata.requires(owner) or ()
        except importlib.metadata.PackageNotFoundError:
            continue
        for one in map(Requirement, texts):
            if one.marker and not one.marker.evaluate({**default_environment(), **system, "extra": its_extra}):
                continue
            needed.add(canonicalize_name(one.name))
            fresh = {(one.name, wanted) for wanted in ("", *one.extras)} - seen
            seen |= fresh
            open_ends += sorted(fresh)
    return needed
