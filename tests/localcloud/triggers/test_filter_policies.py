"""Filter policies of SNS subscriptions; examples are the Developer Guide's."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.triggers.filter_criteria import Filter
from labsupport.localcloud.triggers.filter_policies import fits

INTERESTS = "customer_interests"


def text(value):
    return {INTERESTS: {"Type": "String", "Value": value}}


def array(*values):
    return {INTERESTS: {"Type": "String.Array", "Value": json.dumps(values)}}


def number(value):
    return {INTERESTS: {"Type": "Number", "Value": value}}


@pytest.mark.parametrize(
    ("rules", "attributes", "expected"),
    [
        (["rugby", "tennis"], text("rugby"), True),
        (["rugby", "tennis"], text("baseball"), False),
        (["rugby", "tennis"], array("baseball", "tennis"), True),
        (["rugby", "tennis"], array("baseball"), False),
        ([{"anything-but": ["rugby", "tennis"]}], text("baseball"), True),
        ([{"anything-but": ["rugby", "tennis"]}], text("rugby"), False),
        ([{"anything-but": ["rugby", "tennis"]}], array("rugby", "baseball"), True),
        ([{"anything-but": {"prefix": "order-"}}], text("data-entry"), True),
        ([{"anything-but": {"prefix": "order-"}}], text("order-cancelled"), False),
        ([{"equals-ignore-case": "tennis"}], text("TENNIS"), True),
        ([{"prefix": "bas"}], text("baseball"), True),
        ([{"suffix": "ball"}], text("baseball"), True),
        ([{"cidr": "10.0.0.0/24"}], text("10.0.0.255"), True),
        ([{"cidr": "10.0.0.0/24"}], text("10.1.1.0"), False),
        ([301.5], number("301.5"), True),
        ([301.5], number("3015e-1"), True),
        ([301.5], text("301.5"), False),
        ([{"numeric": [">", 0, "<=", 150]}], number("150"), True),
        ([{"numeric": [">", 0, "<=", 150]}], number("0"), False),
        ([{"exists": True}], text("x"), True),
        ([{"exists": True}], {}, False),
        ([{"exists": False}], {}, True),
        (["rugby", {"exists": False}], {}, True),
        ([True], array(True, "x"), True),
        ([None], array(None), True),
    ],
)
def test_rules_on_attributes(rules, attributes, expected):
    policy = Filter.compile(json.dumps({INTERESTS: rules}))
    assert fits(policy, "MessageAttributes", attributes, "") is expected


def test_all_attributes_of_a_policy_must_fit_and_one_way_of_an_or():
    policy = Filter.compile('{"a": ["1"], "$or": [{"b": ["1"]}, {"c": ["1"]}]}')
    one = {"Type": "String", "Value": "1"}
    assert fits(policy, "MessageAttributes", {"a": one, "c": one}, "")
    assert not fits(policy, "MessageAttributes", {"a": one}, "")
    assert not fits(policy, "MessageAttributes", {"b": one}, "")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"store": {"city": "Ulm"}, "total": 20}', True),
        ('{"store": {"city": "Ulm"}, "total": 2}', False),
        ('{"store": [{"city": "Bonn"}, {"city": "Ulm"}], "total": 20}', True),
        ('{"store": "Ulm", "total": 20}', False),
        ("[]", False),
        ("Ulm", False),
    ],
)
def test_rules_on_the_body(body, expected):
    policy = Filter.compile('{"store": {"city": ["Ulm"]}, "total": [{"numeric": [">", 10]}]}')
    assert fits(policy, "MessageBody", {"store": {"Type": "String", "Value": "x"}}, body) is expected
