"""events-1: values of the context, in a receipt."""

from __future__ import annotations

from typing import Any

from ...insight.invocation import InvocationResult
from .. import expectations
from ..expectations import Mistake, value
from ..json_values import json_equal
from ..model import Exercise, sub_checks
from ..probe import Probe

_RECEIPT = "kestrel-receipt"


def _receipt(probe: Probe, result: InvocationResult) -> dict[str, Any]:
    return {
        "order": result.event["order"],
        "function": _RECEIPT,
        "request_id": result.request_id,
        "memory_mb": probe.function(_RECEIPT).memory,
    }


def _check_receipt(probe: Probe, keys: tuple[str, ...], expected: str, *own: Mistake) -> InvocationResult:
    """A new order gets a receipt; only ``keys`` of it are looked at."""
    result = probe.invoke(_RECEIPT, {"order": f"K-{probe.whole_number(1000, 9999)}"})
    wanted = _receipt(probe, result)
    if not all(json_equal(value(result, key), wanted[key]) for key in keys):
        expectations.equal(result, wanted, expected=expected, mistakes_here=own)
    return result


def _names_order_and_function(probe: Probe) -> None:
    _check_receipt(
        probe,
        ("order", "function"),
        "an object with order, function, request_id and memory_mb; order as in the event, function as in the context",
    )


def _has_the_request_id(probe: Probe) -> None:
    before = ""
    for _ in range(2):

        def kept(got: InvocationResult, earlier: str = before) -> bool:
            return bool(earlier) and value(got, "request_id") == earlier

        result = _check_receipt(
            probe,
            ("request_id",),
            "the request id of this very invocation, as the context has it",
            Mistake(
                kept, "request_id: it is that of an earlier invocation; take it from the context inside the handler"
            ),
            Mistake(
                lambda got: value(got, "request_id") not in (None, got.request_id),
                "request_id: the name of this invocation is an attribute of the context; see the table of the lesson",
            ),
        )
        before = result.request_id


def _has_the_memory_as_a_number(probe: Probe) -> None:
    given = probe.function(_RECEIPT).memory
    memory = probe.rng.choice([size for size in (192, 256, 320, 384) if size != given])
    with probe.settings(_RECEIPT, MemorySize=memory):
        _check_receipt(
            probe,
            ("memory_mb",),
            "the memory size the function has now, as a number",
            Mistake(
                lambda got: value(got, "memory_mb") == str(memory),
                "memory_mb: the context has it as text; turn it into a number",
            ),
            Mistake(
                lambda got: value(got, "memory_mb") in (given, str(given)),
                "memory_mb: we gave the function another memory size, and it tells the old one",
            ),
        )


EXERCISE = Exercise(
    id="events-1",
    lesson="02",
    title="A receipt that can be traced",
    kind="fill in",
    points=2,
    minutes=3,
    skills=("context", "request id"),
    hints=(
        "The event says what is to be done. The context says under which circumstances: which function, which "
        "invocation, how much memory, how much time is left.",
        "The table above the first prediction has the attributes of the context. You need three of them. One of them is "
        "text and has to become a number.",
        "In words: return a dict with four keys. order comes from the event. function is context.function_name, "
        "request_id is context.aws_request_id, and memory_mb is int(...) of context.memory_limit_in_mb.",
    ),
    explanation="The request id is in the answer, in the response's headers and in the START, END and REPORT lines. A "
    "customer who reads it to you on the telephone gives you the very lines of the log. The context is made anew for "
    "each invocation, so whatever you take from it belongs inside the handler.",
    check=sub_checks(
        ("It names the order and itself", _names_order_and_function),
        ("It has the request id, each time the right one", _has_the_request_id),
        ("It has its memory size as a number", _has_the_memory_as_a_number),
    ),
)
