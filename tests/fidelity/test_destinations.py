"""What becomes of an asynchronous invocation: invocation records at destinations, events at the dead-letter queue."""

from __future__ import annotations

import json
import re

import pytest

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, unique_name
from .targets import Queue, deploy, log_text, send_event, send_to, until

SOURCE = """
    import os, time

    def handler(event, context):
        if "raise" in event:
            raise Exception(event["raise"])
        if "sleep" in event:
            time.sleep(event["sleep"])
        if "exit" in event:
            os._exit(event["exit"])
        return {"got": event}
"""


@pytest.fixture
def queue(cloud: CloudUnderTest) -> Queue:
    return Queue(cloud)


@pytest.fixture
def function(cloud: CloudUnderTest) -> Function:
    return deploy(cloud, SOURCE)


def test_F068_on_failure_record_after_all_retries(cloud, function, queue):
    """The record of an event that failed three times, with its keys in AWS's order. Recorded from AWS."""
    send_to(cloud, function, retries=2, failure=queue.arn)
    request_id = send_event(function, {"raise": "intentional failure", "message": "m1"})
    (message,) = queue.messages()
    assert "MessageAttributes" not in message
    record = json.loads(message["Body"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    stack = record["responsePayload"].pop("stackTrace")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{function.arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"raise": "intentional failure", "message": "m1"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "intentional failure", "errorType": "Exception", "requestId": request_id},
    }
    assert stack[0].startswith('  File "/var/task/app.py"')
    assert re.findall(r'"(\w+)":', message["Body"].split('"requestPayload"')[0]) == [
        "version", "timestamp", "requestContext", "requestId", "functionArn", "condition", "approximateInvokeCount",
    ]  # fmt: skip


def test_F068_neighbour_zero_retries_count_one(cloud, function, queue):
    """With MaximumRetryAttempts 0 the record says 1. Recorded from AWS."""
    send_to(cloud, function, failure=queue.arn)
    send_event(function, {"raise": "no"})
    assert queue.records()[0]["requestContext"]["approximateInvokeCount"] == 1


def test_F068_neighbour_on_success_record(cloud, function, queue):
    """The record of a success has no functionError. Recorded from AWS."""
    send_to(cloud, function, success=queue.arn)
    request_id = send_event(function, {"n": 12345678901234567890, "bird": "Mönchsgrasmücke"})
    (record,) = queue.records()
    del record["timestamp"]
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{function.arn}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": 12345678901234567890, "bird": "Mönchsgrasmücke"},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"got": {"n": 12345678901234567890, "bird": "Mönchsgrasmücke"}},
    }


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"sleep": 10}, "Error: Task timed out after 1.00 seconds"),
        ({"exit": 3}, "Runtime exited with error: exit status 3"),
    ],
    ids=["timeout", "exit"],
)
def test_F068_neighbour_the_platforms_own_errors_are_in_the_record(cloud, queue, event, message):
    """A timeout and an exit are function errors, too: their documents are the response payload. Developer Guide."""
    function = deploy(cloud, SOURCE, Timeout=1)
    send_to(cloud, function, failure=queue.arn)
    send_event(function, event)
    (record,) = queue.records()
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorMessage"].endswith(message)


def test_F068_neighbour_the_age_limit_has_a_condition_of_its_own(cloud, function, queue):
    """An age limit that is over before the next attempt ends the event. Recorded from AWS."""
    send_to(cloud, function, failure=queue.arn)
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName=function.name,
        MaximumEventAgeInSeconds=60,
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    send_event(function, {"raise": "no"})
    context = queue.records()[0]["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 1)


def test_F070_synchronous_invocations_send_nothing(cloud, function, queue):
    """Destinations and dead letters belong to asynchronous invocations. Developer Guide."""
    send_to(cloud, function, failure=queue.arn, success=queue.arn)
    function.invoke({"raise": "no"})
    function.invoke({})
    send_event(function, {"the only one": True})
    assert [record["requestPayload"] for record in queue.records()] == [{"the only one": True}]
    assert queue.receive() == []


@pytest.mark.parametrize(
    ("event", "result"), [({}, "Success"), ({"raise": "no"}, "Failure")], ids=["success", "failure"]
)
def test_F071_destination_eventbridge(cloud, function, queue, event, result):
    """The event around the record. Recorded from AWS (which says "lambda", where the page says "aws.lambda")."""
    events = cloud.client("events")
    bus = unique_name("bus")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "q", "Arn": queue.arn}])
    send_to(cloud, function, success=bus_arn, failure=bus_arn)
    send_event(function, event)
    (got,) = queue.records()
    assert (got["source"], got["detail-type"]) == ("lambda", f"Lambda Function Invocation Result - {result}")
    assert got["resources"] == [bus_arn, f"{function.arn}:$LATEST"]
    assert got["detail"]["requestPayload"] == event


def test_destination_sns(cloud, function, queue):
    """The record is the topic's message. Developer Guide."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    send_to(cloud, function, success=topic)
    send_event(function, {"a": 1})
    assert json.loads(queue.records()[0]["Message"])["responsePayload"] == {"got": {"a": 1}}


def test_destination_lambda_gets_the_record_as_its_event(cloud, function, queue):
    """The destination function is invoked asynchronously with the record. Developer Guide."""
    second = deploy(cloud, "def handler(event, context):\n    return [event, context.aws_request_id]")
    send_to(cloud, function, failure=second.arn)
    send_to(cloud, second, success=queue.arn)
    first_id = send_event(function, {"raise": "no"})
    (record,) = queue.records()
    event, second_id = record["responsePayload"]
    assert event["requestContext"]["requestId"] == first_id != second_id
    assert event["responsePayload"]["errorMessage"] == "no"
    assert record["requestPayload"] == event


def test_destination_s3_holds_failures_under_the_documented_key(cloud, function):
    """aws/lambda/async/NAME/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-UUID. Developer Guide."""
    s3 = cloud.client("s3")
    bucket = unique_name("records")
    s3.create_bucket(Bucket=bucket)
    send_to(cloud, function, failure=f"arn:aws:s3:::{bucket}")
    send_event(function, {"raise": "no"})
    (item,) = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"), "no object came")
    assert re.fullmatch(
        rf"aws/lambda/async/{function.name}/(\d{{4}}/\d\d/\d\d)/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}",
        item["Key"],
    )
    assert json.load(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"])["requestPayload"] == {"raise": "no"}


def test_F072_dead_letter_queue_message(cloud, queue):
    """The original event, and what went wrong in three attributes. Recorded from AWS."""
    function = deploy(cloud, SOURCE, DeadLetterConfig={"TargetArn": queue.arn})
    send_to(cloud, function)
    request_id = send_event(function, {"raise": "x" * 2000})
    (message,) = queue.messages()
    assert json.loads(message["Body"]) == {"raise": "x" * 2000}
    assert message["MessageAttributes"] == {
        "RequestID": {"DataType": "String", "StringValue": request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "x" * 1024},
    }


def test_F072_neighbour_a_topic_as_dead_letter_queue(cloud, queue):
    """The same over SNS. Developer Guide."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    function = deploy(cloud, SOURCE, DeadLetterConfig={"TargetArn": topic})
    send_to(cloud, function)
    request_id = send_event(function, {"raise": "no"})
    (notice,) = queue.records()
    assert json.loads(notice["Message"]) == {"raise": "no"}
    assert notice["MessageAttributes"]["RequestID"] == {"Type": "String", "Value": request_id}
    assert notice["MessageAttributes"]["ErrorMessage"] == {"Type": "String", "Value": "no"}


def test_F072_neighbour_destination_and_dead_letter_queue_both_get_theirs(cloud, queue):
    """A destination can be configured in addition to a dead-letter queue. Service model."""
    function = deploy(cloud, SOURCE, DeadLetterConfig={"TargetArn": queue.arn})
    other = Queue(cloud)
    send_to(cloud, function, failure=other.arn)
    send_event(function, {"raise": "no"})
    assert queue.records() == [{"raise": "no"}]
    assert other.records()[0]["requestContext"]["condition"] == "RetriesExhausted"


def test_zero_reserved_concurrency_sends_events_away_without_an_attempt(cloud, queue):
    """They go to the destination and the dead-letter queue at once, with no response. Developer Guide."""
    function = deploy(cloud, SOURCE, DeadLetterConfig={"TargetArn": queue.arn})
    other = Queue(cloud)
    send_to(cloud, function, retries=2, failure=other.arn)
    cloud.client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    send_event(function, {"a": 1})
    (record,) = other.records()
    assert set(record) == {"version", "timestamp", "requestContext", "requestPayload"}
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    (letter,) = queue.messages()
    assert json.loads(letter["Body"]) == {"a": 1}
    assert set(letter["MessageAttributes"]) == {"RequestID", "ErrorMessage"}
    assert function.log_streams() == []


def test_a_delivery_that_fails_is_told_in_the_functions_log(cloud, queue):
    """AWS only counts it (DestinationDeliveryFailures, DeadLetterErrors); the lab says it, so that nothing is lost
    silently."""
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.name}"
    function = deploy(cloud, SOURCE, DeadLetterConfig={"TargetArn": gone})
    send_to(cloud, function, failure=gone)
    cloud.client("sqs").delete_queue(QueueUrl=queue.url)
    request_id = send_event(function, {"raise": "no"})
    text = until(lambda: (log := log_text(function)).count("LAB NOTE: the ") == 2 and log, "the notes did not come")
    assert (
        f"LAB NOTE: the on-failure record of request {request_id} (RetriesExhausted) could not be sent to {gone}: "
        in text
    )
    assert f"LAB NOTE: the event of request {request_id} (RetriesExhausted) could not be sent to {gone}: " in text
    assert "the metric DestinationDeliveryFailures counts it." in text
    assert "the metric DeadLetterErrors counts it." in text


def test_a_right_that_was_taken_away_is_told_in_the_functions_log(cloud, queue):
    """Records are sent as the execution role, with the rights it has then. Developer Guide."""
    role = cloud.role_that_may("sqs:SendMessage")
    function = deploy(cloud, SOURCE, Role=role)
    send_to(cloud, function, success=queue.arn)
    cloud.client("iam").delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="own")
    send_event(function)
    text = until(lambda: "LAB NOTE: the on-success" in (log := log_text(function)) and log, "no note came")
    assert f"sent to {queue.arn}: the execution role {role} is not allowed sqs:SendMessage there." in text
    assert queue.receive() == []


def test_a_record_too_large_for_sns_loses_its_payloads(cloud, function, queue):
    """Over 256 KB "Lambda will drop the payload". API reference, OnFailure."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    send_to(cloud, function, success=topic)
    send_event(function, {"text": "x" * 200_000})
    record = json.loads(queue.records()[0]["Message"])
    assert record["requestContext"]["condition"] == "Success"
    assert not {"requestPayload", "responsePayload"} & set(record)
