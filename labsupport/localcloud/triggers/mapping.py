"""An event source mapping: what a poller needs to know of it. The Lambda API keeps them, the pollers obey them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EventSourceMapping:
    """One mapping as it is configured now; an update makes a new one with the same ``uuid``.

    Times are seconds, -1 means without limit (Lambda API Reference, "CreateEventSourceMapping"). ``filters`` are the
    patterns as JSON text; with several, one that matches is enough.
    """

    uuid: str
    region: str
    source_arn: str
    function_name: str
    qualifier: str | None
    batch_size: int
    window_seconds: float = 0.0
    filters: tuple[str, ...] = ()
    report_batch_item_failures: bool = False
    #: SQS only: how many batches run at a time; None is what Lambda scales to.
    maximum_concurrency: int | None = None
    #: Streams only, from here on.
    starting_position: str | None = None
    starting_position_timestamp: float | None = None
    parallelization_factor: int = 1
    maximum_record_age_seconds: int = -1
    maximum_retry_attempts: int = -1
    bisect_batch_on_function_error: bool = False
    tumbling_window_seconds: int = 0
    #: ARN of the queue, topic or bucket that is told of a batch that was given up.
    on_failure: str | None = None

    @property
    def service(self) -> str:
        """``sqs``, ``dynamodb`` or ``kinesis``."""
        return self.source_arn.split(":")[2]
