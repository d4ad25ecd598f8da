"""CPU in proportion to memory, as an option (``--cpu scaled``): a function may use as much CPU time as Lambda gives it.

Source: Lambda Developer Guide, "Configure Lambda function memory": at 1,769 MB a function has one vCPU, and CPU grows in
proportion to memory. Lambda takes a function off the CPU when it has used up its share; here it is stopped and goes on
when its share has caught up. The init phase is not held back: Lambda does not say how much it gets, and people
measure about a whole vCPU.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Protocol

from .memory import family

#: Memory, in MB, that comes with one vCPU.
MEGABYTES_OF_ONE_VCPU = 1769
_LOOK_SECONDS = 0.005
#: What was not used is kept for this long only, so that waiting saves up no burst.
_PERIOD_SECONDS = 0.02


class Pausable(Protocol):
    """A process that can be stopped and continued."""

    pid: int

    def pause(self) -> None: ...

    def resume(self) -> None: ...


def share_of(memory_size: int) -> float:
    """vCPUs of a function with this MemorySize in MB: 0.07 for 128, 1 for 1,769, 5.8 for 10,240."""
    return memory_size / MEGABYTES_OF_ONE_VCPU


class CpuClock:
    """CPU seconds that a process and its descendants have used. A thread that starts and ends between two looks is
    not seen."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._threads: dict[tuple[int, int], float] = {}

    def spent(self) -> float:
        """Seconds since the last call; since the start of each thread that is new."""
        total = 0.0
        for pid in family(self._pid):
            for thread, seconds in _thread_seconds(pid):
                total += max(0.0, seconds - self._threads.get((pid, thread), 0.0))
                self._threads[pid, thread] = seconds
        return total


def _thread_seconds(pid: int) -> list[tuple[int, float]]:
    if sys.platform != "linux":
        import psutil

        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            return []
        return [(0, times.user + times.system)]
    found = []
    try:
        for name in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{name}/schedstat") as figures:
                found.append((int(name), int(figures.read().split()[0]) / 1e9))
    except OSError:  # it has just ended
        pass
    return found


class CpuShare:
    """Holds a process to its share from ``begin`` to ``end``: the time of one invocation."""

    def __init__(self, vcpus: float) -> None:
        self._vcpus = vcpus
        self._task: asyncio.Task[None] | None = None
        self._process: Pausable | None = None

    def begin(self, process: Pausable) -> None:
        self._process = process
        self._task = asyncio.get_running_loop().create_task(self._hold_back(process))

    def end(self) -> None:
        """The invocation is over; a stopped process goes on."""
        if self._task is not None and self._process is not None:
            self._task.cancel()
            self._process.resume()
            self._task = self._process = None

    async def _hold_back(self, process: Pausable) -> None:
        clock = CpuClock(process.pid)
        clock.spent()
        looked = time.monotonic()
        debt = 0.0
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            debt += clock.spent() - self._vcpus * (now - looked)
            looked = now
            if debt > 0:
                process.pause()
                await asyncio.sleep(debt / self._vcpus)
                process.resume()
            debt = max(debt, -self._vcpus * _PERIOD_SECONDS)
