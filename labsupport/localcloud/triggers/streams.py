"""Polls a DynamoDB stream for an event source mapping.

Source: Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" (looked up 2026-11-25).

One reader for each mapping takes records from the moto process into as many lanes as the ParallelizationFactor says;
each lane hands over one batch at a time, so that the order of an item's records is kept. A reader that has read all
sleeps until a notice says that something came, and then reads at its next beat of four a second, as Lambda does: what is
written at nearly the same time comes in one batch.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ..functions.limits import SYNCHRONOUS_PAYLOAD_BYTES
from ..functions.specification import FunctionNotFound, FunctionNotReady
from .failure_records import FailureRecords
from .filter_criteria import FilterCriteria
from .mapping import EventSourceMapping
from .poller import Poller, Surroundings
from .stream_batches import Stop
from .stream_lanes import Lane, Shared
from .stream_records import StreamRecord

#: "Lambda polls shards in your DynamoDB stream for records at a base rate of 4 times per second."
_POLL_SECONDS = 0.25
#: How often it is looked again whether a missing function or right is there now, from the first doubled up to the second.
_PROBLEM_WAITS_SECONDS = (1.0, 30.0)
#: The reader goes no further ahead of the lanes than a batch for each and so many records, and so many bytes.
_RECORDS_AHEAD = 1000
_BYTES_AHEAD = 2 * SYNCHRONOUS_PAYLOAD_BYTES
_RIGHTS = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
_NO_RIGHTS = (
    "PROBLEM: Cannot access stream {}. Please ensure the role can perform the GetRecords, GetShardIterator, "
    "DescribeStream, and ListStreams Actions on your stream in IAM."
)

#: Up to which number the records of a stream are done, by the mapping's uuid: one that was disabled goes on there.
Checkpoints = dict[str, int]


class StreamPoller(Poller):
    """The poller of one mapping."""

    def __init__(self, mapping: EventSourceMapping, surroundings: Surroundings, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._failure_records = FailureRecords(surroundings)
        self._stop = Stop()
        self._lanes: list[Lane] = []
        self._filters = FilterCriteria()
        #: Whether there may be something to read; the last answer's number to go on from.
        self._news = True
        self._after = 0
        self._problem = ""
        self._problem_wait = 0.0
        self._changed = False
        self._began = time.monotonic()
        super().__init__(mapping, surroundings)

    def update(self, mapping: EventSourceMapping) -> None:
        """Everything begins anew from the first record that is not done: what waits for its next attempt, too."""
        self._changed = True
        self._stop.event.set()
        super().update(mapping)

    def wake(self) -> None:
        self._news = True
        super().wake()

    async def end(self) -> None:
        self._stop.event.set()
        await super().end()

    async def run(self) -> None:
        wake = super().wake
        while not self.ending:
            self._stop, self._changed = Stop(), False
            self._filters = FilterCriteria.compile(self.mapping.filters)
            try:
                shard = await self._open()
                if shard is None:
                    continue
                shared = Shared(lambda: self.mapping, self._stop, self._failure_records, wake)
                for _ in range(self.mapping.parallelization_factor):
                    lane = Lane(self.surroundings, shard, shared)
                    lane.task.add_done_callback(lambda _task: wake())
                    self._lanes.append(lane)
                await self._read()
                self._stop.event.set()
                await self._lanes_end()
                self._checkpoint()
            finally:
                for lane in self._lanes:
                    lane.task.cancel()
                self._lanes = []

    # --- where to begin --------------------------------------------------------------------------------------------

    async def _open(self) -> str | None:
        """The shard to read; None after a wait in which nothing could be read."""
        if not await self._may_poll():
            await self.sleep(self._problem_wait * self.surroundings.time_scale)
            return None
        mapping = self.mapping
        opened: dict[str, Any] | None = await self.surroundings.moto.ask(
            "open_stream",
            arn=mapping.source_arn,
            position=mapping.starting_position or "TRIM_HORIZON",
            timestamp=mapping.starting_position_timestamp,
        )
        if opened is None:
            self._tell_problem(f"PROBLEM: Stream not found: {mapping.source_arn}")
            await self.sleep(self._problem_wait * self.surroundings.time_scale)
            return None
        self._after = self._checkpoints.setdefault(mapping.uuid, opened["after"])
        self._news = True
        return str(opened["shard"])

    def _checkpoint(self) -> None:
        """Remember up to where all records are done."""
        waiting = [number for lane in self._lanes if (number := lane.first_number()) is not None]
        self._checkpoints[self.mapping.uuid] = min([self._after, *(number - 1 for number in waiting)])

    async def _lanes_end(self) -> None:
        for lane in self._lanes:
            lane.nudge()
        results = await asyncio.gather(*(lane.task for lane in self._lanes), return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    # --- reading ---------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Read into the lanes until the poller ends or its settings ask for other lanes."""
        more = False
        while not (self.ending or self._changed):
            for lane in self._lanes:
                if lane.task.done():
                    lane.task.result()  # a fault of the lab: the frame begins anew
            if not self._news or not self._has_room():
                await self.sleep(None)
                continue
            if not await self._may_poll():
                await self.sleep(self._problem_wait * self.surroundings.time_scale)
                continue
            if not more:
                await self._stop.sleep(self._until_beat())
            self._news = False  # a notice that comes while this is read is about what it may miss
            answer = await self.surroundings.moto.ask("read_stream", arn=self.mapping.source_arn, after=self._after)
            if answer is None:
                self._tell_problem(f"PROBLEM: Stream not found: {self.mapping.source_arn}")
                await self.sleep(None)
                continue
            records = []
            for wire, created in zip(answer["records"], answer["created"], strict=True):
                record = StreamRecord.of(wire, created)
                if self._filters.matches(record.wire):  # the others are done
                    records.append(record)
                await asyncio.sleep(0)  # a thousand records must not hold up everybody else
            for record in records:  # at once, so that a lane does not begin with the first of them
                self._lanes[record.lane(len(self._lanes))].add(record)
            more = bool(answer["more"])
            self._news = self._news or more
            self._after = answer["after"]
            self._checkpoint()

    def _has_room(self) -> bool:
        most = max(_RECORDS_AHEAD, self.mapping.batch_size) * len(self._lanes)
        waiting = sum(len(lane.pending) for lane in self._lanes)
        return waiting < most and sum(lane.bytes for lane in self._lanes) < _BYTES_AHEAD

    def _until_beat(self) -> float:
        beat = _POLL_SECONDS * self.surroundings.time_scale
        return beat - (time.monotonic() - self._began) % beat if beat > 0 else 0.0

    # --- what stands in the way ------------------------------------------------------------------------------------

    async def _may_poll(self) -> bool:
        """Whether function and rights are there; if not, LastProcessingResult says what is missing."""
        mapping = self.mapping
        try:
            role = (await self.surroundings.specification(mapping)).role
        except FunctionNotReady:
            self._problem_wait = _PROBLEM_WAITS_SECONDS[0]
            return False
        except FunctionNotFound as problem:
            return self._tell_problem(f"PROBLEM: {problem}")
        for action in _RIGHTS:
            if not await self.surroundings.access.role_allows(role, action, mapping.source_arn):
                return self._tell_problem(_NO_RIGHTS.format(mapping.source_arn))
        self._problem, self._problem_wait = "", 0.0
        return True

    def _tell_problem(self, text: str) -> bool:
        """Say it once, and look again later and later. Always False."""
        if text != self._problem:
            self._problem, self._problem_wait = text, 0.0
            self.surroundings.lambda_api.mapping_processed(self.mapping.uuid, text)
        first, longest = _PROBLEM_WAITS_SECONDS
        self._problem_wait = min(max(self._problem_wait * 2, first), longest)
        return False
