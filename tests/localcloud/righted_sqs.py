"""moto's SQS in this process, as it is (``plain``) and as the seam rights it (``sqs``), with short forms of its calls."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.sqs import models as sqs_models
from moto.sqs.responses import SQSResponse

from labsupport.localcloud import (
    moto_notices,
    moto_seam_sqs,
    moto_seam_sqs_api,
    moto_seam_sqs_moves,
    moto_seam_sqs_send,
)

REGION = "us-east-1"
TOUCHED = (
    (sqs_models.Queue, ("add_message", "delete_message")),
    (
        sqs_models.SQSBackend,
        (
            "receive_message",
            "change_message_visibility",
            "change_message_visibility_batch",
            "delete_message_batch",
            "purge_queue",
            "create_queue",
            "delete_queue",
            "send_message",
            "send_message_batch",
            "_validate_message",
        ),
    ),
    (SQSResponse, ("receive_message",)),
)


@pytest.fixture
def plain(monkeypatch):
    """A client of moto as it is."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("sqs", region_name=REGION)


@pytest.fixture
def sqs(plain, monkeypatch):
    """A client of moto as the seam rights it; ``sqs.told`` are the queues told of."""
    for owner, names in TOUCHED:
        for name in names:
            monkeypatch.setattr(owner, name, getattr(owner, name))  # put back after the test
    moto_seam_sqs_api.right_queues()
    moto_seam_sqs_send.right_sending()
    for operation in ("start_message_move_task", "list_message_move_tasks", "cancel_message_move_task"):
        monkeypatch.setattr(SQSResponse, operation, getattr(moto_seam_sqs_moves, operation), raising=False)
    plain.told = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **fields: plain.told.append((kind, fields["arn"])))
    monkeypatch.setattr(moto_seam_sqs, "_watched", set())
    return plain


def make(client, name="jobs", **attributes):
    return client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def queue(name="jobs"):
    return moto_seam_sqs.find_queue(REGION, name)


def fifo(client, name="jobs.fifo", **attributes):
    return make(client, name, FifoQueue="true", **attributes)


def send(client, url, body="x", **more):
    return client.send_message(QueueUrl=url, MessageBody=body, **more)


def receive(client, url, count=10, **more):
    answer = client.receive_message(
        QueueUrl=url, MaxNumberOfMessages=count, AttributeNames=["All"], MessageAttributeNames=["All"], **more
    )
    return answer.get("Messages", [])


def refused(call, **parameters):
    with pytest.raises(ClientError) as refusal:
        call(**parameters)
    return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]


def make_visible(name="jobs"):
    """As if the visibility timeouts were over."""
    for message in queue(name)._messages:
        message.visible_at = 0.0


def arn(name="jobs"):
    return f"arn:aws:sqs:{REGION}:123456789012:{name}"
