"""Memory, CPU time, open files of a contender's processes; and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass

import psutil

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """MB of several processes together. ``pss`` counts a page shared by n processes as one n-th for each (Linux; the
    resident size elsewhere), ``uss`` only what no other process has."""

    pss: float
    uss: float
    rss: float


def tree(pid: int) -> list[psutil.Process]:
    """The process and all its descendants."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory(pid: int) -> Memory:
    """Of the process and its descendants."""
    pss = uss = rss = 0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            full = process.memory_full_info()
            pss += getattr(full, "pss", full.rss)
            uss += full.uss
            rss += full.rss
    return Memory(pss / _MEGABYTE, uss / _MEGABYTE, rss / _MEGABYTE)


def cpu_seconds(pid: int) -> float:
    """User and system time that the process and its descendants have used so far."""
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def open_files(pid: int) -> int:
    """File descriptors (files, sockets, pipes) of the process and its descendants, but for connections that they keep
    to each other: a pool holds as many as were needed at once, for a minute."""
    total = 0
    ends: set[tuple[str, int]] = set()
    others: list[tuple[str, int]] = []
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.num_fds()
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_ESTABLISHED:
                    ends.add(tuple(connection.laddr))
                    others.append(tuple(connection.raddr))
    return total - sum(other in ends for other in others)


def wait_until_quiet(pid: int, seconds: float = 20.0) -> None:
    """Return when the processes have used no CPU for half a second, at the latest after ``seconds``."""
    deadline = time.monotonic() + seconds
    before = cpu_seconds(pid)
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = cpu_seconds(pid)
        if now - before <= 0.01:
            return
        before = now


def end(process: subprocess.Popen[bytes], seconds: float = 10.0) -> None:
    """Ask the process to end, then kill what is left of it, of its group and of its descendants."""
    family = tree(process.pid)
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            with contextlib.suppress(OSError):
                stream.close()
