"""CloudWatch Logs calls functions through subscription filters.

Recorded from AWS where a test says so; refusals are seen in published output of AWS.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import time

import pytest

from .deployment import ACCOUNT, REGION, refusal, unique_name
from .targets import deploy, log_text, until

ECHO = """
import json

def handler(event, context):
    print("GOT " + json.dumps(event))
"""


@pytest.fixture
def logs(cloud):
    return cloud.client("logs")


@pytest.fixture
def group(logs):
    """Name of a log group with the stream ``s``."""
    name = f"/shop/{unique_name('orders')}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    return name


@pytest.fixture
def echo(cloud):
    return deploy(cloud, ECHO)


def allow(cloud, function, group, principal="logs.amazonaws.com"):
    cloud.client("lambda").add_permission(
        FunctionName=function.name,
        StatementId=unique_name("logs"),
        Action="lambda:InvokeFunction",
        Principal=principal,
        SourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*",
        SourceAccount=ACCOUNT,
    )


def subscribe(logs, group, function_arn, pattern="", name="test"):
    logs.put_subscription_filter(
        logGroupName=group, filterName=name, filterPattern=pattern, destinationArn=function_arn
    )


def write(logs, group, *messages):
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    return now


def received(function, count=1):
    """What an echoing function got: the decoded data of each event."""

    def found():
        events = [json.loads(line) for line in re.findall(r"^GOT (.*)$", log_text(function), re.M)]
        return events if len(events) >= count else None

    decoded = []
    for event in until(found, f"{count} events did not come"):
        assert list(event) == ["awslogs"] and list(event["awslogs"]) == ["data"]
        decoded.append(json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))))
    return decoded


def messages(function, count=1):
    return [event["message"] for data in received(function, count) for event in data["logEvents"]]


@pytest.mark.parametrize("principal", ("logs.amazonaws.com", f"logs.{REGION}.amazonaws.com"))
def test_a_function_gets_log_events_packed_as_aws_packs_them(cloud, logs, group, echo, principal):
    """Recorded from AWS, with either name of the principal."""
    allow(cloud, echo, group, principal)
    subscribe(logs, group, echo.arn)
    now = write(logs, group, "test", "größe 2")
    (data,) = received(echo)
    identifiers = [event.pop("id") for event in data["logEvents"]]
    assert all(re.fullmatch(r"\d{56}", identifier) for identifier in identifiers) and len(set(identifiers)) == 2
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "s",
        "subscriptionFilters": ["test"],
        "logEvents": [{"timestamp": now, "message": "test"}, {"timestamp": now, "message": "größe 2"}],
    }


def test_only_events_that_fit_the_pattern_come(cloud, logs, group, echo):
    """User Guide, "Filter pattern syntax"."""
    allow(cloud, echo, group)
    subscribe(logs, group, echo.arn, '{ $.level = "ERROR" && $.status >= 500 }')
    write(logs, group, "no JSON", '{"level": "INFO", "status": 500}', '{"level": "ERROR", "status": 404}')
    write(logs, group, '{"level": "ERROR", "status": 503}', "more")
    assert messages(echo) == ['{"level": "ERROR", "status": 503}']


def test_fields_of_a_space_delimited_pattern_are_extracted(cloud, logs, group, echo):
    allow(cloud, echo, group)
    subscribe(logs, group, echo.arn, "[ip, ..., status = 5*, bytes]")
    write(logs, group, '10.0.0.1 - ann "GET / HTTP/1.1" 503 17', '10.0.0.1 - ann "GET / HTTP/1.1" 200 17')
    ((event,),) = [data["logEvents"] for data in received(echo)]
    assert event["extractedFields"] == {"ip": "10.0.0.1", "status": "503", "bytes": "17"}


def test_the_log_of_one_function_can_call_another(cloud, logs, echo):
    talker = cloud.deploy(
        """
        def handler(event, context):
            print("ERROR " + event["what"])
            print("fine")
        """
    )
    talker.invoke({"what": "first"})
    allow(cloud, echo, talker.log_group)
    subscribe(logs, talker.log_group, echo.arn, "ERROR")
    talker.invoke({"what": "second"})
    assert messages(echo) == ["ERROR second\n"]


def test_a_changed_filter_counts_for_what_comes_then_and_a_deleted_one_no_more(cloud, logs, group, echo):
    allow(cloud, echo, group)
    subscribe(logs, group, echo.arn, "first")
    write(logs, group, "first 1", "second 1")
    messages(echo)
    subscribe(logs, group, echo.arn, "second")
    write(logs, group, "first 2", "second 2")
    assert messages(echo, 2) == ["first 1", "second 2"]
    logs.delete_subscription_filter(logGroupName=group, filterName="test")
    write(logs, group, "second 3")
    subscribe(logs, group, echo.arn, "second")
    write(logs, group, "second 4")
    assert messages(echo, 3) == ["first 1", "second 2", "second 4"]


def test_a_filter_is_shown_as_aws_shows_it(cloud, logs, group, echo):
    """Recorded from AWS."""
    allow(cloud, echo, group)
    subscribe(logs, group, echo.arn)
    (shown,) = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert isinstance(shown.pop("creationTime"), int)
    assert shown == {
        "applyOnTransformedLogs": False,
        "destinationArn": echo.arn,
        "distribution": "ByLogStream",
        "filterName": "test",
        "filterPattern": "",
        "logGroupName": group,
    }


def test_without_permission_the_filter_is_refused(cloud, logs, group, echo):
    refused = (
        "InvalidParameterException",
        400,
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
        "function.",
    )
    wanted = {"logGroupName": group, "filterName": "f", "filterPattern": "", "destinationArn": echo.arn}
    assert refusal(logs.put_subscription_filter, **wanted) == refused
    allow(cloud, echo, f"{group}-other")
    assert refusal(logs.put_subscription_filter, **wanted) == refused
    missing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing"
    assert refusal(logs.put_subscription_filter, **(wanted | {"destinationArn": missing})) == refused
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []


def test_a_function_cannot_be_called_by_its_own_log(cloud, logs, echo):
    echo.invoke({})
    allow(cloud, echo, echo.log_group)
    assert refusal(
        logs.put_subscription_filter,
        logGroupName=echo.log_group,
        filterName="f",
        filterPattern="",
        destinationArn=echo.arn,
    ) == (
        "InvalidParameterException",
        400,
        "The log group provided is reserved for the function logs of the destination function.",
    )


def test_a_log_group_that_is_not_there_is_named_first(logs, echo):
    """Recorded from AWS."""
    assert refusal(
        logs.put_subscription_filter, logGroupName="none", filterName="f", filterPattern="", destinationArn=echo.arn
    ) == ("ResourceNotFoundException", 400, "The specified log group does not exist.")


def test_a_log_group_has_at_most_two_filters(cloud, logs, group, echo):
    """Recorded from AWS; the second can still be changed."""
    allow(cloud, echo, group)
    for name in ("one", "two", "two"):
        subscribe(logs, group, echo.arn, name=name)
    code, status, message = refusal(
        logs.put_subscription_filter, logGroupName=group, filterName="x", filterPattern="", destinationArn=echo.arn
    )
    assert (code, status, message) == ("LimitExceededException", 400, "Resource limit exceeded.")


def test_filter_log_events_understands_patterns(logs, group):
    """User Guide, "Filter pattern syntax"."""
    write(logs, group, "[ERROR 400] BAD", "[INFO] fine", '{"level": "ERROR", "n": 3}')

    def filtered(pattern):
        return [
            event["message"] for event in logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
        ]

    assert filtered("?BAD ?fine") == ["[ERROR 400] BAD", "[INFO] fine"]
    assert filtered("ERROR -BAD") == ['{"level": "ERROR", "n": 3}']
    assert filtered("{ $.n > 2 }") == ['{"level": "ERROR", "n": 3}']
    assert filtered("%[0-9]{3}%") == ["[ERROR 400] BAD"]
    assert len(filtered("")) == 3
