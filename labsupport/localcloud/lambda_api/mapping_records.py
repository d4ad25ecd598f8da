"""What is kept of an event source mapping, how AWS shows it, and what its poller must know.

Source: Lambda API Reference, "EventSourceMappingConfiguration"; which members appear for a queue and which for a stream
is as recorded from AWS.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..triggers.mapping import EventSourceMapping
from .names import ACCOUNT_ID, function_arn

#: AWS words the reason of a change by the service the events come from.
_REASONS = {"sqs": "USER_INITIATED"}
_REASON_OF_STREAMS = "User action"

#: Members of the answer that a new mapping has when they were not sent.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "sqs": {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []},
}
_DEFAULTS_OF_STREAMS: dict[str, Any] = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
}
_NOTHING_PROCESSED = "No records processed"


@dataclass
class Mapping:
    """One mapping. ``settings`` are members of AWS's answer as they were sent, with defaults, and are replaced, not changed."""

    region: str
    source_arn: str
    function_name: str
    qualifier: str | None
    settings: dict[str, Any]
    tags: dict[str, str]
    state: str
    #: Whether the user wants it to run: what a change ends in.
    enabled: bool
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    reason: str = ""
    last_processing_result: str | None = None
    last_modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.settings = _DEFAULTS.get(self.service, _DEFAULTS_OF_STREAMS) | self.settings
        self.reason = self.users_reason
        if self.service != "sqs":
            self.last_processing_result = _NOTHING_PROCESSED

    @property
    def service(self) -> str:
        """``sqs``, ``dynamodb`` or ``kinesis``."""
        return self.source_arn.split(":")[2]

    @property
    def users_reason(self) -> str:
        """StateTransitionReason of a change that the user made."""
        return _REASONS.get(self.service, _REASON_OF_STREAMS)

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{ACCOUNT_ID}:event-source-mapping:{self.uuid}"

    @property
    def function_arn(self) -> str:
        """With the qualifier that the user gave, if any."""
        return function_arn(self.region, self.function_name, self.qualifier)

    def document(self, state: str | None = None) -> dict[str, Any]:
        """The mapping as the API answers with it, in ``state`` instead of its own where that is given."""
        return {
            **self.settings,
            "UUID": self.uuid,
            "EventSourceArn": self.source_arn,
            "EventSourceMappingArn": self.arn,
            "FunctionArn": self.function_arn,
            "LastModified": self.last_modified,
            "LastProcessingResult": self.last_processing_result,
            "State": state or self.state,
            "StateTransitionReason": self.reason,
        }

    def for_poller(self) -> EventSourceMapping:
        """What the poller obeys."""
        kept = self.settings
        timestamp = kept.get("StartingPositionTimestamp")
        return EventSourceMapping(
            uuid=self.uuid,
            region=self.region,
            source_arn=self.source_arn,
            function_name=self.function_name,
            qualifier=self.qualifier,
            batch_size=kept["BatchSize"],
            window_seconds=float(kept["MaximumBatchingWindowInSeconds"]),
            filters=tuple(one["Pattern"] for one in kept.get("FilterCriteria", {}).get("Filters", ())),
            report_batch_item_failures="ReportBatchItemFailures" in kept["FunctionResponseTypes"],
            maximum_concurrency=kept.get("ScalingConfig", {}).get("MaximumConcurrency"),
            starting_position=kept.get("StartingPosition"),
            starting_position_timestamp=None if timestamp is None else _seconds(timestamp),
            parallelization_factor=kept.get("ParallelizationFactor", 1),
            maximum_record_age_seconds=kept.get("MaximumRecordAgeInSeconds", -1),
            maximum_retry_attempts=kept.get("MaximumRetryAttempts", -1),
            bisect_batch_on_function_error=kept.get("BisectBatchOnFunctionError", False),
            tumbling_window_seconds=kept.get("TumblingWindowInSeconds", 0),
            on_failure=kept.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
        )


def _seconds(timestamp: float | str) -> float:
    """A timestamp as it may be sent: seconds since 1970, or ISO 8601."""
    return datetime.fromisoformat(timestamp).timestamp() if isinstance(timestamp, str) else float(timestamp)
