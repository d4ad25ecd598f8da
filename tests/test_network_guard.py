"""The guard of tests/conftest.py really fails a test that leaves this machine, here and in child processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def forget_violations(room, size):
    with (room / "network-violations").open("r+") as file:
        file.truncate(size)


@pytest.fixture
def caught(room):
    """What this test provokes on purpose is read and taken back, so that the guard does not fail it."""
    path = room / "network-violations"
    size = path.stat().st_size
    texts = []

    def read():
        with path.open() as file:
            file.seek(size)
            texts.append(file.read())
        forget_violations(room, size)
        return texts[-1]

    return read


def test_a_connection_beyond_loopback_is_refused_and_written_down(caught):
    with pytest.raises(PermissionError, match="must not leave this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    assert "192.0.2.1" in caught()


def test_a_name_is_not_even_looked_up(caught):
    with pytest.raises(PermissionError):
        socket.getaddrinfo("lambda.us-east-1.amazonaws.com", 443)
    assert "lambda.us-east-1.amazonaws.com" in caught()


def test_a_datagram_is_refused_too(caught):
    with socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(PermissionError):
        one.sendto(b"x", ("192.0.2.1", 53))
    assert "192.0.2.1" in caught()


def test_child_processes_are_watched_too(caught):
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 1 and "must not leave this machine" in done.stderr
    assert "192.0.2.1" in caught()


def test_loopback_is_free():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(server.getsockname()).close()


def run_planted(folder, source, **environment):
    """pytest on one planted test, in a run of its own with the conftest of these tests."""
    (folder / "conftest.py").write_text(
        Path(__file__)
        .with_name("conftest.py")
        .read_text()
        .replace("Path(__file__).parent", repr(str(Path(__file__).parent)).join(("Path(", ")")))
    )
    (folder / "test_planted.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        # Without the installed plugins, whose imports cost seconds and which have no part in this.
        capture_output=True, text=True, cwd=folder, env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment,
    )  # fmt: skip


def test_a_whole_test_run_passes_when_nothing_leaves_the_machine(tmp_path):
    assert run_planted(tmp_path, "def test_stays_at_home(): ...\n").returncode == 0


def test_a_whole_test_run_fails_when_a_test_leaves_the_machine(tmp_path):
    done = run_planted(
        tmp_path,
        "import socket\n\ndef test_calls_home():\n    try:\n        socket.create_connection(('192.0.2.1', 80), 1)\n"
        "    except OSError:\n        pass\n",
    )
    assert done.returncode == 1
    assert "left this machine" in done.stdout and "192.0.2.1" in done.stdout


@pytest.mark.parametrize("there_before", [True, False])
def test_a_whole_test_run_fails_when_a_test_changes_the_aws_folder(tmp_path, there_before):
    """getting a learner's real credentials overwritten: localstack-workshop PR #18."""
    home, course = tmp_path / "home", tmp_path / "course"
    credentials = home / ".aws" / "credentials"
    course.mkdir()
    home.mkdir()
    if there_before:
        credentials.parent.mkdir()
        credentials.write_text("[default]\n")
    planted = (
        "from pathlib import Path\n\ndef test_writes_credentials():\n    path = Path.home() / '.aws' / 'credentials'\n"
        "    path.parent.mkdir(exist_ok=True)\n    path.write_text('[default]\\naws_access_key_id = x\\n')\n"
    )
    done = run_planted(course, planted, HOME=str(home))
    assert done.returncode == 1
    assert "a test changed ~/.aws" in done.stdout
