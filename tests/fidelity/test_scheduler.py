"""EventBridge Scheduler calls functions with a role of its own. From its User Guide; the default event is seen in published
samples."""

from __future__ import annotations

import json
import re

import pytest

from .deployment import ACCOUNT, REGION, TRUST, unique_name
from .targets import Queue, deploy, log_text, until

ECHO = """
import json

def handler(event, context):
    print("GOT " + json.dumps(event))
"""


def received(function, count=1):
    def found():
        events = [json.loads(line) for line in re.findall(r"^GOT (.*)$", log_text(function), re.M)]
        return events if len(events) >= count else None

    return until(found, f"{count} events did not come")


@pytest.fixture
def scheduler(cloud):
    return cloud.client("scheduler")


@pytest.fixture
def role(cloud):
    """Makes a role for Scheduler that may do ``actions``; its ARN."""

    def make(*actions):
        iam, name = cloud.client("iam"), unique_name("scheduler")
        trust = json.dumps(TRUST).replace("lambda.amazonaws.com", "scheduler.amazonaws.com")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
        return arn

    return make


@pytest.fixture
def schedule(scheduler):
    """Makes a schedule; its ARN. All are taken away after the test."""
    made = []

    def make(expression, arn, role_arn, *, more=None, **target):
        name = unique_name("schedule")
        answer = scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": role_arn, **target},
            **(more or {}),
        )
        made.append(name)
        return answer["ScheduleArn"]

    yield make
    left = {one["Name"] for one in scheduler.list_schedules()["Schedules"]}
    for name in left.intersection(made):
        scheduler.delete_schedule(Name=name)


def test_a_function_gets_the_default_event_without_a_resource_policy(cloud, schedule, role):
    function = deploy(cloud, ECHO)
    arn = schedule("rate(1 minute)", function.arn, role("lambda:InvokeFunction"))
    event = received(function)[0]
    assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "region": REGION,
        "resources": [arn],
        "detail": "{}",
    }


def test_input_is_given_with_its_context_attributes(cloud, schedule, role):
    queue = Queue(cloud)
    text = '{"arn": "<aws.scheduler.schedule-arn>", "time": "<aws.scheduler.scheduled-time>", "try": <aws.scheduler.attempt-number>}'
    arn = schedule("cron(* * * * ? *)", queue.arn, role("sqs:SendMessage"), Input=text)
    record = queue.records()[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z", record.pop("time"))
    assert record == {"arn": arn, "try": 1}


def test_without_the_right_nothing_is_called_and_a_dead_letter_says_why(cloud, schedule, role):
    function, queue = deploy(cloud, ECHO), Queue(cloud)
    role_arn = role("sqs:SendMessage")
    dead_letters = {"DeadLetterConfig": {"Arn": queue.arn}}
    arn = schedule("rate(1 minute)", function.arn, role_arn, Input="{}", **dead_letters)
    message = queue.messages()[0]
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert attributes == {
        "SCHEDULE_ARN": arn,
        "TARGET_ARN": function.arn,
        "ERROR_CODE": "AccessDeniedException",
        "ERROR_MESSAGE": f"the role {role_arn} is not allowed lambda:InvokeFunction there",
    }
    assert message["Body"] == "{}"
    assert log_text(function) == ""


def test_a_schedule_that_is_over_is_deleted_when_it_says_so(cloud, scheduler, schedule, role):
    queue = Queue(cloud)
    arn = schedule(
        "at(2022-12-31T23:59:59)",
        queue.arn,
        role("sqs:SendMessage"),
        more={"ActionAfterCompletion": "DELETE"},
    )
    name = arn.rpartition("/")[2]
    until(lambda: name not in {one["Name"] for one in scheduler.list_schedules()["Schedules"]}, "it was not deleted")
    assert queue.receive() == []


def test_a_schedule_in_a_time_zone_is_kept_with_it(scheduler, schedule, role):
    arn = schedule(
        "cron(0 8 * * ? *)",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
        role("lambda:InvokeFunction"),
        more={"ScheduleExpressionTimezone": "Europe/Berlin"},
    )
    kept = scheduler.get_schedule(Name=arn.rpartition("/")[2])
    assert kept["ScheduleExpressionTimezone"] == "Europe/Berlin"
