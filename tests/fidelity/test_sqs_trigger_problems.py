"""What stands in the way of a queue that calls a function, and what the lab says of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest

from .deployment import CloudUnderTest, Function, unique_name
from .queue_trigger import HANDLER, connect, depth, emptied, events, records, send, state, warm
from .targets import Queue, deploy, log_text, until

RIGHTS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@pytest.fixture
def function(cloud: CloudUnderTest) -> Function:
    return warm(deploy(cloud, HANDLER, Timeout=1))


def result(cloud: CloudUnderTest, uuid: str) -> str | None:
    found = cloud.client("lambda").get_event_source_mapping(UUID=uuid)
    return found.get("LastProcessingResult")


def says(cloud: CloudUnderTest, uuid: str, text: str | None) -> None:
    until(lambda: result(cloud, uuid) == text, f"LastProcessingResult is not {text!r}")


def test_a_queue_that_is_deleted_is_named_and_polled_again_when_it_is_made_anew(cloud, function):
    queue = Queue(cloud)
    uuid = connect(cloud, queue, function)
    assert result(cloud, uuid) is None  # as on AWS: "This value will be null if an SQS queue is the event source"
    cloud.client("sqs").delete_queue(QueueUrl=queue.url)
    says(cloud, uuid, f"PROBLEM: The queue {queue.arn} does not exist.")
    assert state(cloud, uuid) == "Enabled"
    again = Queue(cloud, queue.name)
    send(cloud, again, "after all")
    assert [record["body"] for record in records(function)] == ["after all"]
    says(cloud, uuid, None)


def test_messages_wait_for_a_function_that_was_deleted(cloud, function):
    """F146, for queues: the mapping stays, Enabled."""
    queue = Queue(cloud)
    uuid = connect(cloud, queue, function)
    cloud.client("lambda").delete_function(FunctionName=function.name)
    send(cloud, queue, "for the next one")
    says(cloud, uuid, f"PROBLEM: Function not found: {function.arn}:$LATEST")
    assert state(cloud, uuid) == "Enabled"
    until(lambda: depth(cloud, queue) == (1, 0), "the message did not stay in the queue")
    again = deploy(cloud, HANDLER, name=function.name, Timeout=1)
    assert [record["body"] for record in records(again)] == ["for the next one"]
    emptied(cloud, queue)


def test_a_role_that_loses_its_rights_stops_the_polling_and_one_that_gets_them_starts_it(cloud):
    role = cloud.role_that_may(*RIGHTS)
    function = cloud.deploy(HANDLER, Role=role, Timeout=1)
    queue = Queue(cloud)
    uuid = connect(cloud, queue, function)
    iam, name = cloud.client("iam"), role.rpartition("/")[2]
    rights = iam.get_role_policy(RoleName=name, PolicyName="own")["PolicyDocument"]
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    send(cloud, queue, "x")
    says(cloud, uuid, "PROBLEM: The function execution role does not have permissions to call ReceiveMessage on SQS")
    assert depth(cloud, queue) == (1, 0)
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(rights))
    assert [record["body"] for record in records(function)] == ["x"]
    emptied(cloud, queue)


def test_a_function_slower_than_the_visibility_timeout_gets_the_message_twice(cloud, function):
    """Why the timeouts must fit; CreateEventSourceMapping checks it (F159), a later change of the function does not."""
    queue = Queue(cloud, VisibilityTimeout="1")
    connect(cloud, queue, function, BatchSize=1)
    client = cloud.client("lambda")
    client.update_function_configuration(FunctionName=function.name, Timeout=10)
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 0.05})
    send(cloud, queue, "sleep 2.4")
    first, second = records(function, 2)[:2]
    assert first["messageId"] == second["messageId"]
    assert first["receiptHandle"] != second["receiptHandle"]
    client.update_function_configuration(FunctionName=function.name, Timeout=1)  # ends it: the copies fail


def test_a_failing_group_of_a_fifo_queue_holds_up_only_itself(cloud, function):
    letters = Queue(cloud, unique_name("letters") + ".fifo", FifoQueue="true")
    policy = json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 2})
    settings = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "3"}
    queue = Queue(cloud, unique_name("queue") + ".fifo", RedrivePolicy=policy, **settings)
    connect(cloud, queue, function, BatchSize=1)
    for group, body in (("bad", "fail"), ("bad", "after it"), ("good", "one"), ("good", "two")):
        send(cloud, queue, body, MessageGroupId=group)
    (letter,) = letters.messages(seconds=60)
    emptied(cloud, queue)
    assert (letter["Body"], letter["Attributes"]["MessageGroupId"]) == ("fail", "bad")
    got = sorted(records(function, 5), key=lambda one: int(one["attributes"]["ApproximateFirstReceiveTimestamp"]))
    assert Counter(record["body"] for record in got) == {"fail": 2, "after it": 1, "one": 1, "two": 1}
    of_bad = [one["body"] for one in got if one["attributes"]["MessageGroupId"] == "bad"]
    assert of_bad == ["fail", "fail", "after it"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def handler(event, context): raise ValueError('no')", id="raises"),
        pytest.param("import os\n\ndef handler(event, context): os._exit(3)", id="exits"),
        pytest.param("import time\n\ndef handler(event, context): time.sleep(20)", id="times out"),
        pytest.param("raise ValueError('no')", id="fails in init"),
        pytest.param("def handler(event, context): return object()", id="returns nonsense"),
    ],
)
def test_every_kind_of_failure_brings_the_messages_to_the_dead_letter_queue(cloud, source):
    function = deploy(cloud, source, Timeout=1)
    letters = Queue(cloud)
    policy = json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 1})
    queue = Queue(cloud, VisibilityTimeout="2", RedrivePolicy=policy)
    fill = [send(cloud, queue, str(number)) for number in range(3)]
    connect(cloud, queue, function)
    assert sorted(letter["MessageId"] for letter in letters.messages(3, 60)) == sorted(fill)
    emptied(cloud, queue)


def test_the_functions_own_dead_letter_queue_gets_nothing(cloud):
    """F153: it is for asynchronous invocations."""
    own, letters = Queue(cloud), Queue(cloud)
    function = deploy(cloud, HANDLER, Timeout=1, DeadLetterConfig={"TargetArn": own.arn})
    policy = json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 1})
    queue = Queue(cloud, VisibilityTimeout="1", RedrivePolicy=policy)
    connect(cloud, queue, function)
    send(cloud, queue, "fail")
    letters.messages(seconds=60)
    assert own.receive() == []


LOOP = """
    import os

    import boto3

    def handler(event, context):
        for record in event["Records"]:
            boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=record["body"])
"""


@pytest.mark.parametrize("has_dead_letters", [True, False])
def test_the_message_of_a_loop_that_was_stopped_is_a_dead_letter_or_dropped(cloud, has_dead_letters):
    """F115, for queues. AWS What's New, 2023-07-13."""
    letters = Queue(cloud)
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 1})}
    queue = Queue(cloud, VisibilityTimeout="20", **(policy if has_dead_letters else {}))
    function = deploy(cloud, LOOP, Timeout=20, Environment={"Variables": {"QUEUE": queue.url}})
    connect(cloud, queue, function)
    send(cloud, queue, "round and round")
    until(lambda: "LAB NOTE: " in log_text(function), "the loop was not stopped", 60)
    if has_dead_letters:
        assert [letter["Body"] for letter in letters.messages(seconds=60)] == ["round and round"]
    emptied(cloud, queue)
    assert letters.receive() == []


def test_a_queue_with_nothing_in_it_invokes_nothing(cloud, function):
    connect(cloud, Queue(cloud), function)
    time.sleep(0.5)
    assert log_text(function).count("START RequestId") == 1  # the one that warmed it up
    assert events(function) == []


def test_messages_sent_through_other_services_wake_the_poller(cloud, function):
    """A topic and a destination send to the queue, not a client."""
    queue = Queue(cloud)
    connect(cloud, queue, function)
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique_name("news"))["TopicArn"]
    attributes: dict[str, Any] = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=attributes)
    sns.publish(TopicArn=topic, Message="raw")
    assert [record["body"] for record in records(function)] == ["raw"]
    emptied(cloud, queue)
