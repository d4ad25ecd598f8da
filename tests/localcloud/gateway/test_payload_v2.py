"""Payload format 2.0, and what a function's result means."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.gateway import payload_v2
from labsupport.localcloud.gateway.http_message import HttpRequest


def request(**changes) -> HttpRequest:
    return HttpRequest(
        **{
            "method": "POST",
            "raw_path": "/x",
            "raw_query": "",
            "headers": (("Content-Type", "text/plain"),),
            "body": b"",
            "source_ip": "203.0.113.10",
            "protocol": "HTTP/1.1",
            "received": 1768472430.456,
            "domain_name": "abc.lambda-url.us-east-1.on.aws",
            **changes,
        }
    )


ROUTE = payload_v2.Route("anonymous", "abc", "an-id", "/x")


def test_the_time_of_the_request_is_that_of_its_arrival():
    context = payload_v2.event(request(), ROUTE)["requestContext"]
    assert (context["time"], context["timeEpoch"]) == ("15/Jan/2026:10:20:30 +0000", 1768472430456)


def test_text_that_is_no_utf_8_goes_in_base64():
    assert payload_v2.body_of(request(body=b"\xff")) == ("/w==", True)


def test_a_body_with_an_encoding_goes_in_base64():
    headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    assert payload_v2.body_of(request(headers=headers, body=b"{}")) == ("e30=", True)


@pytest.mark.parametrize("kind", ["application/jsonp", "application/json-patch+json", "image/svg+xml"])
def test_types_that_only_look_like_text_go_in_base64(kind):
    assert payload_v2.body_of(request(headers=(("Content-Type", kind),), body=b"{}"))[1] is True


def test_a_plus_in_the_query_is_a_space_and_an_empty_pair_nothing():
    assert payload_v2.joined_query("a=1+2&&b&=c&a=%2B") == {"a": "1 2,+", "b": "", "": "c"}


def test_all_cookie_headers_come_together():
    headers, cookies = payload_v2.joined_headers((("Cookie", "a=1; b=2"), ("X", "y"), ("cookie", "c=3;")))
    assert (headers, cookies) == ({"x": "y"}, ["a=1", "b=2", "c=3"])


def test_what_is_no_json_is_the_body_as_it_is():
    answer = payload_v2.response(b'{"name": "John Doe", "age":', payload_v2.HTTP_API)
    assert (answer.status, answer.body) == (200, b'{"name": "John Doe", "age":')


def test_only_a_function_url_writes_json_anew():
    for answering, body in ((payload_v2.HTTP_API, b'{"a": [1, 2]}'), (payload_v2.FUNCTION_URL, b'{"a":[1,2]}')):
        assert payload_v2.response(b'{"a": [1, 2]}', answering).body == body


def test_values_of_headers_become_text_and_null_is_left_out():
    result = {"statusCode": 204, "headers": {"A": True, "B": 1.5, "C": None, "D": "grün"}}
    answer = payload_v2.response(json.dumps(result).encode(), payload_v2.FUNCTION_URL)
    assert answer.headers[1:] == (("A", "true"), ("B", "1.5"), ("D", "grün"))
    assert answer.body == b""


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ({"statusCode": 200.5}, "statusCode must be a number from 200 to 599, not 200.5"),
        ({"statusCode": True}, "statusCode must be a number from 200 to 599, not true"),
        ({"statusCode": 101}, "statusCode must be a number from 200 to 599, not 101"),
        ({"statusCode": 200, "headers": []}, "headers must be an object"),
        ({"statusCode": 200, "headers": {"a b": "c"}}, '"a b" is no name of a header'),
        ({"statusCode": 200, "headers": {"A": ["b"]}}, 'the value of the header A must be a string, not ["b"]'),
        ({"statusCode": 200, "headers": {"A": "b\r\nC: d"}}, "the value of the header A has a control character in it"),
        ({"statusCode": 200, "cookies": ["a=1\n"]}, "the value of the header cookies has a control character in it"),
        ({"statusCode": 200, "cookies": [1]}, "cookies must be a list of strings"),
        (
            {"statusCode": 200, "body": {}},
            "body must be a string: turn what you return into one with json.dumps",
        ),
        (
            {"statusCode": 200, "body": "ä", "isBase64Encoded": True},
            "isBase64Encoded is true, but body is no base64",
        ),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(result, problem):
    with pytest.raises(payload_v2.MalformedResponse) as refused:
        payload_v2.response(json.dumps(result).encode(), payload_v2.FUNCTION_URL)
    assert str(refused.value) == problem
