"""A message as a record of the event that a function gets.

Source: Lambda Developer Guide, "Using Lambda with Amazon SQS" (example events); where md5OfMessageAttributes stands is as
recorded from AWS.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..functions.recursion import runs_in_chain


@dataclass(frozen=True)
class Message:
    """A received message. ``size`` is the most bytes that its record takes in an event."""

    id: str
    receipt_handle: str
    record: dict[str, Any]
    size: int

    @classmethod
    def of(cls, received: dict[str, Any], queue_arn: str, batching_window: bool) -> Message:
        """From the moto process's form of it (``moto_seam_queues``). With a batching window, AWS's records have
        md5OfMessageAttributes also when there are no attributes."""
        record = {
            "messageId": received["id"],
            "receiptHandle": received["receipt_handle"],
            "body": received["body"],
            "attributes": received["system_attributes"],
            "messageAttributes": {name: _attribute(value) for name, value in received["attributes"].items()},
        }
        if received["attributes_md5"] is not None or batching_window:
            record["md5OfMessageAttributes"] = received["attributes_md5"]
        record |= {
            "md5OfBody": received["body_md5"],
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": queue_arn.split(":")[3],
        }
        return cls(received["id"], received["receipt_handle"], record, received["size"])


def _attribute(value: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "StringValue" in value:
        shown["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        shown["binaryValue"] = value["BinaryValue"]
    return shown | {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}


def event(messages: Sequence[Message]) -> bytes:
    """The event of one batch."""
    document = {"Records": [message.record for message in messages]}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def trace_header(messages: Sequence[Message], function_arn: str) -> str | None:
    """The X-Ray header for an invocation with these messages: of the longest chain that ``function_arn`` is part of."""
    headers = [message.record["attributes"].get("AWSTraceHeader") for message in messages]
    return max((one for one in headers if one), key=lambda one: runs_in_chain(one, function_arn), default=None)
