"""Invocation records and the attributes of dead letters."""

from __future__ import annotations

import pytest

from labsupport.localcloud.functions.asynchronous import Ended, QueuedEvent
from labsupport.localcloud.functions.invocation_record import (
    dead_letter_attributes,
    failure_targets,
    invocation_record,
)

from .specimens import REGION, invocation, outcome, specification


def ended(condition, qualifier=None, **event):
    return Ended(QueuedEvent(REGION, "f", qualifier, invocation({"a": 1}), 0.0, **event), specification(), condition)


def failed(payload, **more):
    return ended("RetriesExhausted", attempts=3, outcome=outcome(payload, error=True), status=200, **more)


def test_the_function_is_named_with_the_qualifier_it_was_invoked_by():
    for qualifier, last in ((None, "$LATEST"), ("live", "live"), ("3", "3")):
        arn = invocation_record(failed("x", qualifier=qualifier))["requestContext"]["functionArn"]
        assert arn == f"arn:aws:lambda:us-east-1:123456789012:function:f:{last}"


def test_a_success_counts_as_one_invocation_whatever_went_before():
    record = invocation_record(ended("Success", attempts=2, outcome=outcome(1), status=200))
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


def test_an_event_that_never_ran_has_the_throttles_status_and_no_payload():
    record = invocation_record(ended("EventAgeExceeded", status=429))
    assert record["responseContext"] == {"statusCode": 429}
    assert "responsePayload" not in record


def test_a_response_that_is_not_json_is_a_delivery_error():
    result = outcome(payload=None)
    record = invocation_record(
        ended("Success", attempts=1, status=200, outcome=type(result)(b"plain", *list(vars(result).values())[1:]))
    )
    assert "responsePayload" not in record
    assert record["deliveryError"] == {
        "statusCode": 400,
        "errorCode": "InvalidRequestContentException",
        "errorMessage": "The function response payload could not be parsed as JSON.",
    }


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [
        (failed("it broke"), "200", "it broke"),
        (failed("ä" * 600), "200", "ä" * 512),
        (ended("EventAgeExceeded", status=429), "429", "Rate Exceeded."),
        (ended("ZeroReservedConcurrency"), None, "Function not invoked. Function isconfigured with zero reserved concurrent executions"),
        (failed(""), "200", None),
    ],
    ids=["error", "cut inside no character", "throttled", "zero reserved", "no text"],
)  # fmt: skip
def test_dead_letter_attributes(what, code, message):
    attributes = dead_letter_attributes(what)
    assert attributes["RequestID"]["StringValue"] == what.event.invocation.request_id
    assert attributes.get("ErrorCode", {}).get("StringValue") == code
    assert attributes.get("ErrorMessage", {}).get("StringValue") == message


def test_where_a_failed_event_goes_in_words():
    assert failure_targets(specification(on_failure="A", dead_letter_target="B")) == (
        "went to the on-failure destination A and the dead-letter queue B"
    )
    assert failure_targets(specification()).startswith("is gone, because the function has neither")
