"""apis-2: an album that two people change: ETag, If-Match, and a condition."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .. import expectations, tables
from .. import http_answers as http
from ..http_answers import Answer, Mistake, Request
from ..messages import Message, shown
from ..model import Exercise, SubCheck, sub_checks
from ..probe import Probe
from .shop import API

_ALBUM = "kestrel-album-api"
_TABLE = "kestrel-albums"
_TAG = re.compile(r'(?:W/)?"[^"]*"')
_AT_ONCE = 5
_ROUNDS = 4


def _get(album_id: str) -> Request:
    return Request("GET", "/albums/{id}", {"id": album_id})


def _put(album_id: str, body: Any, tag: str | None = None, header: str = "If-Match") -> Request:
    headers = {} if tag is None else {header: tag}
    text = body if isinstance(body, str) else json.dumps(body)
    return Request("PUT", "/albums/{id}", {"id": album_id}, headers=headers, body=text)


def _content(probe: Probe) -> dict[str, Any]:
    return {"title": probe.word().title(), "photos": [f"{probe.word()}.jpg" for _ in range(probe.whole_number(1, 4))]}


@contextlib.contextmanager
def _an_album(probe: Probe) -> Iterator[dict[str, Any]]:
    """An album in the table, which is gone afterwards."""
    album = {"id": f"check-{probe.word()}", **_content(probe)}
    with tables.cleared(probe, _TABLE, [{"id": album["id"]}]):
        tables.put(probe, _TABLE, album | {"version": probe.whole_number(1, 9)})
        yield album


def _tag_of(answer: Answer) -> str:
    tag = answer.headers.get("etag", "")
    if not tag:
        raise http.wrong(answer, "an ETag", "the header ETag: it is missing")
    if not _TAG.fullmatch(tag):
        raise http.wrong(answer, "an ETag", f"the header ETag: it is {tag}, without double quotation marks around it")
    return tag


def _shows(answer: Answer, album: dict[str, Any], look: str = "") -> str:
    """The answer is 200 with this album; returns its tag."""
    http.has_status(answer, 200, "200 with the album")
    http.has_body(answer, album, "id, title and photos of the album", look=look)
    http.is_json(answer)
    return _tag_of(answer)


def _is_unchanged(probe: Probe, did: str, album: dict[str, Any], look: str) -> None:
    found = tables.item_of(probe, _TABLE, {"id": album["id"]}) or {}
    same = all(found.get(name) == album[name] for name in ("title", "photos"))
    expectations.require(
        same,
        Message(did=did, came_back=f"the album in the table: {shown(found.get('title', 'none'), 60)}", expected="the album as it was", look=look),
    )  # fmt: skip


def _reads(probe: Probe) -> None:
    with _an_album(probe) as album:
        first = _shows(http.by_event(probe, _ALBUM, _get(album["id"])), album)
        again = _shows(http.by_event(probe, _ALBUM, _get(album["id"])), album)
        if first != again:
            answer = http.by_event(probe, _ALBUM, _get(album["id"]))
            raise http.wrong(
                answer, "the same tag while nothing changes", "the tag: it is another one with each request"
            )


def _not_there(probe: Probe) -> None:
    for request in (_get(f"check-{probe.word()}"), _put(f"check-{probe.word()}", _content(probe), '"1"')):
        answer = http.by_event(probe, _ALBUM, request)
        try:
            http.has_status(answer, 404, "404: there is no such album")
            http.has_error_shape(answer)
        finally:
            tables.delete(probe, _TABLE, {"id": request.parameters["id"]})


def _replaces(probe: Probe) -> None:
    with _an_album(probe) as album:
        key = album["id"]
        tag = _shows(http.by_event(probe, _ALBUM, _get(key)), album)
        for header in ("If-Match", "if-match"):
            wanted = _content(probe)
            answer = http.by_event(probe, _ALBUM, _put(key, wanted, tag, header))
            http.has_status(
                answer,
                200,
                "200: the tag is the newest",
                mistakes_here=(
                    Mistake(
                        lambda got, header=header: got.status == 428,  # type: ignore[misc]
                        f"the header {header}: it was there; clients write header names in upper or lower case",
                    ),
                ),
            )
            newer = _shows(answer, {"id": key} | wanted)
            if newer == tag:
                raise http.wrong(answer, "another tag after a change", "the tag: it is still that of the album before")
            _is_unchanged(
                probe, answer.did, {"id": key} | wanted, "what is written: the title and the photos of the body"
            )
            read = http.by_event(probe, _ALBUM, _get(key))
            if _shows(read, {"id": key} | wanted) != newer:
                raise http.wrong(
                    read, "the tag that PUT has just given", "the tag: PUT and GET give different ones for one album"
                )
            tag = newer


def _needs_a_tag(probe: Probe) -> None:
    with _an_album(probe) as album:
        answer = http.by_event(probe, _ALBUM, _put(album["id"], _content(probe)))
        _is_unchanged(probe, answer.did, album, "If-Match: without it nothing may be changed")
        http.has_status(answer, 428, "428: which version is meant?")
        http.has_error_shape(answer)


def _old_tag(probe: Probe) -> None:
    with _an_album(probe) as album:
        key = album["id"]
        old = _shows(http.by_event(probe, _ALBUM, _get(key)), album)
        newer = _content(probe)
        http.has_status(http.by_event(probe, _ALBUM, _put(key, newer, old)), 200, "200: the tag is the newest")
        answer = http.by_event(probe, _ALBUM, _put(key, _content(probe), old))
        http.has_status(
            answer,
            412,
            "412: the album has changed since that tag",
            look="If-Match: is it compared with the album's tag of now?",
        )
        http.has_error_shape(answer)
        _is_unchanged(probe, answer.did, newer | {"id": key}, "the order: compare first, then write")


def _at_once(probe: Probe) -> None:
    def status(request: Request) -> int:
        answer = probe.client("lambda").invoke(FunctionName=_ALBUM, Payload=json.dumps(request.event(probe)).encode())
        payload = json.loads(answer["Payload"].read())
        return int(payload.get("statusCode", 0)) if isinstance(payload, dict) else 0

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in range(_ROUNDS):
            with _an_album(probe) as album:
                tag = _shows(http.by_event(probe, _ALBUM, _get(album["id"])), album)
                found = list(pool.map(status, [_put(album["id"], _content(probe), tag) for _ in range(_AT_ONCE)]))
                expectations.require(
                    sorted(found) == [200] + [412] * (_AT_ONCE - 1),
                    Message(
                        did=f"We saved one album {_AT_ONCE} times at the same moment, each time with the same tag.",
                        came_back=f"the statuses {', '.join(map(str, sorted(found)))}",
                        expected="200 once, and 412 for all others",
                        look="put_item: others write between your look and your write; it needs a ConditionExpression"
                        if found.count(200) > 1
                        else "ConditionFailed: what the condition refuses is 412, too",
                    ),
                )


def _no_album(probe: Probe) -> None:
    with _an_album(probe) as album:
        tag = _shows(http.by_event(probe, _ALBUM, _get(album["id"])), album)
        for body, why in (
            ("{title", "the body is no JSON"),
            (json.dumps({"photos": []}), "title is missing"),
            ("[]", "the body is no object"),
        ):
            answer = http.by_event(probe, _ALBUM, _put(album["id"], body, tag))
            http.has_status(answer, 400, f"400: {why}")
            http.has_error_shape(answer)
            _is_unchanged(probe, answer.did, album, "the order: look at the body first, then write")


def _through_the_api(probe: Probe) -> None:
    with _an_album(probe) as album:
        tag = _shows(http.by_http(probe, API, _get(album["id"])), album)
        wanted = _content(probe)
        newer = _shows(http.by_http(probe, API, _put(album["id"], wanted, tag)), {"id": album["id"]} | wanted)
        http.has_status(http.by_http(probe, API, _put(album["id"], wanted, tag)), 412, "412: that tag is old")
        last = http.by_http(probe, API, _put(album["id"], wanted, newer))
        _shows(last, {"id": album["id"]} | wanted)


_STEPS = sub_checks(
    ("It shows an album, with its tag", _reads),
    ("What is not there is 404", _not_there),
    ("With the newest tag it replaces", _replaces),
    ("Without a tag it changes nothing", _needs_a_tag),
    ("With an old tag it changes nothing", _old_tag),
    ("Of many at once, one gets through", _at_once),
    ("What is no album is 400", _no_album),
    ("All this through the API", _through_the_api),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_ALBUM)
    tables.needed(probe, _TABLE)
    # An untouched starter ends here.
    probe.invoke(_ALBUM, _get("none").event(probe), may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="apis-2",
    lesson="05",
    title="An album with two editors",
    kind="write",
    points=5,
    minutes=10,
    skills=("ETag", "conditional write", "path parameters"),
    hints=(
        "The tag stands for what the client has seen. Whoever writes says it, and you write only if it is still so. "
        "Two can pass the same comparison at the same moment, so the table has to decide, in the step that writes.",
        "orders_api.py has header() for names in any spelling, and orders_store.py has replace() with the condition "
        "on the version. Item numbers come as Decimal; neither the tag nor the body needs them as such.",
        "In words: read the item; none: 404. GET: 200 with id, title, photos, and the version between quotation marks "
        "as ETag. PUT: no If-Match: 428. Parse the body; no JSON, no title: 400. Tag differs: 412. put_item with "
        "version + 1 and the condition that version is still what you read; ConditionFailed: 412. Else 200, new tag.",
    ),
    explanation="Nobody holds a lock, and nobody waits. Each writer says what it has seen, and the table compares in "
    "the step that writes. The one who comes second is told so, while its user still remembers what it was about. The "
    "check saved five times at the same moment: a comparison in your code alone lets several through.",
    check=_check,
)
