"""How much memory the processes of an environment use."""

from __future__ import annotations

import sys


def peak_memory(pid: int) -> int:
    """Bytes: the sum over the process and its descendants of their peak resident sizes; 0 when it is gone."""
    if sys.platform != "linux":
        import psutil

        try:
            process = psutil.Process(pid)
            return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
        except psutil.Error:
            return 0
    total = 0
    pending = [pid]
    while pending:
        one = pending.pop()
        total += _peak(one)
        try:
            with open(f"/proc/{one}/task/{one}/children") as children:
                pending.extend(int(child) for child in children.read().split())
        except OSError:
            pass
    return total


def _peak(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/status", "rb") as status:
            text = status.read()
    except OSError:
        return 0
    position = text.find(b"VmHWM:")
    return int(text[position + 6 : text.index(b"kB", position)]) * 1024 if position >= 0 else 0
