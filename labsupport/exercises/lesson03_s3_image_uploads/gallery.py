"""s3-5: results that follow what is in the bucket, whatever comes late, twice, or in the wrong order."""

from __future__ import annotations

from .. import notifications, pictures, uploads
from ..messages import Message
from ..model import Exercise, sub_checks
from ..outcomes import CheckStop, NotYet
from ..pictures import BLUE, GREEN, RED, colour_at, is_near
from ..probe import Probe
from ..uploads import Trial
from .wiring import SECONDS, is_wired, it_works_when_invoked, what_is_missing

_GALLERY = "kestrel-gallery"
_BUCKET = "gallery"


def _copy_is_there(trial: Trial, key: str, colour: pictures.Colour) -> None:
    stored = trial.made(f"gallery/{key}", key)
    picture = pictures.opened(stored.body)
    if picture is None or not is_near(colour_at(picture, 0.5, 0.5), colour):
        raise NotYet(
            Message(
                did=trial.did(key),
                came_back="a copy that is no picture" if picture is None else "a copy of an earlier photo of this key",
                expected=f"gallery/{key} shows the photo that is in the bucket now",
                look="small_copy(body), with the body you just fetched",
            )
        )


def _copy_is_gone(trial: Trial, key: str, did: str, look: str) -> None:
    if trial.found(f"gallery/{key}") is not None:
        raise NotYet(Message(did, f"gallery/{key} is still there", "no copy of a photo that is not there", look))


def _photo(colour: pictures.Colour) -> bytes:
    return pictures.jpeg(pictures.plain(320, 240, colour))


def _new_photo(probe: Probe) -> None:
    with uploads.trial(probe, _GALLERY) as trial:
        key = trial.key(probe.rng.choice(uploads.AWKWARD_KEYS))
        trial.run(trial.put(key, _photo(GREEN)))
        _copy_is_there(trial, key, GREEN)
        trial.run(trial.put(key, _photo(RED)))
        _copy_is_there(trial, key, RED)


def _deleted_photo(probe: Probe) -> None:
    with uploads.trial(probe, _GALLERY) as trial:
        key = trial.key(probe.rng.choice(uploads.AWKWARD_KEYS))
        trial.run(trial.put(key, _photo(GREEN)))
        _copy_is_there(trial, key, GREEN)
        removed = trial.remove(key)
        did = f"We deleted {key} from the bucket and invoked {_GALLERY} with the event of that."
        _run(trial, removed, did)
        _copy_is_gone(trial, key, did, "delete_object of the copy: which bucket, which key, and whether it is reached")
        _run(trial, removed, f"We sent the event of the deleted {key} for the second time.")


def _run(trial: Trial, record: dict[str, object], did: str) -> None:
    """Invoke; a photo that is not there must not fail the function."""
    result = trial.try_run(record)
    if not result.failed:
        return
    stop: CheckStop = uploads.failure(result)
    if result.error_type == "NoSuchKey" or "(404)" in result.error_message:
        stop = NotYet(
            Message(
                did,
                f"{result.error_type}: {result.error_message}",
                "no failure: the photo is gone, and the copy goes as well",
                "s3.exceptions.NoSuchKey: get_object raises it for a photo that is not there",
            ),
            result.traceback,
        )
    raise stop


def _late_created(probe: Probe) -> None:
    with uploads.trial(probe, _GALLERY) as trial:
        key = trial.key("late {}.jpg")
        created = trial.put(key, _photo(BLUE))
        removed = trial.remove(key)
        trial.run(removed)
        did = f"We put {key} and deleted it. The event of the new photo came last."
        _run(trial, created, did)
        _copy_is_gone(trial, key, did, "what you go by: not the event's name, but whether the photo is there now")


def _late_removed(probe: Probe) -> None:
    with uploads.trial(probe, _GALLERY) as trial:
        key = trial.key("back+again {}.jpg")
        trial.run(trial.put(key, _photo(RED)))
        removed = trial.remove(key)
        created = trial.put(key, _photo(GREEN))
        trial.run(created)
        trial.run(removed)
        if trial.found(f"gallery/{key}") is None:
            raise NotYet(
                Message(
                    did=f"We deleted {key} and put a new one. The event of the deletion came last.",
                    came_back=f"gallery/{key} is gone, though the photo is there",
                    expected="a copy of every photo that is there",
                    look="what you go by: an event tells that something happened; the bucket tells how it is now",
                )
            )
        _copy_is_there(trial, key, GREEN)


def _what_may_pass(probe: Probe) -> None:
    with uploads.trial(probe, _GALLERY) as trial:
        nowhere = f"{trial.source}-2"
        result = trial.try_run(uploads.record(nowhere, trial.key("{}.jpg")))
        if not result.failed:
            raise NotYet(
                Message(
                    did=f"We invoked {_GALLERY} with an event about a bucket that it may not read.",
                    came_back="no failure",
                    expected="a failure: Lambda tries again, and nothing is deleted because of it",
                    look="the except: NoSuchKey says that the photo is gone; nothing else does",
                )
            )


def _both_call(probe: Probe) -> None:
    bucket, results = uploads.shop_bucket(probe, _BUCKET), uploads.shop_bucket(probe, "thumbnails")
    rules = notifications.rules(probe, bucket, probe.function(_GALLERY).arn)
    word = probe.word()
    for event in ("ObjectCreated:Put", "ObjectRemoved:Delete"):
        if is_wired(probe, _GALLERY, bucket) and not any(rule.calls(event, f"{word}.jpg") for rule in rules):
            raise NotYet(
                Message(
                    did=f"We compared the rules of {bucket} with {event} of {word}.jpg.",
                    came_back=f"S3 would not call {_GALLERY}; it does for "
                    + ", ".join(one for rule in rules for one in rule.events),
                    expected="calls for new photos and for deleted ones",
                    look="Events: a list that may have several entries",
                )
            )
    it_works_when_invoked(probe, _GALLERY, "on {}+1.jpg", "gallery/on {}+1.jpg", _photo(RED))
    photo, copy = f"on {word}+1.jpg", f"gallery/on {word}+1.jpg"
    s3 = probe.client("s3")
    s3.put_object(Bucket=bucket, Key=photo, Body=_photo(RED), ContentType="image/jpeg")
    seconds = SECONDS if is_wired(probe, _GALLERY, bucket) else 1.0
    there = uploads.wait_until_stored(probe, results, copy, seconds) is not None
    s3.delete_object(Bucket=bucket, Key=photo)
    gone = uploads.wait_until_gone(probe, results, copy, seconds)
    s3.delete_object(Bucket=results, Key=copy)
    if not there or not gone:
        raise NotYet(
            Message(
                did=f"We put {photo} into {bucket}, waited, and deleted it.",
                came_back=f"no {copy} in {results}" if not there else f"{copy} stayed in {results}",
                expected=f"S3 calls {_GALLERY} by itself, both times",
                look=what_is_missing(probe, _GALLERY, bucket),
            )
        )


_CHECK = sub_checks(
    ("A new photo gets a copy, a newer one replaces it", _new_photo),
    ("The copy of a deleted photo goes, once and for all", _deleted_photo),
    ("A late event brings no photo back", _late_created),
    ("A late event removes no photo", _late_removed),
    ("What may pass is a failure", _what_may_pass),
    ("Uploads and deletions call it", _both_call),
)


EXERCISE = Exercise(
    id="s3-5",
    lesson="03",
    title="What is there counts",
    kind="design",
    points=5,
    minutes=10,
    skills=("idempotency", "order of events", "S3 notification"),
    hints=(
        "Events come late, twice, or in the wrong order. If the function does what the event says, an old event undoes a "
        "new one. So take the event as a hint: something happened to this key. Then look how it is now.",
        "get_object tells both: it gives you the photo, or it raises s3.exceptions.NoSuchKey. The name of the event is not "
        "needed at all. delete_object does not mind a copy that is gone already.",
        "In words: try get_object. except s3.exceptions.NoSuchKey: delete_object of the copy. else: put_object of "
        "small_copy(body). For the wiring: connect, with events s3:ObjectCreated:* and s3:ObjectRemoved:*.",
    ),
    explanation="Whatever the order of the events, the last run sees the bucket as it is, and makes the gallery agree "
    "with it. The same event twice does the same thing twice, which does no harm: the function is idempotent. It costs "
    "one look at S3, and saves you from thinking about order. One gap is left: two runs for one key at the very same "
    "moment may cross. Lesson 04 has writes with a condition, which close such gaps.",
    check=_CHECK,
)
