"""Start-up, life and end of the local cloud."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from .. import __version__
from .access import Access
from .control_plane import EngineControlPlane, MotoControlPlane, MotoDown
from .front_door import FrontDoor
from .functions import runtime_folder
from .functions.concurrency import default_concurrency
from .functions.engine import Engine
from .functions.memory import total_memory_bytes
from .functions.sandbox import Sandbox
from .lambda_api.api import LambdaApi
from .triggers.triggers import Triggers

_OWNER_CHECK_SECONDS = 0.5
_OPEN_FILES = 16_384
_STATE_PREFIX = "labsupport-cloud-"


@dataclass(frozen=True)
class CloudSettings:
    """Options of ``labsupport cloud``. ``concurrency`` None fits the machine; ``owner_pid`` None is the parent."""

    host: str = "127.0.0.1"
    port: int = 0
    time_scale: float = 1.0
    concurrency: int | None = None
    region: str = "us-east-1"
    runtime_client: str = "auto"
    sandbox: str = "auto"
    cpu: str = "full"
    owner_pid: int | None = None


class CannotStart(Exception):
    """The cloud cannot start; one line that says why and what to do."""


def serve(settings: CloudSettings) -> None:
    """Serve until the owner ends, or until SIGINT, SIGTERM or SIGHUP. Raises CannotStart."""
    owner = settings.owner_pid if settings.owner_pid is not None else os.getppid()
    _allow_open_files()
    listener = _listen(settings)
    _remove_stale_state()
    state = Path(tempfile.mkdtemp(prefix=f"{_STATE_PREFIX}{os.getpid()}-"))
    state.chmod(0o755)
    try:
        _run(_serve(settings, listener, state, owner))
    finally:
        shutil.rmtree(state, ignore_errors=True)


def _run(serving: Coroutine[Any, Any, None]) -> None:
    """In uvloop's event loop, where there is one (not on Windows): an invocation costs a third less in it."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)


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


async def _serve(settings: CloudSettings, listener: socket.socket, state: Path, owner: int) -> None:
    loop = asyncio.get_running_loop()
    host, port = listener.getsockname()[:2]
    endpoint = f"http://{host}:{port}"
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(number, stop.set)

    moto = MotoControlPlane(state)
    moto.launch(f"{host}:{port}")
    try:
        client = _runtime_client(settings.runtime_client)
        sandbox = await asyncio.to_thread(
            lambda: Sandbox(runtime_folder.prepare(client), endpoint, state, settings.sandbox)
        )
    except (RuntimeError, OSError) as problem:
        await moto.close()
        raise CannotStart(str(problem)) from None
    concurrency = settings.concurrency or default_concurrency(total_memory_bytes())
    access = Access(moto)
    moto.log_rights = access.log_rights
    lambda_api = LambdaApi(moto, state, endpoint, concurrency, settings.time_scale)
    lambda_api.access = access
    access.function_policies = lambda_api.resource_policy
    engine = Engine(
        EngineControlPlane(lambda_api, moto),
        sandbox,
        state,
        concurrency,
        settings.time_scale,
        role_allows=access.role_allows,
        scaled_cpu=settings.cpu == "scaled",
    )
    lambda_api.environments = engine
    triggers = Triggers(engine, lambda_api, moto, access, settings.time_scale)
    lambda_api.pollers = triggers
    identity = {
        "endpoint": endpoint,
        "pid": os.getpid(),
        "version": __version__,
        "runtime_client": client,
        "sandbox": sandbox.kind,
        "region": settings.region,
        "cpu": settings.cpu,
        "concurrency": concurrency,
        "time_scale": settings.time_scale,
    }
    door = FrontDoor(engine, lambda_api, moto, access, settings.region, identity)
    server = web.Server(door.answer, access_log=None, keepalive_timeout=3600.0)
    serving: asyncio.Server | None = None
    try:
        await moto.ready()
        serving = await loop.create_server(server, sock=listener)
        print(json.dumps(identity), flush=True)
        if sandbox.kind == "none":
            print(
                f"labsupport cloud: functions run without a sandbox ({sandbox.problem or '--sandbox none'}).",
                file=sys.stderr,
            )
        await _until_over(stop, owner, moto)
    except MotoDown as problem:
        raise CannotStart(str(problem)) from None
    finally:
        if serving:
            serving.close()
        await triggers.close()
        await lambda_api.close()
        await engine.close()
        await server.shutdown(0.1)
        await moto.close()


async def _until_over(stop: asyncio.Event, owner: int, moto: MotoControlPlane) -> None:
    """Return when a signal came or the owner ended; raise MotoDown when moto ended by itself."""
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _OWNER_CHECK_SECONDS)
        if stop.is_set() or not _is_alive(owner):
            return
        if moto.has_ended():
            raise MotoDown("the moto process ended unexpectedly. Start the cloud again.")


def _allow_open_files() -> None:
    """An environment needs five descriptors; the usual soft limit of 1,024 would be used up by 200 of them."""
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _is_alive(pid: int) -> bool:
    if pid == os.getppid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if sys.platform == "linux":  # a zombie owner has ended although its number is still there
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
    return True


def _runtime_client(wanted: str) -> str:
    available = runtime_folder.awslambdaric_importable()
    if wanted == "awslambdaric" and not available:
        raise CannotStart(
            "--runtime-client awslambdaric: awslambdaric's native client is not installed here. "
            "Use --runtime-client fallback."
        )
    if wanted == "auto":
        return "awslambdaric" if available else "fallback"
    return wanted


def _remove_stale_state() -> None:
    """Folders of clouds that were killed together with their moto process."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_STATE_PREFIX}*"):
        number = folder.name.removeprefix(_STATE_PREFIX).partition("-")[0]
        if number.isdigit() and not _is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)
