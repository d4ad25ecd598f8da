"""What targets of a rule get. The results are recorded from AWS."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.triggers.target_input import Delivery, InvalidInput, check_input, target_input

EVENT = {
    "version": "0",
    "id": "11111111-2222-4333-8444-555555555555",
    "detail-type": "core.update-account-command",
    "source": "core",
    "account": "123456789012",
    "time": "2026-01-15T10:20:30Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "command": "update-account",
        "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"},
        "awsAccountId": "",
        "severity": ["HIGH"],
        "states": ["ACTIVE", "INACTIVE"],
        "valid": True,
        "count": 3,
        "nothing": None,
        "items": [{"name": "a"}, {"name": "b"}, {"other": 1}],
        "quoted": 'say "hi"\n',
    },
}
RULE = "arn:aws:events:us-east-1:123456789012:rule/bus/r"
DELIVERY = Delivery(EVENT, RULE, "r", "2026-01-15T10:20:31Z")
PATHS = {
    "userId": "$.detail.payload.acc_id",
    "payload": "$.detail.payload",
    "missing": "$.detail.notinmessage",
    "listsingle": "$.detail.severity",
    "listmulti": "$.detail.states",
    "valid": "$.detail.valid",
    "count": "$.detail.count",
    "nothing": "$.detail.nothing",
    "detail-type": "$.detail-type",
    "quoted": "$.detail.quoted",
}


def filled(template, paths=PATHS):
    return target_input({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}, DELIVERY)


def test_without_settings_a_target_gets_the_event():
    assert json.loads(target_input({}, DELIVERY)) == EVENT


def test_a_constant_is_given_as_it_is_written():
    assert target_input({"Input": '{ "a": 1 }'}, DELIVERY) == '{ "a": 1 }'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.detail.payload", '{"acc_id":"0a787ecb-4015","sf_id":"baz"}'),
        ("$.detail.payload.sf_id", '"baz"'),
        ("$.detail-type", '"core.update-account-command"'),
        ("$.detail.states[1]", '"INACTIVE"'),
        ("$.detail.items[*].name", '["a","b"]'),
        ("$['detail']['count']", "3"),
        ("$.detail.nowhere", ""),
    ],
)
def test_a_path_selects_a_part(path, text):
    assert target_input({"InputPath": path}, DELIVERY) == text


def test_the_root_is_the_whole_event():
    assert json.loads(target_input({"InputPath": "$"}, DELIVERY)) == EVENT


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"Event of <detail-type> type"', '"Event of core.update-account-command type"'),
        ('"nothing there: <missing>"', '"nothing there: "'),
        ('{"id": <userId>, "gone": <missing>}', '{"id": "0a787ecb-4015", "gone": ""}'),
        ('{"id" : "<userId>"}', '{"id" : "0a787ecb-4015"}'),
        (
            '{"path": "users/<userId>/second/<userId>", "body": <payload>}',
            '{"path": "users/0a787ecb-4015/second/0a787ecb-4015", "body": {"acc_id":"0a787ecb-4015","sf_id":"baz"}}',
        ),
        ('"Payload of <payload>"', '"Payload of {acc_id:0a787ecb-4015,sf_id:baz}"'),
        ('"<listsingle> single list item"', '"[HIGH] single list item"'),
        ('"<listmulti> multiple"\n"<userId> id"', '"[ACTIVE,INACTIVE] multiple"\n"0a787ecb-4015 id"'),
        ('{"single": <listsingle>}', '{"single": ["HIGH"]}'),
        ('"Command is <valid>!"', '"Command is true!"'),
        ('{"v": <valid>, "n": <count>, "x": <nothing>}', '{"v": true, "n": 3, "x": null}'),
        ('"{[/Check <detail-type>"', '"{[/Check core.update-account-command"'),
        ('{"escaped \\" quote": <userId>}', '{"escaped \\" quote": "0a787ecb-4015"}'),
        ('{"q": "<quoted>", "r": <quoted>}', '{"q": "say \\"hi\\"\\n", "r": "say \\"hi\\"\\n"}'),
        ('{"less": "1 < 2", "id": <userId>}', '{"less": "1 < 2", "id": "0a787ecb-4015"}'),
        (
            '"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"',
            f'"{RULE} r 2026-01-15T10:20:31Z"',
        ),
    ],
)
def test_a_template_is_filled_in(template, text):
    assert filled(template) == text


def test_the_predefined_events_are_the_event_without_and_with_its_detail():
    both = json.loads(filled('{"short": <aws.events.event>, "full": <aws.events.event.json>}'))
    assert both["full"] == EVENT
    assert "detail" not in both["short"] and "detail-type" not in both["short"]
    assert both["short"]["detailType"] == EVENT["detail-type"]
    assert both["short"]["id"] == EVENT["id"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"InputPath": "$.detail", "InputTransformer": {"InputTemplate": '"x"'}},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": '"<notdefinedkey>"'}},
            "InputTemplate for target t contains invalid placeholder notdefinedkey.",
        ),
    ],
)
def test_settings_that_put_targets_refuses(settings, message):
    """Recorded from AWS."""
    with pytest.raises(InvalidInput) as problem:
        check_input({"Id": "t", "Arn": "a"} | settings)
    assert str(problem.value) == message


@pytest.mark.parametrize(
    "settings", [{"Input": "{no json"}, {"InputPath": "detail"}, {"InputPath": "$.detail[?(@.a)]"}]
)
def test_what_cannot_be_read_is_refused_with_the_targets_id(settings):
    with pytest.raises(InvalidInput, match="target t"):
        check_input({"Id": "t", "Arn": "a"} | settings)
