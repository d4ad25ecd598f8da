"""All parts of the local cloud put together: front door, engine, Lambda API, triggers, and the moto process beside them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Coroutine
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
from .gateway.gateway import Gateway
from .lambda_api.api import LambdaApi
from .moto_launch import MotoProcess
from .owner import is_alive
from .settings import CannotStart, CloudSettings
from .triggers.triggers import Triggers
from .usage import Usage

_OWNER_CHECK_SECONDS = 0.5
#: The longest request line, and the longest header. API Gateway takes 10,240 bytes for all headers of a request together
#: (API Gateway Developer Guide, "Amazon API Gateway quotas"); aiohttp's own limit is below that.
_LINE_BYTES = 16 * 1024


def run(settings: CloudSettings, listener: socket.socket, state: Path, owner: int, process: MotoProcess) -> None:
    """Serve on ``listener`` until ``owner`` ends or a signal comes. Raises CannotStart."""
    _run(_serve(settings, listener, state, owner, process))


def _run(serving: Coroutine[Any, Any, None]) -> None:
    """In uvloop's event loop, where there is one (not on Windows): an invocation costs a third less in it."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serving)
    else:
        uvloop.run(serving)


async def _serve(
    settings: CloudSettings, listener: socket.socket, state: Path, owner: int, process: MotoProcess
) -> None:
    loop = asyncio.get_running_loop()
    host, port = listener.getsockname()[:2]
    endpoint = f"http://{host}:{port}"
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(number, stop.set)

    moto = MotoControlPlane(process)
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
    usage = Usage()
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
        on_billed=usage.invocation,
    )
    lambda_api.environments = engine
    triggers = Triggers(engine, lambda_api, moto, access, settings.time_scale, usage)
    lambda_api.pollers = triggers
    gateway = Gateway(engine, lambda_api, moto, access, settings.time_scale)
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
    door = FrontDoor(engine, lambda_api, moto, access, triggers, gateway, settings.region, identity, usage)
    server = web.Server(
        door.answer,
        access_log=None,
        keepalive_timeout=3600.0,
        max_line_size=_LINE_BYTES,
        max_field_size=_LINE_BYTES,
    )
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
        await gateway.close()
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
        if stop.is_set() or not is_alive(owner):
            return
        if moto.has_ended():
            raise MotoDown("the moto process ended unexpectedly. Start the cloud again.")


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
