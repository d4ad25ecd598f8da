"""s3-1: what an event says about the photos, with keys as they are in the bucket."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, unquote_plus

from ...insight.invocation import InvocationResult
from .. import expectations, uploads
from ..expectations import Mistake
from ..messages import Message
from ..model import Exercise, sub_checks
from ..outcomes import NotYet
from ..probe import Probe

_REGISTER = "kestrel-register"
_EXPECTED = "a list with an object for each photo: bucket, key and size, the key as it is in the bucket"


def _photo(probe: Probe, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record of an event, and what the function makes of it."""
    bucket, size = f"{probe.word(6)}-{probe.word(6)}", probe.whole_number(10_000, 9_000_000)
    return uploads.record(bucket, key, size=size), {"bucket": bucket, "key": key, "size": size}


def _keys(result: InvocationResult) -> list[Any]:
    if not isinstance(result.payload, list):
        return []
    return [entry.get("key") if isinstance(entry, dict) else entry for entry in result.payload]


def _check_photos(probe: Probe, *keys: str) -> None:
    photos = [_photo(probe, key) for key in keys]
    sent = [uploads.encoded(key) for key in keys]
    result = probe.invoke(_REGISTER, {"Records": [record for record, _wanted in photos]}, may_fail=True)
    if result.failed:
        raise uploads.failure(result)
    try:
        expectations.equal(
            result,
            [wanted for _record, wanted in photos],
            expected=_EXPECTED,
            mistakes_here=(
                Mistake(
                    lambda got: len(keys) > 1 and _keys(got) == list(keys[:1]),
                    "the records: there were several in this event, and your answer has the first one only",
                ),
                Mistake(
                    lambda got: sent != list(keys) and _keys(got) == sent,
                    "the key: in the event it is encoded; one call of urllib.parse gives it back",
                ),
                Mistake(
                    lambda got: _keys(got) != list(keys) and _keys(got) == [unquote(key) for key in sent],
                    "the plus signs: in the event they stand for spaces; there are two ways to unquote",
                ),
                Mistake(
                    lambda got: _keys(got) != list(keys) and _keys(got) == [key.replace("+", " ") for key in sent],
                    "the per cent signs: a plus sign is not all that is encoded; urllib.parse knows the whole rule",
                ),
                Mistake(
                    lambda got: (
                        _keys(got) != list(keys) and _keys(got) == [unquote_plus(unquote_plus(k)) for k in sent]
                    ),
                    "how often you decode: once; this photo has a per cent sign in its own name",
                ),
                Mistake(lambda got: got.payload == list(keys), "the entries: an object each, not only the key"),
            ),
        )
    except NotYet as stop:
        # The event itself is long and says the same in every check; the keys in it are what counts.
        did = f"We invoked {_REGISTER} with an event about {', '.join(sent)}."
        message = Message(did, stop.message.came_back, stop.message.expected, stop.message.look)
        raise NotYet(message, stop.traceback) from None


def _plain_key(probe: Probe) -> None:
    _check_photos(probe, f"{probe.word()}/{probe.word()}.jpg")


def _spaces_and_plus_signs(probe: Probe) -> None:
    _check_photos(probe, f"sale {probe.word()}+{probe.whole_number(1, 9)}.jpg")


def _letters_of_the_world(probe: Probe) -> None:
    _check_photos(probe, f"größe/{probe.word()}ß.png")
    _check_photos(probe, f"{probe.word()}/100%25 São Paulo & Łódź.jpg")


def _several_records(probe: Probe) -> None:
    _check_photos(probe, *(f"{probe.word()}-{number}.jpg" for number in range(probe.whole_number(2, 4))))


EXERCISE = Exercise(
    id="s3-1",
    lesson="03",
    title="Which photo is it?",
    kind="fill in",
    points=2,
    minutes=4,
    skills=("S3 event", "object key"),
    hints=(
        "An event travels as text, and a key may have any letter in it. So S3 encodes the key as a browser encodes a "
        "form. Before you use it, decode it: once.",
        "The function for it is in urllib.parse, which is imported already; the demo above used it. Bucket, key and size "
        "are in record['s3']: look at the event that was printed there.",
        "In words: append a dict with bucket (record, s3, bucket, name), key (unquote_plus of record, s3, object, key) "
        "and size (record, s3, object, size).",
    ),
    explanation="unquote_plus turns plus signs into spaces and %C3%9F into ß, in this order, once. unquote alone "
    "leaves the plus signs, and replace alone leaves the rest. Test with a key such as sale photo+1.jpg: a function "
    "that forgets to decode works for months, until the first customer has a space in a file name.",
    check=sub_checks(
        ("It reads an ordinary key", _plain_key),
        ("Spaces and plus signs come back", _spaces_and_plus_signs),
        ("So do ß, ã and per cent signs", _letters_of_the_world),
        ("Every record of the event counts", _several_records),
    ),
)
