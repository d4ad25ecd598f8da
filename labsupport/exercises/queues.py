"""What a check reads from SQS queues: the record of one asynchronous invocation, with all other messages left alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from .probe import Probe

_POLL_SECONDS = 1
#: While we look through a queue its other messages stay out of our way for so long.
_HIDDEN_SECONDS = 5


def queue_url(probe: Probe, name: str) -> str | None:
    """The queue's address; None when there is no queue of this name."""
    sqs = probe.client("sqs")
    try:
        return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])
    except sqs.exceptions.QueueDoesNotExist:
        return None


def queue_arn(probe: Probe, url: str) -> str:
    attributes = probe.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return str(attributes["QueueArn"])


def take_message(probe: Probe, url: str, wanted: Callable[[Any], bool], seconds: float) -> Any:
    """The first message whose body (parsed JSON, or text) is ``wanted``, taken out of the queue; None when none comes
    within so many seconds. Every other message becomes visible again."""
    sqs = probe.client("sqs")
    others: list[str] = []
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            messages = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=_POLL_SECONDS,
                VisibilityTimeout=_HIDDEN_SECONDS,
            ).get("Messages", [])
            for message in messages:
                body = _parsed(message["Body"])
                if wanted(body):
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    others += [one["ReceiptHandle"] for one in messages if one is not message]
                    return body
            others += [message["ReceiptHandle"] for message in messages]
        return None
    finally:
        for handle in others:
            _show_again(sqs, url, handle)


def _show_again(sqs: Any, url: str, handle: str) -> None:
    from botocore.exceptions import ClientError

    try:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    except ClientError:
        pass  # it became visible by itself meanwhile


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
