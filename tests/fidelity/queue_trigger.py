"""A queue connected to a function that shows what it got."""

from __future__ import annotations

import json
import re
from typing import Any

from .deployment import CloudUnderTest, Function
from .targets import Queue, log_text, until

#: Prints each event on a line of its own and does what the bodies of its messages say.
HANDLER = """
    import json
    import time

    def handler(event, context):
        print(json.dumps(event))
        print("at", time.time())
        failures = []
        for record in event["Records"]:
            body = record["body"]
            if body.startswith("sleep "):
                time.sleep(float(body.split()[1]))
            if body == "fail" or (body == "fail once" and record["attributes"]["ApproximateReceiveCount"] == "1"):
                raise ValueError("told to")
            if body == "report":
                failures.append({"itemIdentifier": record["messageId"]})
            if body.startswith("answer "):
                return json.loads(body.removeprefix("answer "))
        return {"batchItemFailures": failures} if failures else None
"""


def warm(function: Function) -> Function:
    """The function, with an environment that has started: a cold start may outlast a short visibility timeout."""
    function.invoke({"Records": []})
    return function


def events(function: Function) -> list[dict[str, Any]]:
    """Every event the function got so far, as far as its log is written, oldest first within an environment."""
    found = [json.loads(line) for line in re.findall(r'^\{"Records".*$', log_text(function), re.M)]
    return [event for event in found if event["Records"]]


def records(function: Function, count: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
    """At least ``count`` records that the function got."""

    def found() -> list[dict[str, Any]]:
        got = [record for event in events(function) for record in event["Records"]]
        return got if len(got) >= count else []

    return until(found, f"{function.name} did not get {count} records", seconds)


def connect(cloud: CloudUnderTest, queue: Queue, function: Function, **settings: Any) -> str:
    """UUID of an enabled event source mapping."""
    client = cloud.client("lambda")
    made = client.create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=function.name, **settings)
    until(lambda: state(cloud, made["UUID"]) == "Enabled", "the mapping did not become Enabled")
    return made["UUID"]


def state(cloud: CloudUnderTest, uuid: str) -> str:
    return cloud.client("lambda").get_event_source_mapping(UUID=uuid)["State"]


def depth(cloud: CloudUnderTest, queue: Queue) -> tuple[int, int]:
    """Messages that are visible and messages that are in flight."""
    found = cloud.client("sqs").get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])


def emptied(cloud: CloudUnderTest, queue: Queue, seconds: float = 30) -> None:
    until(lambda: depth(cloud, queue) == (0, 0), "the queue did not become empty", seconds)


def send(cloud: CloudUnderTest, queue: Queue, body: str, **more: Any) -> str:
    """MessageId of a message sent; ``more`` are parameters of SendMessage."""
    return cloud.client("sqs").send_message(QueueUrl=queue.url, MessageBody=body, **more)["MessageId"]
