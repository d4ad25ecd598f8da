"""apis-3: a function that says 200 to everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import expectations, tables
from .. import http_answers as http
from ..http_answers import Answer, Mistake, Request
from ..messages import Message
from ..model import Exercise, SubCheck, sub_checks
from ..probe import Probe
from .shop import API

_PARCEL = "kestrel-parcel"
_TABLE = "kestrel-parcels"
#: What only Python says. None of it belongs into an answer.
_INSIDES = ("Traceback", "KeyError", "TypeError", 'File "', "/var/task")


def _request(order: str) -> Request:
    return Request("GET", "/parcels/{order}", {"order": order}, headers={"Origin": "https://shop.example"})


def _parcel(probe: Probe) -> dict[str, Any]:
    return {"order": f"check-{probe.word()}", "state": probe.word(), "grams": probe.whole_number(20, 5000)}


def _is_there(answer: Answer, parcel: dict[str, Any]) -> None:
    got = answer.json
    http.has_status(answer, 200, "200 with the parcel")
    http.has_body(
        answer,
        parcel,
        "order, state and grams of the parcel",
        mistakes_here=(
            Mistake(
                lambda _answer: isinstance(got, dict) and isinstance(got.get("grams"), str),
                "grams: it is text; int() makes a number of a Decimal, str() does not",
            ),
        ),
    )
    http.is_json(answer)
    http.is_open_to_pages(answer)


def _is_missing(answer: Answer) -> None:
    http.has_status(answer, 404, "404: this order has no parcel")
    http.has_error_shape(answer)
    http.is_json(answer)
    http.is_open_to_pages(answer)


def _shows(probe: Probe) -> None:
    parcel = _parcel(probe)
    with tables.cleared(probe, _TABLE, [{"order": parcel["order"]}]):
        tables.put(probe, _TABLE, parcel)
        _is_there(http.by_event(probe, _PARCEL, _request(parcel["order"])), parcel)


def _unknown(probe: Probe) -> None:
    _is_missing(http.by_event(probe, _PARCEL, _request(f"check-{probe.word()}")))


def _our_fault(probe: Probe) -> None:
    parcel = _parcel(probe)
    del parcel["grams"]
    with tables.cleared(probe, _TABLE, [{"order": parcel["order"]}]):
        tables.put(probe, _TABLE, parcel)
        answer = http.by_event(probe, _PARCEL, _request(parcel["order"]))
        http.has_status(
            answer,
            500,
            "500: this parcel has no grams, and that is our fault",
            mistakes_here=(
                Mistake(
                    lambda got: got.status == 404,
                    "404: the parcel is there. An except KeyError around everything cannot tell the two apart",
                ),
                Mistake(
                    lambda got: got.status == 200, "except: it swallows the fault and says 200; no alarm will ever ring"
                ),
            ),
        )
        http.has_error_shape(answer)
        http.is_json(answer)
        http.is_open_to_pages(answer)
        told = next((word for word in _INSIDES if word in answer.text), None)
        if told:
            raise http.wrong(
                answer, "nothing of Python's in the answer", f"the message: {told} is for the log, not for strangers"
            )
        log = answer.result.output if answer.result else ""
        expectations.require(
            "Traceback" in log or ("KeyError" in log and "parcel.py" in log) or "stack_trace" in log,
            Message(
                did=f"{answer.did} Then we read its log.",
                came_back="no traceback",
                expected="the traceback of what went wrong",
                look="except: traceback.print_exc() or logging.exception(...) writes it into the log",
            ),
        )


def _through_the_api(probe: Probe) -> None:
    parcel = _parcel(probe)
    with tables.cleared(probe, _TABLE, [{"order": parcel["order"]}]):
        tables.put(probe, _TABLE, parcel)
        _is_there(http.by_http(probe, API, _request(parcel["order"])), parcel)
    _is_missing(http.by_http(probe, API, _request(f"check-{probe.word()}")))


_STEPS = sub_checks(
    ("A parcel that is there is shown", _shows),
    ("An order without a parcel is 404", _unknown),
    ("What is our fault is 500, and in the log", _our_fault),
    ("A page gets all this through the API", _through_the_api),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_PARCEL)
    tables.needed(probe, _TABLE)
    # An untouched starter ends here.
    probe.invoke(_PARCEL, _request("none").event(probe), may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="apis-3",
    lesson="05",
    title="Where is my parcel?",
    kind="debug",
    points=5,
    minutes=8,
    skills=("errors", "CORS", "logging"),
    hints=(
        "There are three different ends: all is well, the client asked for something that is not there, and we have "
        "made a mistake. The colleague's except makes one of the three. Keep them apart, and tell each with its status.",
        "Look at what get_item gives when there is no item. Look at the type of grams. And look at which of the two "
        "answers have headers: as_a_browser above printed None.",
        "In words: get the item. If 'Item' is not in the answer, respond 404. Else respond 200, with int(grams). "
        "Around both: except Exception, traceback.print_exc(), respond 500 with a message that says nothing of "
        "Python. respond puts the two headers on every answer.",
    ),
    explanation="Status 200 was the lie that kept the alarm silent: everything that watches an API counts statuses. "
    "Now a customer's typing error is 404 and wakes nobody, and a fault of yours is 500, with its traceback in the "
    "log and a polite line on the page. And the page can read all of them, because the header is on all of them.",
    check=_check,
)
