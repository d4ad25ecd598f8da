"""queues-2: each order is charged once, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .. import expectations, tables
from ..messages import Message
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotYet
from ..probe import Probe
from .batch import Sent, hand_over, judge

_CHARGE = "kestrel-charge"
_BANK = "kestrel-bank"
_MARKS = "kestrel-marks"
_AT_ONCE = 4
_ROUNDS = 3
Order = dict[str, Any]


class _Orders:
    """Orders of our own. Afterwards nothing of them is in the tables."""

    def __init__(self, probe: Probe) -> None:
        self._probe, self._keys = probe, list[Order]()

    def new(self, card: str = "ok") -> Order:
        order = {"order": f"K-{self._probe.word(10)}", "cents": self._probe.whole_number(100, 9000), "card": card}
        self._keys.append({"order": order["order"]})
        return order

    def charged(self, order: Order) -> Any:
        """How many cents the bank has taken."""
        item = tables.item_of(self._probe, _BANK, {"order": order["order"]}) or {}
        return item.get("cents", 0)

    def __enter__(self) -> _Orders:
        return self

    def __exit__(self, *problem: Any) -> None:
        for key in self._keys:
            for table in (_BANK, _MARKS):
                tables.delete(self._probe, table, key)


def _times(cents: Any, order: Order) -> str:
    count = cents / order["cents"]
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count:g} times")


def _require_once(orders: _Orders, order: Order, did: str, look: str) -> None:
    cents = orders.charged(order)
    expectations.require(
        cents == order["cents"],
        Message(did=did, came_back=f"it was charged {_times(cents, order)}", expected="charged once", look=look),
    )


_NO_CALL = "charge: is it called for an order that has no mark yet?"


def _new_orders(probe: Probe) -> None:
    with _Orders(probe) as orders:
        batch = [orders.new() for _ in range(3)]
        done = hand_over(probe, _CHARGE, *map(Sent.of, batch))
        judge(done)
        for number, order in enumerate(batch):
            look = _NO_CALL if number == 0 else "the loop: does it go on after the first record?"
            _require_once(orders, order, "We handed over three new orders and asked the bank about one.", look)


def _twice(probe: Probe) -> None:
    with _Orders(probe) as orders:
        order = orders.new()
        judge(hand_over(probe, _CHARGE, Sent.of(order), Sent.of(orders.new()), Sent.of(order)))
        _require_once(orders, order, "We handed over an order twice, in one batch.", _twice_look(probe, order))
        judge(hand_over(probe, _CHARGE, Sent.of(order), received=2))
        _require_once(orders, order, "We handed over an order that was charged already.", _twice_look(probe, order))


def _twice_look(probe: Probe, order: Order) -> str:
    mark = tables.item_of(probe, _MARKS, {"order": order["order"]})
    if mark is None:
        return f"the mark: there is none for this order in {_MARKS}"
    return "put_item with a ConditionExpression: without one it overwrites the mark and says nothing"


def _at_the_same_moment(probe: Probe) -> None:
    with _Orders(probe) as orders, ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in range(_ROUNDS):
            order = orders.new()
            list(pool.map(lambda _number, one=order: hand_over(probe, _CHARGE, Sent.of(one)), range(_AT_ONCE)))
            _require_once(
                orders,
                order,
                f"We handed over the same order {_AT_ONCE} times at the same moment.",
                "looking first and charging then: others look in between; the mark comes first, with a condition",
            )


def _refused_card(probe: Probe) -> None:
    with _Orders(probe) as orders:
        before, refused, after = orders.new(), orders.new("refused"), orders.new()
        batch = hand_over(probe, _CHARGE, Sent.of(before), Sent.of(refused, good=False), Sent.of(after))
        judge(batch)
        for order in (before, after):
            look = "what happens after a failure: the loop goes on with the next message"
            _require_once(orders, order, "We handed over three orders; the card of the second is refused.", look)


def _sorted_out(probe: Probe) -> None:
    with _Orders(probe) as orders:
        refused = orders.new("refused")
        hand_over(probe, _CHARGE, Sent.of(refused, good=False))
        repaired = refused | {"card": "ok"}
        batch = hand_over(probe, _CHARGE, Sent.of(repaired), received=2)
        if batch.result.failed:
            judge(batch)
        if orders.charged(repaired) == 0:
            raise NotYet(
                Message(
                    did="We handed over an order whose card was refused, and then again with a card that is accepted.",
                    came_back="it was not charged, and nobody will try again",
                    expected="charged once: the first attempt took no money",
                    look=f"the mark in {_MARKS} when charge raises: it says that the order is done",
                )
            )
        hand_over(probe, _CHARGE, Sent.of(repaired), received=3)
        _require_once(orders, repaired, "We handed over an order again after its card was accepted.", _NO_CALL)


_STEPS = sub_checks(
    ("New orders are charged", _new_orders),
    ("An order that comes twice is charged once", _twice),
    ("Also when it comes several times at the same moment", _at_the_same_moment),
    ("A refused card is reported, and the others are charged", _refused_card),
    ("When the card is accepted later, the order is charged", _sorted_out),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_CHARGE)
    for table in (_BANK, _MARKS):
        tables.needed(probe, table)
    with _Orders(probe) as orders:
        hand_over(probe, _CHARGE, Sent.of(orders.new()))  # an untouched starter ends here
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="queues-2",
    lesson="06",
    title="Charge once",
    kind="write",
    points=5,
    minutes=8,
    skills=("idempotency", "conditional write", "partial failure"),
    hints=(
        "Whether an order is new must be decided in one step that nobody can come between: a write into kestrel-marks "
        "with a condition. And a mark says that the order is done, so it must not stay when it is not.",
        "Step 5 of the worked example has the mark and what happens to it when the work fails. Step 3 has the loop "
        "with the list of failures. The first lines of the file have named the table and the exception.",
        "In words, for one order: put_item into marks, if there is no such order; except AlreadyThere, return. Then try "
        "charge; except Exception, delete_item of the mark and raise. In the handler: call that for each record inside "
        "try, append the messageId of those that raise, and return batchItemFailures.",
    ),
    explanation="The mark was set in one step, so four invocations at the same moment could not all be the first. A "
    "refused card took its mark along, so the next attempt was free to charge. What this cannot do: survive being "
    "stopped between the mark and the bank. That is what queues-3 is about.",
    check=_check,
)
