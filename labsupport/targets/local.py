"""The local cloud as seen from a kernel: started as a child that ends with it, or joined by its address."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from .environment import without_aws

_START_SECONDS = 60.0
_SLOW_SECONDS = 2.0
_HEALTH_SECONDS = 5.0
_STOP_SECONDS = 5.0
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_SOMETHING_ELSE = "What answers at {} is not a local cloud of this lab."


class CloudProblem(Exception):
    """The local cloud cannot be started or reached; one line that says why and what to do."""


@dataclass(frozen=True)
class CloudIdentity:
    """What a cloud says of itself. ``runtime_client`` is awslambdaric or fallback, ``sandbox`` bwrap or none, ``cpu`` full
    or scaled, ``time_scale`` how long a second of AWS's own waits lasts, in seconds."""

    endpoint: str
    pid: int
    version: str
    runtime_client: str
    sandbox: str
    region: str
    cpu: str = "full"
    time_scale: float = 1.0


class LocalCloud:
    """A running local cloud. ``owned`` tells whether this process started it and will end it."""

    def __init__(self, identity: CloudIdentity, process: subprocess.Popen[str] | None = None) -> None:
        self.identity = identity
        self._process = process
        self._owner = os.getpid()
        if process:
            atexit.register(self.stop)

    @property
    def owned(self) -> bool:
        return self._process is not None

    @classmethod
    def launch(cls, log_file: Path, cpu: str = "full", time_scale: float = 1.0) -> LaunchedCloud:
        """Begin to start a cloud; ``LaunchedCloud.ready`` waits for it, so that the caller can do other things
        meanwhile.

        Its stderr goes to ``log_file``. ``cpu`` is "full", or "scaled": each function gets CPU in proportion to its
        memory, as on AWS. Raises CloudProblem.
        """
        command = [sys.executable, "-m", "labsupport.localcloud", "--port", "0", "--owner-pid", str(os.getpid())]
        command += ["--cpu", cpu]
        if time_scale != 1.0:
            command += ["--time-scale", str(time_scale)]
        try:
            with log_file.open("w") as log:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    # Jupyter interrupts a kernel by a signal to its whole process group; the cloud must not get it.
                    start_new_session=True,
                    cwd=tempfile.gettempdir(),
                    env=without_aws(os.environ),
                )
        except OSError as problem:
            raise CloudProblem(f"The local cloud could not be started: {problem.strerror or problem}.") from None
        return LaunchedCloud(process, log_file)

    @classmethod
    def join(cls, endpoint: str) -> LocalCloud:
        """The cloud at this address. Raises CloudProblem."""
        parts = urlsplit(endpoint)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK_HOSTS or not _port(endpoint):
            raise CloudProblem(
                f"LAB_ENDPOINT is {endpoint!r}; it must look like http://127.0.0.1:4566. Correct or unset it."
            )
        return cls(ask_health(endpoint))

    def is_healthy(self) -> bool:
        """Whether it answers now."""
        if self._process and self._process.poll() is not None:
            return False
        try:
            ask_health(self.identity.endpoint)
        except CloudProblem:
            return False
        return True

    def usage(self) -> dict[str, Any]:
        """What it has counted since it started: invocations, requests, capacity units, logs. Raises CloudProblem."""
        return _ask(self.identity.endpoint, "/_labsupport/usage")

    def stop(self) -> None:
        """End the cloud this process started (a forked child of the kernel leaves it alone); a joined one goes on."""
        atexit.unregister(self.stop)
        process = self._process
        if process is None or self._owner != os.getpid():
            return
        end(process)


class LaunchedCloud:
    """A cloud that is starting."""

    def __init__(self, process: subprocess.Popen[str], log_file: Path) -> None:
        self._process = process
        self._log_file = log_file
        self._lines: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._read, name="lab-cloud-output", daemon=True).start()

    def ready(self, say: Callable[[str], None]) -> LocalCloud:
        """Wait until it is ready; ``say`` gets a line when that takes long. Raises CloudProblem."""
        try:
            line = self._first_line(say)
        except BaseException:  # an interrupt of the kernel included: no half-started cloud stays behind
            end(self._process)
            raise
        try:
            identity = _identity(json.loads(line))
        except (ValueError, KeyError, TypeError):
            end(self._process)
            raise CloudProblem(f"The local cloud did not start: {self._last_words(line)}") from None
        return LocalCloud(identity, self._process)

    def _first_line(self, say: Callable[[str], None]) -> str:
        try:
            return self._lines.get(timeout=_SLOW_SECONDS)
        except Empty:
            say("Starting the local cloud …")
        try:
            return self._lines.get(timeout=_START_SECONDS - _SLOW_SECONDS)
        except Empty:
            raise CloudProblem(
                f"The local cloud was not ready after {_START_SECONDS:.0f} seconds. {self._last_words('')} "
                "Run this cell again; labsupport doctor looks for the cause."
            ) from None

    def _read(self) -> None:
        """First line to who waits for it; then keep reading, so that the cloud never blocks on a full pipe."""
        assert self._process.stdout
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put("")

    def _last_words(self, line: str) -> str:
        try:
            written = self._log_file.read_text(errors="replace").strip().splitlines()
        except OSError:
            written = []
        words = written[-1].strip() if written else line.strip() or "it ended without a word."
        return f"{words} (More in {self._log_file}.)"


def ask_health(endpoint: str) -> CloudIdentity:
    """What the cloud at this address says of itself. Raises CloudProblem."""
    answer = _ask(endpoint, "/_labsupport/health")
    try:
        if answer["status"] != "ok":
            raise ValueError
        return _identity(answer)
    except (ValueError, KeyError, TypeError):
        raise CloudProblem(_SOMETHING_ELSE.format(endpoint)) from None


def _ask(endpoint: str, path: str) -> dict[str, Any]:
    """The JSON document at an address of the cloud's own. Raises CloudProblem."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_HEALTH_SECONDS)
    try:
        connection.request("GET", path)
        document = json.loads(connection.getresponse().read())
        if not isinstance(document, dict):
            raise ValueError
        return document
    except (OSError, http.client.HTTPException) as problem:
        raise CloudProblem(
            f"No local cloud answers at {endpoint} ({problem}). Start one with: labsupport cloud"
        ) from None
    except ValueError:
        raise CloudProblem(_SOMETHING_ELSE.format(endpoint)) from None
    finally:
        connection.close()


def end(process: subprocess.Popen[str]) -> None:
    """Ask the process to end; kill its group when it does not. Returns when it is gone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout:
        # The reading thread may still hold it; it ends with the pipe.
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline and not process.stdout.closed:
            with contextlib.suppress(OSError, RuntimeError):
                process.stdout.close()


def _identity(record: dict[str, object]) -> CloudIdentity:
    return CloudIdentity(
        endpoint=str(record["endpoint"]),
        pid=int(str(record["pid"])),
        version=str(record["version"]),
        runtime_client=str(record["runtime_client"]),
        sandbox=str(record["sandbox"]),
        region=str(record["region"]),
        cpu=str(record.get("cpu", "full")),
        time_scale=float(str(record.get("time_scale", 1.0))),
    )


def _port(endpoint: str) -> int | None:
    try:
        return urlsplit(endpoint).port
    except ValueError:
        return None
