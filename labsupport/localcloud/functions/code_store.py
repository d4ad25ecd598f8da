"""Unpacks deployment packages and layers once each, read-only, under the cloud's state folder."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from .specification import CodeUnusable

UNZIP_FAILED = "Could not unzip uploaded file. Please check your file, then try to upload again."


def unpack(package: bytes, target: Path) -> None:
    """Unpack a zip into the new folder ``target``; files come out read-only.

    Raises CodeUnusable for anything that is not a zip, is encrypted, or has a member that would leave the folder.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(package))
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in member.filename or "\0" in member.filename:
                raise CodeUnusable(UNZIP_FAILED)
            destination = target.joinpath(*path.parts)
            if member.is_dir():
                destination.mkdir(parents=True, exist_ok=True)
                continue
            mode = member.external_attr >> 16
            if stat.S_ISLNK(mode):
                _link(archive.read(member).decode(), destination, target)
                continue
            destination.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(destination, "wb") as out:
                shutil.copyfileobj(source, out)
            # A zip made without modes (mode 0) would be unreadable on AWS; Python's writestr gives 0600, which AWS
            # shows to the runtime's user as it is. Both are opened up for reading here: the owner differs.
            destination.chmod(0o555 if mode & 0o111 else 0o444)
    except CodeUnusable:
        raise
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError) as problem:
        raise CodeUnusable(UNZIP_FAILED) from problem


def _link(points_to: str, destination: Path, root: Path) -> None:
    resolved = os.path.normpath(os.path.join(destination.parent, points_to))
    if os.path.isabs(points_to) or not (resolved + os.sep).startswith(str(root) + os.sep):
        raise CodeUnusable(UNZIP_FAILED)
    destination.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(points_to, destination)


class CodeStore:
    """Folders of unpacked code by content: ``task/<sha>`` for packages, ``opt/<sha>`` for a list of layers."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def task_folder(self, code_sha256: str) -> Path:
        """Where the package with this CodeSha256 is or would be unpacked."""
        return self._root / "task" / hashlib.sha256(code_sha256.encode()).hexdigest()[:32]

    def add_package(self, code_sha256: str, package: bytes) -> Path:
        """Unpack a package unless it is there already."""
        return self._add(self.task_folder(code_sha256), [package])

    def opt_folder(self, layers: tuple[str, ...]) -> Path:
        """Where the content of these layers, in order, is or would be unpacked."""
        return self._root / "opt" / hashlib.sha256("\n".join(layers).encode()).hexdigest()[:32]

    def add_layers(self, layers: tuple[str, ...], packages: list[bytes]) -> Path:
        """Unpack layers over one another: later ones replace files of earlier ones, as in AWS's /opt."""
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
        except CodeUnusable:
            shutil.rmtree(working, ignore_errors=True)
            raise
        try:
            working.rename(folder)
        except OSError:  # another task was faster
            shutil.rmtree(working, ignore_errors=True)
        return folder


def _overlay(source: Path, target: Path) -> None:
    for directory, _folders, files in os.walk(source):
        place = target / os.path.relpath(directory, source)
        place.mkdir(parents=True, exist_ok=True)
        for name in files:
            os.replace(os.path.join(directory, name), place / name)
