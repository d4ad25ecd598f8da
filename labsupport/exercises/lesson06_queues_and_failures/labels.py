"""queues-1: a batch with bad messages in it."""

from __future__ import annotations

from collections.abc import Iterator

from ..messages import shown
from ..model import Exercise, SubCheck, sub_checks
from ..probe import Probe
from .batch import Batch, Sent, hand_over, judge

_LABELS = "kestrel-labels"


def _order(probe: Probe, number: int) -> Sent:
    return Sent.of({"order": f"K-{probe.word(4)}-{number}", "street": f"{probe.word()} {probe.whole_number(1, 99)}"})


def _without_street(probe: Probe, number: int) -> Sent:
    return Sent.of({"order": f"K-{probe.word(4)}-{number}", "street": ""}, good=False)


def _labels_are_printed(batch: Batch) -> None:
    orders = [message.body["order"] for message in batch.messages if message.good]
    printed = [order for order in orders if f"label for {order}" in batch.result.output]
    if len(printed) == len(orders):
        return
    first_bad = next((place for place, message in enumerate(batch.messages) if not message.good), len(batch.messages))
    look = "the loop: does it reach every record?"
    if len(printed) == first_bad:
        look = "what happens after a failure: the loop goes on with the next message (a queue has no order to keep)"
    if len(printed) <= 1 and first_bad > 1:
        look = "the loop: a batch has many records, and return ends the handler"
    raise batch.wrong(
        f"{len(printed)} of {len(orders)} good labels are in its log", "a label for each good order", look
    )


def _good_batch(probe: Probe) -> None:
    batch = hand_over(probe, _LABELS, *(_order(probe, number) for number in range(probe.whole_number(3, 6))))
    judge(batch)
    _labels_are_printed(batch)


def _bad_ones_between(probe: Probe) -> None:
    bad = {probe.whole_number(1, 2), probe.whole_number(3, 4)}
    batch = hand_over(
        probe,
        _LABELS,
        *(_without_street(probe, number) if number in bad else _order(probe, number) for number in range(6)),
    )
    _labels_are_printed(batch) if not batch.result.failed else None
    judge(batch)


def _not_json(probe: Probe) -> None:
    batch = hand_over(probe, _LABELS, _order(probe, 1), Sent.of(f"<{probe.word()}>", good=False), _order(probe, 2))
    if batch.result.failed and batch.result.error_type == "JSONDecodeError":
        raise batch.wrong(
            f"JSONDecodeError for the body {shown(batch.messages[1].body)}",
            "this message reported, and the labels of the two others",
            "json.loads: it may raise, too; where does your try begin?",
        )
    judge(batch)
    _labels_are_printed(batch)


def _nothing_but_bad_ones(probe: Probe) -> None:
    judge(hand_over(probe, _LABELS, *(_without_street(probe, number) for number in range(3))))


def _the_next_batch(probe: Probe) -> None:
    hand_over(probe, _LABELS, _without_street(probe, 1))
    batch = hand_over(probe, _LABELS, _order(probe, 2), _without_street(probe, 3))
    judge(batch)


_STEPS = sub_checks(
    ("A good batch is printed, and nothing is reported", _good_batch),
    ("Bad ones between are reported, and the others printed", _bad_ones_between),
    ("A message that is no JSON is one of the bad ones", _not_json),
    ("A batch of bad ones is reported in full", _nothing_but_bad_ones),
    ("The next batch begins with an empty list", _the_next_batch),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    hand_over(probe, _LABELS, _order(probe, 0))  # an untouched starter ends here
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="queues-1",
    lesson="06",
    title="Name the ones that failed",
    kind="fill in",
    points=3,
    minutes=5,
    skills=("SQS batch", "partial failure"),
    hints=(
        "One bad message must not end the handler. So each message needs a try of its own, and what fails is written "
        "down by its name.",
        "Step 3 of the worked example has such a loop. Everything that may go wrong with a message belongs into the "
        "try, reading its body as JSON, too.",
        "In words, inside the loop: try print_label with the body parsed by json.loads; except Exception, print the "
        'problem and append {"itemIdentifier": ...} with the messageId of the record to failures.',
    ),
    explanation="Lambda deletes what you do not name, and brings what you name again. The good labels were printed once. "
    "The bad ones go round until the redrive policy takes them out. Without the print in the except, nobody would ever "
    "know why.",
    check=_check,
)
