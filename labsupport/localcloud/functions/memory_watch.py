"""Looks at the memory of environments while they run an invocation."""

from __future__ import annotations

import asyncio
import time

from .pool import Pools

_PAUSE_SECONDS = 0.02
#: Looking at many environments may take a twentieth of the time and no more.
_SHARE = 20


class MemoryWatch:
    """Runs while an environment is busy: ``begin`` with every invocation, ``end`` with the engine."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Watch, if that is not done already."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())

    def end(self) -> None:
        if self._task:
            self._task.cancel()

    async def _watch(self) -> None:
        pause = _PAUSE_SECONDS
        while any(pool.busy for pool in self._pools.values()):
            await asyncio.sleep(pause)
            started = time.thread_time()
            for pool in list(self._pools.values()):
                for environment in list(pool.busy):
                    environment.watch()
            pause = max(_PAUSE_SECONDS, _SHARE * (time.thread_time() - started))
