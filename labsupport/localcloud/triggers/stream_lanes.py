"""The concurrent batches of a stream's shard, each in order (``ParallelizationFactor``).

Source: Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" (looked up 2026-11-25).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..functions.limits import SYNCHRONOUS_PAYLOAD_BYTES
from .failure_records import FailureRecords
from .mapping import EventSourceMapping
from .poller import Surroundings
from .stream_batches import BatchProcessor, Stop
from .stream_records import StreamRecord
from .stream_windows import Window

#: ``{"Records":[…]}`` and, with a tumbling window, what else an event has beside its state.
_EVENT_FRAME_BYTES = 512


@dataclass(frozen=True)
class Shared:
    """What the lanes of one poller have in common. ``took()`` says that there is room for more records."""

    settings: Callable[[], EventSourceMapping]
    stop: Stop
    failure_records: FailureRecords
    took: Callable[[], None]


class Lane:
    """One of the concurrent batches of a shard: records in order, and a task that works through them."""

    def __init__(self, surroundings: Surroundings, shard: str, shared: Shared) -> None:
        self.pending: deque[StreamRecord] = deque()
        self.bytes = 0
        #: Records that are being processed.
        self.current: list[StreamRecord] = []
        self._shared = shared
        self._time_scale = surroundings.time_scale
        self._came = asyncio.Event()
        self._window: Window | None = None
        self._processor = BatchProcessor(surroundings, shared.settings, shard, shared.stop, shared.failure_records)
        self.task = asyncio.get_running_loop().create_task(self._run())

    def add(self, record: StreamRecord) -> None:
        self.pending.append(record)
        self.bytes += record.size
        self._came.set()

    def first_number(self) -> int | None:
        """Of what is not done yet."""
        first = self.current[0] if self.current else self.pending[0] if self.pending else None
        return None if first is None else first.number

    def nudge(self) -> None:
        """The poller ends, or its settings have changed."""
        self._came.set()

    async def _run(self) -> None:
        while True:
            await self._gather()
            if self._shared.stop.is_set():
                return
            self._choose_window()
            self.current = self._take()
            if self.current:
                self._shared.took()
                self.current = await self._processor.process(self.current, self._window)
            if self._window is not None and not self._shared.stop.is_set():
                await self._end_window(self._window)

    async def _gather(self) -> None:
        """Wait for the first record, then until the batch is full or the batching window is over. With a tumbling window
        that has begun, at most until its end."""
        while not self.pending:
            if self._shared.stop.is_set():
                return
            seconds = None
            if self._window is not None:
                seconds = self._window.end - time.time()
                if seconds <= 0:
                    return
            await self._until_something_comes(seconds)
        began = time.monotonic()
        while not self._is_full():
            over = began + self._shared.settings().window_seconds * self._time_scale
            seconds = over - time.monotonic()
            if seconds <= 0 or self._shared.stop.is_set():
                return
            await self._until_something_comes(seconds)

    async def _until_something_comes(self, seconds: float | None) -> None:
        self._came.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._came.wait(), seconds)

    def _is_full(self) -> bool:
        batch_size = self._shared.settings().batch_size
        return len(self.pending) >= batch_size or self.bytes + _EVENT_FRAME_BYTES >= SYNCHRONOUS_PAYLOAD_BYTES

    def _choose_window(self) -> None:
        seconds = self._shared.settings().tumbling_window_seconds * self._time_scale
        if seconds <= 0:
            self._window = None
        elif self._window is None and self.pending:
            self._window = Window.around(self.pending[0].created, seconds)

    async def _end_window(self, window: Window) -> None:
        """Hand over a window that is over, or whose state has grown too large, once more without records."""
        if window.is_too_large():
            window.terminated_early = True
        elif self.pending and window.holds(self.pending[0].created):
            return
        elif not self.pending and time.time() < window.end:
            return
        await self._processor.process([], window)
        self._window = Window(window.start, window.seconds) if window.terminated_early else None

    def _take(self) -> list[StreamRecord]:
        """The next batch: at most BatchSize records and 6 MB, all of one tumbling window."""
        taken: list[StreamRecord] = []
        size = _EVENT_FRAME_BYTES
        while self.pending and len(taken) < self._shared.settings().batch_size:
            record = self.pending[0]
            if taken and size + record.size > SYNCHRONOUS_PAYLOAD_BYTES:
                break
            if self._window is not None and not self._window.holds(record.created):
                break
            taken.append(self.pending.popleft())
            self.bytes -= record.size
            size += record.size
        return taken
