"""Records of an event of a queue."""

from __future__ import annotations

import json

from labsupport.localcloud.functions.recursion import next_trace
from labsupport.localcloud.triggers.queue_records import Message, event, trace_header

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:jobs"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:f"


def message(body="x", *, window=False, trace=None, **attributes):
    received = {
        "id": "1",
        "receipt_handle": "AQEB",
        "body": body,
        "body_md5": "d",
        "system_attributes": {"ApproximateReceiveCount": "1"} | ({"AWSTraceHeader": trace} if trace else {}),
        "attributes": attributes,
        "attributes_md5": "a" if attributes else None,
        "size": 1000,
    }
    return Message.of(received, QUEUE, window)


def test_a_record_has_its_members_in_the_order_of_aws():
    assert list(message().record) == [
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    ]
    assert message().record["awsRegion"] == "eu-central-1"


def test_the_digest_of_attributes_follows_them():
    record = message(kind={"DataType": "String", "StringValue": ""}).record
    assert list(record)[4:7] == ["messageAttributes", "md5OfMessageAttributes", "md5OfBody"]
    assert record["messageAttributes"]["kind"] == {
        "stringValue": "",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }


def test_the_digest_is_null_with_a_window_and_absent_without():
    assert message(window=True).record["md5OfMessageAttributes"] is None
    assert "md5OfMessageAttributes" not in message().record


def test_an_event_is_compact_json_of_all_records():
    payload = event([message("größe"), message('"')])
    assert "größe".encode() in payload
    assert [record["body"] for record in json.loads(payload)["Records"]] == ["größe", '"']


def test_the_longest_chain_of_the_function_goes_on():
    once = next_trace(None, FUNCTION)
    twice = next_trace(once, FUNCTION)
    other = next_trace(next_trace(next_trace(None, "other"), "other"), "other")
    messages = [message(trace=trace) for trace in (once, None, twice, other)]
    assert trace_header(messages, FUNCTION) == twice
    assert trace_header([message()], FUNCTION) is None
