"""The clock of schedules: sleeps until the next time of each and then calls. Nothing is polled.

The clock runs faster by the cloud's ``time_scale``: with 0.02 a scheduled minute is over after 1.2 s, and the times it
gives are those that would then be shown on a clock that was right when the cloud started.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .schedules import Schedule

#: A machine that slept in between is noticed after this time at the latest.
_LONGEST_SLEEP_SECONDS = 600.0
_SMALLEST_SCALE = 1e-4


class ScheduleClock:
    """The time that schedules go by."""

    def __init__(self, time_scale: float) -> None:
        self._scale = max(time_scale, _SMALLEST_SCALE)
        self._start = time.time()

    def now(self) -> datetime:
        """Aware, in UTC."""
        return datetime.fromtimestamp(self._start, UTC) + timedelta(seconds=(time.time() - self._start) / self._scale)

    def seconds_until(self, moment: datetime) -> float:
        """Real seconds to wait."""
        return (moment - self.now()).total_seconds() * self._scale


class ScheduledTasks:
    """All running schedules by name. ``due(moment)`` is called when one comes; it must not take time."""

    def __init__(self, clock: ScheduleClock) -> None:
        self.clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}

    def begin(
        self, name: str, schedule: Schedule, due: Callable[[datetime], None], ended: Callable[[], None] | None = None
    ) -> None:
        """Run a schedule; one of the same name ends. ``ended`` is called when it has no further time."""
        self.end(name)
        task = asyncio.get_running_loop().create_task(self._run(name, schedule, due, ended))
        self._running[name] = task

    def end(self, name: str) -> None:
        task = self._running.pop(name, None)
        if task:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._running.values())
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, name: str, schedule: Schedule, due: Callable[[datetime], None], ended: Callable[[], None] | None
    ) -> None:
        moment = schedule.next_after(self.clock.now())
        while moment is not None:
            while (left := self.clock.seconds_until(moment)) > 0:
                await asyncio.sleep(min(left, _LONGEST_SLEEP_SECONDS))
            try:
                due(moment)
            except Exception:
                traceback.print_exc(file=sys.stderr)
            # What fell due while the machine slept is not made up for.
            moment = schedule.next_after(max(moment, self.clock.now()))
        self._running.pop(name, None)
        if ended:
            ended()
