"""A Lab of its own for tests in this process, and real kernels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager

from labsupport.session import Lab


@pytest.fixture
def place(monkeypatch, tmp_path) -> Iterator[Path]:
    """A folder to be in, with LAB_HOME and LAB_WORK inside; environment and folder come back afterwards."""
    before, here = dict(os.environ), os.getcwd()
    (tmp_path / "here").mkdir()
    os.chdir(tmp_path / "here")
    os.environ.update(LAB_HOME=str(tmp_path / "home"), LAB_WORK=str(tmp_path / "work"))
    yield tmp_path
    os.chdir(here)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def lab(place) -> Lab:
    return Lab()


@pytest.fixture
def started(lab, cloud, capsys) -> Lab:
    """A Lab that has joined the tests' cloud."""
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    lab.start("01")
    capsys.readouterr()
    return lab


@dataclass
class Ran:
    """What a cell did: its status, text and error."""

    status: str = ""
    text: str = ""
    html: str = ""
    error: tuple[str, str, list[str]] | None = None


@dataclass
class Kernel:
    """A real ipykernel in a process of its own."""

    manager: KernelManager
    client: object = None
    seen: list[psutil.Process] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.manager.provisioner.process.pid

    def connect(self) -> None:
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, timeout: float = 60) -> Ran:
        ran = Ran()

        def collect(message) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                ran.text += content["text"]
            elif kind in ("execute_result", "display_data"):
                ran.text += content["data"]["text/plain"]
                ran.html += content["data"].get("text/html", "")
            elif kind == "error":
                ran.error = (content["ename"], content["evalue"], content["traceback"])

        reply = self.client.execute_interactive(code, timeout=timeout, output_hook=collect)
        ran.status = reply["content"]["status"]
        return ran

    def processes(self) -> list[psutil.Process]:
        """The kernel and everything below it (the cloud, its functions) as of now."""
        kernel = psutil.Process(self.pid)
        return [kernel, *kernel.children(recursive=True)]


@pytest.fixture
def kernel(place) -> Iterator[Kernel]:
    environment = {name: value for name, value in os.environ.items() if name != "LAB_ENDPOINT"}
    running = Kernel(KernelManager(kernel_name="python3"))
    running.manager.start_kernel(env=environment, cwd=str(place / "here"))
    running.connect()
    yield running
    running.client.stop_channels()
    if running.manager.has_kernel:
        running.manager.shutdown_kernel(now=True)
    running.manager.cleanup_resources()


@pytest.fixture
def gone() -> Callable[[list[psutil.Process]], list[psutil.Process]]:
    """The processes that are still there after a while (it should be none)."""

    def wait(processes: Iterable[psutil.Process], seconds: float = 10.0) -> list[psutil.Process]:
        deadline = time.monotonic() + seconds
        alive = list(processes)
        while alive and time.monotonic() < deadline:
            alive = [one for one in alive if _runs(one)]
            time.sleep(0.05)
        return alive

    return wait


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
