"""Destinations and dead-letter targets: what the execution role must be allowed, and what the engine then gets."""

from __future__ import annotations

import asyncio

import pytest

from labsupport.localcloud.lambda_api.destinations import check_dead_letter_target
from labsupport.localcloud.lambda_api.errors import LambdaError
from labsupport.localcloud.lambda_api.operations import Call
from labsupport.localcloud.lambda_api.store import Alias

from .control_plane import ACCOUNT, REGION, ROLE, Roles, add_function, lambda_api, request

CONFIG = "/2019-09-25/functions/{}/event-invoke-config"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/b"
BUCKET = "arn:aws:s3:::b"
OTHER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other"


@pytest.fixture
def api(tmp_path):
    """A control plane with the functions ``f`` (version 1, alias ``live``) and ``other``; no role may do anything."""
    api = lambda_api(tmp_path)
    api.access = Roles()
    function = add_function(api, "f")
    function.versions["1"] = function.latest
    function.aliases["live"] = Alias("live", "1")
    add_function(api, "other")
    return api


def put(api, qualifier: str | None = None, **body) -> tuple[int, dict]:
    query = {"Qualifier": qualifier} if qualifier else {}
    return asyncio.run(request(api, "PUT", CONFIG.format("f"), body, **query))


def on_failure(arn: str) -> dict:
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


@pytest.mark.parametrize(
    ("arn", "action", "resource"),
    [
        (QUEUE, "sqs:SendMessage", QUEUE),
        (TOPIC, "sns:Publish", TOPIC),
        (BUS, "events:PutEvents", BUS),
        (OTHER, "lambda:InvokeFunction", OTHER),
        (BUCKET, "s3:PutObject", f"{BUCKET}/*"),
    ],
)
def test_the_role_must_be_allowed_to_send_to_a_destination(api, arn, action, resource):
    name = action.partition(":")[2]
    assert put(api, **on_failure(arn)) == (
        400,
        {
            "Type": "User",
            "message": f"The function's execution role does not have permissions to call {name} on {arn}",
        },
    )
    api.access.allowed.add((ROLE, action, resource))
    assert put(api, **on_failure(arn))[0] == 200


def test_a_refused_destination_changes_nothing(api):
    assert put(api, MaximumRetryAttempts=1)[0] == 200
    assert put(api, MaximumRetryAttempts=0, **on_failure(QUEUE))[0] == 400
    assert asyncio.run(request(api, "GET", CONFIG.format("f")))[1]["MaximumRetryAttempts"] == 1


def test_a_destination_must_exist_before_the_role_is_asked(api):
    api.neighbours.missing.add(QUEUE)
    assert put(api, **on_failure(QUEUE))[1]["message"] == f"The destination ARN {QUEUE} is invalid."


def test_a_version_or_alias_of_another_function_must_exist_too(api):
    api.access = None
    assert put(api, **on_failure(f"{OTHER}:$LATEST"))[0] == 200
    assert put(api, **on_failure(f"{OTHER}:7"))[1]["message"] == f"The destination ARN {OTHER}:7 is invalid."


@pytest.mark.parametrize(
    ("target", "action", "service"), [(QUEUE, "sqs:SendMessage", "SQS"), (TOPIC, "sns:Publish", "SNS")]
)
def test_the_role_must_be_allowed_to_send_dead_letters(api, target, action, service):
    call = Call(api, "CreateFunction", REGION, {}, "request")
    with pytest.raises(LambdaError) as refused:
        asyncio.run(check_dead_letter_target(call, ROLE, target))
    assert (refused.value.status, refused.value.code, str(refused.value)) == (
        400,
        "InvalidParameterValueException",
        f"The provided execution role does not have permissions to call {action.partition(':')[2]} on {service}",
    )
    api.access.allowed.add((ROLE, action, target))
    asyncio.run(check_dead_letter_target(call, ROLE, target))


@pytest.mark.parametrize("target", [f"{QUEUE}.fifo", f"{TOPIC}.fifo", BUS, BUCKET, OTHER])
def test_dead_letters_go_to_standard_queues_and_topics_only(api, target):
    api.access = None
    call = Call(api, "CreateFunction", REGION, {}, "request")
    with pytest.raises(LambdaError) as refused:
        asyncio.run(check_dead_letter_target(call, ROLE, target))
    assert str(refused.value) == f"The provided dead letter config DeadLetterConfig(targetArn={target}) is invalid."


# --- what the engine gets ------------------------------------------------------------------------------------------


def specification(api, qualifier: str | None = None):
    return asyncio.run(api.specification(REGION, "f", qualifier))


def test_settings_reach_the_engine_for_their_own_qualifier_only(api):
    api.access = None
    put(api, MaximumRetryAttempts=0)
    put(api, "live", MaximumEventAgeInSeconds=60)
    assert [specification(api, qualifier).retry_attempts for qualifier in (None, "$LATEST", "1", "live")] == [
        0,
        0,
        None,
        None,
    ]
    assert [specification(api, qualifier).maximum_event_age for qualifier in (None, "1", "live")] == [None, None, 60]


def test_destinations_reach_the_engine(api):
    api.access = None
    put(api, DestinationConfig={"OnSuccess": {"Destination": QUEUE}, "OnFailure": {"Destination": TOPIC}})
    assert (specification(api).on_success, specification(api).on_failure) == (QUEUE, TOPIC)
    assert (specification(api, "1").on_success, specification(api, "1").on_failure) == (None, None)


def test_a_change_reaches_the_next_invocation(api):
    put(api, MaximumRetryAttempts=0)
    assert specification(api).retry_attempts == 0
    put(api, MaximumRetryAttempts=2)
    assert specification(api).retry_attempts == 2
    assert asyncio.run(request(api, "DELETE", CONFIG.format("f")))[0] == 204
    assert specification(api).retry_attempts is None
