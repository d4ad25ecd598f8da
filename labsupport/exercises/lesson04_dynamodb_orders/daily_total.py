"""orders-5: the total of each day, kept by the table's stream."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .. import expectations, queues, tables
from ..event_source_mappings import enabled_mapping, within
from ..messages import Message, shown
from ..model import Exercise, SubCheck
from ..outcomes import NotYet
from ..probe import Probe
from .shop import ORDERS, a_day, an_order, failure, key_of

_TOTAL = "kestrel-daily-total"
_TOTALS = "kestrel-daily-totals"
_UNCOUNTED = "kestrel-uncounted"
#: From a change in the table until the total shows it. AWS reads a stream several times a second.
_COUNTED_SECONDS = 15.0
#: Until a bad order has been tried three times, alone and with others, and is in the queue.
_GIVEN_UP_SECONDS = 25.0
_RETRIES = 2
_TOO_MANY = "MaximumRetryAttempts counts the attempts after the first one, and it is {}"
Order = dict[str, Any]


class _Day:
    """A day of our own: its orders, and its total. All of it is gone afterwards."""

    def __init__(self, probe: Probe) -> None:
        self.probe, self.day, self.orders = probe, a_day(probe), list[Order]()

    def order(self) -> Order:
        made = an_order(self.probe, self.day, len(self.orders) + 1, self.probe.word())
        self.orders.append(made)
        return made

    def place(self, *orders: Order) -> None:
        tables.put_together(self.probe, ORDERS, orders)

    @property
    def total(self) -> tuple[Any, Any]:
        """How many orders, and how many cents."""
        item = tables.item_of(self.probe, _TOTALS, {"day": self.day}) or {}
        return item.get("orders", 0), item.get("total_cents", 0)

    def becomes(self, wanted: tuple[int, int], seconds: float) -> bool:
        return within(seconds, lambda: self.total == wanted)

    def __enter__(self) -> _Day:
        return self

    def __exit__(self, *problem: Any) -> None:
        for order in self.orders:
            tables.delete(self.probe, ORDERS, key_of(order))
        for item in list(tables.scan(self.probe, _TOTALS)):
            if self.day in json.dumps(item, default=str):  # the total, and the marks of what was counted
                tables.delete(self.probe, _TOTALS, {"day": item["day"]})


def _sum(orders: list[Order]) -> tuple[int, int]:
    return len(orders), sum(order["total_cents"] for order in orders)


def _stream(probe: Probe) -> str:
    arn = tables.needed(probe, ORDERS).get("LatestStreamArn", "")
    expectations.require(
        bool(arn),
        Message(
            did=f"We looked for the stream of {ORDERS}.",
            came_back="the table has none",
            expected="a stream",
            look="step 7 of the worked example, which switches it on",
        ),
    )
    return str(arn)


def _mapping(probe: Probe) -> dict[str, Any]:
    """The event source mapping of the function and the stream, Enabled. Raises NotYet when there is none."""
    return enabled_mapping(
        probe,
        _TOTAL,
        _stream(probe),
        source=f"the stream of {ORDERS}",
        look="create_event_source_mapping with the stream's ARN and the function's name, as connect does it",
        seconds=_COUNTED_SECONDS,
    )


# --- the steps ---------------------------------------------------------------------------------------------------


def _new_orders_count(probe: Probe) -> None:
    _mapping(probe)
    with _Day(probe) as day:
        orders = [day.order() for _ in range(probe.whole_number(3, 5))]
        day.place(*orders)
        wanted = _sum(orders)
        if not day.becomes(wanted, _COUNTED_SECONDS):
            raise _not_counted(probe, day, f"We placed {len(orders)} new orders on one day.", wanted)


def _not_counted(probe: Probe, day: _Day, did: str, wanted: tuple[int, int]) -> NotYet:
    orders, cents = day.total
    look = f'lab.logs("{_TOTAL}"): was it invoked, and what did it print or raise?'
    if orders == 0 and cents == 0:
        came_back = f"no total of that day after {_COUNTED_SECONDS:.0f} seconds"
        last = _mapping(probe).get("LastProcessingResult", "")
        if "PROBLEM" in last or "rror" in last:
            look = f"the mapping says: {last}; {look}"
    else:
        came_back = f"orders {shown(_plain(orders))} and total_cents {shown(_plain(cents))}"
        if _is_number(orders) and _is_number(cents) and orders > wanted[0]:
            look = "what is counted: an order counts once, when it is new"
        elif orders == wanted[0]:
            look = "total_cents: the sum of the orders' total_cents, as numbers"
    return NotYet(
        Message(
            did=did, came_back=came_back, expected="each of them counted once, in orders and total_cents", look=look
        )
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str) else str(value)


def _changes_do_not_count(probe: Probe) -> None:
    _mapping(probe)
    with _Day(probe) as day:
        changed, removed, last = day.order(), day.order(), day.order()
        day.place(changed, removed)
        day.place(changed | {"total_cents": changed["total_cents"] + 70})
        tables.delete(probe, ORDERS, key_of(removed))
        day.place(last)  # when this one is counted, all that came before it has been seen
        wanted = _sum([changed, removed, last])
        did = "We placed two orders, changed one, removed the other, and placed a third."
        if not day.becomes(wanted, _COUNTED_SECONDS):
            orders, cents = day.total
            if orders == 0:
                raise _not_counted(probe, day, did, wanted)
            raise NotYet(
                Message(
                    did=did,
                    came_back=f"orders {shown(_plain(orders))} and total_cents {shown(_plain(cents))}",
                    expected="three orders, with what they cost when they were placed",
                    look="record['eventName']: it tells new ones from changes and removals",
                )
            )


def _a_repeated_batch_counts_once(probe: Probe) -> None:
    with _Day(probe) as day:
        orders = [day.order() for _ in range(3)]
        event = {"Records": [_record(probe, order, number) for number, order in enumerate(orders)]}
        wanted, did = _sum(orders), "We invoked the function twice with the same batch of three new orders."
        for _ in range(2):
            result = probe.invoke(_TOTAL, event, may_fail=True)
            if result.failed:
                raise failure(result)
        got = day.total
        twice = (2 * wanted[0], 2 * wanted[1])
        look = "the total: is it written under the day of the order, and with each order in it?"
        if got == twice:
            look = (
                "how you remember what was counted: the mark and the addition belong into one step, if it is not there"
            )
        elif got != wanted and got[0] == wanted[0]:
            look = "total_cents and orders: both of them must count once"
        expectations.require(
            got == wanted,
            Message(
                did=did,
                came_back=f"orders {shown(_plain(got[0]))} and total_cents {shown(_plain(got[1]))}",
                expected="each order counted once",
                look=look,
            ),
        )


def _record(probe: Probe, order: Order, number: int) -> dict[str, Any]:
    """A record of the stream, as Lambda hands it on (Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB")."""
    keys = {name: {"S": order[name]} for name in ("customer", "order")}
    image = keys | {name: {"N": str(order[name])} for name in ("copies", "total_cents")}
    return {
        "eventID": uuid.UUID(int=probe.rng.getrandbits(128)).hex,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": probe.region,
        "dynamodb": {
            "ApproximateCreationDateTime": float(int(time.time())),
            "Keys": keys,
            "NewImage": image,
            "SequenceNumber": str(probe.rng.randrange(10**20, 10**21) + number),
            "SizeBytes": 96,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": _stream(probe),
    }


class _BadOrder:
    """Two steps that look at the same bad order: are the others counted, and is it in the queue?"""

    def __init__(self) -> None:
        self._number = ""
        self._since = 0.0
        self._mapping: dict[str, Any] = {}

    def does_not_stop_the_others(self, probe: Probe) -> None:
        self._mapping = _mapping(probe)
        with _Day(probe) as day:
            before, bad, behind = day.order(), day.order(), [day.order(), day.order()]
            self._number, self._since = bad["order"], time.time()
            day.place(before, {**bad, "total_cents": "free"}, *behind)
            good = [before, *behind]
            if not day.becomes(_sum(good), _GIVEN_UP_SECONDS):
                raise self._stopped(day, _sum(good))

    def _stopped(self, day: _Day, wanted: tuple[int, int]) -> NotYet:
        orders, cents = day.total
        mapping = self._mapping
        retries = mapping.get("MaximumRetryAttempts", -1)
        look = "the settings of the mapping: which of them isolates a bad record, and which gives it up?"
        if _is_number(orders) and orders > wanted[0]:
            look = "the good order before the bad one: it is counted with each attempt"
        elif retries > _RETRIES:
            look = _TOO_MANY.format(retries)
        elif retries == -1:
            look = "MaximumRetryAttempts: without it Lambda tries the bad order until it is a day old"
        elif not mapping.get("BisectBatchOnFunctionError"):
            look = "BisectBatchOnFunctionError: without it the orders behind the bad one are given up together with it"
        return NotYet(
            Message(
                did="We placed four orders, the second of them with 'free' for its total.",
                came_back=f"orders {shown(_plain(orders))}, total_cents {shown(_plain(cents))}, after "
                f"{_GIVEN_UP_SECONDS:.0f} seconds",
                expected="the other three, each counted once",
                look=look,
            )
        )

    def is_in_the_queue(self, probe: Probe) -> None:
        url = queues.queue_url(probe, _UNCOUNTED)
        expectations.require(
            url is not None,
            Message(
                did=f"We looked for the queue {_UNCOUNTED}.",
                came_back="there is no queue of that name",
                expected="a queue for orders that cannot be counted",
                look="create_queue of the sqs client",
            ),
        )
        if not self._number:
            return  # there was no mapping to try it with: the step before says so
        stream = _stream(probe)

        def is_about_it(body: Any) -> bool:
            if self._number in json.dumps(body, default=str):
                return True
            batch = body.get("DDBStreamBatchInfo") if isinstance(body, dict) else None
            return isinstance(batch, dict) and batch.get("streamArn") == stream and self._is_new(body)

        record = queues.take_message(probe, str(url), is_about_it, _GIVEN_UP_SECONDS)
        if record is None:
            raise self._not_in_the_queue(probe, str(url))
        attempts = record.get("requestContext", {}).get("approximateInvokeCount") if isinstance(record, dict) else None
        retries = self._mapping.get("MaximumRetryAttempts", -1)
        expectations.require(
            attempts is None or 0 <= retries <= _RETRIES,
            Message(
                did="We read how often the mapping tries a record that fails.",
                came_back=f"MaximumRetryAttempts is {retries}",
                expected="two more attempts at most",
                look=_TOO_MANY.format(retries),
            ),
        )

    def _is_new(self, record: dict[str, Any]) -> bool:
        """Whether this record of a failure was written since the bad order was placed (clocks may differ a little)."""
        try:
            written = datetime.fromisoformat(str(record.get("timestamp"))).timestamp()
        except ValueError:
            return False
        return written > self._since - 2

    def _not_in_the_queue(self, probe: Probe, url: str) -> NotYet:
        target = self._mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        arn = queues.queue_arn(probe, url)
        retries = self._mapping.get("MaximumRetryAttempts", -1)
        look = "the settings of the mapping, and whether the function raises or reports the bad order at all"
        if target != arn:
            look = "DestinationConfig: OnFailure takes the queue's ARN"
        elif retries > _RETRIES:
            look = _TOO_MANY.format(retries)
        return NotYet(
            Message(
                did=f"We placed an order with 'free' for its total and looked into {_UNCOUNTED}.",
                came_back=f"nothing about it within {_GIVEN_UP_SECONDS:.0f} seconds",
                expected="Lambda's record of the failure, or a message with the order's number",
                look=look,
            )
        )


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_TOTAL)
    for table in (ORDERS, _TOTALS):
        tables.needed(probe, table)
    # An untouched starter ends here, at once.
    probe.invoke(_TOTAL, {"Records": []}, may_fail=True)
    bad_order = _BadOrder()
    yield probe.run_step("A batch that comes twice counts once", _a_repeated_batch_counts_once)
    yield probe.run_step("New orders are counted", _new_orders_count)
    yield probe.run_step("Changes and removals are not", _changes_do_not_count)
    yield probe.run_step("A bad order does not stop the others", bad_order.does_not_stop_the_others)
    yield probe.run_step("The bad order is in the queue", bad_order.is_in_the_queue)


EXERCISE = Exercise(
    id="orders-5",
    lesson="04",
    title="A total that nothing can stop",
    kind="design",
    points=6,
    minutes=12,
    skills=("DynamoDB stream", "event source mapping", "poison record", "idempotency"),
    hints=(
        "Two things, each without the other is not enough. The counting: a mark for each order and the addition, both "
        "or neither, and only if there is no mark. The mapping: give up after some attempts, get the bad record alone "
        "first, and keep a note of it.",
        "The counting is step 4 with another pair of writes: a Put with attribute_not_exists, under a key of its own in "
        "the table of totals, and an Update with ADD. The settings of the mapping are in the table at the end of step "
        "7, and connect hands them on. Without BisectBatchOnFunctionError, Lambda gives up all that is left of the "
        "batch. The queue and its permission are as in lesson 02.",
        "In words: for each record whose eventName is INSERT, try to count it. If the transaction is cancelled because "
        "the mark exists, that is fine. If anything else goes wrong, return batchItemFailures with this record's "
        "SequenceNumber; at the end return an empty list. Create the queue, allow sqs:SendMessage on it, deploy, and "
        "connect with StartingPosition, MaximumRetryAttempts=2, BisectBatchOnFunctionError=True, FunctionResponseTypes "
        "and DestinationConfig.",
    ),
    explanation="The mark and the addition are one transaction, so a batch may come as often as it likes. The bad order "
    "was reported, got a batch of its own by bisecting, was tried three times in all, and left a record in the queue "
    "that says where in the stream it is. The orders behind it went on within seconds. That is the pattern for every "
    "stream: limit, isolate, keep, and make repetition harmless.",
    check=_check,
)
