"""Reserved and provisioned concurrency: settings, refusals, and that they take effect."""

from __future__ import annotations

import json
import time

import boto3
import pytest
from botocore.config import Config

from .deployment import REGION, refusal, running_cloud

SLEEPER = """
    import time

    def handler(event, context):
        time.sleep(event)
"""
INITIALISED = """
    import os, time

    STARTED = time.time()

    def handler(event, context):
        return {"type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "started": STARTED}
"""
NOT_ON_QUALIFIERS = (
    "InvalidParameterValueException",
    400,
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please "
    "specify either a function name or an unqualified function ARN.",
)


@pytest.fixture(scope="module")
def small_cloud():
    """A cloud of its own: its account limit of 20 is nobody else's."""
    with running_cloud("--concurrency", "20", "--time-scale", "0.1") as running:
        yield running


@pytest.fixture
def client(small_cloud):
    """A Lambda client that sends what boto3 itself would refuse."""
    return boto3.client(
        "lambda",
        endpoint_url=small_cloud.endpoint,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=60),
    )


@pytest.fixture
def deploy(small_cloud, client):
    """Makes functions and deletes them after the test, so that nothing stays reserved."""
    made = []

    def make(source, **settings):
        made.append(small_cloud.deploy(source, **settings))
        return made[-1]

    yield make
    for function in made:
        client.delete_function(FunctionName=function.name)


# --- reserved ------------------------------------------------------------------------------------------------------


def test_F080_nothing_runs_with_a_reservation_of_zero(deploy, client, small_cloud):
    function = deploy("def handler(event, context): return 1")
    answer = client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    assert answer["ReservedConcurrentExecutions"] == 0
    response, body = small_cloud.raw_invoke(function.name)
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (429, "TooManyRequestsException")
    assert json.loads(body) == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    deleted = client.delete_function_concurrency(FunctionName=function.name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert function.invoke().payload == 1


def test_F081_a_reservation_of_one_lets_one_run(deploy, client):
    function = deploy(SLEEPER, Timeout=30)
    function.invoke(0)
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    client.invoke(FunctionName=function.name, Payload=b"5", InvocationType="Event")
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        try:
            function.invoke(0)
        except client.exceptions.ClientError as refused:
            assert refused.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
            return
        time.sleep(0.05)
    raise AssertionError("two ran at a time")


def test_a_reservation_is_shown(deploy, client):
    function = deploy(SLEEPER)
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName=function.name)
    assert "Concurrency" not in client.get_function(FunctionName=function.name)
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=7)
    assert client.get_function_concurrency(FunctionName=function.name)["ReservedConcurrentExecutions"] == 7
    assert client.get_function(FunctionName=function.name)["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    limits = client.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (20, 13)


def test_a_part_of_the_account_stays_unreserved(deploy, client):
    """100 of AWS's 1,000; a tenth of a local cloud's limit."""
    function = deploy(SLEEPER)
    put = client.put_function_concurrency
    assert refusal(put, FunctionName=function.name, ReservedConcurrentExecutions=19) == (
        "InvalidParameterValueException",
        400,
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
        "minimum value of [2].",
    )
    put(FunctionName=function.name, ReservedConcurrentExecutions=18)
    put(FunctionName=function.name, ReservedConcurrentExecutions=17)  # what it has is not counted against it


def test_reservations_are_of_functions_only(deploy, client):
    function = deploy(SLEEPER)
    call = client.put_function_concurrency
    assert refusal(call, FunctionName=f"{function.arn}:$LATEST", ReservedConcurrentExecutions=1) == NOT_ON_QUALIFIERS
    assert refusal(call, FunctionName="doesnotexist", ReservedConcurrentExecutions=1) == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {function.arn.replace(function.name, 'doesnotexist')}:$LATEST",
    )
    assert refusal(call, FunctionName=function.name, ReservedConcurrentExecutions=-1) == (
        "ValidationException",
        400,
        "1 validation error detected: Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: Member "
        "must have value greater than or equal to 0",
    )


# --- provisioned ---------------------------------------------------------------------------------------------------


def until_provisioned(client, name, qualifier):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        if found["Status"] != "IN_PROGRESS":
            return found
        time.sleep(0.02)
    raise AssertionError("still in progress")


def test_F085_environments_have_run_their_init_phase_before_the_first_event(deploy, client):
    function = deploy(INITIALISED)
    client.publish_version(FunctionName=function.name)
    answer = client.put_provisioned_concurrency_config(
        FunctionName=function.name, Qualifier="1", ProvisionedConcurrentExecutions=2
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    figures = ("Requested", "Allocated", "Available")
    assert [answer[f"{one}ProvisionedConcurrentExecutions"] for one in figures] == [2, 0, 0]
    assert answer["Status"] == "IN_PROGRESS"
    ready = until_provisioned(client, function.name, "1")
    assert [ready[f"{one}ProvisionedConcurrentExecutions"] for one in figures] == [2, 2, 2]
    assert ready["Status"] == "READY" and "StatusReason" not in ready
    asked = time.time()
    first = function.invoke(Qualifier="1")
    assert first.payload["type"] == "provisioned-concurrency"
    assert first.payload["started"] < asked
    assert first.report.init is None
    assert function.invoke().payload["type"] == "on-demand"
    assert len([stream for stream in function.log_streams() if "[1]" in stream]) == 2  # both have begun their logs


def test_F085_an_init_phase_that_fails(deploy, client):
    function = deploy("import nowhere")
    client.publish_version(FunctionName=function.name)
    client.put_provisioned_concurrency_config(
        FunctionName=function.name, Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    found = until_provisioned(client, function.name, "1")
    assert (found["Status"], found["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")


def test_more_than_is_provisioned_starts_on_demand(deploy, client):
    from concurrent.futures import ThreadPoolExecutor

    function = deploy(INITIALISED.replace("return", "time.sleep(event); return"), Timeout=10)
    client.publish_version(FunctionName=function.name)
    client.put_provisioned_concurrency_config(
        FunctionName=function.name, Qualifier="1", ProvisionedConcurrentExecutions=1
    )
    until_provisioned(client, function.name, "1")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: function.invoke(1, Qualifier="1").payload["type"], range(2)))
    assert sorted(answers) == ["on-demand", "provisioned-concurrency"]


def test_provisioned_environments_end_with_their_config(deploy, client):
    function = deploy(INITIALISED)
    client.publish_version(FunctionName=function.name)
    put = client.put_provisioned_concurrency_config
    put(FunctionName=function.name, Qualifier="1", ProvisionedConcurrentExecutions=1)
    until_provisioned(client, function.name, "1")
    before = function.invoke(Qualifier="1").payload
    deleted = client.delete_provisioned_concurrency_config(FunctionName=function.name, Qualifier="1")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    deadline = time.monotonic() + 10
    while (after := function.invoke(Qualifier="1").payload) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert after["type"] == "on-demand"


def test_an_alias_takes_its_provisioned_concurrency_along(deploy, client):
    function = deploy(INITIALISED)
    client.publish_version(FunctionName=function.name)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    client.put_provisioned_concurrency_config(
        FunctionName=function.name, Qualifier="live", ProvisionedConcurrentExecutions=1
    )
    until_provisioned(client, function.name, "live")
    function.update_code(INITIALISED.replace("time.time()", "time.time() + 0"))
    client.publish_version(FunctionName=function.name)
    client.update_alias(FunctionName=function.name, Name="live", FunctionVersion="2")
    assert until_provisioned(client, function.name, "live")["Status"] == "READY"
    answer = function.invoke(Qualifier="live")
    assert (answer.executed_version, answer.payload["type"]) == ("2", "provisioned-concurrency")
    listed = client.list_provisioned_concurrency_configs(FunctionName=function.name)["ProvisionedConcurrencyConfigs"]
    assert [one["FunctionArn"] for one in listed] == [f"{function.arn}:live"]


def test_provisioned_concurrency_refused(deploy, client):
    function = deploy(SLEEPER)
    name, arn = function.name, function.arn
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    get, put = client.get_provisioned_concurrency_config, client.put_provisioned_concurrency_config
    delete = client.delete_provisioned_concurrency_config
    missing, bad = "ResourceNotFoundException", "InvalidParameterValueException"
    one = {"ProvisionedConcurrentExecutions": 1}
    for call, parameters, expected in (
        (
            get,
            {"Qualifier": "1"},
            (
                "ProvisionedConcurrencyConfigNotFoundException",
                404,
                "No Provisioned Concurrency Config found for this function",
            ),
        ),
        (get, {"Qualifier": "noalias"}, (missing, 404, f"Cannot find alias arn: {arn}:noalias")),
        (get, {"Qualifier": "10"}, (missing, 404, f"Function not found: {arn}:10")),
        (
            get,
            {"Qualifier": "$LATEST"},
            (bad, 400, "The function resource provided must be an alias or a published version."),
        ),
        (
            delete,
            {"Qualifier": "$LATEST"},
            (bad, 400, "The function resource provided must be an alias or a published version."),
        ),
        (put, {"Qualifier": "10"} | one, (missing, 404, f"Function not found: {arn}:10")),
        (put, {"Qualifier": "noalias"} | one, (missing, 404, f"Cannot find alias arn: {arn}:noalias")),
        (
            put,
            {"Qualifier": "$LATEST"} | one,
            (bad, 400, "Provisioned Concurrency Configs cannot be applied to unpublished function versions."),
        ),
        (
            put,
            {"Qualifier": "1", "ProvisionedConcurrentExecutions": 0},
            (
                "ValidationException",
                400,
                "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy "
                "constraint: Member must have value greater than or equal to 1",
            ),
        ),
        (
            put,
            {"Qualifier": "1", "ProvisionedConcurrentExecutions": 21},
            (
                bad,
                400,
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [20].",
            ),
        ),
        (
            put,
            {"Qualifier": "1", "ProvisionedConcurrentExecutions": 19},
            (
                bad,
                400,
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
                "minimum value of [2].",
            ),
        ),
    ):
        assert refusal(call, FunctionName=name, **parameters) == expected
    put(FunctionName=name, Qualifier="1", **one)
    assert refusal(put, FunctionName=name, Qualifier="live", **one) == (
        "ResourceConflictException",
        409,
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    )
    delete(FunctionName=name, Qualifier="1")
    put(FunctionName=name, Qualifier="live", **one)
    assert refusal(put, FunctionName=name, Qualifier="1", **one) == (
        "ResourceConflictException",
        409,
        "Version is pointed by a Provisioned Concurrency alias",
    )
    assert refusal(client.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=0) == (
        bad,
        400,
        " ReservedConcurrentExecutions  0 should not be lower than function's total provisioned concurrency [1].",
    )
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    assert refusal(put, FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=2) == (
        bad,
        400,
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
    )
    client.delete_alias(FunctionName=name, Name="live")
    assert client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []
