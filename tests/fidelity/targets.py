"""What asynchronous invocations send to: queues, topics, buckets and event buses of a local cloud."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, unique_name


def until(found: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """The first true value of ``found``; fails with ``what`` when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return value


_ROLES: dict[str, str] = {}


def deploy(cloud: CloudUnderTest, source: str, **settings: Any) -> Function:
    """A function whose role may do whatever sending, storing and invoking needs."""
    if cloud.endpoint not in _ROLES:
        _ROLES[cloud.endpoint] = cloud.role_that_may("sqs:*", "sns:*", "s3:*", "events:*", "lambda:*")
    return cloud.deploy(source, **{"Role": _ROLES[cloud.endpoint], **settings})


class Queue:
    """An SQS queue."""

    def __init__(self, cloud: CloudUnderTest, name: str | None = None, **attributes: str) -> None:
        self._sqs = cloud.client("sqs")
        self.name = name or unique_name("queue")
        self.url = self._sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"
        self._received: list[dict[str, Any]] = []

    def messages(self, count: int = 1, seconds: float = 30) -> list[dict[str, Any]]:
        """At least ``count`` messages, and all that are there then; each is given once."""

        def enough() -> bool:
            self.receive()
            return len(self._received) >= count

        until(enough, f"{count} messages did not come", seconds)
        received, self._received = self._received, []
        return received

    def records(self, count: int = 1, seconds: float = 30) -> list[dict[str, Any]]:
        """Bodies of the messages, as JSON."""
        return [json.loads(message["Body"]) for message in self.messages(count, seconds)]

    def receive(self) -> list[dict[str, Any]]:
        """Take what is there; what ``messages`` has not given yet."""
        while found := self._sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in found:
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            self._received += found
        return self._received


def send_to(cloud: CloudUnderTest, function: Function, *, retries: int = 0, **arns: str) -> None:
    """Destinations for a function: ``success`` and ``failure``."""
    kinds = {"success": "OnSuccess", "failure": "OnFailure"}
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName=function.name,
        MaximumRetryAttempts=retries,
        DestinationConfig={kinds[kind]: {"Destination": arn} for kind, arn in arns.items()},
    )


def log_text(function: Function) -> str:
    """Everything in the function's log."""
    return "".join("".join(function.log_events(stream)) for stream in function.log_streams())


def send_event(function: Function, event: Any = None) -> str:
    """Invoke asynchronously; the request id."""
    return function.invoke({} if event is None else event, tail=False, InvocationType="Event").request_id
