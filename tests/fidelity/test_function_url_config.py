"""Function URLs' configuration: create, read, change, delete, list."""

from __future__ import annotations

import datetime
import re

import pytest

from .deployment import ACCOUNT, REGION, Function, refusal

NOTHING = "def handler(event, context): return event\n"
NO_FUNCTION = ("ResourceNotFoundException", 404, "Function does not exist")
MISSING = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
NOWHERE = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:doesnotexist"
PATTERN = r"((?!^\d+$)^[0-9a-zA-Z-_]+$)"


@pytest.fixture(scope="module")
def cloud(cloud_of):
    """Configuration is the control plane's: one runtime client is enough."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def client(cloud):
    return cloud.client("lambda")


@pytest.fixture
def function(cloud, client) -> Function:
    """A function with version 1 and the alias ``live``."""
    function = cloud.deploy(NOTHING)
    client.publish_version(FunctionName=function.name)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    return function


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def without_metadata(answer: dict) -> dict:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


# --- create, get, update, delete -----------------------------------------------------------------------------------


def test_F205_create(client, function):
    """201 with the URL; neither InvokeMode nor LastModifiedTime are shown. Recorded from AWS."""
    answer = client.create_function_url_config(FunctionName=function.name, AuthType="NONE")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert set(without_metadata(answer)) == {"FunctionUrl", "FunctionArn", "AuthType", "CreationTime"}
    assert re.fullmatch(rf"https://[a-z0-9]{{32}}\.lambda-url\.{REGION}\.on\.aws/", answer["FunctionUrl"])
    assert answer["FunctionArn"] == function.arn
    assert answer["AuthType"] == "NONE"
    assert abs(datetime.datetime.now(datetime.UTC) - moment(answer["CreationTime"])) < datetime.timedelta(minutes=1)


def test_F205_get(client, function):
    """The mode is BUFFERED unless set, and there is a time of the last change. Recorded from AWS."""
    made = client.create_function_url_config(FunctionName=function.name, AuthType="AWS_IAM")
    assert without_metadata(client.get_function_url_config(FunctionName=function.name)) == {
        **without_metadata(made),
        "InvokeMode": "BUFFERED",
        "LastModifiedTime": made["CreationTime"],
    }


def test_F205_what_was_set_is_shown(client, function):
    """CORS settings and the mode come back as they were sent."""
    cors = {
        "AllowCredentials": True,
        "AllowHeaders": ["x-custom", "content-type"],
        "AllowMethods": ["GET", "PUT"],
        "AllowOrigins": ["https://example.com", "http://localhost:3000"],
        "ExposeHeaders": ["date"],
        "MaxAge": 300,
    }
    made = client.create_function_url_config(
        FunctionName=function.name, AuthType="NONE", Cors=cors, InvokeMode="RESPONSE_STREAM"
    )
    assert made["Cors"] == cors
    assert made["InvokeMode"] == "RESPONSE_STREAM"
    found = client.get_function_url_config(FunctionName=function.name)
    assert (found["Cors"], found["InvokeMode"]) == (cors, "RESPONSE_STREAM")


def test_F205_update_changes_what_it_names(client, function):
    """The URL stays, LastModifiedTime moves; InvokeMode shows only when it was sent. Recorded from AWS."""
    made = client.create_function_url_config(
        FunctionName=function.name, AuthType="NONE", Cors={"AllowOrigins": ["*"]}, InvokeMode="RESPONSE_STREAM"
    )
    changed = client.update_function_url_config(FunctionName=function.name, AuthType="AWS_IAM")
    assert changed["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert moment(changed["LastModifiedTime"]) >= moment(made["CreationTime"])
    assert {key: changed[key] for key in ("FunctionUrl", "FunctionArn", "AuthType", "CreationTime", "Cors")} == {
        **{key: made[key] for key in ("FunctionUrl", "FunctionArn", "CreationTime", "Cors")},
        "AuthType": "AWS_IAM",
    }
    assert "InvokeMode" not in changed
    assert client.get_function_url_config(FunctionName=function.name)["InvokeMode"] == "RESPONSE_STREAM"
    changed = client.update_function_url_config(FunctionName=function.name, InvokeMode="BUFFERED")
    assert (changed["InvokeMode"], changed["AuthType"]) == ("BUFFERED", "AWS_IAM")


def test_empty_cors_settings_take_them_away(client, function):
    """Update with an empty Cors object removes it."""
    client.create_function_url_config(FunctionName=function.name, AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    client.update_function_url_config(FunctionName=function.name, Cors={})
    assert "Cors" not in client.get_function_url_config(FunctionName=function.name)


def test_F205_function_and_alias_have_urls_of_their_own(client, function):
    """Deleting the one leaves the other. Recorded from AWS."""
    name = function.name
    own = client.create_function_url_config(FunctionName=name, AuthType="NONE")
    alias = client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")
    assert alias["FunctionArn"] == f"{function.arn}:live"
    assert own["FunctionUrl"] != alias["FunctionUrl"]
    listed = client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert listed == [
        without_metadata(client.get_function_url_config(FunctionName=name)),
        without_metadata(client.get_function_url_config(FunctionName=name, Qualifier="live")),
    ]
    deleted = client.delete_function_url_config(FunctionName=name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(client.get_function_url_config, FunctionName=name) == MISSING
    assert client.get_function_url_config(FunctionName=f"{name}:live")["FunctionUrl"] == alias["FunctionUrl"]


def test_urls_are_listed_in_pages(client, function):
    """MaxItems limits a page and NextMarker leads on to the next."""
    assert client.list_function_url_configs(FunctionName=function.name)["FunctionUrlConfigs"] == []
    client.create_function_url_config(FunctionName=function.name, AuthType="NONE")
    client.create_function_url_config(FunctionName=function.name, Qualifier="live", AuthType="NONE")
    first = client.list_function_url_configs(FunctionName=function.name, MaxItems=1)
    rest = client.list_function_url_configs(FunctionName=function.name, MaxItems=1, Marker=first["NextMarker"])
    assert "NextMarker" not in rest
    arns = [one["FunctionArn"] for page in (first, rest) for one in page["FunctionUrlConfigs"]]
    assert arns == [function.arn, f"{function.arn}:live"]


def test_a_deleted_alias_takes_its_url_with_it(client, function):
    """An alias made again under the same name has none."""
    client.create_function_url_config(FunctionName=function.name, Qualifier="live", AuthType="NONE")
    client.delete_alias(FunctionName=function.name, Name="live")
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    assert refusal(client.get_function_url_config, FunctionName=function.name, Qualifier="live") == MISSING


# --- refusals ------------------------------------------------------------------------------------------------------


def test_F205_one_url_a_qualifier(client, function):
    """The text has two spaces. Recorded from AWS."""
    for more, arn in (({}, function.arn), ({"Qualifier": "live"}, f"{function.arn}:live")):
        call = {"FunctionName": function.name, "AuthType": "NONE", **more}
        client.create_function_url_config(**call)
        assert refusal(client.create_function_url_config, **call) == (
            "ResourceConflictException",
            409,
            f"Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig exists "
            "for this Lambda function",
        )


def calls(client) -> list[tuple]:
    """Each operation on one URL, with the parameters it needs besides name and qualifier."""
    return [
        (client.create_function_url_config, {"AuthType": "NONE"}),
        (client.get_function_url_config, {}),
        (client.update_function_url_config, {"AuthType": "NONE"}),
        (client.delete_function_url_config, {}),
    ]


def test_F205_versions_and_latest_have_no_url(client, function):
    """Refused by pattern, whether or not function or version exist. Recorded from AWS."""
    for call, more in calls(client):
        for name, qualifier in [
            (function.name, "1"),
            (function.name, "2"),
            (function.name, "$LATEST"),
            ("doesnotexist", "1"),
        ]:
            assert refusal(call, FunctionName=name, Qualifier=qualifier, **more) == (
                "ValidationException",
                400,
                f"1 validation error detected: Value '{qualifier}' at 'qualifier' failed to satisfy constraint: Member "
                f"must satisfy regular expression pattern: {PATTERN}",
            )


def test_F205_function_or_alias_that_is_not_there(client, function):
    """Create and Update look for the function, Get and Delete for the URL. Recorded from AWS."""
    for call, more in calls(client):
        texts = {"CreateFunctionUrlConfig": NO_FUNCTION, "UpdateFunctionUrlConfig": NO_FUNCTION}
        operation = client.meta.method_to_api_mapping[call.__name__]
        expected = texts.get(operation, MISSING)
        assert refusal(call, FunctionName="doesnotexist", **more) == expected
        assert refusal(call, FunctionName=NOWHERE, **more) == expected
        assert refusal(call, FunctionName=function.name, Qualifier="nope", **more) == expected
    assert refusal(client.list_function_url_configs, FunctionName="doesnotexist") == NO_FUNCTION


def test_F205_a_function_without_a_url(client, function):
    """Recorded from AWS."""
    for call, more in calls(client)[1:]:
        assert refusal(call, FunctionName=function.name, **more) == MISSING


def test_F205_name_and_qualifier_must_agree(client, function):
    """Recorded from AWS (Delete answers with an internal failure there, and with the same text here)."""
    for call, more in calls(client):
        assert refusal(call, FunctionName=f"{function.arn}:live", Qualifier="dead", **more) == (
            "InvalidParameterValueException",
            400,
            "The derived qualifier from the function name does not match the specified qualifier.",
        )


def test_malformed_settings(client, function):
    """The service model's constraints, in AWS's words."""
    good = {"FunctionName": function.name, "AuthType": "NONE"}
    for changes, told in [
        (
            {"AuthType": "OPEN"},
            "'OPEN' at 'authType' failed to satisfy constraint: Member must satisfy enum value set: ",
        ),
        (
            {"InvokeMode": "FAST"},
            "'FAST' at 'invokeMode' failed to satisfy constraint: Member must satisfy enum value set: ",
        ),
        (
            {"Cors": {"MaxAge": 86401}},
            "'86401' at 'cors.maxAge' failed to satisfy constraint: Member must have value less than or equal to 86400",
        ),
        (
            {"Cors": {"AllowMethods": ["GET", "CONNECTING"]}},
            "'[GET, CONNECTING]' at 'cors.allowMethods' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have length less than or equal to 6, ",
        ),
    ]:
        code, status, message = refusal(client.create_function_url_config, **{**good, **changes})
        assert (code, status) == ("ValidationException", 400)
        assert message.startswith(f"1 validation error detected: Value {told}")
