"""EventBridge: rules on events and rules on a schedule call functions and fill queues and topics.

Forms of events and messages of errors are recorded from AWS where a test says so; the rest is from the Amazon EventBridge
User Guide.
"""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest

from .deployment import ACCOUNT, REGION, refusal, unique_name
from .targets import Queue, deploy, log_text, until

ECHO = """
import json

def handler(event, context):
    print("GOT " + json.dumps(event))
"""
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
PATTERN = {"source": ["shop"], "detail-type": ["order"]}


def received(function, count=1):
    """Events that an echoing function printed."""

    def found():
        events = [json.loads(line) for line in re.findall(r"^GOT (.*)$", log_text(function), re.M)]
        return events if len(events) >= count else None

    return until(found, f"{count} events did not come")


def allow(cloud, function, rule_arn, name=None):
    cloud.client("lambda").add_permission(
        FunctionName=name or function.name,
        StatementId=unique_name("events"),
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule_arn,
    )


@pytest.fixture
def events(cloud):
    return cloud.client("events")


@pytest.fixture
def rule(events):
    """Makes a rule with targets; its ARN. All rules are taken away after the test."""
    made = []

    def make(*targets, bus="default", name=None, **settings):
        name = name or unique_name("rule")
        if "ScheduleExpression" not in settings:
            settings.setdefault("EventPattern", json.dumps(PATTERN))
        arn = events.put_rule(Name=name, EventBusName=bus, **settings)["RuleArn"]
        made.append((name, bus))
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        if numbered:
            assert events.put_targets(Rule=name, EventBusName=bus, Targets=numbered)["FailedEntryCount"] == 0
        return arn

    yield make
    for name, bus in made:
        targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
        if targets:
            events.remove_targets(Rule=name, EventBusName=bus, Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=name, EventBusName=bus)


def send(events, detail=None, **more):
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps(detail or {}), **more}
    answer = events.put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer
    return answer["Entries"][0]["EventId"]


def test_a_function_gets_the_event(cloud, events, rule):
    """Recorded from AWS."""
    function = deploy(cloud, ECHO)
    allow(cloud, function, rule({"Arn": function.arn}))
    detail = {"command": "update-account", "payload": {"acc_id": "0a787ecb-4015", "total": 1.5}}
    sent = send(events, detail, Resources=["arn:aws:s3:::shop"])
    (event,) = received(function)
    assert list(event) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ]
    assert re.fullmatch(UUID, sent)
    assert re.fullmatch(TIME, event.pop("time"))
    assert event == {
        "version": "0",
        "id": sent,
        "detail-type": "order",
        "source": "shop",
        "account": ACCOUNT,
        "region": REGION,
        "resources": ["arn:aws:s3:::shop"],
        "detail": detail,
    }


def test_an_entry_can_give_its_time(cloud, events, rule):
    queue = Queue(cloud)
    rule({"Arn": queue.arn})
    send(events, Time=datetime.fromisoformat("2026-01-15T10:20:30+02:00"))
    assert queue.records()[0]["time"] == "2026-01-15T08:20:30Z"


def test_only_events_that_fit_the_pattern_come(cloud, events, rule):
    """User Guide, "Comparison operators for use in event patterns"."""
    queue = Queue(cloud)
    pattern = PATTERN | {
        "detail": {
            "state": [{"anything-but": ["open"]}],
            "total": [{"numeric": [">=", 10, "<", 20]}],
            "customer": {"mail": [{"suffix": "@example.com"}]},
            "voucher": [{"exists": False}],
        }
    }
    rule({"Arn": queue.arn, "InputPath": "$.detail.id"}, EventPattern=json.dumps(pattern))
    fits = {"state": "paid", "total": 10, "customer": {"mail": "a@example.com"}}
    for number, change in enumerate(
        (
            {"state": "open"},
            {"total": 20},
            {"customer": {"mail": "a@example.org"}},
            {"voucher": "X"},
            {},
        )
    ):
        send(events, fits | change | {"id": number})
    events.put_events(Entries=[{"Source": "other", "DetailType": "order", "Detail": json.dumps(fits | {"id": 9})}])
    send(events, fits | {"id": 10})
    assert sorted(queue.records(2)) == [4, 10]


def test_a_rule_of_a_custom_bus_sees_only_that_bus(cloud, events, rule):
    """Recorded from AWS: the ARN of its rule names the bus."""
    bus, queue, default = unique_name("bus"), Queue(cloud), Queue(cloud)
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    name = unique_name("rule")
    arn = rule({"Arn": queue.arn}, bus=bus, name=name)
    assert arn == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{bus}/{name}"
    rule({"Arn": default.arn})
    send(events, {"to": "default"})
    send(events, {"to": "bus"}, EventBusName=bus)
    send(events, {"to": "bus arn"}, EventBusName=bus_arn)
    assert sorted(event["detail"]["to"] for event in queue.records(2)) == ["bus", "bus arn"]
    assert [event["detail"]["to"] for event in default.records()] == ["default"]


def test_a_rule_may_send_to_another_bus_but_no_further(cloud, events, rule):
    """User Guide, "Sending and receiving events between event buses in the same account and Region"."""
    first, second, third = (events.create_event_bus(Name=unique_name("bus"))["EventBusArn"] for _ in range(3))
    names = [arn.rpartition("/")[2] for arn in (first, second, third)]
    reached, beyond = Queue(cloud), Queue(cloud)
    rule({"Arn": second}, bus=names[0])
    rule({"Arn": third}, {"Arn": reached.arn}, bus=names[1])
    rule({"Arn": beyond.arn}, bus=names[2])
    sent = send(events, EventBusName=first)
    assert [event["id"] for event in reached.records()] == [sent]
    send(events, {"direct": True}, EventBusName=third)
    assert [event["detail"] for event in beyond.records()] == [{"direct": True}]


def test_targets_get_what_their_input_settings_say(cloud, events, rule):
    """Recorded from AWS."""
    function = deploy(cloud, ECHO)
    transformer = {
        "InputPathsMap": {"kind": "$.detail-type", "who": "$.detail.who", "none": "$.detail.none"},
        "InputTemplate": '{"text": "a <kind> of <who>", "who": <who>, "none": <none>}',
    }
    arn = rule(
        {"Arn": function.arn, "Input": '{"constant": [1]}'},
        {"Arn": function.arn, "InputPath": "$.detail"},
        {"Arn": function.arn, "InputTransformer": transformer},
    )
    allow(cloud, function, arn)
    send(events, {"who": "Ada"})
    got = sorted(received(function, 3), key=str)
    assert got == [{"constant": [1]}, {"text": "a order of Ada", "who": "Ada", "none": ""}, {"who": "Ada"}]


def test_a_queue_and_a_topic_get_the_text(cloud, events, rule):
    """Recorded from AWS: a selected text keeps its quotes."""
    queue, behind = Queue(cloud), Queue(cloud)
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=behind.arn, Attributes={"RawMessageDelivery": "true"})
    rule({"Arn": queue.arn, "InputPath": "$.detail.who"}, {"Arn": topic, "InputPath": "$.detail"})
    send(events, {"who": "Ada"})
    assert queue.messages()[0]["Body"] == '"Ada"'
    assert behind.messages()[0]["Body"] == '{"who":"Ada"}'


def test_a_fifo_queue_gets_the_event_in_the_targets_group(cloud, events, rule):
    """User Guide: content-based deduplication must be enabled."""
    queue = Queue(cloud, f"{unique_name('q')}.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    rule({"Arn": queue.arn, "SqsParameters": {"MessageGroupId": "orders"}})
    send(events)
    assert queue.messages()[0]["Attributes"]["MessageGroupId"] == "orders"


def test_a_log_group_gets_the_event_in_a_stream_of_its_own(cloud, events, rule):
    group, logs = f"/aws/events/{unique_name('orders')}", cloud.client("logs")
    logs.create_log_group(logGroupName=group)
    rule({"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"})
    sent = send(events)
    (found,) = until(lambda: logs.filter_log_events(logGroupName=group)["events"], "nothing was logged")
    assert json.loads(found["message"])["id"] == sent


def test_without_permission_the_event_goes_to_the_targets_dead_letter_queue(cloud, events, rule):
    """User Guide, "Using dead-letter queues to process undelivered events": no retries, and these attributes."""
    function, queue = deploy(cloud, ECHO), Queue(cloud)
    arn = rule({"Arn": function.arn, "DeadLetterConfig": {"Arn": queue.arn}})
    sent = send(events, {"who": "Ada"})
    (message,) = queue.messages()
    assert json.loads(message["Body"])["id"] == sent
    attributes = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert attributes == {
        "RULE_ARN": arn,
        "TARGET_ARN": function.arn,
        "ERROR_CODE": "NO_PERMISSIONS",
        "ERROR_MESSAGE": "events.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{function.arn} because no resource-based policy allows the lambda:InvokeFunction action",
    }
    assert f'Principal="events.amazonaws.com", SourceArn="{arn}"' in until(lambda: log_text(function), "no note")
    allow(cloud, function, arn)
    sent = send(events)
    assert [event["id"] for event in received(function)] == [sent]


def test_a_function_that_is_gone_leaves_a_dead_letter(cloud, events, rule):
    function, queue = deploy(cloud, ECHO), Queue(cloud)
    rule({"Arn": function.arn, "DeadLetterConfig": {"Arn": queue.arn}})
    cloud.client("lambda").delete_function(FunctionName=function.name)
    send(events)
    assert queue.messages()[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_a_disabled_rule_does_nothing_until_it_is_enabled(cloud, events, rule):
    queue, name = Queue(cloud), unique_name("rule")
    rule({"Arn": queue.arn}, name=name, State="DISABLED")
    send(events, {"n": 1})
    events.enable_rule(Name=name)
    send(events, {"n": 2})
    events.disable_rule(Name=name)
    send(events, {"n": 3})
    events.enable_rule(Name=name)
    send(events, {"n": 4})
    assert sorted(event["detail"]["n"] for event in queue.records(2)) == [2, 4]


def test_changed_patterns_and_removed_targets_count_for_the_next_event(cloud, events, rule):
    first, second, name = Queue(cloud), Queue(cloud), unique_name("rule")
    rule({"Arn": first.arn}, {"Arn": second.arn}, name=name)
    send(events, {"n": 1})
    events.remove_targets(Rule=name, Ids=["0"])
    send(events, {"n": 2})
    events.put_rule(Name=name, EventPattern='{"source": ["nobody"]}')
    send(events, {"n": 3})
    events.put_rule(Name=name, EventPattern=json.dumps(PATTERN))
    send(events, {"n": 4})
    assert sorted(event["detail"]["n"] for event in second.records(3)) == [1, 2, 4]
    assert [event["detail"]["n"] for event in first.records()] == [1]


def test_each_entry_is_accepted_or_refused_by_itself(cloud, events, rule):
    """Recorded from AWS, the refusal of a source of AWS's own seen in published output."""
    queue = Queue(cloud)
    rule({"Arn": queue.arn})
    good = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
    answer = events.put_events(
        Entries=[
            good,
            good | {"Source": ""},
            good | {"DetailType": ""},
            good | {"Detail": ""},
            good | {"Detail": "NotJSON"},
            good | {"Detail": "[]"},
            good | {"Source": "aws.s3"},
            good | {"EventBusName": "not-there"},
            good,
        ]
    )
    required = "Parameter {0} is not valid. Reason: {0} is a required argument."
    codes = [(entry.get("ErrorCode"), entry.get("ErrorMessage")) for entry in answer["Entries"]]
    assert codes == [
        (None, None),
        ("InvalidArgument", required.format("Source")),
        ("InvalidArgument", required.format("DetailType")),
        ("InvalidArgument", required.format("Detail")),
        ("MalformedDetail", "Detail is malformed."),
        ("MalformedDetail", "Detail is malformed."),
        ("NotAuthorizedForSourceException", "Not authorized for the source."),
        (None, None),  # a bus that is not there loses the event without a word
        (None, None),
    ]
    assert answer["FailedEntryCount"] == 6
    accepted = [answer["Entries"][number]["EventId"] for number in (0, 8)]
    assert sorted(event["id"] for event in queue.records(2)) == sorted(accepted)


def test_entries_of_a_megabyte_are_too_much(events):
    """Recorded from AWS; the limit is of 2026 (API Reference, "PutEvents")."""
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"x": "y" * 600_000})}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert refusal(events.put_events, Entries=[entry, entry]) == (
        "ValidationException",
        400,
        "Total size of the entries in the request is over the limit.",
    )


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ('{"source": []}', "Empty arrays are not allowed"),
        ('{"source": "shop"}', '"source" must be an object or an array'),
        ('{"detail": {"n": [{"EXISTS": true}]}}', "Unrecognized match type EXISTS"),
        ('{"detail": {"n": [{"numeric": [">", 1, ">", 2]}]}}', "Bad numeric range operator: >"),
    ],
)
def test_a_pattern_that_cannot_match_is_refused(events, pattern, reason):
    """Recorded from AWS."""
    code, status, message = refusal(events.put_rule, Name="bad", EventPattern=pattern)
    assert (code, status) == ("InvalidEventPatternException", 400)
    assert message.splitlines()[0] == f"Event pattern is not valid. Reason: {reason}"


def test_targets_that_are_refused(cloud, events, rule):
    """Recorded from AWS."""
    name, arn = unique_name("rule"), f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    rule({"Arn": arn}, name=name)
    more = [{"Id": f"more-{number}", "Arn": arn} for number in range(5)]
    assert refusal(events.put_targets, Rule=name, Targets=more) == (
        "LimitExceededException",
        400,
        "The requested resource exceeds the maximum number allowed.",
    )
    both = {"Id": "t", "Arn": arn, "InputPath": "$.detail", "Input": "{}"}
    assert refusal(events.put_targets, Rule=name, Targets=[both]) == (
        "ValidationException",
        400,
        "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
    )
    assert len(events.list_targets_by_rule(Rule=name)["Targets"]) == 1


def test_a_schedule_calls_its_function_minute_by_minute(cloud, events, rule):
    """Recorded from AWS. A minute of this cloud's schedules is a fiftieth of a real one."""
    function = deploy(cloud, ECHO)
    arn = rule({"Arn": function.arn}, ScheduleExpression="rate(1 minute)")
    allow(cloud, function, arn)
    first, second = received(function, 2)[:2]
    moments = [datetime.fromisoformat(event["time"]) for event in (first, second)]
    seconds = (moments[1] - moments[0]).total_seconds()
    assert seconds > 0 and seconds % 60 == 0
    assert first["id"] != second["id"]
    for event in (first, second):
        assert re.fullmatch(UUID, event.pop("id"))
        assert re.fullmatch(TIME, event.pop("time"))
        assert event == {
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "region": REGION,
            "resources": [arn],
            "detail": {},
        }


def test_a_cron_schedule_comes_at_full_minutes_and_can_give_a_constant(cloud, events, rule):
    queue, constant = Queue(cloud), Queue(cloud)
    rule({"Arn": queue.arn}, {"Arn": constant.arn, "Input": '{"a": 1}'}, ScheduleExpression="cron(* * * * ? *)")
    assert {event["time"][-3:] for event in queue.records(2)} == {"00Z"}
    assert constant.records()[0] == {"a": 1}


def test_a_disabled_or_deleted_schedule_stops(cloud, events, rule):
    queue, name = Queue(cloud), unique_name("rule")
    rule({"Arn": queue.arn}, name=name, ScheduleExpression="rate(1 minute)")
    queue.records()
    events.disable_rule(Name=name)
    queue.receive()
    other = Queue(cloud)
    rule({"Arn": other.arn}, ScheduleExpression="rate(1 minute)")
    other.records(3)
    assert len(queue.receive()) <= 1  # one that was on its way


def test_a_schedule_does_not_come_with_events(cloud, events, rule):
    """Recorded from AWS."""
    queue = Queue(cloud)
    rule({"Arn": queue.arn}, ScheduleExpression="cron(0 0 1 1 ? 2199)")
    send(events)
    marker = Queue(cloud)
    rule({"Arn": marker.arn})
    send(events, {"last": True})
    marker.records()
    assert queue.receive() == []


@pytest.mark.parametrize(
    "expression", ["rate(1 minutes)", "rate(0 minutes)", "cron(0 1 * * * *)", "cron(71 8 1 * ? *)", "every minute"]
)
def test_a_schedule_that_cannot_be_read_is_refused(events, expression):
    """Recorded from AWS."""
    assert refusal(events.put_rule, Name="bad", ScheduleExpression=expression) == (
        "ValidationException",
        400,
        "Parameter ScheduleExpression is not valid.",
    )


def test_a_custom_bus_has_no_schedules(events):
    """Recorded from AWS."""
    bus = unique_name("bus")
    events.create_event_bus(Name=bus)
    assert refusal(events.put_rule, Name="r", EventBusName=bus, ScheduleExpression="rate(1 minute)") == (
        "ValidationException",
        400,
        "ScheduleExpression is supported only on the default event bus.",
    )
