"""A queue that calls a function: what the function gets, and what becomes of the messages."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter

import pytest

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, unique_name
from .queue_trigger import HANDLER, connect, emptied, events, records, send, warm
from .targets import Queue, deploy, log_text


@pytest.fixture
def function(cloud: CloudUnderTest) -> Function:
    return warm(deploy(cloud, HANDLER, Timeout=1))


def receives(record: dict) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])


def test_F148_event_of_a_standard_queue(cloud, function):
    queue = Queue(cloud)
    connect(cloud, queue, function)
    message = send(cloud, queue, '{"foo": "bar"}')
    (record,) = records(function)
    attributes = record.pop("attributes")
    assert record.pop("receiptHandle").startswith("AQEB")
    assert record == {
        "messageId": message,
        "body": '{"foo": "bar"}',
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(b'{"foo": "bar"}').hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.name}",
        "awsRegion": REGION,
    }
    assert attributes["ApproximateReceiveCount"] == "1"
    assert set(attributes) - {"AWSTraceHeader"} == {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    }
    sent, received = int(attributes["SentTimestamp"]), int(attributes["ApproximateFirstReceiveTimestamp"])
    assert abs(time.time() * 1000 - sent) < 300_000
    assert sent <= received


def test_F148_with_a_batching_window_the_attributes_digest_is_there_and_null(cloud, function):
    queue = Queue(cloud)
    connect(cloud, queue, function, MaximumBatchingWindowInSeconds=1)
    send(cloud, queue, "a")
    (record,) = records(function)
    assert record["md5OfMessageAttributes"] is None


def test_message_attributes_are_in_the_event(cloud, function):
    """Developer Guide, "Using Lambda with Amazon SQS"; the digest as recorded."""
    queue = Queue(cloud)
    connect(cloud, queue, function)
    send(
        cloud,
        queue,
        "größe 🖼",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "photo"},
            "width": {"DataType": "Number", "StringValue": "640"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    (record,) = records(function)
    assert record["body"] == "größe 🖼"
    assert record["messageAttributes"] == {
        "kind": {"stringValue": "photo", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "width": {"stringValue": "640", "stringListValues": [], "binaryListValues": [], "dataType": "Number"},
        "raw": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert re.fullmatch("[0-9a-f]{32}", record["md5OfMessageAttributes"])


def test_F150_attributes_of_a_fifo_queue_and_order_within_a_group(cloud, function):
    queue = Queue(cloud, unique_name("queue") + ".fifo", FifoQueue="true")
    connect(cloud, queue, function, BatchSize=3)
    for number in range(12):
        group = f"g{number % 2}"
        send(cloud, queue, f"{group} {number:02d}", MessageGroupId=group, MessageDeduplicationId=f"d{number}")
    emptied(cloud, queue)
    got = records(function, 12)
    assert Counter(record["body"] for record in got).most_common(1)[0][1] == 1
    for group in ("g0", "g1"):
        of_group = [record for record in got if record["attributes"]["MessageGroupId"] == group]
        by_sending = sorted(of_group, key=lambda record: record["body"])
        received = [int(record["attributes"]["ApproximateFirstReceiveTimestamp"]) for record in by_sending]
        assert received == sorted(received)
        numbers = [record["attributes"]["SequenceNumber"] for record in by_sending]
        assert numbers == sorted(numbers)
        assert all(re.fullmatch(r"\d{20}", number) for number in numbers)
    assert {record["attributes"]["MessageDeduplicationId"] for record in got} == {f"d{n}" for n in range(12)}


def test_F151_success_deletes_the_messages(cloud, function):
    """With the queue empty, nothing can be delivered again."""
    queue = Queue(cloud)
    connect(cloud, queue, function)
    for number in range(3):
        send(cloud, queue, f"message {number}")
    emptied(cloud, queue)
    assert Counter(record["body"] for record in records(function, 3)) == {f"message {n}": 1 for n in range(3)}


def test_F152_a_failed_batch_comes_back_after_the_visibility_timeout(cloud, function):
    queue = Queue(cloud, VisibilityTimeout="2")
    connect(cloud, queue, function, BatchSize=1)
    message = send(cloud, queue, "fail once")
    first, second = sorted(records(function, 2), key=receives)[:2]
    emptied(cloud, queue)
    assert first["messageId"] == second["messageId"] == message
    assert first["receiptHandle"] != second["receiptHandle"]
    assert [one["attributes"]["ApproximateReceiveCount"] for one in (first, second)] == ["1", "2"]
    moments = sorted(float(moment) for moment in re.findall(r"^at ([\d.]+)$", log_text(function), re.M))
    earlier, later = moments[1:3]  # the first of all warmed it up
    assert later - earlier > 1.5  # two seconds after it was received, which is a little before the function began
    assert (
        first["attributes"]["ApproximateFirstReceiveTimestamp"]
        == second["attributes"]["ApproximateFirstReceiveTimestamp"]
    )


def test_F153_after_max_receive_count_the_message_is_in_the_dead_letter_queue(cloud, function):
    letters = Queue(cloud)
    policy = json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 2})
    queue = Queue(cloud, VisibilityTimeout="1", RedrivePolicy=policy)
    connect(cloud, queue, function)
    message = send(cloud, queue, "fail")
    (letter,) = letters.messages(seconds=60)
    assert (letter["MessageId"], letter["Body"]) == (message, "fail")
    assert "MessageAttributes" not in letter
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == queue.arn
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3"
    assert sorted(receives(one) for one in records(function, 2)) == [1, 2]
    emptied(cloud, queue)


def test_F154_only_reported_messages_come_back(cloud, function):
    letters = Queue(cloud)
    policy = json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 2})
    queue = Queue(cloud, VisibilityTimeout="3", RedrivePolicy=policy)
    settings = {"FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumBatchingWindowInSeconds": 20}
    connect(cloud, queue, function, **settings)
    for body in ("good", "report", "fine"):
        send(cloud, queue, body)
    (letter,) = letters.messages(seconds=60)
    assert letter["Body"] == "report"
    emptied(cloud, queue)
    assert Counter(record["body"] for record in records(function, 4)) == {"good": 1, "report": 2, "fine": 1}


@pytest.mark.parametrize(
    "answer", ['{"batchItemFailures": [{"foo": "notvalid"}]}', '{"batchItemFailures": [{"itemIdentifier": ""}]}']
)
def test_F154_an_answer_that_is_nonsense_fails_all(cloud, function, answer):
    letters = Queue(cloud)
    policy = json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 1})
    queue = Queue(cloud, VisibilityTimeout="1", RedrivePolicy=policy)
    send(cloud, queue, "good")
    send(cloud, queue, "answer " + answer)
    connect(cloud, queue, function, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert sorted(one["Body"] for one in letters.messages(2, 60)) == ["answer " + answer, "good"]


def test_F154_an_empty_answer_is_a_success(cloud, function):
    queue = Queue(cloud)
    connect(cloud, queue, function, FunctionResponseTypes=["ReportBatchItemFailures"])
    for answer in ("{}", '{"batchItemFailures": []}', '{"batchItemFailures": null}', "null", '{"statusCode": 200}'):
        send(cloud, queue, f"answer {answer}")
    emptied(cloud, queue)
    assert {one["attributes"]["ApproximateReceiveCount"] for one in records(function, 5)} == {"1"}


def test_F157_messages_that_do_not_match_are_deleted_without_an_invocation(cloud, function):
    queue = Queue(cloud)
    pattern = json.dumps({"body": {"my-key": ["my-value"], "n": [{"numeric": [">", 5]}]}})
    connect(cloud, queue, function, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    send(cloud, queue, json.dumps({"my-key": "other", "n": 6}))
    send(cloud, queue, json.dumps({"my-key": "my-value", "n": 5}))
    send(cloud, queue, "my-value")
    send(cloud, queue, json.dumps({"my-key": "my-value", "n": 6}))
    emptied(cloud, queue)
    (record,) = records(function)
    assert json.loads(record["body"]) == {"my-key": "my-value", "n": 6}


def test_F157_a_text_filter_matches_text_bodies_only(cloud, function):
    queue = Queue(cloud)
    connect(cloud, queue, function, FilterCriteria={"Filters": [{"Pattern": json.dumps({"body": ["go"]})}]})
    send(cloud, queue, json.dumps({"body": "go"}))
    send(cloud, queue, "stop")
    send(cloud, queue, "go")
    emptied(cloud, queue)
    assert [record["body"] for record in records(function)] == ["go"]


def test_a_batch_has_at_most_batch_size_messages(cloud, function):
    queue = Queue(cloud)
    for number in range(7):
        send(cloud, queue, f"{number}")
    connect(cloud, queue, function, BatchSize=3)
    emptied(cloud, queue)
    records(function, 7)
    assert sorted(len(event["Records"]) for event in events(function)) == [1, 3, 3]
