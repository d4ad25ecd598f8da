"""One thing that is measured: a server started with its functions, and ended without a trace.

All run on the same Python, get the same handlers, and see neither the settings nor the home of whoever measures.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from . import processes
from .raw_http import ACCESS_KEY, REGION, SECRET_KEY

_START_SECONDS = 60.0
_SESSION = boto3.session.Session()


class CannotMeasure(Exception):
    """A contender does not start or does not work here; the text says why."""


class Contender:
    """``start(functions)`` with handlers' source texts by name, then ``invoke_url`` and ``client``, then ``stop()``."""

    key = ""
    label = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.key
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}

    @classmethod
    def problem(cls) -> str:
        """Empty when it can be measured here, else why not."""
        return ""

    # --- what a contender is made of -------------------------------------------------------------------------------

    def command(self, functions: dict[str, str]) -> list[str]:
        """The server's command; may write files into ``self.folder``."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Asked again and again while the server starts."""
        return _answers(self.port)

    def deploy(self, functions: dict[str, str]) -> None:
        """Make the functions through the API, where a contender has one."""

    def function_name(self, name: str) -> str:
        return name

    # --- for the measures ------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self, functions: dict[str, str]) -> None:
        """Start the server, deploy, return when it can be invoked. Raises CannotMeasure."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        home = self.folder / "home"
        (home / "tmp").mkdir(parents=True)
        with (self.folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                self.command(functions),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=self.variables(home),
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_ready():
            if self._process.poll() is not None:
                raise CannotMeasure(f"{self.label} ended while it started: {self.last_words()}")
            if time.monotonic() > deadline:
                raise CannotMeasure(f"{self.label} was not ready after {_START_SECONDS:.0f} s: {self.last_words()}")
            time.sleep(0.005)
        self.deploy(functions)

    def stop(self) -> None:
        if self._process:
            processes.end(self._process)
            self._process = None
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def variables(self, home: Path) -> dict[str, str]:
        """Nothing of the measurer's environment but where programs are."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        return {"HOME": str(home), "LANG": "C.UTF-8", "PATH": path, "TMPDIR": str(home / "tmp")}

    def client(self, service: str = "lambda") -> Any:
        """A boto3 client for this contender, made once."""
        if service not in self._clients:
            self._clients[service] = _SESSION.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=SECRET_KEY,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=64),
            )
        return self._clients[service]

    def invoke_url(self, name: str) -> str:
        return f"{self.endpoint}/2015-03-31/functions/{self.function_name(name)}/invocations"

    def last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self.folder / "output.txt").read_text(errors="replace").strip().splitlines()
            return lines[-1] if lines else "it said nothing"
        return "it said nothing"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
