"""Reads the zip of a deployment package or layer: what may be in it, how large it is, and its files on disk.

A zip comes from a learner's cell, but it may come from anywhere: nothing is written outside the target folder, and never
more than Lambda's limit of 250 MB (Lambda Developer Guide, "Lambda quotas", deployment package unzipped, layers
included).
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from . import limits
from .specification import CodeUnusable

UNZIP_FAILED = "Could not unzip uploaded file. Please check your file, then try to upload again."
EMPTY = "Uploaded file must be a non-empty zip"
_SIGNATURE_OF_A_MEMBER = b"PK\x01\x02"
#: AWS names no limit. More than this would fill the cloud's memory before the first file is written, and the disk with
#: files of no size.
_MEMBERS, _FOLDERS = 100_000, 50_000
_NAME_BYTES, _PATH_BYTES = 255, 4096
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Encrypted, a patch of another file, strongly encrypted.
_UNREADABLE_FLAGS = 0x1 | 0x20 | 0x40
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class PackageContents:
    """``files`` counts everything but folders; ``unzipped_bytes`` is their size together."""

    files: int
    unzipped_bytes: int


def unpack(package: bytes, target: Path) -> PackageContents:
    """Unpack a zip into the new folder ``target``; files come out read-only.

    Raises CodeUnusable with AWS's words. What is no zip, is encrypted, holds anything but files, folders and links, has a
    member that would leave the folder, is empty or is too large is refused before anything is written; when a member
    turns out to be broken, something may be in ``target``.
    """
    try:
        with _open(package) as archive:
            members = _members(archive)
            contents = _contents(members)
            links: list[tuple[Path, str]] = []
            for path, member in members.items():
                destination = target.joinpath(*path)
                if member.is_dir():
                    destination.mkdir(parents=True, exist_ok=True)
                elif _is_link(member):
                    links.append((destination, _link_target(archive, member, path)))
                else:
                    destination.parent.mkdir(parents=True, exist_ok=True)
                    _write(archive, member, destination)
            for destination, points_to in links:  # last, so that no file is written through one
                destination.parent.mkdir(parents=True, exist_ok=True)
                os.symlink(points_to, destination)
            return contents
    except CodeUnusable:
        raise
    except OSError as problem:
        if problem.errno in _FULL_DISK:  # the lab's trouble, not the package's
            raise
        raise CodeUnusable(UNZIP_FAILED) from problem
    except Exception as problem:  # zlib.error and whatever else a crafted file makes the parser raise
        raise CodeUnusable(UNZIP_FAILED) from problem


def _open(package: bytes) -> zipfile.ZipFile:
    if package.count(_SIGNATURE_OF_A_MEMBER) > _MEMBERS:
        raise CodeUnusable(UNZIP_FAILED)
    return zipfile.ZipFile(io.BytesIO(package))


def _members(archive: zipfile.ZipFile) -> dict[tuple[str, ...], zipfile.ZipInfo]:
    """Members by the parts of their path; of two with the same name the later one counts, as for unzip."""
    members: dict[tuple[str, ...], zipfile.ZipInfo] = {}
    for member in archive.infolist():
        path = _path(member)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if (
            member.flag_bits & _UNREADABLE_FLAGS
            or member.compress_type not in _METHODS
            or kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
            or (not path and not member.is_dir())
        ):
            raise CodeUnusable(UNZIP_FAILED)
        if path:
            members[path] = member
    _count_folders(members)
    links = {path for path, member in members.items() if _is_link(member)}
    if links and any(path[:depth] in links for path in members for depth in range(1, len(path))):
        raise CodeUnusable(UNZIP_FAILED)  # a member that lies behind a link
    return members


def _count_folders(members: dict[tuple[str, ...], zipfile.ZipInfo]) -> None:
    folders: set[tuple[str, ...]] = set()
    for path, member in members.items():
        above = path if member.is_dir() else path[:-1]
        while above and above not in folders:
            folders.add(above)
            above = above[:-1]
            if len(folders) > _FOLDERS:
                raise CodeUnusable(UNZIP_FAILED)


def _path(member: zipfile.ZipInfo) -> tuple[str, ...]:
    name = member.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise CodeUnusable(UNZIP_FAILED)
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) > _PATH_BYTES or any(len(part) > _NAME_BYTES for part in encoded.split(b"/")):
        raise CodeUnusable(UNZIP_FAILED)
    return path.parts


def _contents(members: dict[tuple[str, ...], zipfile.ZipInfo]) -> PackageContents:
    size = sum(member.file_size for member in members.values())
    # What a member says of its size is a promise: _write holds it to that.
    if size > limits.UNZIPPED_BYTES:
        raise CodeUnusable(f"Unzipped size must be smaller than {limits.UNZIPPED_BYTES} bytes")
    files = sum(not member.is_dir() for member in members.values())
    if not files:
        raise CodeUnusable(EMPTY)
    return PackageContents(files, size)


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _link_target(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: tuple[str, ...]) -> str:
    """Where a link leads: up and then down again, and never out of the folder. No folder on the way can itself be a
    link (``_members``), so that counting is enough."""
    if member.file_size > _PATH_BYTES:
        raise CodeUnusable(UNZIP_FAILED)
    target = archive.read(member).decode()
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    if not target or target.startswith("/") or "\0" in target or up > len(path) - 1 or ".." in parts[up:]:
        raise CodeUnusable(UNZIP_FAILED)
    return target


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, destination: Path) -> None:
    with archive.open(member) as source, open(destination, "wb") as out:
        # zipfile reads no more than the size that was promised, and then finds that the check sum is wrong.
        shutil.copyfileobj(source, out)
        if out.tell() != member.file_size:
            raise CodeUnusable(UNZIP_FAILED)
    # A zip made without modes (mode 0) would be unreadable on AWS; Python's writestr gives 0600, which AWS shows to the
    # runtime's user as it is. Both are opened up for reading here: the owner differs.
    destination.chmod(0o555 if (member.external_attr >> 16) & 0o111 else 0o444)
