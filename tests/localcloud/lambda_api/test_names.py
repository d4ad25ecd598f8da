"""Function names as requests spell them."""

from __future__ import annotations

import pytest

from labsupport.localcloud.lambda_api.names import FunctionName, function_arn, parse_function_name


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("f", FunctionName("f", None, None)),
        ("f:live", FunctionName("f", "live", None)),
        ("f:$LATEST", FunctionName("f", "$LATEST", None)),
        ("function:f", FunctionName("f", None, None)),
        ("123456789012:f", FunctionName("f", None, None, "123456789012")),
        ("123456789012:function:f", FunctionName("f", None, None, "123456789012")),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", FunctionName("f", None, "eu-west-1", "123456789012")),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f:7", FunctionName("f", "7", "eu-west-1", "123456789012")),
        ("a b", None),
        ("", None),
    ],
)
def test_function_names_in_all_their_forms(text, parsed):
    assert parse_function_name(text) == parsed


def test_an_arn_ends_with_the_qualifier_if_there_is_one():
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    assert (function_arn("eu-west-1", "f"), function_arn("eu-west-1", "f", "live")) == (arn, f"{arn}:live")
