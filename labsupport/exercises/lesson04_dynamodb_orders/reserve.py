"""orders-3: the order and its paper, both or neither."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .. import expectations, tables
from ..expectations import Mistake, value
from ..messages import Message
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotYet
from ..probe import Probe
from .shop import ORDERS, STOCK, a_day, an_order, failure, key_of

_RESERVE = "kestrel-reserve"
#: Each of them needs an execution environment of its own.
_AT_ONCE = 4
_ROUNDS = 4
_BOTH = "both writes: they belong into one transaction, each with its condition"


class _Paper:
    """A kind of paper of our own, and orders for it; all of it is gone afterwards."""

    def __init__(self, probe: Probe, sheets: int) -> None:
        self.probe, self.sheets = probe, sheets
        self.name = f"paper-{probe.word(6)}"
        self.day = a_day(probe)
        self.orders: list[dict[str, Any]] = []

    def order(self, copies: int) -> dict[str, Any]:
        made = an_order(self.probe, self.day, len(self.orders) + 1, self.probe.word())
        self.orders.append(made | {"copies": copies})
        return {**self.orders[-1], "paper": self.name}

    @property
    def left(self) -> int:
        item = tables.item_of(self.probe, STOCK, {"paper": self.name})
        sheets = (item or {}).get("sheets")
        return sheets if isinstance(sheets, int) else 0

    def is_written(self, order: dict[str, Any]) -> bool:
        return tables.item_of(self.probe, ORDERS, key_of(order)) is not None


@contextlib.contextmanager
def _paper(probe: Probe, sheets: int) -> Iterator[_Paper]:
    paper = _Paper(probe, sheets)
    tables.put(probe, STOCK, {"paper": paper.name, "sheets": sheets})
    with tables.cleared(probe, STOCK, [{"paper": paper.name}]):
        try:
            yield paper
        finally:
            for order in paper.orders:
                tables.delete(probe, ORDERS, key_of(order))


def _results_in(probe: Probe, event: dict[str, Any], wanted: str, why: str, *own: Mistake) -> None:
    result = probe.invoke(_RESERVE, event, may_fail=True)
    if result.failed:
        raise failure(result)
    expectations.equal(
        result,
        {"order": event["order"], "result": wanted},
        expected=f"the order's number, and the result for {why}",
        look="the table of results in the exercise",
        mistakes_here=own,
    )


def _require_left(paper: _Paper, sheets: int, did: str, look: str) -> None:
    left = paper.left
    expectations.require(
        left == sheets,
        Message(
            did=did,
            came_back=f"{left} of {paper.sheets} sheets are left in {STOCK}",
            expected=f"{sheets} sheets",
            look=look,
        ),
    )


def _require_written(paper: _Paper, order: dict[str, Any], written: bool, did: str, look: str) -> None:
    expectations.require(
        paper.is_written(order) == written,
        Message(
            did=did,
            came_back=f"the order is {'not ' if written else ''}in {ORDERS}",
            expected=f"{'an' if written else 'no'} order there",
            look=look,
        ),
    )


def _accepted(probe: Probe) -> None:
    with _paper(probe, 100) as paper:
        order = paper.order(probe.whole_number(20, 60))
        _results_in(probe, order, "accepted", "a new order for which there is paper")
        did = f"We ordered {order['copies']} copies, and there were {paper.sheets} sheets."
        _require_left(paper, 100 - order["copies"], did, "the Update of the stock")
        _require_written(paper, order, True, did, "the Put of the order")
        rest = paper.order(paper.left)
        _results_in(
            probe,
            rest,
            "accepted",
            "an order that takes the last sheet",
            Mistake(
                lambda got: value(got, "result") == "sold out",
                "the comparison: there are as many sheets as copies, and that is enough",
            ),
        )


def _sold_out(probe: Probe) -> None:
    with _paper(probe, 50) as paper:
        order = paper.order(probe.whole_number(51, 90))
        did = f"We ordered {order['copies']} copies, and there were {paper.sheets} sheets."
        result = probe.invoke(_RESERVE, order, may_fail=True)
        if paper.left < 0:
            _require_left(paper, 50, did, "the condition of the Update: sheets must not become fewer than none")
        if result.failed:
            raise failure(result)
        expectations.equal(
            result,
            {"order": order["order"], "result": "sold out"},
            expected="the order's number, and the result for too little paper",
            look="the condition of the Update, and what the cancellation reasons say",
        )
        _require_left(paper, 50, did, _BOTH)
        _require_written(paper, order, False, did, _BOTH)


def _known(probe: Probe) -> None:
    with _paper(probe, 100) as paper:
        order = paper.order(probe.whole_number(10, 30))
        did = f"We sent the same order of {order['copies']} copies twice."
        probe.invoke(_RESERVE, order)
        result = probe.invoke(_RESERVE, order, may_fail=True)
        _require_left(paper, 100 - order["copies"], did, f"the paper: it was taken again for the same order; {_BOTH}")
        if result.failed:
            raise failure(result)
        expectations.equal(
            result,
            {"order": order["order"], "result": "known"},
            expected="the order's number, and the result for an order that was accepted before",
            mistakes_here=(_TOLD_APART,),
        )


_TOLD_APART = Mistake(
    lambda got: value(got, "result") == "sold out",
    "CancellationReasons: one for each action, in their order; which condition failed, the order's or the paper's?",
)


def _known_though_sold_out(probe: Probe) -> None:
    with _paper(probe, 40) as paper:
        order = paper.order(30)
        probe.invoke(_RESERVE, order)
        _results_in(
            probe, order, "known", "an order that was accepted before, though its paper is sold out now", _TOLD_APART
        )


def _neither(probe: Probe) -> None:
    with _paper(probe, 100) as paper:
        order = {**paper.order(20), "customer": ""}  # DynamoDB refuses an empty text in a key
        paper.orders.clear()
        result = probe.invoke(_RESERVE, order, may_fail=True)
        did = "We sent an order with an empty customer, which DynamoDB refuses to write."
        _require_left(paper, 100, did, f"the paper is gone, and there is no order; {_BOTH}")
        expectations.fulfils(
            result,
            result.failed,
            expected="a failed invocation, so that somebody notices",
            look="except: it catches more than a cancelled transaction",
        )


def _many_at_once(probe: Probe) -> None:
    client = probe.client("lambda")

    def send(order: dict[str, Any]) -> str:
        answer = client.invoke(FunctionName=_RESERVE, Payload=json.dumps(order).encode())
        payload = json.loads(answer["Payload"].read())
        return str(payload.get("result", payload.get("errorType"))) if isinstance(payload, dict) else ""

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _round in range(_ROUNDS):
            enough_for = probe.whole_number(1, 2)
            with _paper(probe, enough_for * 10 + probe.whole_number(0, 9)) as paper:
                orders = [paper.order(10) for _ in range(_AT_ONCE)]
                results = list(pool.map(send, orders))
                # On AWS a transaction may be cancelled because of another one; such an invocation fails.
                _require_count(paper, orders, results, enough_for)


def _require_count(paper: _Paper, orders: list[dict[str, Any]], results: list[str], enough_for: int) -> None:
    accepted = results.count("accepted")
    did = f"We sent {len(orders)} orders at the same moment, with paper for {enough_for} of them."
    if accepted > enough_for or paper.left != paper.sheets - 10 * accepted:
        raise NotYet(
            Message(
                did=did,
                came_back=f"{accepted} were accepted, and {paper.left} of {paper.sheets} sheets are left",
                expected="no more orders than there is paper for, and each takes its own sheets",
                look="reading the stock first: others read the same number; let the Update calculate and compare",
            )
        )
    written = sum(paper.is_written(order) for order in orders)
    expectations.require(
        written == accepted,
        Message(
            did=did,
            came_back=f"{accepted} were accepted, and {written} are in {ORDERS}",
            expected="those that were accepted, and no others",
            look=_BOTH,
        ),
    )


_STEPS = sub_checks(
    ("It takes the order and the paper", _accepted),
    ("Without paper there is no order", _sold_out),
    ("The same order takes no paper again", _known),
    ("An order stays known when its paper is sold out", _known_though_sold_out),
    ("When one write is refused, the other is not done", _neither),
    ("Many orders at once get no more paper than there is", _many_at_once),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_RESERVE)
    for table in (ORDERS, STOCK):
        tables.needed(probe, table)
    # An untouched starter ends here. It fails with every order, which would be right for one of the steps.
    with _paper(probe, 10) as paper:
        probe.invoke(_RESERVE, paper.order(1), may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="orders-3",
    lesson="04",
    title="Paper that is sold twice",
    kind="debug",
    points=5,
    minutes=8,
    skills=("transaction", "conditional write", "concurrency"),
    hints=(
        "The handler reads a number, thinks, and writes another one. Meanwhile others do the same. And it writes two "
        "things, one after the other, without knowing whether the order was there before. Who can compare, calculate "
        "and write both in one step? The table.",
        "Step 4 of the worked example has nearly all of it. What is new: two conditions may fail, for two reasons, and "
        "the answer has to tell which. problem.response['CancellationReasons'] has an entry for each action, in the "
        "order of the actions; its Code is ConditionalCheckFailed or None.",
        "In words: transact_write_items with a Put of item, if its customer does not exist, and an Update of the stock, "
        "SET sheets = sheets - :copies, if sheets >= :copies. Except TransactionCanceledException: if the Put's code "
        "is ConditionalCheckFailed, known; else if the Update's is, sold out; else raise.",
    ),
    explanation="Nobody reads the stock any more. The table compares, subtracts and writes in one step, so two orders "
    "cannot take the same sheet. The condition on the order makes the whole transaction idempotent: an order that is "
    "there takes no paper. And when anything else is wrong, nothing has happened, so the caller may simply try again.",
    check=_check,
)
