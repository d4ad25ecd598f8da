"""Forms of answers beyond those of ``tests/fidelity/test_rest_api.py``."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.gateway.rest.errors import GatewayError
from labsupport.localcloud.gateway.rest.proxy_response import proxy_response


def answer(document, accept=None, binary=()):
    return proxy_response(json.dumps(document).encode(), accept, binary)


@pytest.mark.parametrize(
    ("accept", "binary", "body"),
    [
        ("image/png", ("image/png",), b"\x00\xff"),
        ("image/webp,image/png", ("image/png",), b"AP8="),
        ("image/png;q=0.9,*/*", ("image/png",), b"\x00\xff"),
        ("*/*", ("*/*",), b"\x00\xff"),
        (None, ("*/*",), b"\x00\xff"),
        (None, ("image/png",), b"AP8="),
        ("image/gif", ("image/*",), b"\x00\xff"),
        ("image/png", (), b"AP8="),
    ],
)
def test_base64_is_decoded_by_the_first_accepted_type(accept, binary, body):
    assert answer({"body": "AP8=", "isBase64Encoded": True}, accept, binary).body == body


def test_base64_that_is_none_is_malformed():
    with pytest.raises(GatewayError) as problem:
        answer({"body": "not base64!", "isBase64Encoded": True}, "image/png", ("image/png",))
    assert problem.value.log == "Execution failed due to configuration error: Malformed Lambda proxy response"


@pytest.mark.parametrize("status", [True, 99, 101, 600, 1000, -1, 20.5, "abc", [200]])
def test_a_status_that_is_none_of_http_is_malformed(status):
    with pytest.raises(GatewayError):
        answer({"statusCode": status})


def test_a_body_may_have_any_letters():
    assert answer({"body": "Grüße 🖼"}).body == "Grüße 🖼".encode()
