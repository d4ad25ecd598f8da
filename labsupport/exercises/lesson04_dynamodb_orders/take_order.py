"""orders-1: an order is written once, however often it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .. import expectations, tables
from ..expectations import Mistake, answered, value
from ..messages import Message, shown
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotYet
from ..probe import Probe
from .shop import ORDERS, a_day, an_order, failure, key_of

_TAKE = "kestrel-take-order"
#: Each of them needs an execution environment of its own.
_AT_ONCE = 4
_ROUNDS = 5


def _sent(probe: Probe, order: dict[str, Any], new: bool, *own: Mistake, expected: str, look: str = "") -> None:
    result = probe.invoke(_TAKE, order, may_fail=True)
    if result.failed:
        raise failure(result)
    wanted = {"order": order["order"], "new": new}
    expectations.equal(
        result,
        wanted,
        expected=expected,
        look=look,
        mistakes_here=(
            *own,
            Mistake(
                lambda got: isinstance(value(got, "new"), str),
                "new: it is true or false, which is True or False in Python, and no text",
            ),
        ),
    )


def _is_in_the_table(probe: Probe, order: dict[str, Any], look: str) -> None:
    found = tables.item_of(probe, ORDERS, key_of(order))
    if found is None:
        raise NotYet(
            Message(
                did=f"We sent {_TAKE} a new order and read the table {ORDERS}.",
                came_back="the order is not there",
                expected="the order, with all that the event says",
                look="put_item: is it called when the order is new?",
            )
        )
    wrong = next((name for name in order if found.get(name) != order[name]), None)
    expectations.require(
        wrong is None,
        Message(
            did=f"We sent {_TAKE} an order and read the table {ORDERS}.",
            came_back=f"{wrong} is {shown(str(found.get(wrong or '')), 40)}",
            expected=f"{wrong} as it was in the first event",
            look=look,
        ),
    )


def _new_order(probe: Probe) -> None:
    order = an_order(probe, a_day(probe), 1, probe.word())
    with tables.cleared(probe, ORDERS, [key_of(order)]):
        _sent(
            probe,
            order,
            True,
            Mistake(
                answered({"order": order["order"], "new": False}),
                "the condition: this order was not there; does it ask for an attribute the item has already?",
            ),
            expected="the order's number, and that it is new",
        )
        _is_in_the_table(probe, order, "Item in put_item: the item as it was given")


def _once_more(probe: Probe) -> None:
    order = an_order(probe, a_day(probe), 2, probe.word())
    changed = order | {"total_cents": order["total_cents"] + probe.whole_number(100, 500)}
    with tables.cleared(probe, ORDERS, [key_of(order)]):
        probe.invoke(_TAKE, order)
        _sent(
            probe,
            changed,
            False,
            Mistake(
                answered({"order": order["order"], "new": True}),
                "put_item: without a condition it overwrites what is there, and does not say so",
            ),
            expected="the order's number, and that it is not new",
        )
        _is_in_the_table(probe, order, "the second put: an order that is there stays as it is")


def _after_it_was_removed(probe: Probe) -> None:
    order = an_order(probe, a_day(probe), 3, probe.word())
    with tables.cleared(probe, ORDERS, [key_of(order)]):
        probe.invoke(_TAKE, order)
        tables.delete(probe, ORDERS, key_of(order))
        _sent(
            probe,
            order,
            True,
            Mistake(
                answered({"order": order["order"], "new": False}),
                "a global variable that remembers orders: we removed this one; only the table knows what is there",
            ),
            expected="that it is new: we had removed it from the table",
        )


def _many_at_once(probe: Probe) -> None:
    day, customer = a_day(probe), probe.word()
    orders = [an_order(probe, day, 10 + number, customer) for number in range(_ROUNDS)]
    client = probe.client("lambda")

    def send(order: dict[str, Any]) -> bool:
        answer = client.invoke(FunctionName=_TAKE, Payload=json.dumps(order).encode())
        payload = json.loads(answer["Payload"].read())
        return isinstance(payload, dict) and payload.get("new") is True

    with tables.cleared(probe, ORDERS, [key_of(order) for order in orders]), ThreadPoolExecutor(_AT_ONCE) as pool:
        for order in orders:
            new = sum(pool.map(send, [order] * _AT_ONCE))
            expectations.require(
                new == 1,
                Message(
                    did=f"We sent the same order {_AT_ONCE} times at the same moment.",
                    came_back=f"{new} answers say that it is new",
                    expected="one of them",
                    look="looking first and writing then: others write in between; the condition belongs into put_item",
                ),
            )


def _what_cannot_be_written(probe: Probe) -> None:
    order = an_order(probe, a_day(probe), 5, "")  # DynamoDB refuses an empty text in a key
    result = probe.invoke(_TAKE, order, may_fail=True)
    expectations.fulfils(
        result,
        result.failed,
        expected="a failed invocation: this order has no customer, and DynamoDB refuses it",
        look="except: it catches too much; an order that was not written is lost when you call it known",
    )


_STEPS = sub_checks(
    ("A new order is in the table", _new_order),
    ("The same order once more changes nothing", _once_more),
    ("An order that was removed is new again", _after_it_was_removed),
    ("Of many at once, one is new", _many_at_once),
    ("What cannot be written is a failure", _what_cannot_be_written),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_TAKE)
    tables.needed(probe, ORDERS)
    # An untouched starter ends here. It fails with every order, which would be right for the last step.
    order = an_order(probe, a_day(probe), 9, probe.word())
    with tables.cleared(probe, ORDERS, [key_of(order)]):
        probe.invoke(_TAKE, order, may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="orders-1",
    lesson="04",
    title="Take an order once",
    kind="fill in",
    points=3,
    minutes=5,
    skills=("conditional write", "idempotency"),
    hints=(
        "The table decides whether the order is new, at the moment it writes. So the write needs a condition, and what "
        "the table says when the condition does not hold is one of your two answers.",
        "Step 3 of the worked example has the call and the exception. The file's first lines have imported Attr and "
        "named the exception AlreadyThere already.",
        "In words: try orders.put_item with Item=item and a ConditionExpression that says that order does not exist. "
        "Except AlreadyThere, return the order's number with new False. After that, return it with True. Catch "
        "nothing else.",
    ),
    explanation="Whether the order is new was decided in the very step that wrote it, so four invocations at the same "
    "moment cannot all be the first. The page may send an order as often as it likes, and so may Lambda's retries: "
    "the order is there once, as the customer agreed to it. And what really fails still fails, so that somebody tries "
    "again.",
    check=_check,
)
