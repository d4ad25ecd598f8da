"""What moto's EventBridge tells of rules and events, and where it is wrong by itself."""

from __future__ import annotations

import json
import re
import time

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.events import events_backends, models

from labsupport.localcloud import moto_notices, moto_seam_events

REGION = "us-east-1"
QUEUE = f"arn:aws:sqs:{REGION}:123456789012:q"
RULE = f"arn:aws:events:{REGION}:123456789012:rule/r"
REPLACED = (
    "put_rule",
    "delete_rule",
    "enable_rule",
    "disable_rule",
    "put_targets",
    "remove_targets",
    "delete_event_bus",
    "put_events",
)


@pytest.fixture
def told(monkeypatch):
    """moto with its EventBridge as in the moto process; the notices that were told."""
    for name in REPLACED:
        monkeypatch.setattr(models.EventsBackend, name, getattr(models.EventsBackend, name))  # put back after the test
    monkeypatch.setattr(models.Rule, "send_to_targets", models.Rule.send_to_targets)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    notices: list[dict] = []

    def tell(kind, **fields):
        notices.append(json.loads(json.dumps({"kind": kind, **fields})))

    monkeypatch.setattr(moto_notices, "tell", tell)
    moto_seam_events.tell_of_rules_and_events()
    with mock_aws():
        yield notices


@pytest.fixture
def events(told):
    return boto3.client("events", region_name=REGION)


def test_tell_of_rules_and_events_tells_of_every_change_of_a_rule(told, events):
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    events.disable_rule(Name="r")
    events.enable_rule(Name="r")
    events.remove_targets(Rule="r", Ids=["1"])
    events.delete_rule(Name="r")
    assert {(one["kind"], one["region"], one["bus"], one["name"]) for one in told} == {
        ("event_rule", REGION, "default", "r")
    }
    rule = {"arn": RULE, "pattern": '{"source": ["shop"]}', "schedule": None, "enabled": True, "targets": []}
    target = [{"Id": "1", "Arn": QUEUE}]
    assert [one["rule"] for one in told] == [
        rule,
        rule | {"targets": target},
        rule | {"targets": target, "enabled": False},
        rule | {"targets": target},
        rule,
        None,
    ]


def test_rules_of_a_custom_bus_go_with_it(told, events):
    events.create_event_bus(Name="b")
    events.put_rule(Name="r", EventBusName="b", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", EventBusName="b", Targets=[{"Id": "1", "Arn": QUEUE}])
    events.delete_event_bus(Name="b")
    assert [(one["bus"], one["name"], bool(one["rule"])) for one in told] == [
        ("b", "r", True),
        ("b", "r", True),
        ("b", "r", False),
    ]


def test_a_stack_tells_of_its_rules(told, events):
    template = {
        "Resources": {
            "R": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "Name": "r",
                    "ScheduleExpression": "rate(1 minute)",
                    "Targets": [{"Id": "1", "Arn": QUEUE}],
                },
            }
        }
    }
    cloudformation = boto3.client("cloudformation", region_name=REGION)
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    assert told[-1]["rule"]["targets"] == [{"Id": "1", "Arn": QUEUE}]
    cloudformation.delete_stack(StackName="s")
    assert told[-1]["rule"] is None


def test_an_event_is_told_as_rules_see_it(told, events):
    entry = {"Source": "shop", "DetailType": "order", "Detail": '{"a": "ß"}', "Resources": ["x"]}
    (answer,) = events.put_events(Entries=[entry])["Entries"]
    (notice,) = told
    assert (notice["kind"], notice["region"], notice["bus"], notice["rule"]) == ("event", REGION, "default", None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", notice["ingested"])
    assert notice["event"].pop("time") == notice["ingested"]
    assert notice["event"] == {
        "version": "0",
        "id": answer["EventId"],
        "detail-type": "order",
        "source": "shop",
        "account": "123456789012",
        "region": REGION,
        "resources": ["x"],
        "detail": {"a": "ß"},
    }


def test_a_refused_entry_and_an_unknown_bus_are_not_told(told, events):
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
    refused = events.put_events(Entries=[entry | {"Detail": "["}, entry | {"EventBusName": "none"}])
    assert refused["FailedEntryCount"] == 1
    assert told == []


def test_an_archive_keeps_events_and_a_replay_tells_of_them(told, events):
    bus = f"arn:aws:events:{REGION}:123456789012:event-bus/default"
    archive = events.create_archive(ArchiveName="a", EventSourceArn=bus)["ArchiveArn"]
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
    events.put_events(Entries=[entry])
    assert [one["rule"] for one in told if one["kind"] == "event_rule" and one["name"] != "r"] == [None, None]
    told.clear()
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=time.time() - 100,
        EventEndTime=time.time() + 100,
        Destination={"Arn": bus},
    )
    (notice,) = [one for one in told if one["kind"] == "event"]
    assert notice["rule"] == "r"
    assert notice["event"]["replay-name"] == "again"
    assert notice["event"]["source"] == "shop"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", notice["event"]["time"])
    assert "ingestion-time" not in notice["event"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"EventPattern": '{"source": [{"PREFIX": "a"}]}'}, "Unrecognized match type PREFIX"),
        ({"ScheduleExpression": "rate(1 minutes)"}, "Parameter ScheduleExpression is not valid."),
    ],
)
def test_a_rule_that_aws_refuses_is_not_made(told, events, rule, message):
    with pytest.raises(ClientError, match=message):
        events.put_rule(Name="r", **rule)
    assert told == []
    assert events.list_rules()["Rules"] == []


def test_moto_still_sends_to_a_disabled_rule_and_not_to_functions():
    """When this fails, moto is fixed."""
    with mock_aws():
        backend = events_backends["123456789012"][REGION]
        backend.put_rule("r", event_pattern='{"source": ["shop"]}', state="DISABLED")
        function = f"arn:aws:lambda:{REGION}:123456789012:function:f"
        backend.put_targets("r", None, [{"Id": "1", "Arn": function}])
        with pytest.raises(NotImplementedError):
            backend.put_events([{"Source": "shop", "DetailType": "order", "Detail": "{}"}])


def test_moto_still_takes_schedules_that_aws_refuses():
    """When this fails, moto is fixed."""
    with mock_aws():
        backend = events_backends["123456789012"][REGION]
        for expression in ("rate(1 minutes)", "cron(71 8 1 * ? *)"):
            assert backend.put_rule("r", scheduled_expression=expression).scheduled_expression == expression
