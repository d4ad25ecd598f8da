"""queues-4: letters that vanish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .. import expectations, queues
from ..messages import Message
from ..model import Exercise, SubCheck
from ..outcomes import NotAttempted, NotYet
from ..probe import Probe
from .batch import Batch, Sent, hand_over, judge
from .shop import mapping_of, not_there, reports_failures

_LETTERS = "kestrel-letters"
_POST = "kestrel-post"
_UNDELIVERED = "kestrel-undelivered"
_MAPPING_SECONDS = 10.0
#: Twice the queue's visibility timeout, and time for what lies between.
_UNDELIVERED_SECONDS = 40.0


def _letter(probe: Probe) -> Sent:
    return Sent.of({"to": probe.word().title()})


def _to_nobody(probe: Probe) -> Sent:
    return Sent.of({"to": "", "text": probe.word()}, good=False)


def _written(batch: Batch) -> None:
    names = [message.body["to"] for message in batch.messages if message.good]
    written = [name for name in names if f"letter to {name}" in batch.result.output]
    if len(written) < len(names):
        raise batch.wrong(
            f"{len(written)} of {len(names)} good letters are in its log",
            "a letter to each of them",
            "what happens after a failure: the loop goes on, and the answer comes after it",
        )


def _good_letters(probe: Probe) -> None:
    batch = hand_over(probe, _LETTERS, *(_letter(probe) for _ in range(3)))
    judge(batch)
    _written(batch)


def _bad_letters(probe: Probe) -> None:
    batch = hand_over(probe, _LETTERS, _letter(probe), _to_nobody(probe), _letter(probe), _to_nobody(probe))
    judge(batch)
    _written(batch)


def _next_batch(probe: Probe) -> None:
    hand_over(probe, _LETTERS, _to_nobody(probe))
    judge(hand_over(probe, _LETTERS, _letter(probe), _to_nobody(probe)))


def _mapping(probe: Probe) -> dict[str, Any]:
    url = queues.queue_url(probe, _POST)
    if url is None:
        raise not_there("queue", _POST)
    return mapping_of(probe, _LETTERS, queues.queue_arn(probe, url), _MAPPING_SECONDS)


def _lambda_looks(probe: Probe) -> None:
    reports_failures(_mapping(probe), _LETTERS)


def _ends_in_the_queue(probe: Probe) -> None:
    mapping = _mapping(probe)
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", ()):
        reports_failures(mapping, _LETTERS)  # the letter would be deleted: nothing to wait for
    url, target = queues.queue_url(probe, _POST), queues.queue_url(probe, _UNDELIVERED)
    if target is None:
        raise not_there("queue", _UNDELIVERED)
    bad, good = _to_nobody(probe).body, _letter(probe).body
    entries = [{"Id": str(number), "MessageBody": json.dumps(body)} for number, body in enumerate((good, bad))]
    probe.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    found = queues.take_message(probe, target, lambda body: body in (good, bad), _UNDELIVERED_SECONDS)
    did = f"We sent a good letter and a bad one to {_POST}, and looked into {_UNDELIVERED}."
    if found is None:
        raise NotYet(
            Message(
                did=did,
                came_back=f"the bad letter is not there after {_UNDELIVERED_SECONDS:.0f} seconds",
                expected="the bad letter: tried twice, and then there",
                look=f'lab.logs("{_LETTERS}"), and the RedrivePolicy of {_POST}',
            )
        )
    expectations.require(
        found == bad,
        Message(
            did=did,
            came_back="the good letter is there",
            expected="the bad letter alone",
            look="itemIdentifier: with a name that Lambda does not know, the whole batch fails, the good ones too",
        ),
    )


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_LETTERS)
    # As it was given, the function names its list wrongly; an untouched starter raises NotImplementedError.
    first = hand_over(probe, _LETTERS, _letter(probe), _to_nobody(probe)).result.payload
    if isinstance(first, dict) and set(first) == {"batchItemsFailures"} and not _is_connected_anew(probe):
        raise NotAttempted(
            Message(
                did=f"We invoked {_LETTERS} with a good letter and a bad one.",
                came_back="the answer of the colleague's function, and her event source mapping",
                look="the two cells of the exercise: write the handler anew, deploy it, and connect it anew",
            )
        )
    yield probe.run_step("Good letters are written, and nothing is reported", _good_letters)
    yield probe.run_step("Bad letters are reported by their names", _bad_letters)
    yield probe.run_step("The next batch begins with an empty list", _next_batch)
    yield probe.run_step("Lambda looks at the answer", _lambda_looks)
    yield probe.run_step("A bad letter ends in the dead-letter queue", _ends_in_the_queue)


def _is_connected_anew(probe: Probe) -> bool:
    try:
        return "ReportBatchItemFailures" in _mapping(probe).get("FunctionResponseTypes", ())
    except NotYet:
        return False


EXERCISE = Exercise(
    id="queues-4",
    lesson="06",
    title="The letters that vanish",
    kind="debug",
    points=4,
    minutes=6,
    skills=("partial failure", "event source mapping", "dead-letter queue"),
    hints=(
        "Three parties must agree: the function says what failed, in the form that Lambda knows, with the names that "
        "Lambda knows, and the mapping makes Lambda look. If one is missing, the others do not help.",
        "Compare with step 3, letter by letter: the key of the answer, what stands under itemIdentifier, and the "
        "settings that connect gets.",
        "In words: append the messageId of the record, not its receipt handle. Return the list under batchItemFailures, "
        'without the s in the middle. Connect with FunctionResponseTypes=["ReportBatchItemFailures"].',
    ),
    explanation="The misspelt key made Lambda take every batch for done, so bad letters were deleted. The mapping did "
    "not ask for the answer at all, which hid that. And had both been right, the receipt handle would have made whole "
    "batches fail, so that good letters were written twice. Such faults are silent: only a test with a bad message in "
    "the batch shows them.",
    check=_check,
)
