"""The cloud among other things: what its surroundings may not do to it, and its end while functions run."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from labsupport import __version__

from ..fidelity.deployment import CloudUnderTest

COMMAND = [sys.executable, "-m", "labsupport.localcloud"]
CANARY = "CANARY-4711"
#: What a shell of a learner who works with AWS may hold. 192.0.2.1 is an address that nobody has.
SURROUNDINGS = {
    "AWS_ACCESS_KEY_ID": f"AKIA{CANARY}",
    "AWS_SECRET_ACCESS_KEY": CANARY,
    "AWS_SESSION_TOKEN": CANARY,
    "AWS_PROFILE": CANARY,
    "AWS_DEFAULT_PROFILE": CANARY,
    "AWS_REGION": "ap-south-2",
    "AWS_DEFAULT_REGION": "ap-south-2",
    "AWS_ENDPOINT_URL": "http://192.0.2.1:9",
    "AWS_ENDPOINT_URL_S3": "http://192.0.2.1:9",
    "DOCKER_HOST": "tcp://192.0.2.1:2375",
    "DOCKER_CONTEXT": CANARY,
    "HTTP_PROXY": "http://192.0.2.1:9",
    "HTTPS_PROXY": "http://192.0.2.1:9",
    "http_proxy": "http://192.0.2.1:9",
    "MY_PASSWORD": CANARY,
}


@dataclass(frozen=True)
class Started:
    """A cloud and its process; ``seconds`` from the start of the process to its first line."""

    cloud: CloudUnderTest
    process: subprocess.Popen[str]
    first_line: str
    seconds: float


@contextmanager
def started(
    *options: str,
    command: list[str] | None = None,
    environment: dict[str, str] | None = None,
    errors: int | None = None,
) -> Iterator[Started]:
    began = time.monotonic()
    process = subprocess.Popen(
        [*(command or COMMAND), *options], stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
    )
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, f"the cloud did not start; exit status {process.wait(10)}"
        yield Started(CloudUnderTest(json.loads(line)), process, line, time.monotonic() - began)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)
        process.stdout.close()
        if process.stderr:
            process.stderr.close()


class OpenWatch:
    """Notices each opening of a folder's files by any process, through the kernel (inotify)."""

    _IN_ACCESS, _IN_OPEN = 0x1, 0x20

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        watch = libc.inotify_add_watch(self._fd, os.fsencode(folder), self._IN_ACCESS | self._IN_OPEN)
        assert self._fd >= 0 and watch >= 0, os.strerror(ctypes.get_errno())

    def has_seen_any(self) -> bool:
        try:
            return bool(os.read(self._fd, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._fd)


@dataclass(frozen=True)
class Hostile:
    """A cloud started from a shell full of AWS settings, a home with ~/.aws, no program on the PATH, and two state
    folders in the temporary folder: of a cloud that is no more, and of a living process."""

    started: Started
    home: Path
    watch: OpenWatch | None
    stale: Path
    alive: Path

    @property
    def cloud(self) -> CloudUnderTest:
        return self.started.cloud


@pytest.fixture(scope="module")
def hostile(room: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    home = tmp_path_factory.mktemp("hostile-home")
    programs = tmp_path_factory.mktemp("no-programs")
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        f"[default]\naws_access_key_id = AKIA{CANARY}\naws_secret_access_key = {CANARY}\n[{CANARY}]\nsource_profile = x\n"
    )
    (home / ".aws" / "config").write_text("[default]\nregion = ap-south-2\nendpoint_url = http://192.0.2.1:9\n")
    watch = OpenWatch(home / ".aws") if sys.platform == "linux" else None
    temporary = tmp_path_factory.mktemp("hostile-tmp")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    stale, alive = (temporary / f"labsupport-cloud-{pid}-abc" for pid in (ended.pid, os.getpid()))
    for folder in (stale, alive):
        (folder / "code").mkdir(parents=True)
    environment = os.environ | SURROUNDINGS | {"HOME": str(home), "PATH": str(programs), "TMPDIR": str(temporary)}
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "LAB_CACHE"):
        environment.pop(name, None)
    with started("--concurrency", "20", environment=environment) as running:
        yield Hostile(running, home, watch, stale, alive)
    if watch:
        watch.close()


# --- start ---------------------------------------------------------------------------------------------------------


def test_the_first_line_is_one_json_object(hostile, record_property):
    """Endpoint, pid and version are there for any program that wants to use the cloud; starting takes under two
    seconds on an idle machine (printed, not asserted)."""
    print(f"the cloud started in {hostile.started.seconds:.2f} s")
    record_property("cloud_start_seconds", round(hostile.started.seconds, 2))
    said = json.loads(hostile.started.first_line)
    assert {"endpoint", "pid", "version", "runtime_client", "sandbox", "region", "time_scale"} <= set(said)
    assert said["endpoint"].startswith("http://127.0.0.1:")
    assert said["pid"] == hostile.started.process.pid
    assert said["version"] == __version__
    assert said["runtime_client"] in ("awslambdaric", "fallback")
    assert said["sandbox"] in ("bwrap", "none")
    assert said["region"] == "us-east-1"


def test_health_says_the_same_and_that_all_is_well(hostile):
    with urllib.request.urlopen(f"{hostile.cloud.endpoint}/_labsupport/health") as answer:
        assert json.load(answer) == json.loads(hostile.started.first_line) | {"status": "ok"}


def test_labsupport_cloud_is_the_same_program_and_options_arrive():
    """``labsupport cloud`` takes over its own process: the pid is the one that was started."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--port", str(port), "--region", "eu-central-1", "--runtime-client", "fallback", "--sandbox", "none")
    options += ("--cpu", "scaled")
    with started(*options, command=[sys.executable, "-m", "labsupport", "cloud"]) as running:
        identity = running.cloud.identity
        assert identity["pid"] == running.process.pid
        assert identity["endpoint"] == f"http://127.0.0.1:{port}"
        assert (identity["region"], identity["runtime_client"], identity["sandbox"]) == (
            "eu-central-1", "fallback", "none"
        )  # fmt: skip
        assert identity["cpu"] == "scaled"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--prot", "4566"], "--prot"),
        (["--sandbox", "docker"], "Invalid value for '--sandbox': 'docker' is not one of"),
        (["--cpu", "half"], "Invalid value for '--cpu': 'half' is not one of 'full', 'scaled'"),
        (["--concurrency", "0"], "Invalid value for '--concurrency'"),
        (["--time-scale", "0"], "Invalid value for '--time-scale'"),
        (["--port", "70000"], "Invalid value for '--port'"),
        (["--host", "0.0.0.0"], "--host 0.0.0.0 is not a loopback address"),
    ],
    ids=["unknown", "wrong-value", "half-a-cpu", "no-concurrency", "no-time", "no-port", "everyone"],
)
def test_a_bad_option_is_one_line(options, named):
    ended = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert named in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr


def test_a_taken_port_is_one_line_that_says_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run([*COMMAND, "--port", str(port)], capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"labsupport cloud: port {port} on 127.0.0.1 cannot be used: Address already in use. "
        "Choose another with --port, or --port 0 for any free one.\n"
    )


def test_the_folder_of_a_cloud_that_was_killed_with_all_its_helpers_goes_at_the_next_start(hostile):
    assert not hostile.stale.exists()
    assert hostile.alive.exists()


# --- surroundings --------------------------------------------------------------------------------------------------

LOOKING_AROUND = """
    import os

    import boto3

    def read(path):
        try:
            with open(path) as file:
                return file.read()
        except OSError as problem:
            return type(problem).__name__

    def handler(event, context):
        session = boto3.Session()
        boto3.client("s3").list_buckets()
        return {
            "variables": dict(os.environ),
            "parent": read("/proc/1/environ") + read(f"/proc/{os.getppid()}/environ"),
            "aws files": [read(os.path.expanduser(f"~/.aws/{name}")) for name in ("config", "credentials")],
            "planted": read(event),
            "key": session.get_credentials().access_key,
            "profile": session.profile_name,
            "region": session.region_name,
            "caller": boto3.client("sts").get_caller_identity()["Arn"],
        }
"""


@pytest.fixture(scope="module")
def seen_inside(hostile: Hostile) -> dict[str, Any]:
    role = hostile.cloud.role_that_may("s3:ListAllMyBuckets")
    function = hostile.cloud.deploy(LOOKING_AROUND, Role=role, Timeout=30, MemorySize=256)
    answer = function.invoke(str(hostile.home / ".aws" / "credentials"))
    assert answer.function_error is None, answer.payload
    return dict(answer.payload)


def test_works_without_docker_and_without_any_program_on_the_path(seen_inside):
    """PATH is an empty folder and DOCKER_HOST leads nowhere: functions are processes, not containers."""
    assert seen_inside["variables"]["PATH"] == "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"


def test_the_variables_of_the_host_do_not_reach_a_function(seen_inside):
    variables = seen_inside["variables"]
    assert CANARY not in json.dumps(variables)
    assert "192.0.2.1" not in json.dumps(variables)
    assert not {"HOME", "AWS_PROFILE", "AWS_ENDPOINT_URL", "DOCKER_HOST", "MY_PASSWORD", "HTTP_PROXY"} & set(variables)
    assert variables["AWS_REGION"] == seen_inside["region"] == "us-east-1"


def test_boto3_inside_uses_the_role_and_no_profile(hostile, seen_inside):
    assert seen_inside["key"].startswith("ASIA")
    assert seen_inside["profile"] == "default"
    assert ":assumed-role/worker-" in seen_inside["caller"]


def test_a_function_in_a_sandbox_sees_neither_the_home_nor_other_processes(hostile, seen_inside):
    if hostile.cloud.sandbox != "bwrap":
        pytest.skip("functions run without a sandbox here")
    assert CANARY not in json.dumps({key: seen_inside[key] for key in ("parent", "aws files", "planted")})


def test_the_files_in_aws_are_never_opened(hostile, seen_inside):
    """The kernel saw nobody open a file of ~/.aws: not the cloud, not moto, not boto3 in a function."""
    if hostile.watch is None:
        pytest.skip("inotify is Linux's")
    if hostile.cloud.sandbox != "bwrap":
        pytest.skip("without a sandbox the function above reads the planted file by its path")
    assert not hostile.watch.has_seen_any()
    (hostile.home / ".aws" / "config").read_text()
    assert hostile.watch.has_seen_any(), "the watch itself does not work"


def test_listens_on_loopback_only(hostile, seen_inside):
    """The front door, moto and the Runtime API of each environment."""
    processes = [psutil.Process(hostile.started.process.pid)]
    processes += processes[0].children(recursive=True)
    listening = [
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 3
    assert set(listening) == {"127.0.0.1"}


# --- end -----------------------------------------------------------------------------------------------------------

WITH_A_CHILD = """
    import subprocess, sys, time

    def handler(event, context):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        time.sleep(event)
"""
OWNER = """
import subprocess, sys, time
if sys.argv[1] == "parent":
    subprocess.Popen([sys.executable, "-m", "labsupport.localcloud", *sys.argv[2:]])
time.sleep(600)
"""
_GONE_SECONDS = 10.0


def is_gone(process: psutil.Process) -> bool:
    """Ended, or a zombie that only waits for a parent (in a container nobody may care for those)."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _GONE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def put_to_work(cloud: CloudUnderTest) -> list[psutil.Process]:
    """One idle (frozen) and one busy environment, each with a child process; returns all processes of the cloud."""
    function = cloud.deploy(WITH_A_CHILD, Timeout=600, MemorySize=512)
    function.invoke(0)
    function.invoke(600, tail=False, InvocationType="Event")
    root = psutil.Process(cloud.identity["pid"])

    def sleepers() -> int:
        lines = [process.cmdline() for process in root.children(recursive=True)]
        return sum("time.sleep(600)" in " ".join(line) and "bwrap" not in line[0] for line in lines)

    until(lambda: sleepers() >= 2, "the busy function did not start")
    return [root, *root.children(recursive=True)]


CASES = [
    ("bwrap", "SIGTERM"),
    ("bwrap", "SIGINT"),
    ("bwrap", "SIGHUP"),
    ("bwrap", "SIGKILL"),
    ("bwrap", "moto SIGKILL"),
    ("bwrap", "named owner SIGKILL"),
    ("none", "SIGTERM"),
    ("none", "SIGINT"),
    ("none", "SIGKILL"),
    ("none", "owner SIGKILL"),
]


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes through /proc")
@pytest.mark.parametrize(
    ("sandbox", "end"), CASES, ids=[f"{sandbox}-{end.replace(' ', '-')}" for sandbox, end in CASES]
)
def test_no_process_and_no_file_is_left_behind(room, tmp_path, sandbox, end):
    """However the cloud or its owner ends, the environments, their children and moto end too, and the state folder
    goes."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    options = ["--sandbox", sandbox]
    owner: subprocess.Popen[bytes] | None = None
    command = COMMAND
    if end == "owner SIGKILL":
        command = [sys.executable, "-c", OWNER, "parent"]
    elif end == "named owner SIGKILL":
        owner = subprocess.Popen([sys.executable, "-c", OWNER, "named"])
        options += ["--owner-pid", str(owner.pid)]
    try:
        with started(
            *options, command=command, environment=os.environ | {"TMPDIR": str(folder)}, errors=subprocess.PIPE
        ) as running:
            if running.cloud.sandbox != sandbox:
                pytest.skip("bubblewrap does not work here")
            processes = put_to_work(running.cloud)
            assert list(folder.glob("labsupport-cloud-*"))
            if end == "moto SIGKILL":
                (moto,) = (one for one in processes[1:] if "labsupport.localcloud.moto_process" in one.cmdline())
                moto.kill()
            elif end == "named owner SIGKILL":
                owner.kill()
                owner.wait()
            elif end == "owner SIGKILL":
                running.process.kill()
            else:
                os.kill(running.cloud.identity["pid"], signal.Signals[end])
            until(lambda: all(map(is_gone, processes)), f"left: {[one for one in processes if not is_gone(one)]}")
            until(lambda: not list(folder.glob("labsupport-cloud-*")), f"left: {list(folder.iterdir())}")
            if end in ("SIGTERM", "SIGINT", "SIGHUP"):
                assert running.process.wait(5) == 0
                said = running.process.stderr.read().splitlines()
                assert any(
                    re.fullmatch(
                        r"labsupport cloud: 1 asynchronous event had not ended and is dropped: "
                        r"1 of case-[\w-]+ \(us-east-1\)\.",
                        line,
                    )
                    for line in said
                ), said
                assert not any("Traceback" in line for line in said)
            if end == "moto SIGKILL":
                assert running.process.wait(5) == 2
                said = running.process.stderr.read()
                assert "the moto process ended unexpectedly" in said
                assert "Traceback" not in said
    finally:
        if owner:
            owner.kill()
            owner.wait()


def test_ending_while_much_log_waits_prints_no_complaint():
    """Regression: asyncio reported a task whose connection to moto was closed under it."""
    with started(errors=subprocess.PIPE) as running:
        running.cloud.deploy(
            """
            def handler(event, context):
                for number in range(200_000):
                    print(number)
            """,
            Timeout=60,
        ).invoke({})
        running.process.terminate()
        assert running.process.wait(20) == 0
        assert running.process.stderr.read() == ""
