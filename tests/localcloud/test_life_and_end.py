"""The cloud as a program: its first line, its refusals, and that nothing is left behind however it ends."""

from __future__ import annotations

import glob
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile

import boto3
import psutil
import pytest

SOURCE = """
import subprocess
CHILD = subprocess.Popen(["sleep", "300"])
def handler(event, context):
    return 1
"""


def launch(*options, owner=True):
    command = [sys.executable, "-m", "labsupport.localcloud", *options]
    if owner:
        command += ["--owner-pid", str(os.getpid())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def client(info, service):
    return boto3.client(service, endpoint_url=info["endpoint"], region_name="us-east-1")


def with_a_running_function(info, source=SOURCE):
    """A function that has been invoked; by default its process has a child of its own."""
    trust = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
    role = client(info, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", source)
    functions = client(info, "lambda")
    functions.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Timeout=30,
        Code={"ZipFile": package.getvalue()},
    )
    assert functions.invoke(FunctionName="f")["StatusCode"] == 200


def family(pid):
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def all_gone(processes, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        alive = [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        if not alive:
            return True
        time.sleep(0.05)
    return False


def state_folders(pid):
    return glob.glob(os.path.join(tempfile.gettempdir(), f"labsupport-cloud-{pid}-*"))


def test_the_first_line_is_one_json_object():
    process = launch()
    try:
        info = json.loads(process.stdout.readline())
        assert {"endpoint", "pid", "version"} <= set(info)
        assert info["pid"] == process.pid
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize("sandbox", ["auto", "none"])
@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL], ids=lambda one: one.name
)
def test_nothing_is_left_behind(number, sandbox):
    process = launch("--sandbox", sandbox)
    info = json.loads(process.stdout.readline())
    with_a_running_function(info)
    processes = family(process.pid)
    assert len(processes) >= 4  # the cloud, moto, the function, its child
    process.send_signal(number)
    process.wait(20)
    process.stdout.close()
    process.stderr.close()
    assert all_gone(processes)
    deadline = time.monotonic() + 5
    while state_folders(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert state_folders(process.pid) == []
    if number != signal.SIGKILL:
        assert process.returncode == 0


def test_the_cloud_ends_when_its_owner_is_killed():
    code = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-m', 'labsupport.localcloud'], stdout=subprocess.PIPE, text=True)\n"
        "print(p.stdout.readline(), end='', flush=True)\ntime.sleep(300)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    info = json.loads(owner.stdout.readline())
    with_a_running_function(info)
    processes = family(info["pid"])
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert all_gone(processes)
    assert state_folders(info["pid"]) == []


def test_a_taken_port_is_one_line_and_exit_2():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = launch("--port", str(port))
        out, error = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert error == (
        f"labsupport cloud: port {port} on 127.0.0.1 cannot be used: Address already in use. "
        "Choose another with --port, or --port 0 for any free one.\n"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--concurrency", "0"], "Invalid value for '--concurrency'"),
        (["--time-scale", "0"], "Invalid value for '--time-scale'"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--nonsense"], "No such option"),
        (["--host", "0.0.0.0"], "is not a loopback address"),
        (["--host", "no.such.host.invalid"], "Use 127.0.0.1."),
    ],
)
def test_a_bad_option_exits_with_2(options, words, room):
    process = launch(*options)
    out, error = process.communicate(timeout=30)
    (room / "network-violations").write_text("")  # looking up the wrong host's name was the point
    assert (process.returncode, out) == (2, "")
    assert words in error and "Traceback" not in error


def test_it_listens_on_loopback_only():
    process = launch()
    try:
        json.loads(process.stdout.readline())
        listening = [
            one.laddr.ip
            for member in family(process.pid)
            for one in member.net_connections("inet")
            if one.status == psutil.CONN_LISTEN
        ]
        assert listening and set(listening) == {"127.0.0.1"}
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_docker_is_not_needed(monkeypatch, tmp_path):
    for name in ("python3", "sh", "bwrap"):  # a PATH without any docker
        (tmp_path / name).symlink_to(
            os.path.realpath(f"/usr/bin/{name}") if os.path.exists(f"/usr/bin/{name}") else "/bin/sh"
        )
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("PATH", str(tmp_path))
    process = launch("--sandbox", "none")
    try:
        with_a_running_function(json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_ending_while_much_log_waits_prints_no_complaint():
    """Regression: asyncio reported a task whose connection to moto was closed under it."""
    process = launch()
    info = json.loads(process.stdout.readline())
    with_a_running_function(
        info, "def handler(event, context):\n    for number in range(200_000):\n        print(number)"
    )
    process.terminate()
    _out, error = process.communicate(timeout=30)
    assert error == ""
