"""Buckets with notifications, and what they send to."""

from __future__ import annotations

import json
from typing import Any

from .deployment import CloudUnderTest, Function, unique_name
from .targets import Queue


class Bucket:
    """An S3 bucket of a local cloud."""

    def __init__(self, cloud: CloudUnderTest) -> None:
        self.cloud = cloud
        self.s3 = cloud.client("s3")
        self.name = unique_name("uploads")
        self.arn = f"arn:aws:s3:::{self.name}"
        self.s3.create_bucket(Bucket=self.name)

    def permit(self, function: Function, **more: Any) -> None:
        """Let S3 invoke the function for this bucket."""
        self.cloud.client("lambda").add_permission(
            FunctionName=function.name,
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=self.arn,
            **more,
        )

    def policy_for(self, arn: str, action: str) -> dict[str, Any]:
        """A resource policy that lets S3 act for this bucket."""
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "s3.amazonaws.com"},
                    "Action": action,
                    "Resource": arn,
                    "Condition": {"ArnLike": {"aws:SourceArn": self.arn}},
                }
            ],
        }

    def configure(
        self,
        functions: list[dict[str, Any]] | None = None,
        queues: list[dict[str, Any]] | None = None,
        topics: list[dict[str, Any]] | None = None,
        skip: bool = False,
        **more: Any,
    ) -> None:
        lists = {
            "LambdaFunctionConfigurations": functions,
            "QueueConfigurations": queues,
            "TopicConfigurations": topics,
        }
        self.s3.put_bucket_notification_configuration(
            Bucket=self.name,
            NotificationConfiguration={name: rules for name, rules in lists.items() if rules} | more,
            SkipDestinationValidation=skip,
        )

    def configuration(self) -> dict[str, Any]:
        found: dict[str, Any] = self.s3.get_bucket_notification_configuration(Bucket=self.name)
        del found["ResponseMetadata"]
        return found

    def version(self, status: str = "Enabled") -> None:
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": status})

    def put(self, key: str, body: bytes = b"something", **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.s3.put_object(Bucket=self.name, Key=key, Body=body, **more)
        return answer


def function_rule(function: Function, *events: str, **more: Any) -> dict[str, Any]:
    return _rule({"LambdaFunctionArn": function.arn}, events, **more)


def queue_rule(queue: Queue, *events: str, **more: Any) -> dict[str, Any]:
    return _rule({"QueueArn": queue.arn}, events, **more)


def topic_rule(topic_arn: str, *events: str, **more: Any) -> dict[str, Any]:
    return _rule({"TopicArn": topic_arn}, events, **more)


def _rule(
    found: dict[str, Any], events: tuple[str, ...], prefix: str | None = None, suffix: str | None = None, **more: Any
) -> dict[str, Any]:
    given = (("prefix", prefix), ("suffix", suffix))
    rules = [{"Name": name, "Value": value} for name, value in given if value is not None]
    found = {**found, "Events": list(events or ["s3:ObjectCreated:*"]), **more}
    return found | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})


def let_s3_send(cloud: CloudUnderTest, queue: Queue, bucket: Bucket) -> None:
    policy = json.dumps(bucket.policy_for(queue.arn, "sqs:SendMessage"))
    cloud.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})


def records(queue: Queue, count: int) -> list[dict[str, Any]]:
    """The records of ``count`` events in their order of the bucket's; test events are passed over."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        for event in queue.records():
            if event.get("Event") == "s3:TestEvent":
                continue
            assert list(event) == ["Records"] and len(event["Records"]) == 1, event
            found.append(event["Records"][0])
    assert len(found) == count, found
    return found
