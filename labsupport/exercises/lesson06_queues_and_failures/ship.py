"""queues-3: each order is shipped once, also when an attempt is stopped half way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from .. import expectations, mistakes, tables
from ..event_source_mappings import within
from ..messages import Message
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import CheckStop, NotYet
from ..probe import Probe
from .batch import Batch, Sent, hand_over, judge

_SHIP = "kestrel-ship"
_PARCELS = "kestrel-parcels"
_TIMEOUT = 5
#: After an attempt that was stopped the next one may have to wait until its time is certainly over.
_AGAIN_SECONDS = 30.0
_PAUSE_SECONDS = 0.5
Order = dict[str, Any]


class _Orders:
    """Orders of our own, and their parcels, which are gone afterwards. What Powertools remembers of them expires."""

    def __init__(self, probe: Probe) -> None:
        self._probe, self._keys = probe, list[Order]()

    def new(self, **more: Any) -> Order:
        order = {"order": f"K-{self._probe.word(10)}", "sent": self._time(), **more}
        self._keys.append({"order": order["order"]})
        return order

    def copy_of(self, order: Order) -> Order:
        """The same order, sent at another time."""
        return order | {"sent": self._time()}

    def _time(self) -> str:
        return ":".join(f"{self._probe.whole_number(0, 59):02}" for _ in range(3))

    def parcels(self, order: Order) -> Any:
        item = tables.item_of(self._probe, _PARCELS, {"order": order["order"]}) or {}
        return item.get("parcels", 0)

    def __enter__(self) -> _Orders:
        return self

    def __exit__(self, *problem: Any) -> None:
        for key in self._keys:
            tables.delete(self._probe, _PARCELS, key)


def _hand_over(probe: Probe, *messages: Sent, received: int = 1) -> Batch:
    batch = hand_over(probe, _SHIP, *messages, received=received)
    if batch.result.failed and (stop := _known(batch)):
        raise stop
    return batch


def _known(batch: Batch) -> CheckStop | None:
    """Mistakes with the library, each by what the function fails with."""
    result = batch.result
    text = f"{result.error_type}: {result.error_message}"

    def stop(look: str) -> NotYet:
        return NotYet(
            Message(did=batch.did, came_back=text, expected="an answer that names what failed", look=look),
            result.traceback if result.frames else "",
        )

    if result.error_type == "Runtime.ImportModuleError" and "aws_lambda_powertools" in text:
        return stop("Layers of the function: is the layer kestrel-powertools among them?")
    if "ResourceNotFoundException" in text and "dynamodb" not in text.lower():
        return stop("table_name of DynamoDBPersistenceLayer: there is no such table")
    if result.error_type == "RuntimeError" and "data_keyword_argument" in text or "Unable to extract" in text:
        return stop("data_keyword_argument: it names a parameter, and the call has to pass it by that name: order=…")
    return None


def _require(orders: _Orders, order: Order, count: int, did: str, look: str) -> None:
    got = orders.parcels(order)
    expectations.require(
        got == count,
        Message(did=did, came_back=f"{got} parcels were shipped", expected=f"{count}: one for each order", look=look),
    )


def _new_orders(probe: Probe) -> None:
    with _Orders(probe) as orders:
        batch = [orders.new() for _ in range(3)]
        judge(_hand_over(probe, *map(Sent.of, batch)))
        for order in batch:
            look = "is ship called for each record? And is the key one that differs between orders?"
            _require(orders, order, 1, "We handed over three new orders and asked the carrier about one.", look)


def _copies(probe: Probe) -> None:
    with _Orders(probe) as orders:
        order = orders.new()
        judge(_hand_over(probe, Sent.of(order), Sent.of(orders.copy_of(order))))
        look = "what makes two messages the same order: not the whole of them; sent differs (event_key_jmespath)"
        _require(orders, order, 1, "We handed over an order and its copy, with another time in sent.", look)
        judge(_hand_over(probe, Sent.of(orders.copy_of(order)), received=2))
        _require(orders, order, 1, "We handed over a copy of an order that was shipped already.", look)


def _stopped(probe: Probe) -> None:
    seconds = probe.function(_SHIP).timeout
    expectations.require(
        seconds == _TIMEOUT,
        Message(
            did=f"We read the configuration of {_SHIP}.",
            came_back=f"its Timeout is {seconds} seconds",
            expected=f"the Timeout of {_TIMEOUT} seconds",
            look="the cell that deploys it",
        ),
    )
    with _Orders(probe) as orders:
        order = orders.new(seconds=60)
        stopped = _hand_over(probe, Sent.of(order))
        if not stopped.result.timed_out:
            judge(stopped)
            raise stopped.wrong(
                "an answer, although the carrier takes a minute",
                "an attempt that is stopped",
                "ship: it stays as it is",
            )
        again = orders.copy_of(order) | {"seconds": 0}
        answers: list[Batch] = []

        def shipped() -> bool:
            answers.append(_hand_over(probe, Sent.of(again), received=2 + len(answers)))
            time.sleep(_PAUSE_SECONDS)
            return bool(orders.parcels(again))

        if within(_AGAIN_SECONDS, shipped):
            _require(orders, again, 1, "We let an attempt be stopped, and handed the order over again.", "the key")
            return
        last = answers[-1].result
        lost = not last.failed and isinstance(last.payload, dict) and not last.payload.get("batchItemFailures")
        raise NotYet(
            Message(
                did="We let an attempt be stopped by the timeout, and handed the order over again, several times.",
                came_back="it is not shipped, and is taken for done"
                if lost
                else "it is not shipped, and fails each time",
                expected="shipped: the attempt that was stopped did not finish",
                look="the mark of an attempt that was stopped: it has to end; for that, Powertools needs to know the "
                "context (register_lambda_context)",
            )
        )


def _refused(probe: Probe) -> None:
    with _Orders(probe) as orders:
        before, refused, after = orders.new(), orders.new(address="unknown"), orders.new()
        judge(_hand_over(probe, Sent.of(before), Sent.of(refused, good=False), Sent.of(after)))
        look = "what happens after a failure: the others are to be shipped"
        for order in (before, after):
            _require(orders, order, 1, "We handed over three orders; the address of the second is unknown.", look)
        repaired = orders.copy_of(refused) | {"address": "Mill Lane 3"}
        judge(_hand_over(probe, Sent.of(repaired), received=2))
        look = "what is remembered when ship raises: an exception must get out of the idempotent function"
        _require(orders, repaired, 1, "We handed over an order again whose address is known now.", look)


_STEPS = sub_checks(
    ("New orders are shipped", _new_orders),
    ("A copy of an order is not shipped again", _copies),
    ("An attempt that was stopped half way does not count", _stopped),
    ("What the carrier refuses is reported, and can be shipped later", _refused),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_SHIP)
    tables.needed(probe, _PARCELS)
    with _Orders(probe) as orders:
        result = hand_over(probe, _SHIP, Sent.of(orders.new())).result  # an untouched starter ends here
        if result.failed and result.error_type in ("Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError"):
            raise mistakes.failure(result)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="queues-3",
    lesson="06",
    title="Stopped half way",
    kind="write",
    points=5,
    minutes=8,
    skills=("Powertools", "idempotency", "timeout"),
    hints=(
        "An attempt in progress has to leave a mark that ends by itself. Powertools does that if it knows how much time "
        "the invocation has. And it has to know which part of a message says that it is the same order.",
        "Step 6 of the worked example has all the parts: the processor, the configuration with event_key_jmespath, the "
        "store, the decorated function, and a handler of two lines. Do not forget register_lambda_context.",
        "In words: a function with the parameter order, decorated with idempotent_function, that calls ship. A function "
        "for one record that parses record.body and calls the first one by name, order=... The handler registers the "
        "context with the configuration, and returns process_partial_response.",
    ),
    explanation="Powertools wrote a mark in progress, with the moment at which the invocation had to be over. When that "
    "moment had passed and the order came again, it knew that the attempt was dead and let the next one in. The copies "
    "had the same order, so they had the same key, whatever else was in them.",
    check=_check,
)
