"""What is said of an asynchronous invocation that has ended: the invocation record, and a dead letter's attributes.

Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from . import limits
from .asynchronous import Ended
from .recursion import RecursionStopped
from .specification import FunctionSpecification

_MESSAGES = {
    # As observed on AWS, its slip of the pen included.
    "ZeroReservedConcurrency": "Function not invoked. Function isconfigured with zero reserved concurrent executions",
    "RecursiveInvocation": str(RecursionStopped()),
}


def invocation_record(ended: Ended) -> dict[str, Any]:
    """The JSON document that a destination gets, keys in AWS's order.

    What never reached the function has no response payload. A success counts as one invocation, whatever was tried
    before it (observed on AWS; the count is called approximate).
    """
    event, outcome = ended.event, ended.event.outcome
    qualifier = event.qualifier or "$LATEST"
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": event.invocation.request_id,
            "functionArn": f"{ended.specification.arn}:{qualifier}",
            "condition": ended.condition,
            "approximateInvokeCount": 1 if ended.condition == "Success" else event.attempts,
        },
        "requestPayload": json.loads(event.invocation.payload),
    }
    if ended.condition == "ZeroReservedConcurrency" or event.status is None:
        return record
    record["responseContext"] = {"statusCode": event.status}
    if outcome is None:
        return record
    record["responseContext"]["executedVersion"] = outcome.executed_version
    if outcome.function_error:
        record["responseContext"]["functionError"] = outcome.function_error
    try:
        record["responsePayload"] = json.loads(outcome.payload)
    except ValueError:
        record["deliveryError"] = {
            "statusCode": 400,
            "errorCode": "InvalidRequestContentException",
            "errorMessage": "The function response payload could not be parsed as JSON.",
        }
    return record


def dead_letter_attributes(ended: Ended) -> dict[str, dict[str, str]]:
    """Message attributes of a dead letter: RequestID, ErrorCode (a status, absent when nothing was tried) and the
    first 1 KB of the error's text."""
    event = ended.event
    message = _MESSAGES.get(ended.condition, "Rate Exceeded." if event.status == 429 else "")
    if event.outcome is not None:
        try:
            document = json.loads(event.outcome.payload)
            message = str(document.get("errorMessage", ""))
        except (ValueError, AttributeError):
            message = ""
    message = message.encode()[: limits.DEAD_LETTER_ERROR_MESSAGE_BYTES].decode(errors="ignore")
    attributes = {"RequestID": {"DataType": "String", "StringValue": event.invocation.request_id}}
    if event.status is not None and ended.condition != "ZeroReservedConcurrency":
        attributes["ErrorCode"] = {"DataType": "Number", "StringValue": str(event.status)}
    if message:  # SQS and SNS refuse an attribute without a value
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": message}
    return attributes


def failure_targets(specification: FunctionSpecification) -> str:
    """In words: where an event that failed goes."""
    targets = []
    if specification.on_failure:
        targets.append(f"the on-failure destination {specification.on_failure}")
    if specification.dead_letter_target:
        targets.append(f"the dead-letter queue {specification.dead_letter_target}")
    if not targets:
        return "is gone, because the function has neither an on-failure destination nor a dead-letter queue"
    return "went to " + " and ".join(targets)
