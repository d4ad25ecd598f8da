"""orders-2: a customer's orders, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import expectations, tables
from ..expectations import value
from ..messages import Message, shown
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotYet
from ..probe import Probe
from .shop import ORDERS, a_day, an_order, failure, key_of

_MY_ORDERS = "kestrel-my-orders"
Order = dict[str, Any]


def _placed(probe: Probe, count: int) -> list[Order]:
    """So many orders of one customer on several days, the newest first."""
    customer = probe.word()
    years = sorted(probe.rng.sample(range(2031, 2099), k=3), reverse=True)
    orders = []
    for number in range(count, 0, -1):
        day = a_day(probe)[4:]
        orders.append(an_order(probe, f"{years[number % 3]}{day}", number, customer))
    return sorted(orders, key=lambda order: str(order["order"]), reverse=True)


class _Shelf:
    """The orders of some customers, in the table for a while."""

    def __init__(self, probe: Probe, *orders: Order) -> None:
        self._probe, self._orders = probe, orders
        self._cleared = tables.cleared(probe, ORDERS, [key_of(order) for order in orders])

    def __enter__(self) -> None:
        self._cleared.__enter__()
        for order in self._orders:
            tables.put(self._probe, ORDERS, order)

    def __exit__(self, *problem: Any) -> None:
        self._cleared.__exit__(*problem)


def _page(probe: Probe, customer: str, size: int, following: Any) -> tuple[list[Any], Any]:
    """The orders of one page, and what leads to the next."""
    event = {"customer": customer, "size": size, "next": following}
    result = probe.invoke(_MY_ORDERS, event, may_fail=True)
    if result.failed:
        raise failure(result)
    orders = value(result, "orders")
    if not isinstance(orders, list) or "next" not in result.payload:
        expectations.equal(
            result, {"orders": [], "next": None}, expected="an object with orders, a list, and next", look="its keys"
        )
    following = result.payload["next"]
    if not following and following is not None:
        raise expectations.wrong(
            result, expected="null for next when there are no older orders", look="next: it is None, and nothing else"
        )
    return list(orders or ()), following


def _compared(orders: list[Any]) -> list[Any]:
    return [
        (order.get("order"), order.get("total_cents"), type(order.get("total_cents")) in (int, float))
        if isinstance(order, dict)
        else order
        for order in orders
    ]


def _require_same(did: str, got: list[Any], wanted: list[Order], *, look: str = "") -> None:
    if _compared(got) == _compared(wanted):
        return
    numbers = [order.get("order") if isinstance(order, dict) else order for order in got]
    right = [order["order"] for order in wanted]
    came_back = shown(numbers)
    if numbers == right:
        first = next(
            order for order, other in zip(got, wanted, strict=True) if _compared([order]) != _compared([other])
        )
        look = "total_cents: the value of the item, as a number"
        came_back = shown(first)
    elif sorted(map(str, numbers)) == sorted(right):
        look = "ScanIndexForward: a query goes from the smallest sort key up unless you say otherwise"
    elif [str(number) for number in numbers] == sorted(map(str, numbers)) and len(numbers) > 1:
        look = "ScanIndexForward: the query starts at the oldest order"
    elif not right:
        look = "next: after the last order the query's answer has no LastEvaluatedKey, and next is null"
    elif len(numbers) < len(right):
        look = look or "Limit: a page has as many orders as the event's size, as long as there are so many"
    elif len(numbers) > len(right):
        look = "Limit: a page has no more orders than the event's size"
    raise NotYet(
        Message(
            did=did, came_back=came_back, expected="the customer's orders of this page, the newest first", look=look
        )
    )


def _first_page(probe: Probe) -> None:
    mine, other = _placed(probe, 7), _placed(probe, 6)
    customer, size = mine[0]["customer"], probe.whole_number(3, 5)
    with _Shelf(probe, *mine, *other):
        got, following = _page(probe, customer, size, None)
    did = f"We asked {_MY_ORDERS} for {size} of 7 orders."
    _require_same(did, got, mine[:size])
    expectations.require(
        following is not None,
        Message(
            did=did,
            came_back="next is null, which says that there are no older ones",
            expected="something that leads to the older ones",
            look="LastEvaluatedKey in the answer of the query",
        ),
    )


def _walk(probe: Probe, count: int, size: int) -> None:
    mine, other = _placed(probe, count), _placed(probe, 5)
    customer, following = mine[0]["customer"], None
    got: list[Any] = []
    did = f"We asked {_MY_ORDERS} for {count} {'order' if count == 1 else 'orders'}, {size} at a time."
    with _Shelf(probe, *mine, *other):
        for _number in range(count // size + 2):
            orders, following = _page(probe, customer, size, following)
            if orders and orders == got[:size] and len(got) >= size:
                raise NotYet(
                    Message(
                        did=did,
                        came_back="the first page once more",
                        expected="the page after it",
                        look="next: it comes back in the event; where does the query get it, as ExclusiveStartKey?",
                    )
                )
            expected_now = mine[len(got) : len(got) + size]
            _require_same(did, orders, expected_now)
            got += orders
            if following is None:
                break
    _require_same(did, got, mine, look="LastEvaluatedKey: as long as there is one, there may be older orders")
    expectations.require(
        following is None,
        Message(
            did=did,
            came_back=f"next is {shown(following, 60)} after the last page",
            expected="null, when there are no older orders",
            look="next: None when the query's answer has no LastEvaluatedKey",
        ),
    )


def _all_pages(probe: Probe) -> None:
    _walk(probe, probe.whole_number(8, 11), 3)
    _walk(probe, 6, 3)  # the last page is full


def _one_and_none(probe: Probe) -> None:
    _walk(probe, 1, 10)
    got, following = _page(probe, probe.word(12), 5, None)
    expectations.require(
        got == [] and following is None,
        Message(
            did=f"We asked {_MY_ORDERS} for the orders of somebody who has none.",
            came_back=shown({"orders": got, "next": following}),
            expected="an empty list, and null for next",
            look="what the query answers when it finds nothing: Items is an empty list",
        ),
    )


def _two_customers_in_turns(probe: Probe) -> None:
    one, other = _placed(probe, 6), _placed(probe, 6)
    with _Shelf(probe, *one, *other):
        _first, next_of_one = _page(probe, one[0]["customer"], 3, None)
        _second, _next = _page(probe, other[0]["customer"], 3, None)
        got, _next = _page(probe, one[0]["customer"], 3, next_of_one)
    _require_same(
        f"We asked {_MY_ORDERS} for the pages of two customers in turns.",
        got,
        one[3:],
        look="a global variable that remembers where the last page ended: everything has to be in next",
    )


_STEPS = sub_checks(
    ("The newest orders come first", _first_page),
    ("All orders come, page by page, each once", _all_pages),
    ("One order, or none", _one_and_none),
    ("Two customers who turn pages at the same time", _two_customers_in_turns),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_MY_ORDERS)
    tables.needed(probe, ORDERS)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="orders-2",
    lesson="04",
    title="My orders, page by page",
    kind="write",
    points=4,
    minutes=7,
    skills=("query", "pagination", "Decimal"),
    hints=(
        "The table keeps a customer's orders together and sorted. One query gives a page. Where the page ends, the "
        "table tells you, and whoever wants the next page has to bring that along: between two invocations the "
        "function remembers nothing.",
        "Step 5 of the worked example has every argument: KeyConditionExpression, ScanIndexForward, Limit and "
        "ExclusiveStartKey. The key it gives you is a dict of texts, so it can go into the answer as it is.",
        "In words: query with Key('customer').eq(...), ScanIndexForward False and Limit size; add ExclusiveStartKey "
        "only when the event has a next. Return order and int(total_cents) of each item, and the answer's "
        "LastEvaluatedKey with .get(), which is None when there is none.",
    ),
    explanation="Each page cost one small read, however many orders the customer has and however many customers there "
    "are. The place where the page ended travelled to the browser and back, so any execution environment could go on, "
    "and nothing had to be remembered. In a real shop you would sign it, so that nobody makes up keys: lesson 09.",
    check=_check,
)
