"""Lambda authorizers: identity, answers, what a policy allows, and the cache."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.access.policy import Policy
from labsupport.localcloud.gateway.http_message import HttpRequest
from labsupport.localcloud.gateway.rest.authorizers import (
    Authorizer,
    AuthorizerFailed,
    Unauthorized,
    Verdict,
    VerdictCache,
    authorizer,
    effect,
    failure_of,
    identity,
    request_event,
    token_event,
    verdict_of,
)

API = "arn:aws:execute-api:us-east-1:123456789012:api1"
TOKEN = Authorizer("a1", "token", "TOKEN", "uri", identity_sources=("method.request.header.Authorization",))


def request(query: str = "", *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest("GET", "/prod/orders", query, headers, b"", "127.0.0.1", "HTTP/1.1", 0.0, "x")


def policy(effect: str, resource: str, action: str = "execute-api:Invoke") -> dict:
    return {"Version": "2012-10-17", "Statement": [{"Action": action, "Effect": effect, "Resource": resource}]}


def test_a_token_is_the_value_of_its_header_whatever_the_case_of_the_name():
    assert identity(TOKEN, request("", ("authorization", "Bearer x")), {}, {}) == ("Bearer x",)


@pytest.mark.parametrize("headers", [(), (("Authorization", ""),), (("X-Other", "x"),)])
def test_a_missing_or_empty_token_is_unauthorized(headers):
    with pytest.raises(Unauthorized):
        identity(TOKEN, request("", *headers), {}, {})


def test_a_token_that_does_not_match_the_expression_is_unauthorized():
    strict = Authorizer("a1", "t", "TOKEN", "uri", None, TOKEN.identity_sources, r"Bearer [a-z]+")
    assert identity(strict, request("", ("Authorization", "Bearer abc")), {}, {}) == ("Bearer abc",)
    for token in ("Bearer ABC", "Bearer abc1", "x Bearer abc"):
        with pytest.raises(Unauthorized):
            identity(strict, request("", ("Authorization", token)), {}, {})


def test_a_request_authorizer_takes_headers_query_stage_variables_and_context():
    sources = (
        "method.request.header.X-User",
        "method.request.querystring.key",
        "stageVariables.tier",
        "context.identity.sourceIp",
    )
    wanted = Authorizer("a2", "r", "REQUEST", "uri", identity_sources=sources)
    context = {"identity": {"sourceIp": "10.0.0.1"}}
    found = identity(wanted, request("key=a%20b", ("x-user", "kim")), {"tier": "gold"}, context)
    assert found == ("kim", "a b", "gold", "10.0.0.1")
    with pytest.raises(Unauthorized):
        identity(wanted, request("", ("x-user", "kim")), {"tier": "gold"}, context)


def test_without_identity_sources_a_request_authorizer_is_always_asked():
    assert identity(Authorizer("a2", "r", "REQUEST", "uri"), request(), {}, {}) == ()


def test_the_event_of_a_token_authorizer():
    assert token_event("x", f"{API}/prod/GET/orders") == {
        "type": "TOKEN",
        "methodArn": f"{API}/prod/GET/orders",
        "authorizationToken": "x",
    }


def test_the_event_of_a_request_authorizer_is_the_proxy_event_without_its_body():
    event = {
        "resource": "/orders",
        "queryStringParameters": None,
        "headers": {"a": "b"},
        "body": "x",
        "isBase64Encoded": False,
    }
    assert request_event(event, "arn") == {
        "type": "REQUEST",
        "methodArn": "arn",
        "resource": "/orders",
        "queryStringParameters": {},
        "headers": {"a": "b"},
    }


def test_values_of_the_context_become_texts():
    answer = {
        "principalId": "kim",
        "policyDocument": policy("Allow", "*"),
        "context": {"text": "a", "number": 1, "real": 1.5, "yes": True, "nothing": None},
        "usageIdentifierKey": "a-key",
    }
    verdict = verdict_of(json.dumps(answer).encode())
    assert verdict.backend_context(7) == {
        "principalId": "kim",
        "integrationLatency": 7,
        "text": "a",
        "number": "1",
        "real": "1.5",
        "yes": "true",
        "nothing": None,
    }
    assert verdict.usage_identifier_key == "a-key"


@pytest.mark.parametrize(
    "answer",
    [
        "null",
        '"Allow"',
        "[]",
        "{",
        "{}",
        json.dumps({"principalId": "kim"}),
        json.dumps({"policyDocument": policy("Allow", "*")}),
        json.dumps({"principalId": None, "policyDocument": policy("Allow", "*")}),
        json.dumps({"principalId": "kim", "policyDocument": {}}),
        json.dumps({"principalId": "kim", "policyDocument": "Allow"}),
        json.dumps({"principalId": "kim", "policyDocument": policy("Allow", "*"), "context": {"a": []}}),
        json.dumps({"principalId": "kim", "policyDocument": policy("Allow", "*"), "context": []}),
    ],
)
def test_an_answer_that_is_none_is_a_failure(answer):
    with pytest.raises(AuthorizerFailed):
        verdict_of(answer.encode())


def test_only_the_exact_message_unauthorized_is_a_401():
    assert isinstance(failure_of(b'{"errorMessage": "Unauthorized"}'), Unauthorized)
    for payload in (b'{"errorMessage": "unauthorized"}', b'{"errorMessage": "Unauthorized user"}', b"null", b"x"):
        assert isinstance(failure_of(payload), AuthorizerFailed)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (policy("Allow", f"{API}/prod/GET/orders"), "allow"),
        (policy("Allow", f"{API}/*/GET/orders"), "allow"),
        (policy("Allow", f"{API}/prod/*"), "allow"),
        (policy("Allow", "*", "EXECUTE-API:*"), "allow"),
        (policy("Allow", f"{API}/prod/POST/orders"), None),
        (policy("Allow", f"{API}/prod/GET/order"), None),
        (policy("Allow", "*", "lambda:InvokeFunction"), None),
        (policy("Deny", f"{API}/prod/GET/orders"), "deny"),
        ({"Statement": policy("Allow", "*")["Statement"] + policy("Deny", f"{API}/prod/GET/*")["Statement"]}, "deny"),
        ({"Statement": []}, None),
    ],
)
def test_what_a_policy_says_about_a_method(document, found):
    assert effect(Policy.parse(document), f"{API}/prod/GET/orders", {}) == found


def test_conditions_of_the_policy_count():
    document = policy("Allow", "*")
    document["Statement"][0]["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    parsed = Policy.parse(document)
    assert effect(parsed, f"{API}/prod/GET/x", {"aws:sourceip": ("10.1.2.3",)}) == "allow"
    assert effect(parsed, f"{API}/prod/GET/x", {"aws:sourceip": ("127.0.0.1",)}) is None


VERDICT = Verdict("kim", Policy.parse(policy("Allow", "*")))


def test_a_verdict_is_kept_for_the_time_to_live_and_one_identity():
    now = [0.0]
    cache = VerdictCache(lambda: now[0])
    cache.keep("api1", "prod", TOKEN, ("x",), VERDICT)
    assert cache.find("api1", "prod", TOKEN, ("x",)) is VERDICT
    assert cache.find("api1", "prod", TOKEN, ("y",)) is None
    assert cache.find("api1", "dev", TOKEN, ("x",)) is None
    now[0] = 299.9
    assert cache.find("api1", "prod", TOKEN, ("x",)) is VERDICT
    now[0] = 300.0
    assert cache.find("api1", "prod", TOKEN, ("x",)) is None


def test_nothing_is_kept_without_a_time_to_live_or_without_an_identity():
    cache = VerdictCache(lambda: 0.0)
    never = Authorizer("a1", "t", "TOKEN", "uri", identity_sources=TOKEN.identity_sources, ttl=0)
    cache.keep("api1", "prod", never, ("x",), VERDICT)
    cache.keep("api1", "prod", TOKEN, (), VERDICT)
    assert cache.find("api1", "prod", never, ("x",)) is None
    assert cache.find("api1", "prod", TOKEN, ()) is None


def test_the_cache_of_a_stage_can_be_flushed():
    cache = VerdictCache(lambda: 0.0)
    for stage in ("prod", "dev"):
        cache.keep("api1", stage, TOKEN, ("x",), VERDICT)
    cache.flush("api1", "prod")
    assert cache.find("api1", "prod", TOKEN, ("x",)) is None
    assert cache.find("api1", "dev", TOKEN, ("x",)) is VERDICT


def test_an_authorizer_is_read_from_the_document_of_the_api():
    document = {
        "id": "a1",
        "name": "t",
        "type": "REQUEST",
        "authorizerUri": "uri",
        "identitySource": "method.request.header.A, context.stage",
    }
    read = authorizer(document)
    assert (read.kind, read.identity_sources, read.ttl) == (
        "REQUEST",
        ("method.request.header.A", "context.stage"),
        300,
    )
    assert authorizer({**document, "authorizerResultTtlInSeconds": 0}).ttl == 0
