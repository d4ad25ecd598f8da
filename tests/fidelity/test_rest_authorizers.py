"""Who may call a REST API: Lambda authorizers and their cache, IAM, resource policies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, unique_name
from .rest_apis import ECHO, HttpAnswer, RestApi, invocation_uri

#: Counts its calls, logs its event, and does what the token says.
AUTHORIZER = """
import json
calls = 0

def policy(effect, resource, **more):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "kim", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, **more}

def handler(event, context):
    global calls
    calls += 1
    token = event.get("authorizationToken") or event["headers"].get("X-Token", "allow")
    arn = event["methodArn"]
    everything = arn.split("/")[0] + "/*"
    if token == "unauthorized":
        raise Exception("Unauthorized")
    if token == "raise":
        raise Exception("the secret of the authorizer")
    if token == "garbage":
        return "Allow"
    if token == "nested":
        return policy("Allow", everything, context={"list": [1]})
    if token == "deny":
        return policy("Deny", everything)
    if token == "other":
        return policy("Allow", everything.replace("/*", "/dev/GET/elsewhere"))
    if token == "only-this":
        return policy("Allow", arn)
    if token.startswith("key:"):
        return policy("Allow", everything, usageIdentifierKey=token[4:])
    return policy("Allow", everything, context={"text": "a", "number": 1, "yes": True, "calls": calls, "event": json.dumps(event)})
"""


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


@pytest.fixture(scope="module")
def judge(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(AUTHORIZER)


class Guarded(RestApi):
    """An API with GET /orders/{id} and GET /other behind a Lambda authorizer."""

    def __init__(
        self,
        cloud: CloudUnderTest,
        echo: Function,
        judge: Function,
        *,
        permission: bool = True,
        method: dict[str, Any] | None = None,
        api: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(cloud, **(api or {}))
        settings = {"type": "TOKEN", "identitySource": "method.request.header.Authorization", **settings}
        made = self.client.create_authorizer(
            restApiId=self.id, name=unique_name("judge"), authorizerUri=invocation_uri(judge.arn), **settings
        )
        self.authorizer_id: str = made["id"]
        if permission:
            self.allow(judge, f"/authorizers/{self.authorizer_id}")
        guarded = {"authorizationType": "CUSTOM", "authorizerId": self.authorizer_id, **(method or {})}
        self.proxy("GET", "/orders/{id}", echo, method=guarded)
        self.proxy("GET", "/other", echo, method=guarded)
        self.deploy()

    def get(self, token: str | None = None, path: str = "/dev/orders/7", **headers: str) -> HttpAnswer:
        return self.call("GET", path, headers=({} if token is None else {"Authorization": token}) | headers)


@pytest.fixture(scope="module")
def api(cloud: CloudUnderTest, echo: Function, judge: Function) -> Guarded:
    return Guarded(cloud, echo, judge)


def authorizer_of(answer: HttpAnswer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json["requestContext"]["authorizer"]
    return found


def said(answer: HttpAnswer) -> tuple[int, dict[str, Any], str | None]:
    return answer.status, answer.json, answer.header("x-amzn-ErrorType")


UNAUTHORIZED = (401, {"message": "Unauthorized"}, "UnauthorizedException")
BROKEN = (500, {"message": None}, "AuthorizerConfigurationException")


def test_without_a_token_the_authorizer_is_not_run_f184(api: Guarded, judge: Function) -> None:
    before = authorizer_of(api.get("count-1"))["calls"]
    assert said(api.get()) == UNAUTHORIZED
    assert said(api.get("")) == UNAUTHORIZED
    assert int(authorizer_of(api.get("count-2"))["calls"]) == int(before) + 1


def test_the_event_of_a_token_authorizer_and_what_the_backend_gets_f184(api: Guarded) -> None:
    found = authorizer_of(api.get("a token", "/dev/orders/7?x=1"))
    assert json.loads(found.pop("event")) == {
        "type": "TOKEN",
        "methodArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/dev/GET/orders/7",
        "authorizationToken": "a token",
    }
    assert isinstance(found.pop("integrationLatency"), int)
    assert found.pop("calls").isdigit()
    assert found == {"principalId": "kim", "text": "a", "number": "1", "yes": "true"}


def test_a_token_that_does_not_match_the_expression_is_refused(
    cloud: CloudUnderTest, echo: Function, judge: Function
) -> None:
    strict = Guarded(cloud, echo, judge, identityValidationExpression="Bearer [a-z]+")
    assert said(strict.get("bearer abc")) == UNAUTHORIZED
    assert strict.get("Bearer abc").status == 200


def test_an_explicit_denial_f186(api: Guarded) -> None:
    assert said(api.get("deny")) == (
        403,
        {"Message": "User is not authorized to access this resource with an explicit deny in an identity-based policy"},
        "AccessDeniedException",
    )


def test_a_policy_about_something_else_f186(api: Guarded) -> None:
    assert said(api.get("other")) == (
        403,
        {"Message": "User is not authorized to access this resource"},
        "AccessDeniedException",
    )


def test_an_authorizer_that_raises_unauthorized_f187(api: Guarded) -> None:
    assert said(api.get("unauthorized")) == UNAUTHORIZED


@pytest.mark.parametrize("token", ["raise", "garbage", "nested"])
def test_an_authorizer_that_fails_or_answers_nonsense_f187(api: Guarded, token: str) -> None:
    assert said(api.get(token)) == BROKEN


def test_an_authorizer_that_may_not_be_invoked(cloud: CloudUnderTest, echo: Function, judge: Function) -> None:
    assert said(Guarded(cloud, echo, judge, permission=False).get("a")) == BROKEN


def test_one_token_asks_the_authorizer_once_f188(api: Guarded) -> None:
    first, second = authorizer_of(api.get("again")), authorizer_of(api.get("again"))
    assert first["calls"] == second["calls"]
    assert second["integrationLatency"] == 0
    assert int(authorizer_of(api.get("another"))["calls"]) > int(first["calls"])


def test_the_kept_policy_counts_for_other_methods_too_f188(api: Guarded) -> None:
    assert api.get("only-this").status == 200
    assert said(api.get("only-this", "/dev/other"))[:2] == (
        403,
        {"Message": "User is not authorized to access this resource"},
    )


def test_a_time_to_live_of_zero_asks_every_time(cloud: CloudUnderTest, echo: Function, judge: Function) -> None:
    api = Guarded(cloud, echo, judge, authorizerResultTtlInSeconds=0)
    first, second = authorizer_of(api.get("again")), authorizer_of(api.get("again"))
    assert int(second["calls"]) == int(first["calls"]) + 1
    assert api.get("only-this").status == 200
    assert api.get("only-this", "/dev/other").status == 200


def test_the_cache_of_a_stage_can_be_flushed(api: Guarded) -> None:
    first = authorizer_of(api.get("flushed"))
    api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="dev")
    assert authorizer_of(api.get("flushed"))["calls"] != first["calls"]


def test_a_request_authorizer_needs_all_its_identity_sources_f185(
    cloud: CloudUnderTest, echo: Function, judge: Function
) -> None:
    sources = "method.request.header.X-Token,method.request.querystring.q"
    api = Guarded(cloud, echo, judge, type="REQUEST", identitySource=sources)
    assert said(api.get(**{"X-Token": "allow"})) == UNAUTHORIZED
    assert said(api.get(path="/dev/orders/7?q=1")) == UNAUTHORIZED
    event = json.loads(authorizer_of(api.get(path="/dev/orders/7?q=1", **{"X-Token": "allow"}))["event"])
    assert event["type"] == "REQUEST"
    assert event["methodArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/dev/GET/orders/7"
    assert event["resource"], event["path"] == ("/orders/{id}", "/orders/7")
    assert event["httpMethod"] == "GET"
    assert event["headers"]["X-Token"] == "allow"
    assert event["multiValueHeaders"]["X-Token"] == ["allow"]
    assert event["queryStringParameters"] == {"q": "1"}
    assert event["pathParameters"] == {"id": "7"}
    assert event["stageVariables"] == {}
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert "body" not in event and "authorizer" not in event["requestContext"]


def test_an_authorizer_may_name_the_api_key(cloud: CloudUnderTest, echo: Function, judge: Function) -> None:
    api = Guarded(cloud, echo, judge, api={"apiKeySource": "AUTHORIZER"}, method={"apiKeyRequired": True})
    key = api.client.create_api_key(name=unique_name("key"), enabled=True)
    plan = api.client.create_usage_plan(name=unique_name("plan"), apiStages=[{"apiId": api.id, "stage": "dev"}])
    api.client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert api.get("key:no-such-key", **{"x-api-key": key["value"]}).status == 403
    assert api.get(f"key:{key['value']}").json["requestContext"]["identity"]["apiKeyId"] == key["id"]


# --- IAM ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signed_api(cloud: CloudUnderTest, echo: Function) -> RestApi:
    api = RestApi(cloud)
    api.proxy("ANY", "/orders/{id}", echo, method={"authorizationType": "AWS_IAM"})
    api.deploy()
    return api


class User:
    """An IAM user with an access key, and perhaps a policy."""

    def __init__(self, cloud: CloudUnderTest, *statements: dict[str, Any]) -> None:
        iam = cloud.client("iam")
        self.name = unique_name("user")
        self.arn = iam.create_user(UserName=self.name)["User"]["Arn"]
        self.id = iam.get_user(UserName=self.name)["User"]["UserId"]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName=self.name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=self.name)["AccessKey"]
        self.credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def call(
        self,
        api: RestApi,
        path: str = "/dev/orders/7",
        method: str = "GET",
        body: bytes | None = None,
        *,
        sign_for: str = "execute-api",
        secret: str | None = None,
    ) -> HttpAnswer:
        url = f"{api.cloud.endpoint}/_aws/execute-api/{api.id}{path}"
        signed = AWSRequest(method, url, data=body)
        credentials = self.credentials if secret is None else Credentials(self.credentials.access_key, secret)
        SigV4Auth(credentials, sign_for, REGION).add_auth(signed)
        return api.call(method, path, body, dict(signed.headers.items()))


def allow(resource: str = "*", effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}


def test_a_request_that_is_not_signed(signed_api: RestApi) -> None:
    assert said(signed_api.call("GET", "/dev/orders/7")) == (
        403,
        {"message": "Missing Authentication Token"},
        "MissingAuthenticationTokenException",
    )


def test_a_bearer_token_is_no_signature(signed_api: RestApi) -> None:
    status, document, kind = said(signed_api.call("GET", "/dev/orders/7", headers={"Authorization": "Bearer abc"}))
    assert (status, kind) == (403, "IncompleteSignatureException")
    assert document["message"].startswith(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '"
    )


def test_a_user_whose_policy_allows_it_calls_and_is_named_in_the_event(
    cloud: CloudUnderTest, signed_api: RestApi
) -> None:
    user = User(cloud, allow(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{signed_api.id}/dev/*"))
    answer = user.call(signed_api, "/dev/orders/7?b=2&a=1%20x", "POST", b'{"a": 1}')
    assert answer.status == 200, answer.body
    identity = answer.json["requestContext"]["identity"]
    assert identity["userArn"] == user.arn
    assert identity["accountId"] == ACCOUNT
    assert identity["accessKey"] == user.credentials.access_key
    assert identity["user"] == identity["caller"] == user.id


def test_a_user_without_a_policy_is_refused(cloud: CloudUnderTest, signed_api: RestApi) -> None:
    user = User(cloud)
    hidden = f"{'*' * 8}{ACCOUNT[-4:]}"
    assert said(user.call(signed_api)) == (
        403,
        {
            "Message": f"User: {user.arn} is not authorized to perform: execute-api:Invoke on resource: "
            f"arn:aws:execute-api:{REGION}:{hidden}:{signed_api.id}/dev/GET/orders/7 because no identity-based policy "
            "allows the execute-api:Invoke action"
        },
        "AccessDeniedException",
    )


def test_a_policy_for_one_method_is_for_that_method_only(cloud: CloudUnderTest, signed_api: RestApi) -> None:
    user = User(cloud, allow(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{signed_api.id}/*/GET/orders/*"))
    assert user.call(signed_api).status == 200
    assert user.call(signed_api, method="DELETE").status == 403


def test_a_wrong_secret_and_a_wrong_service(cloud: CloudUnderTest, signed_api: RestApi) -> None:
    user = User(cloud, allow())
    status, document, kind = said(user.call(signed_api, secret="wrong"))
    assert (status, kind) == (403, "InvalidSignatureException")
    assert document["message"].startswith(
        "The request signature we calculated does not match the signature you provided."
    )
    status, document, kind = said(user.call(signed_api, sign_for="lambda"))
    assert (status, kind) == (403, "InvalidSignatureException")
    assert document["message"].startswith("Credential should be scoped to correct service: 'execute-api'")


def test_the_learners_own_keys_may_do_everything(cloud: CloudUnderTest, signed_api: RestApi) -> None:
    signed = AWSRequest("GET", f"{cloud.endpoint}/_aws/execute-api/{signed_api.id}/dev/orders/7")
    SigV4Auth(Credentials("testing", "testing"), "execute-api", REGION).add_auth(signed)
    answer = signed_api.call("GET", "/dev/orders/7", headers=dict(signed.headers.items()))
    assert answer.json["requestContext"]["identity"]["userArn"] == cloud.client("sts").get_caller_identity()["Arn"]


# --- resource policy --------------------------------------------------------------------------------------------------


def policy(*statements: dict[str, Any]) -> str:
    everybody = [{"Principal": "*", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": everybody})


FROM_ELSEWHERE = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}
FROM_HERE = {"IpAddress": {"aws:SourceIp": ["127.0.0.0/8"]}}


def open_api(cloud: CloudUnderTest, echo: Function, text: str, **method: Any) -> RestApi:
    api = RestApi(cloud, policy=text)
    api.proxy("GET", "/orders/{id}", echo, method=method)
    api.deploy()
    return api


def anonymous(api: RestApi, reason: str) -> tuple[int, dict[str, str], str]:
    resource = f"arn:aws:execute-api:{REGION}:{'*' * 8}{ACCOUNT[-4:]}:{api.id}/dev/GET/orders/7"
    sentence = f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {resource} {reason}"
    return 403, {"Message": sentence}, "AccessDeniedException"


def test_a_policy_without_authorization_must_allow(cloud: CloudUnderTest, echo: Function) -> None:
    refused = open_api(cloud, echo, policy(allow("execute-api:/*") | {"Condition": FROM_ELSEWHERE}))
    assert said(refused.call("GET", "/dev/orders/7")) == anonymous(
        refused, "because no resource-based policy allows the execute-api:Invoke action"
    )
    allowed = open_api(cloud, echo, policy(allow("execute-api:/dev/GET/*") | {"Condition": FROM_HERE}))
    assert allowed.call("GET", "/dev/orders/7").status == 200


def test_a_denial_in_the_policy_is_an_explicit_one(cloud: CloudUnderTest, echo: Function) -> None:
    api = open_api(cloud, echo, policy(allow(), allow("execute-api:/*", "Deny") | {"Condition": FROM_HERE}))
    assert said(api.call("GET", "/dev/orders/7")) == anonymous(api, "with an explicit deny in a resource-based policy")


def test_a_policy_is_of_the_deployment(cloud: CloudUnderTest, echo: Function) -> None:
    api = open_api(cloud, echo, policy(allow()))
    closed = policy(allow(effect="Deny"))
    api.client.update_rest_api(
        restApiId=api.id, patchOperations=[{"op": "replace", "path": "/policy", "value": closed}]
    )
    assert api.call("GET", "/dev/orders/7").status == 200
    api.deploy()
    assert api.call("GET", "/dev/orders/7").status == 403


def test_a_policy_may_let_a_signed_caller_in_whom_iam_does_not(cloud: CloudUnderTest, echo: Function) -> None:
    user = User(cloud)
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Principal": {"AWS": user.arn}, **allow("execute-api:/*")}]}
    )
    api = open_api(cloud, echo, document, authorizationType="AWS_IAM")
    assert user.call(api).status == 200
    assert User(cloud).call(api).status == 403


def test_a_denial_in_the_policy_comes_before_the_authorizer(
    cloud: CloudUnderTest, echo: Function, judge: Function
) -> None:
    text = policy(allow(effect="Deny") | {"Condition": FROM_HERE})
    api = Guarded(cloud, echo, judge, api={"policy": text})
    assert said(api.get("allow")) == anonymous(api, "with an explicit deny in a resource-based policy")
    assert said(api.get())[0] == 403


def test_a_policy_may_allow_what_an_authorizer_says_nothing_about(
    cloud: CloudUnderTest, echo: Function, judge: Function
) -> None:
    api = Guarded(cloud, echo, judge, api={"policy": policy(allow())})
    assert api.get("other").status == 200
    assert api.get("deny").status == 403
