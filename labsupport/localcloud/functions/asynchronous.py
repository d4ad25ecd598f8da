"""Asynchronous invocations: each function's queue, attempts and retries, throttles, and the age limit.

Source: Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation".

A queued event is a few hundred bytes beside its payload: it has no task and no environment of its own. One reader for
each function with queued events takes the oldest event, and starts it when there is a place for it; the limits of
concurrency therefore bound what runs. Waits are AWS's times ``time_scale``, and so is the age limit, which is counted
in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import heapq
import itertools
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from . import limits
from .recursion import RecursionStopped, refuse_loop
from .specification import (
    FunctionNotFound,
    FunctionNotReady,
    FunctionSpecification,
    Invocation,
    InvocationOutcome,
    Throttled,
)


class Runner(Protocol):
    """What the queue needs of the engine."""

    async def specification(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification:
        """Raises FunctionNotFound."""

    def admit(self, specification: FunctionSpecification, *, asynchronous: bool = False) -> None:
        """Take a place. Raises Throttled."""

    def had_better_wait(self, specification: FunctionSpecification, waiting: int, seconds_each: float) -> bool:
        """Whether an event of ``waiting`` ones, of ``seconds_each``, is served sooner by what runs than by a new
        environment."""

    async def run_admitted(self, specification: FunctionSpecification, invocation: Invocation) -> InvocationOutcome:
        """Run, and give the place back."""


#: An event that had better wait looks again when a run ends, and at the latest after this time.
_SOON_SECONDS = 0.02


class _Start(enum.Enum):
    """What became of an event at the head of its queue."""

    DONE = enum.auto()
    #: The limits of concurrency leave no place.
    NO_PLACE = enum.auto()
    #: There is a place, but what runs is free sooner than a new environment would be.
    SOON = enum.auto()


@dataclass(eq=False)
class QueuedEvent:
    """One accepted event. ``attempts`` have been made so far, the last with ``outcome``; ``status`` is what Lambda's
    own answer to the last attempt was: 200 when the function ran, 429 for a throttle, 400 for a stopped loop."""

    region: str
    name: str
    qualifier: str | None
    invocation: Invocation
    accepted: float
    attempts: int = 0
    system_errors: int = 0
    outcome: InvocationOutcome | None = None
    status: int | None = None


@dataclass(frozen=True)
class Ended:
    """An event is done. ``condition`` is the value of AWS's invocation record."""

    event: QueuedEvent
    specification: FunctionSpecification
    condition: str


@dataclass(eq=False)
class _Queue:
    """Events of one function: ``ready`` in order, ``delayed`` by the time of their retry, ``running`` now."""

    ready: deque[QueuedEvent] = field(default_factory=deque)
    delayed: list[tuple[float, int, QueuedEvent]] = field(default_factory=list)
    running: set[asyncio.Task[None]] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None
    throttle_wait: float = 0.0
    #: How long the last attempts took, the newest weighing most.
    seconds_each: float = 0.0
    idle: bool = False
    deleted: bool = False

    def __len__(self) -> int:
        return len(self.ready) + len(self.delayed) + len(self.running)


class AsynchronousInvocations:
    """All queues of one cloud. ``ended`` is awaited for every event that is done (records, dead letters)."""

    def __init__(
        self, runner: Runner, ended: Callable[[Ended], Coroutine[None, None, None]], time_scale: float = 1.0
    ) -> None:
        self._runner = runner
        self._ended = ended
        self._time_scale = time_scale
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._order = itertools.count()

    def accept(self, region: str, name: str, qualifier: str | None, invocation: Invocation) -> None:
        """Queue an event. From here on it is run, recorded, or named when it is dropped."""
        queue = self._queues.setdefault((region, name), _Queue())
        queue.ready.append(QueuedEvent(region, name, qualifier, invocation, time.monotonic()))
        self._wake((region, name), queue)

    def pending(self) -> int:
        """Accepted events that are not done yet."""
        return sum(map(len, self._queues.values()))

    def forget(self, region: str, name: str) -> None:
        """The function was deleted: what is queued for it is dropped, with a line on stderr that says how much."""
        queue = self._queues.pop((region, name), None)
        if queue is None:
            return
        queue.deleted = True
        dropped = len(queue.ready) + len(queue.delayed)
        if queue.reader:
            queue.reader.cancel()
        if dropped:
            _say(f"{_events(dropped)} of {name} in {region} dropped: the function was deleted.")

    async def close(self) -> None:
        """End all work and say on stderr how many events of which functions had not been run to their end."""
        left = Counter({key: len(queue) for key, queue in self._queues.items() if len(queue)})
        if left:
            names = ", ".join(f"{count} of {name} ({region})" for (region, name), count in left.most_common())
            are = "is" if left.total() == 1 else "are"
            _say(f"{_events(left.total())} had not ended and {are} dropped: {names}.")
        tasks = [task for queue in self._queues.values() for task in (*queue.running, queue.reader) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- one reader for each function --------------------------------------------------------------------------

    def _wake(self, key: tuple[str, str], queue: _Queue) -> None:
        if queue.reader is None or queue.reader.done():
            queue.reader = asyncio.get_running_loop().create_task(self._read(key, queue))
        elif queue.idle:  # a new event does not shorten the wait of throttled ones before it
            queue.changed.set()

    async def _read(self, key: tuple[str, str], queue: _Queue) -> None:
        while True:
            queue.changed.clear()
            now = time.monotonic()
            while queue.delayed and queue.delayed[0][0] <= now:
                queue.ready.append(heapq.heappop(queue.delayed)[2])
            if queue.ready:
                event = queue.ready[0]
                try:
                    started = await self._start(key, queue, event)
                except Exception:  # a fault of the lab is a system error of AWS: the event stays in the queue
                    traceback.print_exc(file=sys.stderr)
                    started = _Start.NO_PLACE
                if started is _Start.DONE:
                    queue.throttle_wait = 0.0
                    queue.ready.popleft()
                    await asyncio.sleep(0)  # a long queue must not hold up everybody else
                elif started is _Start.SOON:
                    await _until_changed(queue, _SOON_SECONDS)
                else:
                    await self._wait_for_a_place(queue, event)
            elif queue.delayed:
                queue.idle = True
                await _until_changed(queue, queue.delayed[0][0] - now)
                queue.idle = False
            elif queue.running:
                return  # what runs wakes the reader when it has to be retried
            else:
                if self._queues.get(key) is queue:
                    del self._queues[key]
                return

    async def _start(self, key: tuple[str, str], queue: _Queue, event: QueuedEvent) -> _Start:
        """Start the event's next attempt, or end it."""
        try:
            specification = await self._runner.specification(event.region, event.name, event.qualifier)
        except FunctionNotFound as problem:
            _say(f"1 asynchronous event dropped: {problem}")
            return _Start.DONE
        except FunctionNotReady:  # deleted and made anew while the event waited
            return _Start.NO_PLACE
        if specification.reserved_concurrency == 0:
            # "Lambda begins sending new events to the configured dead-letter queue or the on-failure event
            # destination, without any retries" (Lambda Developer Guide, invocation-async-retain-records).
            self._run(key, queue, self._ended(Ended(event, specification, "ZeroReservedConcurrency")))
            return _Start.DONE
        if time.monotonic() >= event.accepted + self._maximum_age(specification):
            event.status = event.status or 429  # also those behind the one that was refused
            self._run(key, queue, self._ended(Ended(event, specification, "EventAgeExceeded")))
            return _Start.DONE
        try:
            refuse_loop(specification, event.invocation)
            if self._runner.had_better_wait(specification, len(queue.ready), queue.seconds_each):
                return _Start.SOON
            self._runner.admit(specification, asynchronous=True)
        except RecursionStopped:
            event.status, event.outcome = 400, None
            self._run(key, queue, self._ended(Ended(event, specification, "RecursiveInvocation")))
        except Throttled:  # never counted as a failed attempt
            event.status, event.outcome = 429, None
            return _Start.NO_PLACE
        else:
            self._run(key, queue, self._attempt(queue, event, specification))
        return _Start.DONE

    async def _wait_for_a_place(self, queue: _Queue, event: QueuedEvent) -> None:
        """After a throttle. While events of this function run, the next place is theirs, and the end of one is the
        signal. Otherwise others hold the places, and the queue is read again after 1 s, 2 s … 5 min."""
        first, longest = limits.ASYNCHRONOUS_THROTTLE_WAITS_SECONDS
        seconds = longest * self._time_scale
        if not queue.running:
            queue.throttle_wait = min(max(queue.throttle_wait * 2, first), longest)
            seconds = queue.throttle_wait * self._time_scale
        with contextlib.suppress(Exception):  # the next look at the queue meets it again
            specification = await self._runner.specification(event.region, event.name, event.qualifier)
            oldest = event.accepted + self._maximum_age(specification) - time.monotonic()
            seconds = min(seconds, max(oldest, 0.0))
        await _until_changed(queue, seconds)

    def _maximum_age(self, specification: FunctionSpecification) -> float:
        return (specification.maximum_event_age or limits.ASYNCHRONOUS_MAXIMUM_AGE_SECONDS) * self._time_scale

    # --- attempts ----------------------------------------------------------------------------------------------

    def _run(self, key: tuple[str, str], queue: _Queue, work: Coroutine[None, None, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception:
                traceback.print_exc(file=sys.stderr)

        def done(task: asyncio.Task[None]) -> None:
            work.close()  # nothing, unless the task was cancelled before it began
            queue.running.discard(task)
            queue.changed.set()
            if not task.cancelled() and not queue.deleted and (queue.reader is None or queue.reader.done()):
                self._wake(key, queue)

        task = asyncio.get_running_loop().create_task(guarded())
        queue.running.add(task)
        task.add_done_callback(done)

    async def _attempt(self, queue: _Queue, event: QueuedEvent, specification: FunctionSpecification) -> None:
        try:
            outcome = await self._runner.run_admitted(specification, event.invocation)
        except Exception:  # a system error: back to the queue, not counted
            traceback.print_exc(file=sys.stderr)
            first, longest = limits.ASYNCHRONOUS_THROTTLE_WAITS_SECONDS
            self._retry(queue, event, min(first * 2**event.system_errors, longest))
            event.system_errors += 1
            return
        event.attempts += 1
        event.status, event.outcome = 200, outcome
        seconds = outcome.billed_duration / 1000
        queue.seconds_each = seconds if not queue.seconds_each else 0.7 * queue.seconds_each + 0.3 * seconds
        retries = 2 if specification.retry_attempts is None else specification.retry_attempts
        if outcome.function_error is None:
            await self._ended(Ended(event, specification, "Success"))
        elif event.attempts > retries:
            await self._ended(Ended(event, specification, "RetriesExhausted"))
        else:
            wait = limits.ASYNCHRONOUS_RETRY_WAITS_SECONDS[event.attempts - 1]
            too_old = event.accepted + self._maximum_age(specification)
            if time.monotonic() + wait * self._time_scale > too_old:
                await self._ended(Ended(event, specification, "EventAgeExceeded"))
            else:
                self._retry(queue, event, wait)

    def _retry(self, queue: _Queue, event: QueuedEvent, wait: float) -> None:
        if queue.deleted:
            _say(f"1 asynchronous event of {event.name} in {event.region} dropped: the function was deleted.")
            return
        heapq.heappush(queue.delayed, (time.monotonic() + wait * self._time_scale, next(self._order), event))


async def _until_changed(queue: _Queue, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(queue.changed.wait(), max(seconds, 0.0))


def _events(count: int) -> str:
    return f"{count:,} asynchronous event{'s' if count != 1 else ''}"


def _say(text: str) -> None:
    print(f"labsupport cloud: {text}", file=sys.stderr, flush=True)
