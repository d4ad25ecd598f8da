"""What the checks of this lesson share: the tables, and orders nobody can know beforehand."""

from __future__ import annotations

from typing import Any

from ...insight.invocation import InvocationResult
from .. import mistakes
from ..messages import Message, shown
from ..outcomes import CheckStop, NotYet
from ..probe import Probe

ORDERS = "kestrel-orders"
STOCK = "kestrel-stock"


def a_day(probe: Probe) -> str:
    """A day long after the sale, so that no check touches the totals of the shop."""
    return f"20{probe.whole_number(31, 99)}-{probe.whole_number(1, 12):02}-{probe.whole_number(1, 28):02}"


def an_order(probe: Probe, day: str, number: int, customer: str) -> dict[str, Any]:
    """An event as the web page sends it."""
    copies = probe.whole_number(1, 80)
    return {
        "customer": customer,
        "order": f"{day}-{number:04}",
        "copies": copies,
        "total_cents": copies * probe.whole_number(15, 40) + probe.whole_number(100, 900),
    }


def key_of(order: dict[str, Any]) -> dict[str, str]:
    return {"customer": order["customer"], "order": order["order"]}


def failure(result: InvocationResult) -> CheckStop:
    """As ``mistakes.failure``, with what tables say when they refuse."""
    text, did = result.error_message, f"We invoked {result.function_name} with {shown(result.event, 60)}."

    def stop(came_back: str, expected: str, look: str) -> NotYet:
        return NotYet(Message(did=did, came_back=came_back, expected=expected, look=look), result.traceback)

    if "AccessDenied" in text and "dynamodb:Scan" in text:
        return stop(
            "AccessDeniedException: the function's role may not scan the table",
            "a question that reads one partition",
            "Scan: it reads the orders of all customers; a query names one partition key",
        )
    if "AccessDenied" in text and "dynamodb:" in text:
        return stop(
            result.error_message,
            "an answer, with the rights the functions have: get, put, update and query",
            "the action in that message: is there another way, or does the role need one more right?",
        )
    if "reserved keyword" in text:
        return stop(
            result.error_message,
            "an expression that DynamoDB can read",
            "the reserved word: use Attr or Key, or a placeholder such as #name with ExpressionAttributeNames",
        )
    if result.error_type == "TransactionCanceledException" or "TransactionCanceledException" in text:
        return stop(
            result.error_message,
            "an answer that says what became of the order",
            "except TransactionCanceledException: its response has CancellationReasons, one for each action",
        )
    if result.error_type == "ConditionalCheckFailedException":
        return stop(
            result.error_message,
            "an answer that says that the order was there",
            "except ConditionalCheckFailedException around the put: that the order is there is no failure",
        )
    return mistakes.failure(result)
