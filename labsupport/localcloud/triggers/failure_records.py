"""What is told of a batch of stream records that was given up: the invocation record of an on-failure destination.

Source: Lambda Developer Guide, "Retain discarded records for a DynamoDB event source in Lambda" (looked up 2026-11-25);
the names of the conditions and the form of the times are as recorded from AWS.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..functions.specification import FunctionSpecification, InvocationOutcome
from ..functions.target_requests import DeliveryFailed, Origin, Target, TargetRequests, compact
from .mapping import EventSourceMapping
from .poller import Surroundings
from .stream_records import StreamRecord, event

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
TOO_OLD = "RecordAgeExceeded"
_ACTIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}


@dataclass(frozen=True)
class GivenUp:
    """Records that are not tried again. ``outcome`` is None when they were never handed over."""

    records: Sequence[StreamRecord]
    shard: str
    condition: str
    invocations: int
    request_id: str
    outcome: InvocationOutcome | None


def failure_record(
    mapping: EventSourceMapping, specification: FunctionSpecification, given_up: GivenUp
) -> dict[str, Any]:
    """The JSON document, without the records themselves: whoever wants them reads them from the stream in time."""
    first, last = given_up.records[0], given_up.records[-1]
    qualifier = f":{mapping.qualifier}" if mapping.qualifier else ""
    document: dict[str, Any] = {
        "requestContext": {
            "requestId": given_up.request_id or str(uuid.uuid4()),
            "functionArn": f"{specification.arn}{qualifier}",
            "condition": given_up.condition,
            "approximateInvokeCount": given_up.invocations,
        }
    }
    if given_up.outcome is not None:
        document["responseContext"] = {
            "statusCode": 200,
            "executedVersion": given_up.outcome.executed_version,
            "functionError": given_up.outcome.function_error,
        }
    return document | {
        "version": "1.0",
        "timestamp": _time(datetime.now(UTC), "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": given_up.shard,
            "startSequenceNumber": str(first.number),
            "endSequenceNumber": str(last.number),
            "approximateArrivalOfFirstRecord": _time(datetime.fromtimestamp(first.created, UTC), "seconds"),
            "approximateArrivalOfLastRecord": _time(datetime.fromtimestamp(last.created, UTC), "seconds"),
            "batchSize": len(given_up.records),
            "streamArn": mapping.source_arn,
        },
    }


class FailureRecords:
    """Sends failure records of one cloud. What cannot be sent is a line in the function's log."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._engine = surroundings.engine
        self._requests = TargetRequests(surroundings.moto, surroundings.access.role_allows)

    async def send(self, mapping: EventSourceMapping, specification: FunctionSpecification, given_up: GivenUp) -> None:
        """To the mapping's on-failure destination, if it has one."""
        if not mapping.on_failure:
            return
        target = Target.of(mapping.on_failure)
        try:
            await self._send(mapping, specification, given_up, target)
        except DeliveryFailed as problem:
            stream = given_up.outcome.log_stream if given_up.outcome else ""
            numbers = f"{given_up.records[0].number} to {given_up.records[-1].number}"
            self._engine.note(
                specification,
                f"LAB NOTE: the failure record of stream records {numbers} ({given_up.condition}) could not be sent to "
                f"{target.arn}: {problem}. It is lost. On AWS this log would say nothing; the metric "
                "DestinationDeliveryFailures counts it.\n",
                stream,
            )

    async def _send(
        self, mapping: EventSourceMapping, specification: FunctionSpecification, given_up: GivenUp, target: Target
    ) -> None:
        origin = Origin(specification)
        action = _ACTIONS.get(target.service)
        if action is None:
            raise DeliveryFailed(f"a stream's records cannot be sent to {target.service or 'this ARN'}")
        now = datetime.now(UTC)
        prefix = f"aws/lambda/{mapping.uuid}/{given_up.shard}/"
        await self._requests.check_role(
            origin, action, f"{target.arn}/{prefix}*" if target.service == "s3" else target.arn
        )
        document = failure_record(mapping, specification, given_up)
        if target.service == "sqs":
            await self._requests.send_message(origin, target, compact(document))
        elif target.service == "sns":
            await self._requests.publish(origin, target, compact(document))
        else:  # "Only available in S3": the whole event
            document["payload"] = event(given_up.records)
            key = f"{prefix}{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
            await self._requests.put_object(origin, target, key, compact(document))


def _time(moment: datetime, precision: str) -> str:
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
