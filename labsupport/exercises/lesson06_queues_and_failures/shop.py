"""What the checks of this lesson share: their queues, and the mappings that read them."""

from __future__ import annotations

from typing import Any

from .. import expectations
from ..event_source_mappings import enabled_mapping
from ..messages import Message
from ..outcomes import NotDeployed
from ..probe import Probe


def attributes(probe: Probe, url: str) -> dict[str, str]:
    """All attributes of a queue, as text."""
    return dict(probe.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])


def mapping_of(probe: Probe, function: str, queue_arn: str, seconds: float) -> dict[str, Any]:
    """The event source mapping of this function and this queue, Enabled. Raises NotYet when there is none."""
    return enabled_mapping(
        probe,
        function,
        queue_arn,
        source=queue_arn.rpartition(":")[2],
        look="create_event_source_mapping with the queue's ARN: did it raise? The role needs its rights first",
        seconds=seconds,
    )


def reports_failures(mapping: dict[str, Any], function: str) -> None:
    """The mapping asks for a partial batch response."""
    expectations.require(
        "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", ()),
        Message(
            did=f"We read the event source mapping of {function}.",
            came_back="FunctionResponseTypes is empty: Lambda does not look at the answer, and deletes the whole batch",
            expected="a mapping that asks which messages failed",
            look="FunctionResponseTypes of create_event_source_mapping, as in step 3",
        ),
    )


def not_there(what: str, name: str) -> NotDeployed:
    return NotDeployed(
        Message(
            did=f"We looked for the {what} {name}.",
            came_back=f"there is no {what} of that name",
            look="the cell of the lesson that makes it: run the notebook from its top, then check again",
        )
    )
