"""Deliveries of the lab's services into moto's queues and topics."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from labsupport.localcloud import moto_seam_delivery

REGION = "us-east-1"
QUEUE = f"arn:aws:sqs:{REGION}:123456789012:q"


@pytest.fixture
def aws(monkeypatch):
    """moto in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def test_send_to_queue_and_publish_say_what_is_wrong(aws):
    sqs, sns = (boto3.client(service, region_name=REGION) for service in ("sqs", "sns"))
    assert moto_seam_delivery.send_to_queue(REGION, QUEUE, "x") == "the queue does not exist"
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert moto_seam_delivery.send_to_queue(REGION, QUEUE, "x", attributes={"A": "b"}) is None
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert (message["Body"], message["MessageAttributes"]) == (
        "x",
        {"A": {"StringValue": "b", "DataType": "String"}},
    )
    sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})
    problem = moto_seam_delivery.send_to_queue(REGION, f"{QUEUE}.fifo", "x", group="g")
    assert problem == "a FIFO queue must have ContentBasedDeduplication enabled"
    topic = f"arn:aws:sns:{REGION}:123456789012:t"
    assert moto_seam_delivery.publish(REGION, topic, "x") == "the topic does not exist"
    sns.create_topic(Name="t")
    assert moto_seam_delivery.publish(REGION, topic, "x") is None


def test_log_group_exists(aws):
    boto3.client("logs", region_name=REGION).create_log_group(logGroupName="g")
    assert moto_seam_delivery.log_group_exists(REGION, "g")
    assert not moto_seam_delivery.log_group_exists(REGION, "other")
