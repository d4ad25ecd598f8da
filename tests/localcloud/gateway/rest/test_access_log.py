"""Lines of access logs."""

from __future__ import annotations

import pytest

from labsupport.localcloud.gateway.rest.access_log import Destination, destination, line, stream_name

CONTEXT = {
    "requestId": "r-1",
    "status": 200,
    "error": {"message": 'it said "no"\n', "messageString": None},
    "identity": {"sourceIp": "127.0.0.1", "userAgent": "", "caller": None},
    "authorizer": {"principalId": "kim", "is-admin": "true", "ok": True},
}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("$context.requestId", "r-1"),
        ("$context.status,$context.identity.sourceIp", "200,127.0.0.1"),
        ("[$context.requestId]", "[r-1]"),
        ('{"id":"$context.requestId","who":"$context.authorizer.principalId"}', '{"id":"r-1","who":"kim"}'),
        ("$context.identity.caller $context.identity.userAgent $context.missing.deep", "- - -"),
        ("$context.identity", "-"),
        ("$context.requestId.", "r-1."),
        ("$context.authorizer.is-admin $context.authorizer.ok", "true true"),
        ("$context requestId $stage", "$context requestId $stage"),
    ],
)
def test_variables_are_replaced_and_those_without_a_value_are_hyphens(form, expected):
    assert line(form, CONTEXT) == expected


def test_a_value_cannot_make_a_second_line_or_leave_its_quotation_marks():
    assert line('"$context.error.message"', CONTEXT) == '"it said \\"no\\"\\n"'


def test_a_log_group_is_found_in_its_arn_with_and_without_the_star():
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/apigw/orders"
    assert destination(arn) == destination(f"{arn}:*") == Destination("eu-west-1", "/aws/apigw/orders")
    assert destination("arn:aws:firehose:us-east-1:123456789012:deliverystream/amazon-apigateway-x") is None


def test_a_stage_keeps_its_log_stream():
    assert stream_name("a", "prod") == stream_name("a", "prod") != stream_name("a", "dev")
    assert len(stream_name("a", "prod")) == 32
