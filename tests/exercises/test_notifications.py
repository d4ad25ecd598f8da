from __future__ import annotations

import json
import uuid

import pytest

from labsupport.exercises import notifications
from labsupport.exercises.notifications import Rule

CODE = "def handler(event, context): pass"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}"


@pytest.fixture
def name(deploy) -> str:
    """A deployed function."""
    name = f"f-{uuid.uuid4().hex[:8]}"
    deploy(name, CODE)
    return name


@pytest.fixture
def bucket(cloud) -> str:
    name = f"b-{uuid.uuid4().hex[:8]}"
    cloud.client("s3").create_bucket(Bucket=name)
    return name


def allow(cloud, name: str, **conditions: str) -> None:
    cloud.client("lambda").add_permission(
        FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", **conditions
    )


@pytest.mark.parametrize(
    ("events", "prefix", "suffix", "event", "key", "calls"),
    [
        (["s3:ObjectCreated:*"], "", "", "ObjectCreated:Put", "any", True),
        (["s3:ObjectCreated:*"], "", "", "ObjectRemoved:Delete", "any", False),
        (["s3:ObjectCreated:Put"], "", "", "ObjectCreated:Copy", "any", False),
        (["s3:ObjectRemoved:*", "s3:ObjectCreated:Copy"], "", "", "ObjectCreated:Copy", "any", True),
        (["s3:ObjectCreated:*"], "in/", ".jpg", "ObjectCreated:Put", "in/a.jpg", True),
        (["s3:ObjectCreated:*"], "in/", ".jpg", "ObjectCreated:Put", "in/a.JPG", False),
        (["s3:ObjectCreated:*"], "in/", ".jpg", "ObjectCreated:Put", "out/in/a.jpg", False),
    ],
)
def test_a_rule_calls_for_its_events_and_its_keys(events, prefix, suffix, event, key, calls) -> None:
    assert Rule("arn", tuple(events), prefix, suffix).calls(event, key) is calls


def test_the_rules_of_one_function_are_read_from_its_bucket(cloud, probe, deploy, name, bucket) -> None:
    other = f"{name}-2"
    deploy(other, CODE)
    for one in (name, other):
        allow(cloud, one, SourceArn=f"arn:aws:s3:::{bucket}")
    entries = [
        {
            "LambdaFunctionArn": ARN.format(one),
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"{one}/"}]}},
        }
        for one in (name, other)
    ]
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": entries}
    )
    expected = Rule(ARN.format(name), ("s3:ObjectCreated:*",), f"{name}/", "")
    assert notifications.rules(probe, bucket, ARN.format(name)) == (expected,)
    assert notifications.rules(probe, bucket, ARN.format("nobody")) == ()


def test_only_permissions_of_s3_count(cloud, probe, name) -> None:
    arn = ARN.format(name)
    assert notifications.permissions_of_s3(probe, arn) == ()
    cloud.client("lambda").add_permission(
        FunctionName=name, StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    assert notifications.permissions_of_s3(probe, arn) == ()
    allow(cloud, name, SourceArn="arn:aws:s3:::photos", SourceAccount="123456789012")
    (statement,) = notifications.permissions_of_s3(probe, arn)
    assert notifications.conditions(statement) == {
        "aws:sourcearn": "arn:aws:s3:::photos",
        "aws:sourceaccount": "123456789012",
    }


def test_the_permission_is_that_of_what_the_rule_calls(cloud, probe, name) -> None:
    """An alias has a policy of its own."""
    client = cloud.client("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
    allow(cloud, f"{name}:live", SourceArn="arn:aws:s3:::photos")
    rule = Rule(f"{ARN.format(name)}:live", ("s3:ObjectCreated:*",), "", "")
    assert len(notifications.permissions_of_s3(probe, ARN.format(name), (rule,))) == 1
    assert notifications.permissions_of_s3(probe, ARN.format(name)) == ()


def test_conditions_are_read_from_any_kind_of_comparison() -> None:
    statement = json.loads(
        '{"Condition": {"StringEquals": {"AWS:SourceAccount": "1"}, "ArnLike": {"aws:SourceArn": "a"}}}'
    )
    assert notifications.conditions(statement) == {"aws:sourceaccount": "1", "aws:sourcearn": "a"}
