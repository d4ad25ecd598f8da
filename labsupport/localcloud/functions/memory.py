"""The processes of an environment: which they are, how much memory they use, and those that ran away."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

#: Processes as large as the sandbox's own (bwrap) do not make an environment one of several processes.
_SMALL_BYTES = 4 * 1024 * 1024
#: /proc gives a longer text in pieces of about a page (4,096 bytes), cut between two entries; a shorter piece is the last.
_FULL_PIECE_BYTES = 3500


@dataclass(frozen=True)
class Usage:
    """``memory`` in bytes: the most so far. ``tasks``: processes and threads now, ``processes`` without threads."""

    memory: int = 0
    tasks: int = 0
    processes: int = 0


def usage(pid: int, limit_bytes: int | None = None) -> Usage:
    """Of the process and its descendants; nothing when it is gone.

    Memory is the sum of their peak resident sizes. Processes share what they had before they forked, so that the sum
    can be far too much: when it passes ``limit_bytes``, shared pages are looked up and counted once.
    """
    if sys.platform != "linux":
        return _usage_elsewhere(pid)
    tasks = 0
    peaks: dict[int, int] = {}
    for one in family(pid):
        peaks[one], threads = _peak_and_threads(one)
        tasks += threads
    total = sum(peaks.values())
    large = [one for one, peak in peaks.items() if peak > _SMALL_BYTES]
    if limit_bytes is not None and total > limit_bytes and len(large) > 1:
        total = min(total, max(max(peaks.values()), sum(map(_proportional_size, large))))
    return Usage(total, tasks, len(peaks))


def family(pid: int) -> list[int]:
    """The process and its descendants; those that are gone may be among them."""
    if sys.platform != "linux":
        import psutil

        try:
            return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        except psutil.Error:
            return [pid]
    found = [pid]
    for one in found:  # grows on the way
        found.extend(children(one))
    return found


def children(pid: int) -> list[int]:
    """Of this process, Linux only; none when it is gone."""
    return [int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split()]


def _usage_elsewhere(pid: int) -> Usage:
    import psutil

    memory = tasks = 0
    members = family(pid)
    for one in members:
        try:
            process = psutil.Process(one)
            memory += process.memory_info().rss
            tasks += process.num_threads()
        except psutil.Error:
            pass
    return Usage(memory, tasks, len(members))


def end_strays(log_stream: str) -> None:
    """Kill processes that the environment with this log stream started and that left its process group.

    Without a sandbox nothing else ends a daemon of a function. Its variables tell where it comes from.
    """
    import psutil

    for process in psutil.process_iter():
        try:
            if process.environ().get("AWS_LAMBDA_LOG_STREAM_NAME") == log_stream:
                process.kill()
        except (psutil.Error, OSError):  # gone, or somebody else's
            pass


def total_memory_bytes() -> int:
    """Physical memory of this machine."""
    import psutil

    return int(psutil.virtual_memory().total)


def _peak_and_threads(pid: int) -> tuple[int, int]:
    text = _read(f"/proc/{pid}/status")
    return _field(text, b"VmHWM:", b"kB") * 1024, _field(text, b"Threads:", b"\n")


def _field(text: bytes, name: bytes, end: bytes) -> int:
    position = text.find(name)
    if position < 0:
        return 0
    position += len(name)
    return int(text[position : text.index(end, position)])


def _proportional_size(pid: int) -> int:
    """Bytes, each page divided by the number of processes that have it."""
    return _field(_read(f"/proc/{pid}/smaps_rollup"), b"Pss:", b"kB") * 1024


def _read(path: str) -> bytes:
    """Of a file of /proc; empty when the process is gone. ``open`` would make twice as many calls to the kernel."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        content = b""
        while piece := os.read(file, 65536):
            content += piece
            if len(piece) < _FULL_PIECE_BYTES:
                break
        return content
    except OSError:
        return b""
    finally:
        os.close(file)
