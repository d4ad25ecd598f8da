"""Deployment packages: uploaded or fetched from S3, checked, kept as files, and given out again by URL."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl

from ...facts import FACTS
from ..functions.code_store import CodeStore, unpack
from ..functions.specification import CodeUnusable
from . import errors

_ZIPPED_BYTES = int(FACTS["zip_upload_maximum"].value) * 1024 * 1024
#: "A presigned URL that you can use to download the deployment package" is valid for ten minutes (GetFunction).
_URL_SECONDS = 600
DOWNLOAD_PATH = "/_labsupport/packages/"


@dataclass(frozen=True)
class Package:
    """A zip that is kept: ``sha256`` in base64 as CodeSha256 shows it, ``size`` in bytes."""

    sha256: str
    size: int


class ObjectError(Exception):
    """S3 has no such object for Lambda; ``code`` and the text are those of S3."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ObjectSource(Protocol):
    """Where code in a bucket comes from."""

    async def s3_object(self, region: str, bucket: str, key: str, version: str | None) -> bytes:
        """The object's bytes. Raises ObjectError."""


class Packages:
    """The zips of all functions and layers of one cloud, under its state folder."""

    def __init__(self, folder: Path, code: CodeStore, source: ObjectSource, endpoint: str) -> None:
        self._folder = folder
        self._code = code
        self._source = source
        self._endpoint = endpoint
        self._key = secrets.token_bytes(16)

    async def add(
        self,
        region: str,
        *,
        zip_file: bytes | None,
        bucket: str | None = None,
        key: str | None = None,
        object_version: str | None = None,
        for_layer: bool = False,
    ) -> Package:
        """Keep a package that a request brings or names. Raises LambdaError with AWS's words when it is not usable.

        It is unpacked here and so has passed every check that the engine would make later; a function's stays so. A
        zip from S3 may be larger than an uploaded one.
        """
        if zip_file is not None:
            if len(zip_file) > _ZIPPED_BYTES:
                raise errors.too_large(f"Zipped size must be smaller than {_ZIPPED_BYTES} bytes")
            content = zip_file
        else:
            try:
                content = await self._source.s3_object(region, bucket or "", key or "", object_version)
            except ObjectError as problem:
                raise errors.invalid_parameter(
                    f"Error occurred while GetObject. S3 Error Code: {problem.code}. S3 Error Message: {problem}"
                ) from None
        try:
            return await asyncio.to_thread(self._keep, content, for_layer)
        except CodeUnusable as problem:
            raise errors.invalid_parameter(str(problem)) from None

    def _keep(self, content: bytes, for_layer: bool) -> Package:
        digest = hashlib.sha256(content).digest()
        package = Package(base64.b64encode(digest).decode(), len(content))
        self._folder.mkdir(parents=True, exist_ok=True)
        if for_layer:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                unpack(content, Path(folder))
                empty = not os.listdir(folder)
        else:
            empty = not os.listdir(self._code.add_package(package.sha256, content))
        if empty:
            raise CodeUnusable("Uploaded file must be a non-empty zip")
        path = self._path(package.sha256)
        if not path.exists():
            working = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            working.write_bytes(content)
            working.rename(path)
        return package

    async def content(self, sha256: str) -> bytes:
        """The zip of this CodeSha256."""
        return await asyncio.to_thread(self._path(sha256).read_bytes)

    def unzipped_size(self, sha256: str) -> int:
        """Bytes of the files in the zip of this CodeSha256, from its table of contents."""
        with zipfile.ZipFile(self._path(sha256)) as archive:
            return sum(member.file_size for member in archive.infolist())

    def url(self, sha256: str) -> str:
        """Where the zip can be downloaded for ten minutes, with no credentials (on AWS a presigned URL of S3)."""
        name = self._path(sha256).name
        expires = int(time.time()) + _URL_SECONDS
        return f"{self._endpoint}{DOWNLOAD_PATH}{name}?Expires={expires}&Signature={self._signature(name, expires)}"

    def downloadable(self, path: str, query: str) -> Path | None:
        """The file that a URL of ``url`` names; None when it has expired or was never given out."""
        name = path.removeprefix(DOWNLOAD_PATH)
        given = dict(parse_qsl(query))
        expires = given.get("Expires", "")
        if not expires.isdigit() or int(expires) < time.time():
            return None
        if not hmac.compare_digest(self._signature(name, int(expires)), given.get("Signature", "")):
            return None
        return self._folder / name

    def _signature(self, name: str, expires: int) -> str:
        return hmac.new(self._key, f"{name}:{expires}".encode(), "sha256").hexdigest()

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{base64.b64decode(sha256).hex()}.zip"
