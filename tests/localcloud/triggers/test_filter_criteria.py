"""Event patterns: what matches, what does not, and which patterns AWS refuses with which words."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.triggers.filter_criteria import Filter, FilterCriteria, InvalidPattern


def fits(pattern, event) -> bool:
    return Filter.compile(json.dumps(pattern)).matches(event)


def reason(pattern) -> str:
    with pytest.raises(InvalidPattern) as refused:
        Filter.compile(pattern if isinstance(pattern, str) else json.dumps(pattern))
    assert str(refused.value) == "Invalid filter pattern definition."
    return refused.value.reason


@pytest.mark.parametrize(
    ("wanted", "matching", "others"),
    [
        (["a"], ["a"], ["A", "ab", "", None, 1]),
        ([""], [""], ["a", None]),
        ([None], [None], ["", "null", 0, False]),
        ([True], [True], [1, "true", False]),
        ([0], [0, 0.0], [False, "0", None]),
        ([300.5], [300.5, 3.005e2], [300, "300.5"]),
        (["a", 1], ["a", 1], ["b", 2]),
        ([{"prefix": "us-"}], ["us-", "us-east-1"], ["eu-west-1", "US-x", 5]),
        ([{"prefix": ""}], ["", "x"], [None, 5]),
        ([{"prefix": {"equals-ignore-case": "US-"}}], ["us-east", "Us-x"], ["eu"]),
        ([{"suffix": ".png"}], [".png", "a.png"], ["a.png2", "a.PNG"]),
        ([{"suffix": {"equals-ignore-case": ".PNG"}}], ["a.png", "a.Png"], ["a.jpg"]),
        ([{"equals-ignore-case": "Größe"}], ["größe", "GRÖßE"], ["grosse", 5]),
        ([{"wildcard": "*/lib/*.py"}], ["/lib/.py", "a/lib/b/c.py"], ["lib/x.py", "a/lib/x.pyc"]),
        ([{"wildcard": "a*a"}], ["aa", "aba"], ["a", "ab"]),
        ([{"wildcard": r"50\*\\*"}], ["50*\\", "50*\\x"], ["50x\\"]),
        ([{"wildcard": "exact"}], ["exact"], ["exactly"]),
        ([{"anything-but": "a"}], ["b", None, 1, ""], ["a"]),
        ([{"anything-but": 1}], ["1", 2, None], [1, 1.0]),
        ([{"anything-but": ["a", "b"]}], ["c"], ["a", "b"]),
        ([{"anything-but": [1, 2]}], [3, "1"], [1, 2.0]),
        ([{"anything-but": {"prefix": "init"}}], ["x", 12, None], ["init", "initial"]),
        ([{"anything-but": {"prefix": ["init", "err"]}}], ["x"], ["initial", "error"]),
        ([{"anything-but": {"suffix": ".png"}}], ["a.jpg"], ["a.png"]),
        ([{"anything-but": {"equals-ignore-case": ["A", "b"]}}], ["c", None], ["a", "B"]),
        ([{"anything-but": {"wildcard": "*/lib/*"}}], ["/bin/x"], ["/lib/x"]),
        ([{"numeric": ["=", 5]}], [5, 5.0], ["5", 4, True]),
        ([{"numeric": [">", 0, "<=", 5]}], [0.1, 5], [0, 5.1, "3"]),
        ([{"numeric": [">=", 10]}], [10, 11], [9.99]),
        ([{"numeric": ["<", 0]}], [-1], [0]),
        ([{"cidr": "10.0.0.0/24"}], ["10.0.0.0", "10.0.0.255"], ["10.0.1.0", "x", 5]),
        ([{"cidr": "2001:db8::/32"}], ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]),
        (["2001:db8::1"], ["2001:db8::1", "2001:0db8:0::1"], ["2001:db8::2"]),
        ([{"exists": True}], ["", None, 0], []),
        ([{"exists": False}], [], ["", None, 0]),
        ([{"prefix": "a"}, {"suffix": "z"}, 7], ["ax", "xz", 7], ["xx", 8]),
        ([{"exactly": "a"}], ["a"], ["b"]),
    ],
)
def test_a_value_must_fit_one_entry_of_the_list(wanted, matching, others):
    assert [value for value in matching if not fits({"k": wanted}, {"k": value})] == []
    assert [value for value in others if fits({"k": wanted}, {"k": value})] == []


def test_every_field_of_the_pattern_must_be_there_and_other_fields_do_not_matter():
    pattern = {"a": ["1"], "b": {"c": ["2"]}}
    assert fits(pattern, {"a": "1", "b": {"c": "2", "d": "3"}, "e": 4})
    assert not fits(pattern, {"a": "1", "b": {}})
    assert not fits(pattern, {"a": "1", "b": "2"})
    assert not fits(pattern, {"b": {"c": "2"}})


@pytest.mark.parametrize(
    "wanted", [{"anything-but": "x"}, {"anything-but": {"prefix": "x"}}, {"prefix": ""}, {"exists": True}]
)
def test_only_exists_false_fits_a_field_that_is_missing(wanted):
    assert not fits({"k": [wanted]}, {"other": 1})
    assert fits({"k": [{"exists": False}]}, {"other": 1})
    assert fits({"k": ["a", {"exists": False}]}, {"other": 1})


def test_exists_looks_at_leaves_only():
    """A field that holds an object does not "exist"; so says the User Guide, and so it is on DynamoDB streams."""
    event = {"dynamodb": {"NewImage": {"id": {"S": "1"}}}}
    assert fits({"dynamodb": {"NewImage": {"id": [{"exists": False}]}}}, event)
    assert not fits({"dynamodb": {"NewImage": {"id": [{"exists": True}]}}}, event)
    assert fits({"dynamodb": {"NewImage": {"id": {"S": [{"exists": True}]}}}}, event)


def test_of_a_list_one_element_is_enough():
    assert fits({"k": ["b"]}, {"k": ["a", "b"]})
    assert fits({"k": [{"anything-but": "a"}]}, {"k": ["a", "b"]})
    assert not fits({"k": ["c"]}, {"k": ["a", "b"]})
    assert not fits({"k": [None]}, {"k": []})


def test_fields_of_one_pattern_must_fit_the_same_element_of_a_list_of_objects():
    staff = {"staff": [{"name": "Ann", "role": "dev"}, {"name": "Bob", "role": "ops"}]}
    assert fits({"staff": {"name": ["Bob"], "role": ["ops"]}}, staff)
    assert not fits({"staff": {"name": ["Ann"], "role": ["ops"]}}, staff)


def test_an_absent_field_is_absent_from_every_element():
    pattern = {"staff": {"name": ["Ann"], "left": [{"exists": False}]}}
    assert fits(pattern, {"staff": [{"name": "Ann"}, {"name": "Bob"}]})
    assert not fits(pattern, {"staff": [{"name": "Ann"}, {"name": "Bob", "left": "2020"}]})


def test_or_joins_fields_and_may_be_nested():
    pattern = {"s": ["x"], "$or": [{"a": [1]}, {"b": {"$or": [{"c": [2]}, {"d": [3]}]}}]}
    assert fits(pattern, {"s": "x", "a": 1})
    assert fits(pattern, {"s": "x", "b": {"d": 3}})
    assert not fits(pattern, {"s": "x", "b": {"d": 2}})
    assert not fits(pattern, {"s": "y", "a": 1})


def test_a_dot_in_a_name_is_the_same_as_a_step():
    assert fits({"detail.state": ["on"]}, {"detail": {"state": "on"}})


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("not json", "Filter is not valid JSON"),
        ('{"a": [NaN]}', "Filter is not valid JSON"),
        ("null", "Filter is not an object"),
        ('"simple string"', "Filter is not an object"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        ('{"a": {}}', "Empty objects are not allowed"),
        ({"eventSource": "aws:sqs"}, '"eventSource" must be an object or an array'),
        ({"a": None}, '"a" must be an object or an array'),
        ({"eventSource": []}, "Empty arrays are not allowed"),
        ({"a": [["b"]]}, "Match value must be String, number, true, false, or null"),
        ({"a": [{}]}, "Match expression name not found"),
        ({"a": [{"EXISTS": True}]}, "Unrecognized match type EXISTS"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "Only one key allowed in match expression"),
        ({"a": [{"prefix": 5}]}, "prefix match pattern must be a string"),
        ({"a": [{"prefix": {"suffix": "x"}}]}, "Unsupported prefix pattern: suffix"),
        ({"a": [{"suffix": ["x"]}]}, "suffix match pattern must be a string"),
        ({"a": [{"equals-ignore-case": 5}]}, "equals-ignore-case match pattern must be a string"),
        ({"a": [{"wildcard": 5}]}, "wildcard match pattern must be a string"),
        ({"a": [{"wildcard": "a**b"}]}, "Consecutive wildcard characters at pos 2"),
        ({"a": [{"wildcard": r"a\b"}]}, "Invalid escape character at pos 2"),
        ({"a": [{"exists": "true"}]}, "exists match pattern must be either true or false."),
        ({"a": [{"cidr": "10.0.0.0"}]}, "Malformed CIDR, one '/' required"),
        ({"a": [{"cidr": "10.0.0.0/x"}]}, "Malformed CIDR, mask bits must be an integer"),
        ({"a": [{"cidr": "10.0.0.0/33"}]}, "IPv4 mask bits must be < 32"),
        ({"a": [{"cidr": "10.0.x.0/8"}]}, "Nonstandard IP address: 10.0.x.0"),
        ({"a": [{"numeric": 5}]}, "Value of numeric must be an array."),
        ({"a": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
        ({"a": [{"numeric": ["=", "5"]}]}, "Value of equals must be numeric"),
        ({"a": [{"numeric": ["<"]}]}, "Value of < must be numeric"),
        ({"a": [{"numeric": ["<>", 1]}]}, "Unrecognized numeric range operator: <>"),
        ({"a": [{"numeric": ["<", 1, ">", 0]}]}, "Too many elements in numeric expression"),
        ({"a": [{"numeric": [">", 1, ">", 0]}]}, "Bad numeric range operator: >"),
        ({"a": [{"numeric": [">", 5, "<", 5]}]}, "Bottom must be less than top"),
        ({"a": [{"numeric": [">", 1, "<", 2, "<", 3]}]}, "Too many terms in numeric range expression"),
        (
            {"a": [{"anything-but": None}]},
            "Value of anything-but must be an array or single string/number value.",
        ),
        (
            {"a": [{"anything-but": [None]}]},
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (
            {"a": [{"anything-but": ["x", 5]}]},
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (
            {"a": [{"anything-but": []}]},
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        ({"a": [{"anything-but": {"numeric": [">", 1]}}]}, "Unsupported anything-but pattern: numeric"),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix not allowed"),
        ({"a": [{"anything-but": {"suffix": 5}}]}, "prefix/suffix match pattern must be a string"),
        (
            {"a": [{"anything-but": {"equals-ignore-case": 5}}]},
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        ),
        ({"$or": {"a": [1]}}, "It must be an Array followed with $or."),
        ({"$or": [{"a": [1]}]}, "There must have at least 2 Objects in $or relationship."),
        ({"$or": ["a", "b"]}, "Only JSON object is allowed in array of $or relationship."),
        (
            {"$or": [{"prefix": ["a"]}, {"b": [1]}]},
            "prefix is Ruler reserved fieldName which cannot be used inside $or.",
        ),
    ],
)
def test_a_pattern_is_refused_in_awss_words(pattern, why):
    assert reason(pattern) == why


def test_deep_nesting_is_no_fault_of_the_lab():
    assert reason('{"a":' * 100_000) == "Filter is not valid JSON"


def test_an_event_may_be_nested_deeper_than_python_recurses_and_have_many_fields():
    deep: dict = {"k": "v"}
    for _ in range(3_000):
        deep = {"d": [deep]}
    many = {f"f{number}": number for number in range(2_000)}
    assert fits({"a": [1], **{name: [value] for name, value in many.items()}}, {"a": 1, "deep": deep, **many})


# --- filter criteria of event source mappings --------------------------------------------------------------------------


def message(body: str) -> dict:
    return {"messageId": "1", "body": body, "attributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1"}


def criteria(*patterns) -> FilterCriteria:
    return FilterCriteria.compile(json.dumps(pattern) for pattern in patterns)


def test_without_a_pattern_everything_passes():
    assert criteria().matches(message("x"))


def test_one_of_several_patterns_is_enough():
    several = criteria({"body": {"a": [1]}}, {"body": {"b": [2]}})
    assert several.matches(message('{"b": 2}'))
    assert not several.matches(message('{"b": 3}'))


@pytest.mark.parametrize(
    ("wanted", "body", "passes"),
    [
        ({"kind": ["order"]}, '{"kind": "order"}', True),
        ({"kind": ["order"]}, '{"kind": "return"}', False),
        ({"price": [{"numeric": [">", 100]}]}, '{"price": 150}', True),
        ({"price": [{"numeric": [">", 100]}]}, '{"price": "150"}', False),
        ({"kind": ["order"]}, "plain text", False),
        ({"kind": ["order"]}, '{"kind": broken', False),
        (["plain text"], "plain text", True),
        ([{"prefix": "plain"}], "plain text", True),
        (["plain text"], '{"plain": "text"}', False),
        (["42"], "42", True),
    ],
)
def test_a_messages_body_is_json_or_text_and_only_meets_patterns_of_its_kind(wanted, body, passes):
    """Developer Guide, "Using event filtering with an Amazon SQS event source"."""
    assert criteria({"body": wanted}).matches(message(body)) is passes


def test_numbers_of_a_stream_record_are_texts():
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"n": {"N": "150"}}, "ApproximateCreationDateTime": 2e9}}
    assert not criteria({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 100]}]}}}}).matches(record)
    assert criteria({"dynamodb": {"NewImage": {"n": {"N": ["150"]}}}}).matches(record)
    assert criteria({"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 1]}]}}).matches(record)
    assert criteria({"eventName": ["INSERT", "MODIFY"]}).matches(record)
