"""The floor: the least that can be put between an HTTP client and AWS's own runtime client.

``python -m tests.bench.floor FOLDER`` serves Lambda's Invoke for the functions in FOLDER (``FOLDER/NAME/app.py`` with a
``handler``) and prints one JSON line with its endpoint. Each environment is a bare ``python -m awslambdaric``. There is
no sandbox, no log, no timeout, no limit, no IAM and no error document: what a cloud does beyond this costs time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from pathlib import Path

from aiohttp import web

_INVOKE = "/2015-03-31/functions/"
_NEXT = "/2018-06-01/runtime/invocation/next"


def bare_command(python: str) -> list[str]:
    """AWS's runtime client on its own."""
    return [python, "-m", "awslambdaric", "app.handler"]


def bare_variables(port: int, packages: str) -> dict[str, str]:
    """What the runtime client needs, and little more. ``packages`` is the folder that holds awslambdaric."""
    return {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "PYTHONPATH": packages,
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }


def milliseconds_to_first_next(python: str, packages: str, folder: Path) -> float:
    """Start a bare runtime client in ``folder`` and wait until it has asked a socket for its first event."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        variables = bare_variables(listener.getsockname()[1], packages)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started = time.perf_counter()
        process = subprocess.Popen(bare_command(python), env=variables, cwd=folder, **quiet)
        try:
            connection, _ = listener.accept()
            with connection:
                asked = connection.recv(65536)
                seconds = time.perf_counter() - started
        finally:
            process.kill()
            process.wait()
    if not asked.startswith(f"GET {_NEXT} ".encode()):
        raise RuntimeError(f"the runtime client asked for something else: {asked[:80]!r}")
    return seconds * 1000


class Environment:
    """One runtime client and its Runtime API on a port of its own."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[bytes] = asyncio.Queue()
        self.answer: asyncio.Future[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self, python: str, packages: str, folder: Path) -> None:
        server = await asyncio.get_running_loop().create_server(
            web.Server(self.runtime_api, access_log=None, keepalive_timeout=86_400), "127.0.0.1", 0
        )
        port = server.sockets[0].getsockname()[1]
        self.process = subprocess.Popen(
            bare_command(python),
            env=bare_variables(port, packages),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def runtime_api(self, request: web.BaseRequest) -> web.Response:
        if request.path == _NEXT:
            headers = {
                "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:floor",
            }
            return web.Response(body=await self.events.get(), headers=headers, content_type="application/json")
        body = await request.read()
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(body)
        return web.Response(status=202)

    async def invoke(self, event: bytes) -> bytes:
        self.answer = asyncio.get_running_loop().create_future()
        self.events.put_nowait(event)
        return await self.answer


class Floor:
    """Idle environments by function; a new one when none is idle."""

    def __init__(self, folder: Path, python: str, packages: str) -> None:
        self._folder = folder
        self._python = python
        self._packages = packages
        self._idle: dict[str, list[Environment]] = defaultdict(list)
        self._all: list[Environment] = []

    async def answer(self, request: web.BaseRequest) -> web.Response:
        event = await request.read()
        name = request.path.removeprefix(_INVOKE).partition("/")[0]
        if not (self._folder / name / "app.py").is_file():
            return web.Response(status=404)
        if self._idle[name]:
            environment = self._idle[name].pop()
        else:
            environment = Environment()
            await environment.start(self._python, self._packages, self._folder / name)
            self._all.append(environment)
        payload = await environment.invoke(event)
        self._idle[name].append(environment)
        return web.Response(body=payload, content_type="application/json")

    def end(self) -> None:
        for environment in self._all:
            if environment.process:
                environment.process.kill()
                environment.process.wait()


async def main(folder: Path, python: str, packages: str) -> None:
    """Serve until SIGTERM or SIGINT, or until stdin closes: whoever started the floor holds its other end."""
    floor = Floor(folder, python, packages)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    with contextlib.suppress(PermissionError):  # epoll cannot wait for a file or /dev/null
        loop.add_reader(sys.stdin.fileno(), over.set)
    server = await loop.create_server(web.Server(floor.answer, access_log=None, keepalive_timeout=3600), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    print(json.dumps({"endpoint": f"http://{host}:{port}", "pid": os.getpid()}), flush=True)
    try:
        await over.wait()
    finally:
        server.close()
        floor.end()


if __name__ == "__main__":
    import importlib.util

    origin = importlib.util.find_spec("awslambdaric")
    assert origin and origin.origin, "awslambdaric is not installed"
    own_packages = str(Path(origin.origin).parents[1])
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else sys.executable, own_packages))
