from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import psutil
import pytest

from labsupport.targets import local
from labsupport.targets.local import CloudProblem, LocalCloud


def silent(_line: str) -> None:
    pass


@pytest.fixture
def started(tmp_path):
    cloud = LocalCloud.launch(tmp_path / "cloud.log").ready(silent)
    yield cloud
    cloud.stop()


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def still_there(processes: list[psutil.Process], seconds: float = 10.0) -> list[psutil.Process]:
    gone, alive = psutil.wait_procs(processes, timeout=seconds)
    return alive


def test_a_started_cloud_answers_and_ends_without_leaving_a_process(started):
    assert started.owned and started.is_healthy()
    processes = family(started.identity.pid)
    started.stop()
    assert still_there(processes) == []
    assert not started.is_healthy()
    started.stop()  # once more is harmless


def test_a_cloud_tells_what_it_has_counted(started):
    usage = started.usage()
    assert set(usage) == {"since", "functions", "requests", "log_bytes", "dynamodb"}
    started.stop()
    with pytest.raises(CloudProblem, match="No local cloud answers"):
        started.usage()


def test_a_cloud_that_was_killed_is_noticed(started):
    os.kill(started.identity.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while started.is_healthy() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not started.is_healthy()
    started.stop()


def test_a_joined_cloud_goes_on_after_stop(cloud):
    joined = LocalCloud.join(cloud.endpoint)
    assert not joined.owned and joined.is_healthy()
    joined.stop()
    assert joined.is_healthy()


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1:1",
        "http://example.com:80",
        "http://127.0.0.1",
        "http://127.0.0.1:notaport",
        "127.0.0.1:80",
        "",
    ],
)
def test_only_a_loopback_address_is_joined(endpoint):
    with pytest.raises(CloudProblem, match="must look like http://127.0.0.1:4566"):
        LocalCloud.join(endpoint)


def test_nothing_listens_there():
    with pytest.raises(CloudProblem, match="No local cloud answers at http://127.0.0.1:9"):
        LocalCloud.join("http://127.0.0.1:9")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"status": "ok"}'])
def test_something_else_listens_there(body):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(CloudProblem, match="is not a local cloud of this lab"):
            LocalCloud.join(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


def fake_program(monkeypatch, code: str) -> None:
    """The cloud's program replaced by a few lines of Python."""
    popen = subprocess.Popen
    monkeypatch.setattr(
        local.subprocess,
        "Popen",
        lambda command, **options: popen([sys.executable, "-c", textwrap.dedent(code)], **options),
    )


def test_a_cloud_that_dies_at_once_says_its_last_words(monkeypatch, tmp_path):
    fake_program(monkeypatch, "import sys; sys.exit('first\\nlabsupport cloud: no room on this machine')")
    with pytest.raises(CloudProblem) as problem:
        LocalCloud.launch(tmp_path / "cloud.log").ready(silent)
    assert "labsupport cloud: no room on this machine" in str(problem.value)
    assert str(tmp_path / "cloud.log") in str(problem.value) and "\n" not in str(problem.value)


def test_a_cloud_that_says_nonsense_is_ended(monkeypatch, tmp_path):
    fake_program(monkeypatch, "import time; print('hello', flush=True); time.sleep(60)")
    launched = LocalCloud.launch(tmp_path / "cloud.log")
    with pytest.raises(CloudProblem, match="did not start: hello"):
        launched.ready(silent)
    assert launched._process.poll() is not None


def test_a_cloud_that_hangs_is_given_up_with_a_line_meanwhile(monkeypatch, tmp_path):
    monkeypatch.setattr(local, "_SLOW_SECONDS", 0.1)
    monkeypatch.setattr(local, "_START_SECONDS", 0.5)
    monkeypatch.setattr(local, "_STOP_SECONDS", 0.3)
    fake_program(monkeypatch, "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    said: list[str] = []
    launched = LocalCloud.launch(tmp_path / "cloud.log")
    with pytest.raises(CloudProblem, match="was not ready after"):
        launched.ready(said.append)
    assert said == ["Starting the local cloud …"]
    assert launched._process.poll() is not None


def test_an_interrupt_while_starting_leaves_no_process(monkeypatch, tmp_path):
    monkeypatch.setattr(local, "_SLOW_SECONDS", 0.1)
    fake_program(monkeypatch, "import time; time.sleep(60)")
    launched = LocalCloud.launch(tmp_path / "cloud.log")

    def interrupt(_line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launched.ready(interrupt)
    assert launched._process.poll() is not None


def test_a_module_of_the_learner_s_that_hides_python_s_own_does_not_stop_the_cloud(monkeypatch, tmp_path):
    for name in ("json", "queue", "moto", "asyncio"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the learner\\'s file')")
    monkeypatch.chdir(tmp_path)
    cloud = LocalCloud.launch(tmp_path / "cloud.log").ready(silent)
    assert cloud.is_healthy()
    cloud.stop()


def test_a_forked_child_of_the_kernel_does_not_end_the_cloud(started):
    pid = os.fork()
    if pid == 0:
        started.stop()
        os._exit(0)
    os.waitpid(pid, 0)
    assert started.is_healthy()
