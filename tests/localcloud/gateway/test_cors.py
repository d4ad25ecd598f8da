"""CORS from the configuration of an API or a function URL."""

from __future__ import annotations

import pytest

from labsupport.localcloud.gateway.cors import Cors, without_cors
from labsupport.localcloud.gateway.http_message import HttpRequest


def request(origin: str | None) -> HttpRequest:
    headers = (("Origin", origin),) if origin is not None else ()
    return HttpRequest("GET", "/", "", headers, b"", "127.0.0.1", "HTTP/1.1", 0.0, "abc.example")


def test_no_configuration_is_none() -> None:
    assert Cors.of(None) is None
    assert Cors.of({}) is None


@pytest.mark.parametrize(
    ("allowed", "origin", "named"),
    [
        (["*"], "https://a.example", "*"),
        (["https://*"], "https://a.example", "https://a.example"),
        (["https://*"], "http://a.example", None),
        (["https://a.example", "https://b.example"], "https://b.example", "https://b.example"),
        (["https://a.example"], "https://a.example.evil", None),
        (["https://A.example"], "https://a.example", "https://a.example"),
        (["*"], None, None),
        ([], "https://a.example", None),
    ],
)
def test_the_origin_decides(allowed: list[str], origin: str | None, named: str | None) -> None:
    cors = Cors.of({"AllowOrigins": allowed})
    assert cors is not None
    headers = dict(cors.actual(request(origin)))
    assert headers.get("Access-Control-Allow-Origin") == named
    assert headers.get("Vary") == ("Origin" if named not in (None, "*") else None)


def test_keys_of_both_services_are_read() -> None:
    of_api = Cors.of({"allowOrigins": ["*"], "allowMethods": ["GET"], "maxAge": 0})
    assert of_api == Cors.of({"AllowOrigins": ["*"], "AllowMethods": ["GET"], "MaxAge": 0})
    assert of_api is not None
    assert dict(of_api.preflight(request("https://a.example")))["Access-Control-Max-Age"] == "0"


def test_headers_of_the_function_can_be_left_out() -> None:
    headers = (("access-control-allow-origin", "*"), ("X-Mine", "1"), ("Access-Control-Max-Age", "5"))
    assert without_cors(headers) == (("X-Mine", "1"),)
