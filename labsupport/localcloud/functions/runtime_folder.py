"""What AWS's Python image holds beside the standard library, collected once from the lab's own environment:
``runtime`` (the runtime client, as /var/runtime) and ``site-packages`` (boto3 and what it needs; nothing else, so that
a function that imports ``requests`` fails here as on AWS)."""

from __future__ import annotations

import compileall
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

CLIENT_MODULES = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
SDK_MODULES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
OWN_FILES = ("bootstrap.py", "runtime_loop.py", "runtime_start.py")


@dataclass(frozen=True)
class RuntimeFolder:
    """Folders to mount as /var/runtime and as /var/lang/lib/pythonX.Y/site-packages."""

    runtime: Path
    site_packages: Path
    client: str


def awslambdaric_importable() -> bool:
    """Whether AWS's runtime client and its native part are installed (Linux wheels only)."""
    return all(importlib.util.find_spec(name) is not None for name in ("awslambdaric", "runtime_client"))


def prepare(client: str) -> RuntimeFolder:
    """Collect the folders, or take those of an earlier start with the same package versions.

    ``client`` is ``awslambdaric`` or ``fallback``.
    """
    own = Path(__file__).parent
    fingerprint = hashlib.sha256()
    for name in (*CLIENT_MODULES, *SDK_MODULES):
        fingerprint.update(f"{name} {_origin(name)} {_version(name)}\n".encode())
    for file in OWN_FILES:
        fingerprint.update((own / file).read_bytes())
    name = f"runtime-{sys.version_info[0]}.{sys.version_info[1]}-{fingerprint.hexdigest()[:16]}"
    for parent in _places():
        folder = parent / name
        if not folder.exists():
            try:
                _collect(folder, own)
            except OSError:
                continue
        return RuntimeFolder(folder / "runtime", folder / "site-packages", client)
    raise OSError("no writable place for the runtime folder; set LAB_CACHE to a writable folder")


def _places() -> list[Path]:
    chosen = os.environ.get("LAB_CACHE")
    if chosen:
        return [Path(chosen)]
    # Inside the virtual environment first: files can be hard links there, and it goes when the environment goes.
    return [Path(sys.prefix) / "var" / "labsupport", platformdirs.user_cache_path("labsupport")]


def _origin(name: str) -> str:
    spec = importlib.util.find_spec(name)
    return str(spec.origin) if spec else ""


def _version(name: str) -> str:
    try:
        return importlib.metadata.version({"dateutil": "python-dateutil"}.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return ""


def _collect(folder: Path, own: Path) -> None:
    working = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(working, ignore_errors=True)
    for part, modules in (("runtime", CLIENT_MODULES), ("site-packages", SDK_MODULES)):
        (working / part).mkdir(parents=True)
        for name in modules:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                continue
            origin = Path(spec.origin)
            if spec.submodule_search_locations:
                shutil.copytree(origin.parent, working / part / origin.parent.name, copy_function=_link)
            else:
                _link(str(origin), str(working / part / origin.name))
    for file in OWN_FILES:
        shutil.copy2(own / file, working / "runtime" / file)
    # Inside the sandbox nothing can be written: what is not compiled now (some installers do not) would be compiled anew
    # in every cold start.
    compileall.compile_dir(working, quiet=2)
    try:
        working.rename(folder)
    except OSError:
        shutil.rmtree(working, ignore_errors=True)
        if not folder.exists():
            raise


def _link(source: str, destination: str) -> None:
    # An installer may have linked the file from its cache; such a link would lead nowhere inside the sandbox.
    source = os.path.realpath(source)
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)
