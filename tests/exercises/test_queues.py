from __future__ import annotations

import json
import uuid

import pytest

from labsupport.exercises import queues


@pytest.fixture
def queue(cloud) -> str:
    """The address of a new queue."""
    return cloud.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]


def send(cloud, url: str, *bodies) -> None:
    for body in bodies:
        cloud.client("sqs").send_message(QueueUrl=url, MessageBody=body if isinstance(body, str) else json.dumps(body))


def test_a_queue_is_found_by_its_name_or_it_is_not_there(probe, queue):
    name = queue.rpartition("/")[2]
    assert queues.queue_url(probe, name) == queue
    assert queues.queue_arn(probe, queue) == f"arn:aws:sqs:us-east-1:123456789012:{name}"
    assert queues.queue_url(probe, "no-such-queue") is None


def test_the_wanted_message_is_taken_and_the_others_stay(cloud, probe, queue):
    send(cloud, queue, "plain text", *({"n": number} for number in range(15)))
    assert queues.take_message(probe, queue, lambda body: body == {"n": 12}, 20) == {"n": 12}
    assert queues.take_message(probe, queue, lambda body: body == "plain text", 20) == "plain text"
    count = cloud.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    assert count == {"ApproximateNumberOfMessages": "14", "ApproximateNumberOfMessagesNotVisible": "0"}


def test_a_message_that_does_not_come_is_none(cloud, probe, queue):
    send(cloud, queue, {"n": 1})
    assert queues.take_message(probe, queue, lambda body: body == {"n": 2}, 1.5) is None
    assert queues.take_message(probe, queue, lambda body: body == {"n": 1}, 10) == {"n": 1}
