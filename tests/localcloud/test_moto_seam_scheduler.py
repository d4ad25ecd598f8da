"""What moto's EventBridge Scheduler tells of schedules, and where it is wrong by itself."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.scheduler import scheduler_backends
from moto.scheduler.models import EventBridgeSchedulerBackend

from labsupport.localcloud import moto_notices, moto_seam_scheduler

REGION = "us-east-1"
ARN = f"arn:aws:scheduler:{REGION}:123456789012:schedule/default/s"
TARGET = {
    "Arn": f"arn:aws:lambda:{REGION}:123456789012:function:f",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
}
WANTED = {
    "Name": "s",
    "ScheduleExpression": "rate(5 minutes)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": TARGET,
}


@pytest.fixture
def told(monkeypatch):
    """moto with its Scheduler as in the moto process; the notices that were told."""
    for name in ("create_schedule", "update_schedule", "delete_schedule", "delete_schedule_group"):
        monkeypatch.setattr(EventBridgeSchedulerBackend, name, getattr(EventBridgeSchedulerBackend, name))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    notices: list[dict] = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **fields: notices.append({"kind": kind, **fields}))
    moto_seam_scheduler.tell_of_schedules()
    with mock_aws():
        yield notices


@pytest.fixture
def scheduler(told):
    return boto3.client("scheduler", region_name=REGION)


def test_tell_of_schedules_tells_of_every_change(told, scheduler):
    scheduler.create_schedule(**WANTED)
    scheduler.update_schedule(**WANTED | {"State": "DISABLED", "ScheduleExpressionTimezone": "Europe/Berlin"})
    scheduler.update_schedule(**WANTED)
    scheduler.delete_schedule(Name="s")
    assert {(one["kind"], one["region"], one["arn"]) for one in told} == {("schedule", REGION, ARN)}
    retries = {"RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}}
    schedule = {
        "group": "default",
        "name": "s",
        "expression": "rate(5 minutes)",
        "zone": "UTC",
        "enabled": True,
        "start": None,
        "end": None,
        "target": TARGET | retries,
        "delete_after": False,
    }
    assert [one["schedule"] for one in told] == [
        schedule,
        schedule | {"enabled": False, "zone": "Europe/Berlin"},
        schedule,
        None,
    ]


def test_the_schedules_of_a_group_go_with_it(told, scheduler):
    scheduler.create_schedule_group(Name="g")
    scheduler.create_schedule(**WANTED | {"GroupName": "g", "ActionAfterCompletion": "DELETE"})
    scheduler.delete_schedule_group(Name="g")
    arn = ARN.replace("/default/", "/g/")
    assert [(one["arn"], one["schedule"] and one["schedule"]["delete_after"]) for one in told] == [
        (arn, True),
        (arn, None),
    ]


def test_a_group_that_is_not_there_is_named(told, scheduler):
    with pytest.raises(ClientError, match="Schedule group none does not exist."):
        scheduler.create_schedule(**WANTED | {"GroupName": "none"})
    assert told == []


def test_delete_completed_deletes_what_is_still_there(told, scheduler):
    scheduler.create_schedule(**WANTED)
    for _ in range(2):
        moto_seam_scheduler.delete_completed(REGION, "default", "s")
    assert scheduler.list_schedules()["Schedules"] == []
    assert told[-1]["schedule"] is None


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 1 * * * *)",
        "cron(71 8 1 * ? *)",
        "cron()",
        "rate(10 seconds)",
        "rate()",
        "rate(-10 minutes)",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
    ],
)
def test_an_expression_that_aws_refuses_is_refused(told, scheduler, expression):
    """Recorded from AWS."""
    with pytest.raises(ClientError) as refused:
        scheduler.create_schedule(**WANTED | {"ScheduleExpression": expression})
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", f"Invalid Schedule Expression {expression}.")
    assert told == []


@pytest.mark.parametrize(
    "expression",
    [
        "at(2022-12-31T23:59:59)",
        "cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)",
        "cron(1-31/30 1-1 ? * 1,7 *)",
        "cron(*/15 * * * ? *)",
        "cron(0-59/10 0-23/2 ? * * *)",
    ],
)
def test_an_expression_that_aws_takes_is_taken(told, scheduler, expression):
    """Recorded from AWS."""
    scheduler.create_schedule(**WANTED | {"ScheduleExpression": expression})
    assert told[0]["schedule"]["expression"] == expression


def test_an_unknown_time_zone_is_refused(told, scheduler):
    with pytest.raises(ClientError, match="Invalid ScheduleExpressionTimezone Mars/Olympus."):
        scheduler.create_schedule(**WANTED | {"ScheduleExpressionTimezone": "Mars/Olympus"})


def test_moto_still_takes_any_expression():
    """When this fails, moto is fixed."""
    with mock_aws():
        backend = scheduler_backends["123456789012"][REGION]
        wanted = dict.fromkeys(
            "description end_date group_name kms_key_arn schedule_expression_timezone start_date state".split()
        )
        made = backend.create_schedule(
            **wanted,
            name="s",
            schedule_expression="whenever",
            flexible_time_window={"Mode": "OFF"},
            target=dict(TARGET),
            action_after_completion=None,
        )
        assert made.schedule_expression == "whenever"
