"""Which service may invoke which function: what triggers ask before they call."""

from __future__ import annotations

import asyncio

import pytest

from labsupport.localcloud.lambda_api.permissions import may_invoke
from labsupport.localcloud.lambda_api.principals import principal_element
from labsupport.localcloud.lambda_api.resource_policy import Caller
from labsupport.localcloud.lambda_api.store import Alias

from .control_plane import ACCOUNT, REGION, add_function, lambda_api, request

BUCKET = "arn:aws:s3:::uploads"
POLICY = "/2015-03-31/functions/{}/policy"
S3 = Caller(service="s3.amazonaws.com", source_arn=BUCKET, source_account=ACCOUNT)


@pytest.fixture
def api(tmp_path):
    """A control plane with the function ``f``, its version 1 and its alias ``live``."""
    api = lambda_api(tmp_path)
    function = add_function(api, "f")
    function.versions["1"] = function.latest
    function.aliases["live"] = Alias("live", "1")
    return api


def grant(api, qualifier: str | None = None, **parameters) -> None:
    body = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", **parameters}
    query = {"Qualifier": qualifier} if qualifier else {}
    status, document = asyncio.run(request(api, "POST", POLICY.format("f"), body, **query))
    assert status == 201, document


def allowed(api, caller: Caller, qualifier: str | None = None, name: str = "f", region: str = REGION) -> bool:
    return may_invoke(api.store, region, name, qualifier, caller)


def test_a_service_may_invoke_once_it_was_granted(api):
    assert not allowed(api, S3)
    grant(api, SourceArn=BUCKET, SourceAccount=ACCOUNT)
    assert allowed(api, S3)
    assert not allowed(api, Caller(service="s3.amazonaws.com", source_arn="arn:aws:s3:::other", source_account=ACCOUNT))
    assert not allowed(api, Caller(service="sns.amazonaws.com", source_arn=BUCKET, source_account=ACCOUNT))


def test_a_grant_on_the_function_opens_neither_versions_nor_aliases(api):
    grant(api)
    assert [allowed(api, S3, qualifier) for qualifier in (None, "$LATEST", "1", "live")] == [True, True, False, False]


def test_a_grant_on_an_alias_opens_the_alias_alone(api):
    grant(api, "live")
    assert [allowed(api, S3, qualifier) for qualifier in (None, "$LATEST", "1", "live")] == [False, False, False, True]


def test_what_is_not_there_cannot_be_invoked(api):
    grant(api)
    assert not allowed(api, S3, name="g")
    assert not allowed(api, S3, region="eu-west-1")


def test_what_was_removed_cannot_be_invoked(api):
    grant(api)
    status, _document = asyncio.run(request(api, "DELETE", POLICY.format("f") + "/s"))
    assert status == 204
    assert not allowed(api, S3)


@pytest.mark.parametrize(
    ("principal", "source"),
    [
        ("sns.amazonaws.com", f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"),
        ("events.amazonaws.com", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/nightly"),
        ("apigateway.amazonaws.com", f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc/*/GET/items"),
        ("logs.amazonaws.com", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/g:*"),
    ],
)
def test_each_service_is_let_in_with_its_own_kind_of_source(api, principal, source):
    grant(api, Principal=principal, SourceArn=source)
    real = source.replace("*", "x")
    assert allowed(api, Caller(service=principal, source_arn=real))
    assert not allowed(api, Caller(service=principal, source_arn=real.replace(ACCOUNT, "999999999999")))


# --- principals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("*", "*"),
        ("111122223333", {"AWS": "arn:aws:iam::111122223333:root"}),
        ("arn:aws:iam::111122223333:role/a/b", {"AWS": "arn:aws:iam::111122223333:role/a/b"}),
        ("arn:aws:sts::111122223333:assumed-role/r/s", {"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}),
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
        ("lambda.alarms.cloudwatch.amazonaws.com", {"Service": "lambda.alarms.cloudwatch.amazonaws.com"}),
        ("elasticloadbalancing.amazonaws.com", {"Service": "elasticloadbalancing.amazonaws.com"}),
        ("logs.eu-west-1.amazonaws.com", {"Service": "logs.eu-west-1.amazonaws.com"}),
        ("api-gateway.amazonaws.com", None),
        ("s3.amazon.com", None),
        ("S3.amazonaws.com", None),
        ("1111", None),
        ("arn:aws:iam::111122223333:group/g", None),
        ("arn:aws:lambda:us-east-1:111122223333:function:f", None),
    ],
)
def test_a_principal_becomes_an_element_of_the_statement(text, element):
    assert principal_element(text) == element
