"""What the checks of this lesson share: tables as the lesson makes them, and waiting for what a queue does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .. import expectations
from ..messages import Message
from ..outcomes import NotDeployed, NotYet
from ..probe import Probe

_POLL_SECONDS = 0.1


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so within these seconds."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def attributes(probe: Probe, url: str) -> dict[str, str]:
    """All attributes of a queue, as text."""
    return dict(probe.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])


def mapping_of(probe: Probe, function: str, queue_arn: str, seconds: float) -> dict[str, Any]:
    """The event source mapping of this function and this queue, Enabled. Raises NotYet when there is none."""
    client, queue = probe.client("lambda"), queue_arn.rpartition(":")[2]
    did = f"We looked for the event source mapping between {queue} and {function}."

    def ours() -> list[dict[str, Any]]:
        found = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        return [one for one in found if one.get("EventSourceArn") == queue_arn and one["State"] != "Deleting"]

    within(seconds, lambda: not ours() or ours()[0]["State"] not in ("Creating", "Enabling", "Updating"))
    found = ours()
    if not found:
        raise NotYet(
            Message(
                did=did,
                came_back="there is none",
                expected="one that is Enabled",
                look="create_event_source_mapping with the queue's ARN: did it raise? The role needs its rights first",
            )
        )
    expectations.require(
        found[0]["State"] == "Enabled",
        Message(
            did=did,
            came_back=f"its state is {found[0]['State']}",
            expected="one that is Enabled",
            look="Enabled=True",
        ),
    )
    return found[0]


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
