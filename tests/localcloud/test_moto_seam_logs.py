"""What moto's CloudWatch Logs tells of log events, and where it is wrong by itself."""

from __future__ import annotations

import time

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.logs import logs_backends, models

from labsupport.localcloud import moto_notices, moto_seam_logs

REGION = "us-east-1"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:f"


@pytest.fixture
def told(monkeypatch):
    """moto with its logs as in the moto process; the notices that were told."""
    for owner, name in (
        (models.LogStream, "_send_log_events"),
        (models.LogsBackend, "put_subscription_filter"),
        (models.SubscriptionFilter, "to_json"),
        (models, "EventMessageFilter"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back after the test
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    notices: list[dict] = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **fields: notices.append({"kind": kind, **fields}))
    moto_seam_logs.tell_of_log_events()
    with mock_aws():
        yield notices


@pytest.fixture
def logs(told):
    client = boto3.client("logs", region_name=REGION)
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    return client


def subscribe(logs, pattern, name="n", function=FUNCTION):
    logs.put_subscription_filter(logGroupName="g", filterName=name, filterPattern=pattern, destinationArn=function)


def write(logs, *messages):
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)


def test_tell_of_log_events_tells_of_those_that_fit(told, logs):
    subscribe(logs, "ERROR")
    write(logs, "ERROR 1", "fine", "ERROR 2")
    write(logs, "fine")
    (notice,) = told
    events = notice.pop("events")
    assert [event["message"] for event in events] == ["ERROR 1", "ERROR 2"]
    assert all(len(event["id"]) == 56 and event["id"].isdigit() for event in events)
    assert notice == {
        "kind": "log_events",
        "region": REGION,
        "group": "g",
        "stream": "s",
        "filter": "n",
        "destination": FUNCTION,
    }


def test_each_filter_is_told_of_by_itself(told, logs):
    subscribe(logs, "a", "one")
    subscribe(logs, "b", "two", f"{FUNCTION}2")
    write(logs, "a b", "b")
    assert [(one["destination"], len(one["events"])) for one in told] == [(FUNCTION, 1), (f"{FUNCTION}2", 2)]


def test_another_log_group_still_gets_what_fits(told, logs):
    logs.create_log_group(logGroupName="copy")
    logs.create_log_stream(logGroupName="copy", logStreamName="s")
    subscribe(logs, "a", function=f"arn:aws:logs:{REGION}:123456789012:log-group:copy:*")
    write(logs, "a", "b")
    copied = logs.filter_log_events(logGroupName="copy")["events"]
    assert [event["message"] for event in copied] == ["a"]


@pytest.mark.parametrize("call", ("put_subscription_filter", "filter_log_events"))
def test_a_pattern_that_cannot_be_read_is_refused(told, logs, call):
    write(logs, "{}")
    more = {"filterName": "n", "destinationArn": FUNCTION} if call == "put_subscription_filter" else {}
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        getattr(logs, call)(logGroupName="g", filterPattern="{ $.a }", **more)
    assert logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"] == []


def test_moto_still_sends_what_does_not_fit(monkeypatch):
    """When this fails, moto is fixed."""
    sent = []
    with mock_aws():
        backend = logs_backends["123456789012"][REGION]
        backend.create_log_group("g", {})
        backend.create_log_stream("g", "s")
        backend.groups["g"].put_subscription_filter("n", "ERROR", FUNCTION, "")
        monkeypatch.setattr(
            models.LogStream, "_send_log_events", lambda self, **event: sent.append(event["log_events"])
        )
        backend.put_log_events("g", "s", [{"timestamp": int(time.time() * 1000), "message": "fine"}])
    assert [event["message"] for (event,) in sent] == ["fine"]


def test_moto_still_cannot_change_the_second_of_two_filters():
    """When this fails, moto is fixed."""
    with mock_aws():
        backend = logs_backends["123456789012"][REGION]
        backend.create_log_group("g", {})
        for name in ("one", "two"):
            backend.groups["g"].put_subscription_filter(name, "", FUNCTION, "")
        with pytest.raises(Exception, match="Resource limit exceeded"):
            backend.groups["g"].put_subscription_filter("two", "", FUNCTION, "")


def test_moto_still_knows_no_json_patterns():
    """When this fails, moto is fixed."""
    assert models.EventMessageFilter('{ $.a = "x" }').matches("no JSON")
