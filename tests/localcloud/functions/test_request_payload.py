"""What is JSON to Invoke, and AWS's words for what is not."""

from __future__ import annotations

import pytest

from labsupport.localcloud.functions.request_payload import PayloadNotJson, check_json

PREFIX = "Could not parse request body into json: Could not parse payload into json: "


@pytest.mark.parametrize("payload", [b"", b"{}", b"null", b"1", b'"text"', b" [1, 2] \n", '{"ß": 1}'.encode()])
def test_json_passes(payload):
    check_json(payload)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (
            b"hello",
            "Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', ",
        ),
        (b"n\x87r", "Invalid UTF-8 start byte 0x87\n at [Source: REDACTED ("),
        (b'{"a":', "Unexpected end-of-input\n at [Source: REDACTED ("),
        (b"{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
        (
            b'{"a" 1}',
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
        ),
        (
            b"\x99",
            "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (JSON String, ",
        ),
        (b'{"a": 1, }', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name\n at "),
        (b"[1, ]", "Unexpected character (']' (code 93)): expected a valid value "),
        (b"%", "Unexpected character ('%' (code 37)): expected a valid value "),
        (b"NaN", "Unrecognized token 'NaN'"),
        (b"[" * 100_000, "Document nesting depth (1001) exceeds the maximum allowed"),
    ],
)
def test_the_words_are_those_of_awss_parser(payload, words):
    with pytest.raises(PayloadNotJson) as refused:
        check_json(payload)
    assert str(refused.value).startswith(PREFIX + words)


def test_the_place_of_an_invalid_byte_is_named():
    with pytest.raises(PayloadNotJson) as refused:
        check_json(b"n\x87r")
    assert str(refused.value).endswith("line: 1, column: 3]")
