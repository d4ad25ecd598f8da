"""apis-1: a price over HTTP, with statuses and errors in one shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import http_answers as http
from ..http_answers import Answer, Mistake, Request
from ..model import Exercise, SubCheck, sub_checks
from ..probe import Probe
from .shop import API

_QUOTE = "kestrel-quote"
_CENTS = {"glossy": 20, "matte": 25}


def _request(**query: str) -> Request:
    return Request("GET", "/quote", query=query)


def _price(copies: int, paper: str) -> dict[str, Any]:
    return {"copies": copies, "paper": paper, "total_cents": copies * _CENTS[paper] + 390}


def _is_fit_for_a_page(answer: Answer) -> None:
    http.is_json(answer)
    http.is_open_to_pages(answer)


def _has_price(answer: Answer, copies: int, paper: str) -> None:
    http.has_status(answer, 200, "200 and the price")
    got = answer.json
    http.has_body(
        answer,
        _price(copies, paper),
        "the three values, for this request",
        mistakes_here=(
            Mistake(
                lambda _answer: isinstance(got, dict) and isinstance(got.get("copies"), str),
                "copies: what comes in a query is always text; int() makes a number of it",
            ),
            Mistake(
                lambda _answer: isinstance(got, dict) and got.get("total_cents") == copies * _CENTS[paper],
                "total_cents: the postage is missing",
            ),
        ),
    )
    _is_fit_for_a_page(answer)


def _refuses(answer: Answer, status: int, code: str, why: str) -> None:
    http.has_status(answer, status, why)
    http.has_error_shape(answer, code)
    _is_fit_for_a_page(answer)


def _prices(probe: Probe) -> None:
    copies = probe.whole_number(2, 900)
    _has_price(http.by_event(probe, _QUOTE, _request(copies=str(copies), paper="matte")), copies, "matte")
    for number in (1, 1000):
        _has_price(http.by_event(probe, _QUOTE, _request(copies=str(number), paper="glossy")), number, "glossy")


def _default_paper(probe: Probe) -> None:
    copies = probe.whole_number(2, 900)
    _has_price(http.by_event(probe, _QUOTE, _request(copies=str(copies))), copies, "glossy")


def _no_copies(probe: Probe) -> None:
    for text in (probe.word(), str(probe.whole_number(1001, 9999)), "0", f"-{probe.whole_number(1, 9)}", "2.5", ""):
        answer = http.by_event(probe, _QUOTE, _request(copies=text, paper="matte"))
        _refuses(answer, 400, "bad-copies", f"400: {text!r} is no whole number from 1 to 1000")
    answer = http.by_event(probe, _QUOTE, _request(paper="matte"))
    _refuses(answer, 400, "bad-copies", "400: copies is missing")


def _no_query(probe: Probe) -> None:
    _refuses(http.by_event(probe, _QUOTE, _request()), 400, "bad-copies", "400: copies is missing")


def _no_such_paper(probe: Probe) -> None:
    answer = http.by_event(probe, _QUOTE, _request(copies="3", paper=probe.word()))
    _refuses(answer, 422, "unknown-paper", "422: it can be understood, and the shop has no such paper")


def _through_the_api(probe: Probe) -> None:
    copies = probe.whole_number(2, 900)
    _has_price(http.by_http(probe, API, _request(copies=str(copies), paper="matte")), copies, "matte")
    _refuses(http.by_http(probe, API, _request()), 400, "bad-copies", "400: copies is missing")


_STEPS = sub_checks(
    ("It tells the price", _prices),
    ("Without a paper it is glossy", _default_paper),
    ("What is no number of copies is 400", _no_copies),
    ("A request without any query is 400, too", _no_query),
    ("A paper that there is not is 422", _no_such_paper),
    ("A page gets all this through the API", _through_the_api),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    # An untouched starter ends here.
    probe.invoke(_QUOTE, _request(copies="1").event(probe), may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="apis-1",
    lesson="05",
    title="What would it cost?",
    kind="fill in",
    points=3,
    minutes=7,
    skills=("proxy integration", "status codes", "query parameters"),
    hints=(
        "The client sees three things of what you return: statusCode, headers and body. Make one small function that "
        "builds that dict, and use it for all answers; then none of them can lack a header.",
        "event['queryStringParameters'] is None when the request has no query, and its values are text. Step 2 of the "
        "worked example shows respond(), and step 4 the header that pages need.",
        "In words: query = event['queryStringParameters'] or {}. Take copies and paper out of it with get and a "
        "default. If copies is no decimal text or out of range, respond 400; if paper is not in CENTS, respond 422; "
        "else respond 200 with the three values. respond has both headers, and json.dumps for the body.",
    ),
    explanation="One small function builds every answer, so every answer has its headers, and each error the same "
    "shape. Whoever writes the page needs to look at one place for what went wrong, and can show the message as it is. "
    "And a client that gets 400 or 422 knows that trying again is of no use.",
    check=_check,
)
