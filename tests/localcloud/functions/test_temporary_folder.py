"""/tmp of an environment: what a process left there is found by the next one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from labsupport.localcloud.functions.sandbox import find_bubblewrap
from labsupport.localcloud.functions.temporary_folder import TemporaryFolder

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not find_bubblewrap(), reason="a file system of its own needs bubblewrap"
)

LEAVING = """
import os, sys
os.chdir("/tmp")
open("plain", "w").write("text")
os.makedirs("deep/er")
open("deep/er/secret", "w").write("s")
os.chmod("deep/er/secret", 0o600)
os.symlink("plain", "link")
os.mkfifo("pipe")
os.utime("plain", (1, 1))
print(flush=True)
sys.stdin.read()
"""


def sandbox_process(megabytes, source):
    root = ["--ro-bind", "/usr", "/usr", "--ro-bind", sys.base_prefix, sys.base_prefix]
    for folder in ("/bin", "/lib", "/lib64"):
        if os.path.islink(folder):
            root += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            root += ["--ro-bind", folder, folder]
    command = [find_bubblewrap(), "--unshare-user", "--unshare-pid", *root, "--proc", "/proc"]
    command += ["--perms", "1777", "--size", str(megabytes << 20), "--tmpfs", "/tmp"]
    command += ["--", sys.executable if sys.prefix == sys.base_prefix else sys._base_executable, "-c", source]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run(folder, megabytes, source):
    async def scenario():
        process = sandbox_process(megabytes, source)
        process.stdout.readline()
        folder.hold(process.pid)
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()
        folder.process_has_ended()
        await folder.prepare()
        await folder.close()

    asyncio.run(scenario())


def test_files_modes_times_links_and_pipes_are_carried_over(tmp_path):
    folder = TemporaryFolder(tmp_path / "tmp", 4, limited=True)
    run(folder, 4, LEAVING)
    assert folder.has_content_to_restore
    assert (folder.folder / "plain").read_text() == "text"
    assert (folder.folder / "plain").stat().st_mtime == 1
    assert (folder.folder / "deep" / "er" / "secret").stat().st_mode & 0o777 == 0o600
    assert os.readlink(folder.folder / "link") == "plain"
    assert (folder.folder / "pipe").is_fifo()


def test_an_empty_tmp_leaves_nothing_to_restore(tmp_path):
    folder = TemporaryFolder(tmp_path / "tmp", 4, limited=True)
    run(folder, 4, LEAVING)
    run(folder, 4, "import sys; print(flush=True); sys.stdin.read()")
    assert not folder.has_content_to_restore


def test_the_tmp_of_this_machine_is_never_taken_for_the_sandboxs(tmp_path):
    """A process whose root is still the machine's: nothing is held, nothing is copied."""
    process = subprocess.Popen(["sh", "-c", "sleep 60 & wait"], start_new_session=True)
    try:
        folder = TemporaryFolder(tmp_path / "tmp", 4, limited=True)
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        while not open(children).read():
            pass
        before = len(os.listdir("/proc/self/fd"))
        folder.hold(process.pid)
        assert len(os.listdir("/proc/self/fd")) == before
        folder.process_has_ended()
        assert not folder.has_content_to_restore
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_no_descriptor_is_left_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    folder = TemporaryFolder(tmp_path / "tmp", 4, limited=True)
    run(folder, 4, LEAVING)
    assert len(os.listdir("/proc/self/fd")) == before


def test_without_a_limit_it_is_an_ordinary_folder_for_everybody(tmp_path):
    folder = TemporaryFolder(tmp_path / "tmp", 512, limited=False)
    asyncio.run(folder.prepare())
    assert (folder.folder.stat().st_mode & 0o7777, folder.has_content_to_restore) == (0o1777, False)
