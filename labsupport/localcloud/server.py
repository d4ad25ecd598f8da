"""Start and end of the local cloud's process. What takes long to load is loaded while the moto process starts."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from pathlib import Path

from .moto_launch import MotoProcess
from .owner import is_alive
from .settings import CannotStart, CloudSettings

_OPEN_FILES = 16_384
_STATE_PREFIX = "labsupport-cloud-"


def serve(settings: CloudSettings) -> None:
    """Serve until the owner ends, or until SIGINT, SIGTERM or SIGHUP. Raises CannotStart."""
    owner = settings.owner_pid if settings.owner_pid is not None else os.getppid()
    _allow_open_files()
    listener = _listen(settings)
    _remove_stale_state()
    state = Path(tempfile.mkdtemp(prefix=f"{_STATE_PREFIX}{os.getpid()}-"))
    state.chmod(0o755)
    try:
        host, port = listener.getsockname()[:2]
        moto = MotoProcess(state, f"{host}:{port}", settings.time_scale)
        try:
            from .cloud import run

            run(settings, listener, state, owner, moto)
        finally:
            moto.end()
    finally:
        shutil.rmtree(state, ignore_errors=True)


def _listen(settings: CloudSettings) -> socket.socket:
    try:
        address = socket.getaddrinfo(settings.host, settings.port, socket.AF_INET, socket.SOCK_STREAM)[0][4]
    except OSError as problem:
        raise CannotStart(f"--host {settings.host}: {problem.strerror or problem}. Use 127.0.0.1.") from None
    if not str(address[0]).startswith("127."):
        raise CannotStart(
            f"--host {settings.host} is not a loopback address. The local cloud has no access control; use 127.0.0.1."
        )
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address[0], settings.port))
        listener.listen(1024)
    except OSError as problem:
        listener.close()
        raise CannotStart(
            f"port {settings.port} on {settings.host} cannot be used: {problem.strerror}. "
            "Choose another with --port, or --port 0 for any free one."
        ) from None
    return listener


def _allow_open_files() -> None:
    """An environment needs five descriptors; the usual soft limit of 1,024 would be used up by 200 of them."""
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _remove_stale_state() -> None:
    """Folders of clouds that were killed together with their moto process."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_STATE_PREFIX}*"):
        number = folder.name.removeprefix(_STATE_PREFIX).partition("-")[0]
        if number.isdigit() and not is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)
