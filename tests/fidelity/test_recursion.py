"""Recursive loops: stopped after sixteen runs, however they go round, and told to the learner with their price."""

from __future__ import annotations

import json
import re

import pytest

from .deployment import CloudUnderTest, Function, unique_name
from .targets import Queue, deploy, log_text, send_event, send_to, until

RUNS = 16
SELF = """
    import boto3

    def handler(event, context):
        print("run")
        boto3.client("lambda").invoke(FunctionName=context.function_name, InvocationType="Event", Payload=b'{"a": 1}')
"""


def runs(function: Function) -> int:
    return len(re.findall(r"^run$", log_text(function), re.M))


def stopped(function: Function) -> str:
    """The log, when the note of a stopped loop is in it and no further run follows."""
    return until(lambda: "LAB NOTE: " in (text := log_text(function)) and text, "the loop was not stopped", 60)


@pytest.fixture
def queue(cloud: CloudUnderTest) -> Queue:
    return Queue(cloud)


def test_F115_a_function_that_invokes_itself_is_stopped(cloud, queue):
    """Run 17 is not made; its event goes to the destination and the dead-letter queue. Developer Guide."""
    function = deploy(cloud, SELF, Timeout=20, DeadLetterConfig={"TargetArn": queue.arn})
    other = Queue(cloud)
    send_to(cloud, function, failure=other.arn)
    send_event(function, {"start": True})
    (record,) = other.records(seconds=60)
    assert record["requestPayload"] == {"a": 1}
    assert record["responseContext"] == {"statusCode": 400}
    (letter,) = queue.messages()
    assert json.loads(letter["Body"]) == {"a": 1}
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "400"
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"].startswith("Lambda has detected your function")
    stopped(function)
    assert runs(function) == RUNS


def test_the_learner_is_told_how_the_loop_was_stopped_and_what_it_would_have_cost(cloud):
    function = deploy(cloud, SELF, Timeout=20)
    send_event(function)
    note = re.search(r"^LAB NOTE: .*", stopped(function), re.M)[0]
    pattern = (
        rf"LAB NOTE: {function.name} is part of a recursive loop: it has run 16 times in one chain of requests, each run "
        r"started by something the run before it sent\. Run 17 was not started\. Its event is gone, because the function "
        r"has neither an on-failure destination nor a dead-letter queue\. It ran ([\d.,]+) times a second with (\d+) ms "
        r"billed each and 128 MB; without this stop that would have cost about \$([\d.e-]+) an hour, \$([\d.e-]+) a day on "
        r"AWS \(requests and duration, after the free tier\)\. Let the function write to another bucket, queue or topic "
        r"than the one that starts it; if the loop is what you want, set RecursiveLoop to Allow with "
        r"PutFunctionRecursionConfig\."
    )
    match = re.fullmatch(pattern, note)
    assert match, note
    rate, billed = float(match[1].replace(",", "")), int(match[2])
    run = 0.20 / 1_000_000 + billed / 1000 * 0.125 * 0.0000166667
    assert float(match[3]) == pytest.approx(run * rate * 3600, rel=0.2)
    assert float(match[4]) == pytest.approx(float(match[3]) * 24, rel=0.1)


def test_a_loop_of_synchronous_invocations_gets_an_exception(cloud):
    """RecursiveInvocationException, 400, to the caller of run 17. Service model."""
    function = deploy(
        cloud,
        """
        import json

        import boto3
        from botocore.exceptions import ClientError

        def handler(event, context):
            print("run")
            try:
                answer = boto3.client("lambda").invoke(FunctionName=context.function_name)
            except ClientError as error:
                return [error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
            return json.load(answer["Payload"])
        """,
        Timeout=60,
    )
    assert function.invoke().payload == [
        {
            "Code": "RecursiveInvocationException",
            "Message": "Lambda has detected your function being invoked in a recursive loop with other Amazon Web "
            "Services resources and stopped your function's invocation.",
        },
        400,
    ]
    assert "Its caller got RecursiveInvocationException." in stopped(function)
    assert runs(function) == RUNS


def test_a_loop_through_s3_is_stopped(cloud):
    """The trap of every course: the thumbnail that is written to the bucket of the photos. Developer Guide."""
    s3 = cloud.client("s3")
    bucket = unique_name("photos")
    s3.create_bucket(Bucket=bucket)
    function = deploy(
        cloud,
        """
        import boto3

        def handler(event, context):
            print("run")
            record = event["Records"][0]["s3"]
            boto3.client("s3").put_object(
                Bucket=record["bucket"]["name"], Key="thumb-" + record["object"]["key"], Body=b"small"
            )
        """,
        Timeout=20,
    )
    allow(cloud, function, "s3.amazonaws.com", f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": function.arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_object(Bucket=bucket, Key="bird.jpg", Body=b"big")
    stopped(function)
    assert runs(function) == RUNS
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == RUNS + 1


def test_a_loop_through_sns_is_stopped(cloud):
    """Developer Guide."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    function = deploy(
        cloud,
        """
        import os

        import boto3

        def handler(event, context):
            print("run")
            boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message="again")
        """,
        Timeout=20,
        Environment={"Variables": {"TOPIC": topic}},
    )
    allow(cloud, function, "sns.amazonaws.com", topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function.arn)
    sns.publish(TopicArn=topic, Message="start")
    stopped(function)
    assert runs(function) == RUNS


def test_a_loop_through_sqs_is_stopped(cloud, queue):
    """Developer Guide. (The poller of event source mappings reads the chain from AWSTraceHeader.)"""
    function = deploy(
        cloud,
        """
        import os

        import boto3

        def handler(event, context):
            print("run")
            boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody="again")
        """,
        Timeout=20,
        Environment={"Variables": {"QUEUE": queue.url}},
    )
    cloud.client("lambda").create_event_source_mapping(
        FunctionName=function.name, EventSourceArn=queue.arn, BatchSize=1
    )
    cloud.client("sqs").send_message(QueueUrl=queue.url, MessageBody="start")
    stopped(function)
    assert runs(function) == RUNS


def test_a_loop_through_destinations_is_stopped(cloud):
    """A function whose destination starts it again: the record carries the chain on. Developer Guide."""
    function = deploy(cloud, "def handler(event, context): print('run')")
    second = deploy(cloud, "def handler(event, context): print('run')")
    send_to(cloud, function, success=second.arn)
    send_to(cloud, second, success=function.arn)
    send_event(function)
    stopped(function)
    assert (runs(function), runs(second)) == (RUNS, RUNS)


def test_a_message_carries_the_chain_in_its_trace_header(cloud, queue):
    """What a function sends to SQS has the system attribute AWSTraceHeader with the lineage. SQS Developer Guide."""
    function = deploy(
        cloud,
        """
        import os

        import boto3

        def handler(event, context):
            boto3.client("sqs").send_message(QueueUrl=event["url"], MessageBody="hello")
            return os.environ["_X_AMZN_TRACE_ID"]
        """,
        Timeout=20,
    )
    trace = function.invoke({"url": queue.url}).payload
    (message,) = queue.messages()
    assert message["Attributes"]["AWSTraceHeader"] == trace
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0", trace)


def test_a_message_of_a_learner_has_no_trace_header(cloud, queue):
    cloud.client("sqs").send_message(QueueUrl=queue.url, MessageBody="hello")
    assert "AWSTraceHeader" not in queue.messages()[0]["Attributes"]


def test_seventeen_events_one_after_another_are_no_loop(cloud):
    """Each invocation from outside begins a chain of its own."""
    function = deploy(cloud, "def handler(event, context): print('run')")
    for _ in range(RUNS + 4):
        function.invoke({})
    assert runs(function) == RUNS + 4


def test_recursive_loop_allow_lets_it_run(cloud):
    """PutFunctionRecursionConfig: no action is taken. API reference."""
    function = deploy(cloud, SELF, Timeout=20)
    client = cloud.client("lambda")
    client.put_function_recursion_config(FunctionName=function.name, RecursiveLoop="Allow")
    send_event(function)
    until(lambda: runs(function) > RUNS + 4, "the loop was stopped", 60)
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    assert "LAB NOTE" not in log_text(function)


def allow(cloud: CloudUnderTest, function: Function, principal: str, source: str) -> None:
    cloud.client("lambda").add_permission(
        FunctionName=function.name,
        StatementId="trigger",
        Action="lambda:InvokeFunction",
        Principal=principal,
        SourceArn=source,
    )
