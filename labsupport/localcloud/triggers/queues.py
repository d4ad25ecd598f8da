"""Polls a queue of Amazon SQS for an event source mapping.

Sources: Lambda Developer Guide, "Using Lambda with Amazon SQS", "Creating and configuring an Amazon SQS event source
mapping", "Handling errors for an SQS event source in Lambda" (looked up 2026-11-25).

There is one reader for each mapping. It asks the moto process for as many batches as may run now, in one call that also
deletes what earlier batches have done; it sleeps until a batch ends, until a notice says that a message came, or until
the moment at which the next message becomes visible. Nothing is asked while nothing happens.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

from ..functions.limits import SYNCHRONOUS_PAYLOAD_BYTES
from ..functions.recursion import RecursionStopped
from ..functions.specification import FunctionNotFound, FunctionNotReady, FunctionSpecification, Throttled
from .batches import failed_items
from .filter_criteria import FilterCriteria
from .mapping import EventSourceMapping
from .poller import Poller, Surroundings
from .queue_records import Message, event, trace_header
from .queue_scaling import Scaling

#: ``{"Records":[…]}``
_EVENT_FRAME_BYTES = 16
#: A clock reads milliseconds: so much later the message is certainly visible.
_LATER_SECONDS = 0.005
#: Waits before a throttled batch is tried again, from the first doubled up to the second, times the time scale.
_THROTTLE_WAITS_SECONDS = (0.2, 10.0)
#: How often it is looked again whether a missing function or right is there now, likewise.
_PROBLEM_WAITS_SECONDS = (1.0, 30.0)
_RIGHTS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@dataclass
class Batch:
    """Messages that are to be handed over together. Times are of the monotonic clock; ``until``: visible again.
    ``dead_letters``: what fails too often goes to a dead-letter queue."""

    messages: list[Message] = field(default_factory=list)
    began: float = 0.0
    until: float = 0.0
    dead_letters: bool = False

    @property
    def size(self) -> int:
        return _EVENT_FRAME_BYTES + sum(message.size for message in self.messages)

    def handles(self) -> list[str]:
        return [message.receipt_handle for message in self.messages]


class QueuePoller(Poller):
    """The poller of one mapping."""

    def __init__(self, mapping: EventSourceMapping, surroundings: Surroundings) -> None:
        self._queue = mapping.source_arn.split(":")[5]
        self._scaling = Scaling(surroundings.time_scale)
        self._filters = FilterCriteria.compile(mapping.filters)
        self._running: set[asyncio.Task[None]] = set()
        #: Set when a batch has ended: there may be a place for one that was throttled.
        self._place = asyncio.Event()
        #: What fills up during the batching window.
        self._gathering = Batch()
        self._to_delete: list[str] = []
        self._to_give_back: list[str] = []
        self._problem = ""
        self._problem_wait = 0.0
        super().__init__(mapping, surroundings)

    def update(self, mapping: EventSourceMapping) -> None:
        self._filters = FilterCriteria.compile(mapping.filters)
        super().update(mapping)

    async def run(self) -> None:
        try:
            while not self.ending:
                await self.sleep(await self._turn())
            self._give_back(self._gathering)
            while self._running or self._to_delete or self._to_give_back:
                await self._exchange([])
                if self._running:
                    await self.sleep(None)
        finally:
            for task in self._running:
                task.cancel()

    # --- one turn: hand back, receive, start batches ---------------------------------------------------------------

    async def _turn(self) -> float | None:
        """Do what can be done now; how many seconds there is nothing more to do unless something happens."""
        may_poll = await self._may_poll()
        wanted = self._wanted() if may_poll else []
        if wanted or self._to_delete or self._to_give_back:
            answer = await self._exchange(wanted)
            if not answer["exists"]:
                self._tell_problem(f"PROBLEM: The queue {self.mapping.source_arn} does not exist.")
                return None
            for batch in answer["batches"]:
                self._received(batch, answer)
        if not may_poll:
            return self._problem_wait * self.surroundings.time_scale
        self._tell_problem("")
        now = time.monotonic()
        if not wanted:
            return _sooner(self._window_seconds(), self._scaling.next_growth(now))
        if answer["full"]:
            self._scaling.backlog(now)
            return 0.0
        self._scaling.drained(now)
        if not self._running:
            self._scaling.idle()
        change = answer["next_change"]
        until = None if change is None else max(0.0, change - time.time()) + _LATER_SECONDS
        return _sooner(self._window_seconds(), until)

    def _wanted(self) -> list[list[int]]:
        """Sizes of the batches there is a place for: the one that gathers first, then whole ones."""
        mapping = self.mapping
        if self._window_seconds() == 0.0:
            self._hand_over()
        account = self.surroundings.engine.concurrency.limit
        free = self._scaling.limit(time.monotonic(), mapping.maximum_concurrency, account) - len(self._running)
        if mapping.window_seconds and mapping.filters:
            free = min(free, 1)  # what is left of several batches would not make whole ones
        sizes = [[mapping.batch_size, SYNCHRONOUS_PAYLOAD_BYTES - _EVENT_FRAME_BYTES] for _ in range(free)]
        if sizes and self._gathering.messages:
            sizes[0] = [
                mapping.batch_size - len(self._gathering.messages),
                SYNCHRONOUS_PAYLOAD_BYTES - self._gathering.size,
            ]
        return sizes

    async def _exchange(self, wanted: list[list[int]]) -> dict[str, Any]:
        delete, self._to_delete = self._to_delete, []
        give_back, self._to_give_back = self._to_give_back, []
        try:
            answer: dict[str, Any] = await self.surroundings.moto.ask(
                "exchange_messages",
                region=self.mapping.region,
                name=self._queue,
                delete=delete,
                give_back=give_back,
                take_batches=wanted,
            )
        except Exception:  # what is done must not be done again because the lab had a fault
            self._to_delete += delete
            self._to_give_back += give_back
            raise
        batches = [[len(message["body"]) for message in one["messages"]] for one in answer.get("batches", ())]
        self.surroundings.usage.polled(self._queue, batches, len(delete))
        return answer

    def _received(self, batch: dict[str, Any], answer: dict[str, Any]) -> None:
        """Messages that do not pass the filters are deleted; the others are handed over, now or after the window."""
        mapping, now = self.mapping, time.monotonic()
        window = mapping.window_seconds > 0 and not answer["fifo"]
        passed = []
        for received in batch["messages"]:
            message = Message.of(received, mapping.source_arn, window)
            if self._filters.matches(message.record):
                passed.append(message)
            else:
                self._to_delete.append(message.receipt_handle)
                self.wake()
        gathering = self._gathering
        if passed and not gathering.messages:
            gathering.began, gathering.until = now, now + answer["visibility_timeout"]
            gathering.dead_letters = answer["dead_letters"]
        gathering.messages += passed
        if not window or len(gathering.messages) >= mapping.batch_size or batch["next_does_not_fit"]:
            self._hand_over()

    def _window_seconds(self) -> float | None:
        """How long the batch that gathers may still wait; None when there is none."""
        if not self._gathering.messages:
            return None
        if len(self._gathering.messages) >= self.mapping.batch_size:  # an update made it smaller
            return 0.0
        over = self._gathering.began + self.mapping.window_seconds * self.surroundings.time_scale
        return max(0.0, over - time.monotonic())

    # --- batches ---------------------------------------------------------------------------------------------------

    def _hand_over(self) -> None:
        batch, self._gathering = self._gathering, Batch()
        if not batch.messages:
            return
        task = asyncio.get_running_loop().create_task(self._process(batch))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._place.set()
        self.wake()

    async def _process(self, batch: Batch) -> None:
        """Invoke the function with a batch, again while it is throttled, until its messages are visible again."""
        mapping = self.mapping
        wait = _THROTTLE_WAITS_SECONDS[0]
        while True:
            try:
                specification = await self.surroundings.specification(mapping)
                await self._invoke(mapping, specification, batch)
                return
            except (Throttled, FunctionNotReady):
                self._scaling.throttled(time.monotonic())
            except FunctionNotFound:  # the reader says so
                self._give_back(batch)
                return
            except RecursionStopped:
                # Lambda "sends the event to a Dead-Letter Queue … if configured" (What's New, 2023-07-13), and drops it
                # otherwise. The function's log tells of it.
                if not batch.dead_letters:
                    self._to_delete += batch.handles()
                return
            except Exception:
                traceback.print_exc(file=sys.stderr)
                return
            if self.ending:
                self._give_back(batch)
                return
            # "Lambda continues to retry the message until the message's timestamp exceeds your queue's visibility timeout"
            seconds = min(wait * self.surroundings.time_scale, batch.until - time.monotonic())
            if seconds <= 0:
                return
            await self._wait_for_a_place(seconds)
            wait = min(wait * 2, _THROTTLE_WAITS_SECONDS[1])

    async def _invoke(self, mapping: EventSourceMapping, specification: FunctionSpecification, batch: Batch) -> None:
        trace = trace_header(batch.messages, specification.arn)
        outcome = await self.surroundings.invoke(mapping, specification, event(batch.messages), trace)
        reports = mapping.report_batch_item_failures
        failed = failed_items(outcome, {message.id for message in batch.messages}, reports)
        if failed is None:
            if not reports:
                self._scaling.failed(time.monotonic())
            return
        done = [message.receipt_handle for message in batch.messages if message.id not in failed]
        if await self.surroundings.access.role_allows(specification.role, "sqs:DeleteMessage", mapping.source_arn):
            self._to_delete += done

    async def _wait_for_a_place(self, seconds: float) -> None:
        self._place.clear()
        try:
            await asyncio.wait_for(self._place.wait(), seconds)
        except TimeoutError:
            pass

    def _give_back(self, batch: Batch) -> None:
        self._to_give_back += batch.handles()
        batch.messages = []

    # --- what stands in the way ------------------------------------------------------------------------------------

    async def _may_poll(self) -> bool:
        """Whether function and rights are there; if not, LastProcessingResult says what is missing."""
        mapping = self.mapping
        try:
            role = (await self.surroundings.specification(mapping)).role
        except FunctionNotReady:
            self._problem_wait = _THROTTLE_WAITS_SECONDS[0]
            return False
        except FunctionNotFound as problem:
            return self._tell_problem(f"PROBLEM: {problem}")
        for action in _RIGHTS:
            if not await self.surroundings.access.role_allows(role, action, mapping.source_arn):
                call = action.removeprefix("sqs:")
                return self._tell_problem(
                    f"PROBLEM: The function execution role does not have permissions to call {call} on SQS"
                )
        return True

    def _tell_problem(self, text: str) -> bool:
        """Say it once; "" when all is well again."""
        if text != self._problem:
            self._problem, self._problem_wait = text, 0.0
            self.surroundings.lambda_api.mapping_processed(self.mapping.uuid, text or "OK")
        if text:
            first, longest = _PROBLEM_WAITS_SECONDS
            self._problem_wait = min(max(self._problem_wait * 2, first), longest)
        return not text


def _sooner(one: float | None, other: float | None) -> float | None:
    """The smaller of two waits; None is without limit."""
    return min((wait for wait in (one, other) if wait is not None), default=None)
