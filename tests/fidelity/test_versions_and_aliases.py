"""Published versions, aliases and weights: what is published when, which one runs, and what is refused."""

from __future__ import annotations

import collections

import boto3
import pytest
from botocore.config import Config

from .deployment import ACCOUNT, REGION, refusal, unique_name

NUMBERED = """
    def handler(event, context):
        return {number}
"""


@pytest.fixture(scope="module")
def cloud(cloud_of):
    """One runtime client is enough: nothing here depends on how functions run."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def client(cloud):
    """A Lambda client that sends what boto3 itself would refuse."""
    return boto3.client(
        "lambda",
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


@pytest.fixture
def function(cloud):
    """A function with no version yet."""
    return cloud.deploy(NUMBERED.format(number=1))


@pytest.fixture
def two_versions(cloud, client):
    """A function whose versions 1 and 2 answer with their numbers."""
    made = cloud.deploy(NUMBERED.format(number=1))
    client.publish_version(FunctionName=made.name)
    made.update_code(NUMBERED.format(number=2))
    client.publish_version(FunctionName=made.name)
    return made


# --- versions ------------------------------------------------------------------------------------------------------


def test_a_version_is_a_copy_that_stays(function, client):
    published = client.publish_version(FunctionName=function.name, Description="first")
    assert published["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (published["Version"], published["Description"]) == ("1", "first")
    assert published["FunctionArn"] == f"{function.arn}:1"
    assert (published["State"], published["LastUpdateStatus"]) == ("Active", "Successful")
    function.update_code(NUMBERED.format(number=2))
    assert function.invoke(name=f"{function.name}:1").payload == 1
    assert function.invoke(Qualifier="1").executed_version == "1"
    assert function.invoke().payload == 2
    assert client.get_function(FunctionName=function.name, Qualifier="1")["Configuration"]["Description"] == "first"
    assert client.get_function_configuration(FunctionName=function.name)["Description"] == ""


def test_publishing_gives_latest_a_new_revision_id(function, client):
    before = client.get_function_configuration(FunctionName=function.name)["RevisionId"]
    published = client.publish_version(FunctionName=function.name, RevisionId=before)["RevisionId"]
    after = client.get_function_configuration(FunctionName=function.name)["RevisionId"]
    assert len({before, published, after}) == 3


def test_nothing_new_is_published_when_nothing_has_changed(two_versions, client):
    again = client.publish_version(FunctionName=two_versions.name, Description="other words")
    assert (again["Version"], again["Description"]) == ("2", "")
    client.update_function_configuration(FunctionName=two_versions.name, Timeout=4)
    client.get_waiter("function_updated_v2").wait(FunctionName=two_versions.name, WaiterConfig={"Delay": 0.02})
    assert client.publish_version(FunctionName=two_versions.name)["Version"] == "3"


def test_numbers_are_never_used_again(two_versions, client):
    client.delete_function(FunctionName=two_versions.name, Qualifier="2")
    assert client.publish_version(FunctionName=two_versions.name)["Version"] == "3"


def test_a_function_can_be_published_as_it_is_made_and_as_its_code_is_updated(cloud, client):
    from .deployment import PYTHON, zip_of

    name = unique_name("published")
    made = client.create_function(
        FunctionName=name,
        Runtime=PYTHON,
        Role=cloud.role_arn,
        Handler="app.handler",
        Code={"ZipFile": zip_of({"app.py": "def handler(event, context): return 1"})},
        Publish=True,
    )
    assert (made["Version"], made["State"]) == ("1", "Pending")
    assert made["FunctionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.02})
    assert client.get_function(FunctionName=name, Qualifier="1")["Configuration"]["State"] == "Active"
    package = zip_of({"app.py": "def handler(event, context): return 2"})
    updated = client.update_function_code(FunctionName=name, ZipFile=package, Publish=True)
    assert (updated["Version"], updated["FunctionArn"]) == ("2", f"{made['FunctionArn']}:2")


def test_versions_are_listed_oldest_first_after_latest(two_versions, client):
    listed = client.list_versions_by_function(FunctionName=two_versions.name)["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]
    assert [one["FunctionArn"] for one in listed] == [f"{two_versions.arn}:{q}" for q in ("$LATEST", "1", "2")]
    page = client.list_versions_by_function(FunctionName=two_versions.name, MaxItems=2)
    assert [one["Version"] for one in page["Versions"]] == ["$LATEST", "1"]
    rest = client.list_versions_by_function(FunctionName=two_versions.name, Marker=page["NextMarker"])
    assert [one["Version"] for one in rest["Versions"]] == ["2"] and "NextMarker" not in rest


def test_F107_publish_guards(function, client):
    current = client.get_function_configuration(FunctionName=function.name)
    assert refusal(client.publish_version, FunctionName=function.name, CodeSha256="wrong") == (
        "InvalidParameterValueException",
        400,
        f"CodeSHA256 (wrong) is different from current CodeSHA256 in $LATEST ({current['CodeSha256']}). Please try again "
        "with the CodeSHA256 in $LATEST.",
    )
    assert refusal(client.publish_version, FunctionName=function.name, RevisionId="wrong") == (
        "PreconditionFailedException",
        412,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id",
    )
    client.publish_version(
        FunctionName=function.name, CodeSha256=current["CodeSha256"], RevisionId=current["RevisionId"]
    )


def test_a_version_that_is_not_there(function, client):
    missing = ("ResourceNotFoundException", 404, f"Function not found: {function.arn}:1221")
    for call in (client.get_function, client.get_function_configuration, client.invoke):
        assert refusal(call, FunctionName=function.name, Qualifier="1221") == missing


def test_deleting_versions(two_versions, client):
    name = two_versions.name
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert refusal(client.delete_function, FunctionName=name, Qualifier="1") == (
        "ResourceConflictException",
        409,
        "Unable to delete version because the following aliases reference it: [live]",
    )
    assert refusal(client.delete_function, FunctionName=name, Qualifier="live") == (
        "InvalidParameterValueException",
        400,
        "Deletion of aliases is not currently supported.",
    )
    for _ in range(2):  # of a version that is gone, too
        answer = client.delete_function(FunctionName=f"{name}:2")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    versions = client.list_versions_by_function(FunctionName=name)["Versions"]
    assert [one["Version"] for one in versions] == ["$LATEST", "1"]


# --- aliases -------------------------------------------------------------------------------------------------------


def test_F108_an_alias_and_its_answer(two_versions, client):
    made = client.create_alias(
        FunctionName=two_versions.name,
        Name="live",
        FunctionVersion="1",
        Description="for customers",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    revision = made.pop("RevisionId")
    assert made == {
        "AliasArn": f"{two_versions.arn}:live",
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "for customers",
        "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}},
    }
    assert client.get_alias(FunctionName=two_versions.name, Name="live")["RevisionId"] == revision
    shown = client.get_function(FunctionName=two_versions.name, Qualifier="live")["Configuration"]
    assert (shown["FunctionArn"], shown["Version"]) == (f"{two_versions.arn}:live", "1")


def test_an_alias_moves_and_keeps_what_is_not_named(two_versions, client):
    name = two_versions.name
    made = client.create_alias(
        FunctionName=name,
        Name="live",
        FunctionVersion="1",
        Description="kept",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    assert two_versions.invoke(name=f"{name}:live").payload == 2
    moved = client.update_alias(
        FunctionName=name, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "kept")
    assert "RoutingConfig" not in moved and moved["RevisionId"] != made["RevisionId"]
    back = client.update_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert two_versions.invoke(name=f"{name}:live").payload == 1
    assert refusal(client.update_alias, FunctionName=name, Name="live", RevisionId=moved["RevisionId"]) == (
        "PreconditionFailedException",
        412,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id",
    )
    client.update_alias(FunctionName=name, Name="live", Description="", RevisionId=back["RevisionId"])


def test_F109_weights_decide_anew_at_each_invocation(two_versions, client):
    client.create_alias(
        FunctionName=two_versions.name,
        Name="half",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    answers = [two_versions.invoke(tail=False, Qualifier="half") for _ in range(60)]
    assert all(answer.payload == int(answer.executed_version) for answer in answers)
    counted = collections.Counter(answer.executed_version for answer in answers)
    assert min(counted["1"], counted["2"]) > 5  # fewer than one in a million


REFUSED = {
    "two weights": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.2, "2": 0.2}}},
        "InvalidParameterValueException",
        "Number of items in AdditionalVersionWeights cannot be greater than 1",
    ),
    "weight above 1": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"2": 2.0}}},
        "ValidationException",
        "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
        "constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must "
        "have value greater than or equal to 0.0, Member must not be null]",
    ),
    "weight below 0": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"2": -1}}},
        "ValidationException",
        "1 validation error detected: Value '{2=-1.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
        "constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must "
        "have value greater than or equal to 0.0, Member must not be null]",
    ),
    "weight of $LATEST": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}}},
        "ValidationException",
        "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
        "constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must "
        "have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
    ),
    "the same version": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
        "InvalidParameterValueException",
        "Invalid function version 1. Function version 1 is already included in routing configuration.",
    ),
    "$LATEST with weights": (
        {"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
        "InvalidParameterValueException",
        "$LATEST is not supported for an alias pointing to more than 1 version",
    ),
    "only digits": (
        {"Name": "123"},
        "ValidationException",
        "1 validation error detected: Value '123' at 'name' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_F108_refused_aliases(two_versions, client, case):
    changes, code, message = REFUSED[case]
    sent = {"FunctionName": two_versions.name, "Name": "live", "FunctionVersion": "1"} | changes
    assert refusal(client.create_alias, **sent) == (code, 400, message)


def test_F108_versions_and_functions_that_are_not_there(two_versions, client):
    name = two_versions.name

    def missing(suffix):
        return ("ResourceNotFoundException", 404, f"Function not found: {two_versions.arn}{suffix}")

    assert refusal(client.create_alias, FunctionName=name, Name="live", FunctionVersion="10") == missing(":10")
    weights = {"AdditionalVersionWeights": {"10": 0.5}}
    assert refusal(
        client.create_alias, FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=weights
    ) == missing(":10")
    assert refusal(client.create_alias, FunctionName=f"{name}-x", Name="live", FunctionVersion="1") == missing("-x:1")


def test_F108_names_taken_and_names_unknown(two_versions, client):
    name, arn = two_versions.name, f"{two_versions.arn}:live"
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert refusal(client.create_alias, FunctionName=name, Name="live", FunctionVersion="2") == (
        "ResourceConflictException",
        409,
        f"Alias already exists: {arn}",
    )
    for _ in range(2):  # also one that is not there
        answer = client.delete_alias(FunctionName=name, Name="live")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    unknown = "ResourceNotFoundException", 404
    assert refusal(client.get_alias, FunctionName=name, Name="live") == (*unknown, f"Cannot find alias arn: {arn}")
    assert refusal(client.update_alias, FunctionName=name, Name="live") == (*unknown, f"Alias not found: {arn}")
    assert refusal(client.get_function, FunctionName=name, Qualifier="live") == (
        *unknown,
        f"Function not found: {arn}",
    )


def test_aliases_are_listed_by_name_and_by_version(two_versions, client):
    name = two_versions.name
    for alias, version in (("b", "1"), ("a", "2"), ("c", "1")):
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    assert [one["Name"] for one in client.list_aliases(FunctionName=name)["Aliases"]] == ["a", "b", "c"]
    of_one = client.list_aliases(FunctionName=name, FunctionVersion="1", MaxItems=1)
    assert [one["Name"] for one in of_one["Aliases"]] == ["b"]
    rest = client.list_aliases(FunctionName=name, FunctionVersion="1", Marker=of_one["NextMarker"])
    assert [one["Name"] for one in rest["Aliases"]] == ["c"]


def test_an_alias_of_latest_follows_it(function, client):
    client.create_alias(FunctionName=function.name, Name="dev", FunctionVersion="$LATEST")
    function.update_code(NUMBERED.format(number=2))
    answer = function.invoke(Qualifier="dev")
    assert (answer.payload, answer.executed_version) == (2, "$LATEST")
