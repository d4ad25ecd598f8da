"""What a resource policy lets a service, a role or a function URL do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from labsupport.localcloud.access.patterns import arn_like
from labsupport.localcloud.lambda_api.resource_policy import Caller, Grant, ResourcePolicy, allows

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
BUCKET = "arn:aws:s3:::uploads"
GRANT = Grant("s3", {"Service": "s3.amazonaws.com"}, "lambda:InvokeFunction", FUNCTION)
S3 = Caller(service="s3.amazonaws.com", source_arn=BUCKET, source_account="123456789012")


def policy(**changes) -> ResourcePolicy:
    return ResourcePolicy((replace(GRANT, **changes),))


def may_invoke(caller: Caller, **changes) -> bool:
    return allows(policy(**changes), "lambda:InvokeFunction", caller)


# --- the document --------------------------------------------------------------------------------------------------


def test_a_policy_is_compact_json_with_the_id_default():
    assert policy(source_arn=BUCKET).text() == (
        '{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s3","Effect":"Allow",'
        '"Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",'
        f'"Resource":"{FUNCTION}","Condition":{{"ArnLike":{{"AWS:SourceArn":"{BUCKET}"}}}}}}]}}'
    )


def test_every_condition_has_its_operator_and_key():
    statement = replace(
        GRANT,
        source_arn=BUCKET,
        source_account="123456789012",
        event_source_token="token",
        organization="o-1234567890",
        function_url_auth_type="NONE",
        invoked_via_function_url=True,
    ).document()
    assert statement["Condition"] == {
        "StringEquals": {
            "AWS:SourceAccount": "123456789012",
            "lambda:EventSourceToken": "token",
            "lambda:FunctionUrlAuthType": "NONE",
            "aws:PrincipalOrgID": "o-1234567890",
        },
        "ArnLike": {"AWS:SourceArn": BUCKET},
        "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
    }


def test_a_statement_without_conditions_has_no_condition_key():
    assert "Condition" not in GRANT.document()


def test_each_change_gives_the_policy_a_new_revision():
    before = policy()
    after = before.with_grant(replace(GRANT, statement_id="second"))
    assert before.revision_id != after.revision_id
    assert [one["Sid"] for one in json.loads(after.text())["Statement"]] == ["s3", "second"]
    rest = after.without("s3")
    assert rest is not None and rest.revision_id not in (before.revision_id, after.revision_id)


def test_removing_the_last_statement_leaves_no_policy():
    assert policy().without("s3") is None


# --- who is let in -------------------------------------------------------------------------------------------------


def test_nobody_is_let_in_without_a_policy():
    assert not allows(None, "lambda:InvokeFunction", S3)


def test_a_service_named_as_principal_may_invoke():
    assert may_invoke(S3)


@pytest.mark.parametrize(
    "service", ["sns.amazonaws.com", "events.amazonaws.com", "apigateway.amazonaws.com", "s3.example.com"]
)
def test_another_service_may_not(service):
    assert not may_invoke(replace(S3, service=service))


def test_a_service_may_be_named_with_its_region():
    regional = {"Service": "logs.us-east-1.amazonaws.com"}
    here = Caller(service="logs.amazonaws.com", region="us-east-1")
    assert may_invoke(here, principal=regional)
    assert not may_invoke(replace(here, region="eu-west-1"), principal=regional)


def test_everybody_is_the_star():
    assert may_invoke(S3, principal="*")
    assert may_invoke(Caller(), principal="*")


def test_the_source_must_be_the_bucket_that_was_named():
    assert may_invoke(S3, source_arn=BUCKET)
    assert not may_invoke(replace(S3, source_arn="arn:aws:s3:::other"), source_arn=BUCKET)


def test_a_call_without_a_source_does_not_meet_a_source_condition():
    assert not may_invoke(replace(S3, source_arn=None), source_arn=BUCKET)
    assert not may_invoke(replace(S3, source_account=None), source_account="123456789012")


def test_the_source_account_must_be_the_one_that_was_named():
    assert may_invoke(S3, source_account="123456789012")
    assert not may_invoke(S3, source_account="999999999999")


def test_all_conditions_must_hold():
    assert may_invoke(S3, source_arn=BUCKET, source_account="123456789012")
    assert not may_invoke(S3, source_arn=BUCKET, source_account="999999999999")
    assert not may_invoke(S3, source_arn="arn:aws:s3:::other", source_account="123456789012")


def test_one_statement_that_holds_is_enough():
    other = replace(GRANT, statement_id="sns", principal={"Service": "sns.amazonaws.com"})
    assert allows(policy(source_arn="arn:aws:s3:::other").with_grant(GRANT), "lambda:InvokeFunction", S3)
    assert not allows(ResourcePolicy((other,)), "lambda:InvokeFunction", S3)


@pytest.mark.parametrize("action", ["lambda:InvokeFunction", "lambda:*", "*"])
def test_the_action_may_have_a_star(action):
    assert may_invoke(S3, action=action)


def test_another_action_does_not_let_invoke():
    assert not may_invoke(S3, action="lambda:GetFunction")
    assert not may_invoke(S3, action="lambda:InvokeFunctionUrl")


def test_an_alexa_skill_must_bring_its_token():
    assert may_invoke(Caller(event_source_token="t"), principal="*", event_source_token="t")
    assert not may_invoke(Caller(), principal="*", event_source_token="t")


def test_an_organization_must_be_the_callers():
    assert may_invoke(Caller(organization="o-1234567890"), principal="*", organization="o-1234567890")
    assert not may_invoke(Caller(), principal="*", organization="o-1234567890")


def test_a_role_named_by_its_arn_may_invoke_and_an_account_root_grants_nothing_itself():
    role = "arn:aws:iam::123456789012:role/caller"
    root = "arn:aws:iam::123456789012:root"
    assert may_invoke(Caller(principal_arn=role), principal={"AWS": role})
    assert not may_invoke(Caller(principal_arn=role + "-2"), principal={"AWS": role})
    assert not may_invoke(Caller(principal_arn=root), principal={"AWS": root})
    assert not may_invoke(S3, principal={"AWS": role})


def test_a_grant_for_function_urls_needs_the_same_auth_type():
    url = {"principal": "*", "action": "lambda:InvokeFunctionUrl", "function_url_auth_type": "NONE"}
    assert allows(policy(**url), "lambda:InvokeFunctionUrl", Caller(function_url_auth_type="NONE"))
    assert not allows(policy(**url), "lambda:InvokeFunctionUrl", Caller(function_url_auth_type="AWS_IAM"))


def test_a_grant_for_calls_through_a_url_does_not_open_the_invoke_api():
    grant = {"principal": "*", "invoked_via_function_url": True}
    assert may_invoke(Caller(function_url_auth_type="NONE"), **grant)
    assert not may_invoke(Caller(), **grant)


# --- ArnLike -------------------------------------------------------------------------------------------------------

API = "arn:aws:execute-api:us-east-1:123456789012:abc123"


@pytest.mark.parametrize(
    ("pattern", "arn", "same"),
    [
        (f"{API}/*", f"{API}/prod/GET/items", True),
        (f"{API}/*/GET/*", f"{API}/prod/GET/items/7", True),
        (f"{API}/*/GET/items", f"{API}/prod/POST/items", False),
        (f"{API}/prod/GET/item?", f"{API}/prod/GET/items", True),
        (f"{API}/*", f"{API}4/prod/GET/items", False),
        ("arn:aws:events:*:*:rule/nightly", "arn:aws:events:eu-west-1:123456789012:rule/nightly", True),
        ("arn:aws:s3:::up*", BUCKET, True),
        ("arn:aws:s3:::UPLOADS", BUCKET, False),
        ("arn:aws:s3:::uploads[s]", "arn:aws:s3:::uploadss", False),
        # A star stays inside its part of the ARN.
        ("arn:aws:*:rule/nightly", "arn:aws:events:eu-west-1:123456789012:rule/nightly", False),
        (
            "arn:aws:logs:us-east-1:123456789012:log-group:/a:*",
            "arn:aws:logs:us-east-1:123456789012:log-group:/a:b",
            True,
        ),
    ],
)
def test_arn_like_compares_part_by_part(pattern, arn, same):
    assert arn_like(pattern, arn) is same
