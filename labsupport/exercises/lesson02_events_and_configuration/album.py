"""events-3: a handler that stops before its timeout."""

from __future__ import annotations

from collections.abc import Iterator

from .. import expectations, mistakes
from ..expectations import value
from ..messages import Message
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotYet
from ..probe import Probe

_ALBUM = "kestrel-album"
_ALBUM_SECONDS = 1
#: A handler that stops before this much of its second is used stops too early.
_USED_MILLISECONDS = 200


def _photos(probe: Probe, count: int) -> list[str]:
    return [f"{probe.word(5)}.jpg" for _ in range(count)]


def _timeout_is_kept(probe: Probe) -> None:
    seconds = probe.function(_ALBUM).timeout
    expectations.require(
        seconds == _ALBUM_SECONDS,
        Message(
            did=f"We read the configuration of {_ALBUM}.",
            came_back=f"its Timeout is {seconds} seconds",
            expected=f"the Timeout of {_ALBUM_SECONDS} second: the customer's page waits no longer",
            look="the Timeout setting; a longer one only moves the problem to a longer album",
        ),
    )


def _check_album(probe: Probe, photos: list[str], ms: int) -> list[str]:
    """The photos that were done. Raises NotYet when the two parts are not the album."""
    result = probe.invoke(_ALBUM, {"photos": photos, "ms": ms}, may_fail=True)
    if result.timed_out:
        raise NotYet(
            Message(
                did=f"We invoked {_ALBUM} with {len(photos)} photos of {ms} ms each.",
                came_back=f"Task timed out: Lambda stopped it after {_ALBUM_SECONDS} second, and nothing came back",
                expected="an answer before that: what is done, and the rest",
                look="context.get_remaining_time_in_millis() before each photo: is there time for one more?",
            )
        )
    if result.failed:
        raise mistakes.failure(result)
    done, rest = value(result, "done"), value(result, "rest")
    if not (isinstance(done, list) and isinstance(rest, list)):
        expectations.equal(result, {"done": photos, "rest": []}, expected="an object with two lists, done and rest")
    if done + rest != photos:
        missing = [photo for photo in photos if photo not in done + rest]
        look = "the parts: every photo is in one of them, in the order of the event"
        if missing:
            look = f"the parts: {len(missing)} {'photo is' if len(missing) == 1 else 'photos are'} in neither of them"
        elif len(done) + len(rest) > len(photos):
            look = "the parts: a photo is in both of them, or is from another album"
        raise expectations.wrong(result, expected="done and rest, which together are the album", look=look)
    return list(done)


def _too_early(photos: list[str], done: list[str], ms: int) -> NotYet:
    look = "when you stop: there was time for more; a fixed number of photos is no measure of time"
    if not done:
        look = "when your clock starts: at module level it starts once, not with each invocation"
    return NotYet(
        Message(
            did=f"We invoked {_ALBUM} with {len(photos)} photos of {ms} ms each.",
            came_back=f"{len(done)} done and {len(photos) - len(done)} left over",
            expected="as many photos as there is time for",
            look=look,
        )
    )


def _short_album(probe: Probe) -> None:
    photos, ms = _photos(probe, probe.whole_number(3, 6)), probe.whole_number(20, 40)
    done = _check_album(probe, photos, ms)
    if len(done) < len(photos):
        raise _too_early(photos, done, ms)


def _many_quick_photos(probe: Probe) -> None:
    photos = _photos(probe, probe.whole_number(40, 60))
    done = _check_album(probe, photos, 1)
    if len(done) < len(photos):
        raise _too_early(photos, done, 1)


def _long_album(probe: Probe) -> None:
    photos, ms = _photos(probe, probe.whole_number(55, 70)), probe.whole_number(40, 60)
    done = _check_album(probe, photos, ms)
    if len(done) * ms < _USED_MILLISECONDS:
        raise _too_early(photos, done, ms)


def _slow_photos(probe: Probe) -> None:
    # After three of the first kind, or two of the second, there is time left, but not for one more.
    for ms in (probe.whole_number(252, 258), probe.whole_number(336, 344)):
        photos = _photos(probe, probe.whole_number(8, 12))
        if not _check_album(probe, photos, ms):
            raise _too_early(photos, [], ms)


def _next_album(probe: Probe) -> None:
    _check_album(probe, _photos(probe, 60), 50)
    _short_album(probe)


_STEPS = sub_checks(
    ("Its timeout is what it was", _timeout_is_kept),
    ("A short album is done to its end", _short_album),
    ("So are many quick photos", _many_quick_photos),
    ("A long album comes back in two parts", _long_album),
    ("Slow photos are no trap", _slow_photos),
    ("The next album has all the time again", _next_album),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    # An untouched starter ends here: its timeout alone, which the lesson's cell sets, is worth nothing.
    probe.invoke(_ALBUM, {"photos": _photos(probe, 1), "ms": 1}, may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="events-3",
    lesson="02",
    title="Stop before Lambda does",
    kind="debug",
    points=4,
    minutes=5,
    skills=("timeout", "context", "partial result"),
    hints=(
        "Lambda does not ask before it stops a function, and of a stopped function nothing comes back. So the handler "
        "must stop by itself, in time to answer.",
        "context.get_remaining_time_in_millis() tells how many milliseconds are left now. Ask before each photo. What "
        "must still fit in? One more photo, and the way back.",
        "In words: go through the photos with their position. If the remaining time is less than ms plus a reserve of "
        "200, return what is done and the photos from this position on. After the loop, return all as done and an "
        "empty rest.",
    ),
    explanation="The caller gets what is done, knows what is left, and can send the rest as a new event. A longer "
    "Timeout would only have moved the wall. A fixed number of photos would have been a guess about their size. The "
    "context knows the time that is left, also when the timeout is changed later.",
    check=_check,
)
