"""s3-3: photos that are none, told apart from failures that may pass."""

from __future__ import annotations

from typing import Any

from .. import pictures, uploads
from ..messages import Message, shown
from ..model import Exercise, sub_checks
from ..outcomes import NotYet
from ..pictures import BLUE, GREEN
from ..probe import Probe
from ..uploads import Trial

_PREVIEW = "kestrel-preview"
_LARGEST = 400


def _photo(probe: Probe) -> bytes:
    return pictures.jpeg(pictures.bands(probe.whole_number(200, 260), wide=True))


def _has_preview(trial: Trial, key: str) -> None:
    stored = trial.made(f"previews/{key}", key)
    picture = pictures.opened(stored.body)
    if picture is None or max(picture.size) > _LARGEST:
        raise NotYet(
            Message(
                did=trial.did(key),
                came_back="a preview that is no picture" if picture is None else f"a preview of {picture.size} pixels",
                expected=f"a picture of at most {_LARGEST} pixels",
                look="make_preview: it was right as you found it",
            )
        )


def _is_rejected(trial: Trial, key: str, did: str) -> None:
    """The key has a note with a reason and no preview. Raises NotYet."""
    expected = f"no preview, and the note rejected/{key} with key and reason"
    note, preview = trial.found(f"rejected/{key}"), trial.found(f"previews/{key}")
    if preview is not None:
        raise NotYet(
            Message(
                did,
                f"a preview of {len(preview.body)} bytes",
                expected,
                "when you write the preview: after the whole photo has been read, load() does that",
            )
        )
    if note is None:
        there = trial.others(trial.results)
        raise NotYet(
            Message(
                did,
                f"no note; there is {there[0]}" if there else "nothing: no preview, no note, no failure",
                expected,
                "the Key of the note: the task says which one"
                if there
                else "the except: a photo that is skipped in silence is a photo that is lost",
            )
        )
    content = note.json
    if not (isinstance(content, dict) and content.get("key") == key and str(content.get("reason") or "").strip()):
        raise NotYet(
            Message(
                did,
                f"the note {shown(note.body[:200].decode(errors='replace'), 80)}",
                expected,
                "the note: JSON with the two keys key and reason, the key as it is in the bucket",
            )
        )


def _run(trial: Trial, did: str, *records: dict[str, Any]) -> None:
    """Invoke; a function that a broken photo makes fail has made the learner's mistake."""
    result = trial.try_run(*records)
    if not result.failed:
        return
    if result.error_type in ("UnidentifiedImageError", "OSError", "SyntaxError"):
        raise NotYet(
            Message(
                did=did,
                came_back=f"{result.error_type}: {result.error_message}",
                expected="a note, and no failure: Lambda would try this photo twice more",
                look="which exceptions you catch: Pillow raises UnidentifiedImageError for what it does not know, and "
                "its parent OSError for what is cut off",
            ),
            result.traceback,
        )
    raise uploads.failure(result)


def _good_photo(probe: Probe) -> None:
    with uploads.trial(probe, _PREVIEW) as trial:
        key = trial.key(probe.rng.choice(uploads.AWKWARD_KEYS))
        trial.run(trial.put(key, _photo(probe)))
        _has_preview(trial, key)
        if trial.found(f"rejected/{key}") is not None:
            raise NotYet(
                Message(
                    did=trial.did(key),
                    came_back="a preview, and a note that the photo was rejected",
                    expected="the preview alone",
                    look="the note: it belongs into the except",
                )
            )


def _rejects(trial: Trial, key: str, body: bytes, what: str) -> None:
    did = f"We put {what} into a bucket, as {key}, and invoked {trial.function_name} with its event."
    _run(trial, did, trial.put(key, body))
    _is_rejected(trial, key, did)


def _no_photo(probe: Probe) -> None:
    with uploads.trial(probe, _PREVIEW) as trial:
        _rejects(trial, trial.key("essay {}.jpg"), f"Dear Kestrel, {probe.word(40)}".encode(), "a text")


def _empty(probe: Probe) -> None:
    with uploads.trial(probe, _PREVIEW) as trial:
        _rejects(trial, trial.key("{}+0.jpg"), b"", "an empty object")


def _cut_off(probe: Probe) -> None:
    with uploads.trial(probe, _PREVIEW) as trial:
        photo = pictures.jpeg(_noisy(probe))
        _rejects(trial, trial.key("half/{}.jpg"), photo[: len(photo) // 2], "the first half of a photo")


def _noisy(probe: Probe) -> pictures.Image:
    """A photo with so much in it that half of its bytes are half of it."""
    picture = pictures.plain(240, 160, BLUE)
    for _ in range(400):
        across, down = probe.whole_number(0, 230), probe.whole_number(0, 150)
        picture.paste(GREEN, (across, down, across + probe.whole_number(1, 9), down + probe.whole_number(1, 9)))
    return picture


def _may_pass(probe: Probe) -> None:
    with uploads.trial(probe, _PREVIEW) as trial:
        key = trial.key("not there yet {}.jpg")
        result = trial.try_run(uploads.record(trial.source, key))
        did = f"We invoked {_PREVIEW} with an event about an object that S3 does not give it."
        if not result.failed:
            note = trial.found(f"rejected/{key}")
            raise NotYet(
                Message(
                    did,
                    f"no failure, and the note rejected/{key}" if note else "no failure, and nothing said",
                    "a failure: then Lambda tries again, and the photo is not lost",
                    "the except: it catches everything; catch what Pillow raises and leave S3's errors alone",
                )
            )
        if result.error_type not in ("NoSuchKey", "ClientError", "AccessDenied"):
            raise uploads.failure(result)


def _one_of_two(probe: Probe) -> None:
    with uploads.trial(probe, _PREVIEW) as trial:
        bad, good = trial.key("{}/bad.jpg"), trial.key("{}/good.jpg")
        did = f"We put a text and a photo into a bucket and invoked {_PREVIEW} with one event about both."
        _run(trial, did, trial.put(bad, b"no photo"), trial.put(good, _photo(probe)))
        _is_rejected(trial, bad, did)
        _has_preview(trial, good)


_CHECK = sub_checks(
    ("A photo gets its preview, and no note", _good_photo),
    ("A text that calls itself .jpg gets a note", _no_photo),
    ("So does an empty object", _empty),
    ("So does half a photo", _cut_off),
    ("What may pass is a failure, so that Lambda tries again", _may_pass),
    ("A bad photo does not stop the next one", _one_of_two),
)


EXERCISE = Exercise(
    id="s3-3",
    lesson="03",
    title="A photo that is none",
    kind="debug",
    points=4,
    minutes=8,
    skills=("error handling", "retries", "Pillow"),
    hints=(
        "Two kinds of failure are mixed up here. A broken photo is broken at the third try, too: say so and go on. S3 "
        "that does not answer may answer in a minute: fail, and let Lambda try again.",
        "Look at what may raise what. get_object raises errors of S3: keep it out of the try. Image.open and load() raise "
        "UnidentifiedImageError and OSError, and the first is a kind of the second.",
        "In words: body = get_object(...) before the try. In the try: make_preview(body). except OSError as problem: "
        "put_object with Key=f'rejected/{key}' and json.dumps of key and str(problem). else: put_object of the preview. "
        "Nothing else is caught.",
    ),
    explanation="Catch what you can say something about, and nothing more. The note keeps the broken photo from being "
    "tried again, and tells the shop whom to ask for a new one. All other errors leave the handler, and Lambda does its "
    "part: it tries again, and keeps what failed for good, if you gave it a destination.",
    check=_CHECK,
)
