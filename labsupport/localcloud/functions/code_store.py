"""Unpacks deployment packages and layers once each, read-only, under the cloud's state folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from .deployment_package import unpack


class CodeStore:
    """Folders of unpacked code by content: ``task/<sha>`` for packages, ``opt/<sha>`` for a list of layers."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def task_folder(self, code_sha256: str) -> Path:
        """Where the package with this CodeSha256 is or would be unpacked."""
        return self._root / "task" / hashlib.sha256(code_sha256.encode()).hexdigest()[:32]

    def add_package(self, code_sha256: str, package: bytes) -> Path:
        """Unpack a package unless it is there already. Raises CodeUnusable, and leaves nothing behind then."""
        return self._add(self.task_folder(code_sha256), [package])

    def opt_folder(self, layers: tuple[str, ...]) -> Path:
        """Where the content of these layers, in order, is or would be unpacked."""
        return self._root / "opt" / hashlib.sha256("\n".join(layers).encode()).hexdigest()[:32]

    def add_layers(self, layers: tuple[str, ...], packages: list[bytes]) -> Path:
        """Unpack layers over one another: later ones replace files of earlier ones, as in AWS's /opt. Raises
        CodeUnusable, and leaves nothing behind then."""
        return self._add(self.opt_folder(layers), packages)

    def _add(self, folder: Path, packages: list[bytes]) -> Path:
        if folder.exists():
            return folder
        working = folder.with_name(f"{folder.name}.{os.urandom(4).hex()}")
        working.mkdir(parents=True)
        try:
            for number, package in enumerate(packages):
                if number == 0:
                    unpack(package, working)
                else:
                    layer = working.with_name(working.name + ".layer")
                    layer.mkdir()
                    unpack(package, layer)
                    _overlay(layer, working)
                    shutil.rmtree(layer)
        except BaseException:
            for left in (working, working.with_name(working.name + ".layer")):
                shutil.rmtree(left, ignore_errors=True)
            raise
        try:
            working.rename(folder)
        except OSError:  # another task was faster
            shutil.rmtree(working, ignore_errors=True)
        return folder


def _overlay(source: Path, target: Path) -> None:
    """Move everything over; what is in the way goes. A link is moved as a link and never followed."""
    for entry in list(os.scandir(source)):
        place = target / entry.name
        if entry.is_dir(follow_symlinks=False):
            if place.is_symlink() or not place.is_dir():
                place.unlink(missing_ok=True)
                place.mkdir()
            _overlay(Path(entry.path), place)
        else:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            os.replace(entry.path, place)
