"""What a check does with event source mappings: it finds the learner's, and waits for what a poller causes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .messages import Message
from .outcomes import NotYet
from .probe import Probe

_POLL_SECONDS = 0.1
_CHANGING = ("Creating", "Enabling", "Updating")


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so within these seconds."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def enabled_mapping(
    probe: Probe, function: str, source_arn: str, *, source: str, look: str, seconds: float
) -> dict[str, Any]:
    """The mapping of this function and this source, Enabled at the latest after ``seconds``.

    ``source`` is what a message calls it; ``look`` is where to look when there is no mapping. Raises NotYet.
    """
    client = probe.client("lambda")

    def mappings() -> list[dict[str, Any]]:
        found = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        return [one for one in found if one["State"] != "Deleting"]

    def ours() -> dict[str, Any]:
        return next((one for one in mappings() if one.get("EventSourceArn") == source_arn), {})

    within(seconds, lambda: ours().get("State") not in _CHANGING)
    found = ours()
    if found.get("State") == "Enabled":
        return found
    came_back = "there is none"
    if found:
        came_back, look = f"its state is {found['State']}", "its StateTransitionReason, and Enabled=True"
    elif others := mappings():
        came_back = f"there is one, of another source: {others[0].get('EventSourceArn')}"
    raise NotYet(
        Message(
            did=f"We looked for the event source mapping between {source} and {function}.",
            came_back=came_back,
            expected="one that is Enabled",
            look=look,
        )
    )
