"""One batch of stream records, until each of its records is processed or given up.

Sources: Lambda Developer Guide, "Retain discarded records for a DynamoDB event source in Lambda" and "Configuring partial
batch response with DynamoDB and Lambda" (looked up 2026-11-25). How long Lambda waits between attempts is not documented;
here a second, doubled each time up to a minute, times the cloud's ``time_scale``.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..functions.specification import FunctionNotFound, FunctionNotReady, InvocationOutcome, Throttled
from .batches import failed_items
from .failure_records import RETRIES_EXHAUSTED, TOO_OLD, FailureRecords, GivenUp
from .mapping import EventSourceMapping
from .poller import Surroundings
from .stream_records import StreamRecord, event, payload
from .stream_windows import Window

#: Between attempts, from the first doubled up to the second.
_RETRY_WAITS_SECONDS = (1.0, 60.0)
#: Likewise while the function is throttled, not ready or not there.
_THROTTLE_WAITS_SECONDS = (0.25, 30.0)
#: "All data in DynamoDB Streams is subject to a 24-hour lifetime": then a record is gone, however often it is tried.
_RETENTION_SECONDS = 24 * 3600.0

OK = "OK"
FAILED = "PROBLEM: Function call failed"


@dataclass
class _Piece:
    """Records that are handed over together. ``failures`` count towards MaximumRetryAttempts, ``invocations`` do not."""

    records: list[StreamRecord]
    failures: int = 0
    invocations: int = 0
    request_id: str = ""
    outcome: InvocationOutcome | None = None


@dataclass
class Stop:
    """Set when the poller ends: what is not processed then stays in the stream."""

    event: asyncio.Event = field(default_factory=asyncio.Event)

    def is_set(self) -> bool:
        return self.event.is_set()

    async def sleep(self, seconds: float) -> None:
        """Wait, or less when it is set."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.event.wait(), seconds)


class BatchProcessor:
    """Processes the batches of one lane of a shard, one after the other. ``settings()`` are the newest of the mapping."""

    def __init__(
        self,
        surroundings: Surroundings,
        settings: Callable[[], EventSourceMapping],
        shard: str,
        stop: Stop,
        failure_records: FailureRecords,
    ) -> None:
        self._surroundings = surroundings
        self._settings = settings
        self._shard = shard
        self._stop = stop
        self._failure_records = failure_records

    async def process(self, records: list[StreamRecord], window: Window | None = None) -> list[StreamRecord]:
        """Invoke the function until every record is processed or given up. What is left when the poller ends.

        With a tumbling ``window`` the answer must have the state that the next batch gets; an empty batch ends it.
        """
        work = deque([_Piece(records)])
        while work and not self._stop.is_set():
            piece = work.popleft()
            too_old = self._too_old(piece)
            if too_old:
                aged = _Piece(piece.records[:too_old], 0, piece.invocations, piece.request_id, piece.outcome)
                await self._give_up(aged, TOO_OLD)
                piece.records = piece.records[too_old:]
                if not piece.records:
                    continue
            if not await self._attempt(piece, window):
                work.appendleft(piece)  # the poller ends
                continue
            work.extendleft(reversed(await self._judge(piece, window)))
        return [record for piece in work for record in piece.records]

    # --- one attempt -----------------------------------------------------------------------------------------------

    async def _attempt(self, piece: _Piece, window: Window | None) -> bool:
        """Invoke the function with these records, later if it cannot be now. False: the poller ends first, or all
        records have become too old meanwhile. "Before invocation": no error before counts as an attempt."""
        wait = _THROTTLE_WAITS_SECONDS[0]
        while True:
            mapping = self._settings()
            try:
                specification = await self._surroundings.specification(mapping)
                piece.request_id = str(uuid.uuid4())
                document = event(piece.records)
                if window is not None:
                    document |= window.members(self._shard, mapping.source_arn, final=not piece.records)
                piece.outcome = await self._surroundings.invoke(
                    mapping, specification, payload(document), None, request_id=piece.request_id
                )
                piece.invocations += 1
                return True
            except (Throttled, FunctionNotReady):
                pass
            except FunctionNotFound as problem:
                self._tell(f"PROBLEM: {problem}")
            await self._stop.sleep(wait * self._surroundings.time_scale)
            wait = min(wait * 2, _THROTTLE_WAITS_SECONDS[1])
            if self._stop.is_set() or self._too_old(piece):
                return False

    async def _judge(self, piece: _Piece, window: Window | None) -> list[_Piece]:
        """What is left to do after an attempt, in order."""
        mapping, outcome = self._settings(), piece.outcome
        assert outcome is not None
        identifiers = {record.identifier for record in piece.records}
        failed = failed_items(outcome, identifiers, mapping.report_batch_item_failures)
        if failed is not None and window is not None and piece.records and not window.take_state(outcome):
            failed = None
        if failed is not None and not failed:
            self._tell(OK)
            return []
        self._tell(FAILED)
        # "Lambda uses the record with the lowest sequence number as the checkpoint": what is before it is done.
        done = _checkpoint(piece.records, failed) if failed else 0
        rest = _Piece(piece.records[done:], piece.failures, piece.invocations, piece.request_id, outcome)
        if mapping.bisect_batch_on_function_error and done:
            return [rest]  # bisected at the number that was returned
        if mapping.bisect_batch_on_function_error and len(rest.records) > 1:
            # "Splitting batches doesn't consume the retry quota."
            middle = (len(rest.records) + 1) // 2
            return [replace(rest, records=rest.records[:middle]), replace(rest, records=rest.records[middle:])]
        rest.failures += 1
        if 0 <= mapping.maximum_retry_attempts < rest.failures:
            await self._give_up(rest, RETRIES_EXHAUSTED)
            return []
        await self._stop.sleep(_wait(rest) * self._surroundings.time_scale)
        return [rest]

    async def _give_up(self, piece: _Piece, condition: str) -> None:
        """Leave these records behind, and tell the on-failure destination."""
        if not piece.records:
            return
        mapping = self._settings()
        try:
            specification = await self._surroundings.specification(mapping)
        except (FunctionNotFound, FunctionNotReady):
            return
        given_up = GivenUp(piece.records, self._shard, condition, piece.invocations, piece.request_id, piece.outcome)
        await self._failure_records.send(mapping, specification, given_up)

    def _too_old(self, piece: _Piece) -> int:
        """How many of the first records are older than MaximumRecordAgeInSeconds, or than the stream keeps them."""
        limit = _RETENTION_SECONDS
        wanted = self._settings().maximum_record_age_seconds
        if wanted >= 0:
            limit = min(limit, wanted * self._surroundings.time_scale)
        oldest = time.time() - limit
        return next(
            (index for index, record in enumerate(piece.records) if record.created >= oldest), len(piece.records)
        )

    def _tell(self, text: str) -> None:
        self._surroundings.lambda_api.mapping_processed(self._settings().uuid, text)


def _checkpoint(records: list[StreamRecord], failed: frozenset[str]) -> int:
    return next(index for index, record in enumerate(records) if record.identifier in failed)


def _wait(piece: _Piece) -> float:
    first, longest = _RETRY_WAITS_SECONDS
    return min(first * 2.0 ** max(piece.failures - 1, 0), longest)
