"""The gateway's tape: the last requests to each API, bounded in number and in size."""

from __future__ import annotations

from labsupport.localcloud.gateway.http_message import HttpRequest, HttpResponse
from labsupport.localcloud.gateway.tape import Tape


def request(path: str = "/prod/orders", body: bytes = b"", query: str = "") -> HttpRequest:
    return HttpRequest(
        "POST", path, query, (("Accept", "*/*"),), body, "127.0.0.1", "HTTP/1.1", 1768472430.456, "a.b.c"
    )


def test_a_request_is_told_with_its_answer_and_the_event_of_the_function() -> None:
    tape = Tape()
    notes = {"request_id": "r-1", "event": {"body": "{}"}, "function": "kestrel-orders", "function_seconds": 0.002}
    tape.record(
        "abc", request("/prod/orders/a%20b", b"{}", "x=1"), HttpResponse(201, (("A", "b"),), b"ok", notes), 0.005
    )

    (told,) = tape.of("abc")

    assert told["stage"] == "prod"
    assert told["request"] == {
        "method": "POST",
        "path": "/orders/a%20b?x=1",
        "headers": [["Accept", "*/*"]],
        "body": "{}",
        "bytes": 2,
    }
    assert told["response"] == {"status": 201, "headers": [["A", "b"]], "body": "ok", "bytes": 2}
    assert (told["request_id"], told["function"], told["function_ms"], told["duration_ms"]) == (
        "r-1",
        "kestrel-orders",
        2,
        5,
    )
    assert told["event"] == {"body": "{}"}
    assert told["time_ms"] == 1768472430456


def test_what_no_function_answered_has_no_event() -> None:
    tape = Tape()
    tape.record("abc", request(), HttpResponse(403, (), b"{}"), 0.001)

    assert tape.of("abc")[0]["event"] is None
    assert tape.of("abc")[0]["function_ms"] is None
    assert tape.of("another") == []


def test_the_last_fifty_requests_of_the_last_twenty_apis_are_kept() -> None:
    tape = Tape()
    for api in range(25):
        for number in range(60):
            tape.record(f"api-{api}", request(f"/prod/{number}"), HttpResponse(200), 0)

    assert tape.of("api-4") == []
    assert [told["request"]["path"] for told in tape.of("api-5")] == [f"/{number}" for number in range(10, 60)]


def test_long_bodies_are_cut_and_their_size_is_told() -> None:
    tape = Tape()
    text = "ä" * 5000
    tape.record(
        "abc", request(body=text.encode()), HttpResponse(200, (), b"\x89PNG" * 5000, {"event": {"body": text}}), 0
    )

    (told,) = tape.of("abc")

    assert told["request"]["bytes"] == 10_000
    assert told["request"]["body"] == "ä" * 2048 + " …"
    assert (told["response"]["body"], told["response"]["bytes"]) == ("", 20_000)
    assert told["event"]["body"] == "ä" * 4096 + " … (cut)"
