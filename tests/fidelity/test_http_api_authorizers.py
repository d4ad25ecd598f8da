"""Who may call a route of an HTTP API: JWT authorizers, Lambda authorizers, IAM."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, unique_name
from .http_apis import HttpApi
from .rest_apis import ECHO, HttpAnswer, invocation_uri

UNAUTHORIZED = (401, b'{"message":"Unauthorized"}')
FORBIDDEN = (403, b'{"message":"Forbidden"}')
INTERNAL_ERROR = (500, b'{"message":"Internal Server Error"}')


def seen(answer: HttpAnswer) -> tuple[int, bytes]:
    return answer.status, answer.body


@pytest.fixture(scope="module")
def cloud(cloud_of: Callable[[str], CloudUnderTest]) -> CloudUnderTest:
    """APIs are the gateway's: one runtime client is enough."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


# --- JWT -----------------------------------------------------------------------------------------------------------


class Issuer:
    """An identity provider on this machine."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                documents: dict[str, Any] = {
                    "/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"},
                    "/keys": {"keys": [issuer.key.as_dict(private=False)]},
                }
                body = json.dumps(documents[self.path]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def token(self, *, key: RSAKey | None = None, algorithm: str = "RS256", **claims: Any) -> str:
        """A token that is good for an hour, for the audience ``shop``; None takes a claim away."""
        all_claims = {"iss": self.url, "aud": "shop", "exp": int(time.time()) + 3600, "sub": "ada", **claims}
        known = {name: value for name, value in all_claims.items() if value is not None}
        return jwt.encode({"alg": algorithm, "kid": "one"}, known, key or self.key, algorithms=[algorithm])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def guarded(cloud: CloudUnderTest, echo: Function, issuer: Issuer) -> HttpApi:
    """GET / wants a token, GET /admin one with a scope, GET /old has payload format 1.0."""
    api = HttpApi(cloud)
    authorizer = api.client.create_authorizer(
        ApiId=api.id,
        Name="tokens",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["shop", "back-office"]},
    )["AuthorizerId"]
    settings = {"AuthorizationType": "JWT", "AuthorizerId": authorizer}
    integration = api.integration(echo)
    api.route("GET /", integration, **settings)
    api.route("GET /admin", integration, AuthorizationScopes=["orders/write", "orders/all"], **settings)
    api.route("GET /old", api.integration(echo, "1.0"), **settings)
    return api


def with_token(api: HttpApi, token: str, path: str = "/") -> HttpAnswer:
    return api.call("GET", path, headers=[("Authorization", token)])


def test_without_a_token_nobody_comes_in_f203(guarded: HttpApi) -> None:
    answer = guarded.call("GET", "/")
    assert seen(answer) == UNAUTHORIZED
    assert answer.header("WWW-Authenticate") == "Bearer"


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
def test_the_function_sees_the_claims_f203(guarded: HttpApi, issuer: Issuer, prefix: str) -> None:
    token = issuer.token(groups=["a", "b"], admin=True, level=3, iat=1)
    answer = with_token(guarded, prefix + token)
    assert answer.status == 200
    shown = answer.json["requestContext"]["authorizer"]["jwt"]
    assert shown["scopes"] is None
    claims = shown["claims"]
    assert claims.pop("exp").isdigit()
    assert claims == {
        "iss": issuer.url,
        "aud": "shop",
        "sub": "ada",
        "groups": "[a b]",
        "admin": "true",
        "level": "3",
        "iat": "1",
    }


def test_format_1_has_the_claims_without_a_name_around_them(guarded: HttpApi, issuer: Issuer) -> None:
    authorizer = with_token(guarded, issuer.token(), "/old").json["requestContext"]["authorizer"]
    assert authorizer["claims"]["sub"] == "ada"
    assert authorizer["scopes"] is None


def test_a_client_id_stands_for_an_audience_only_where_there_is_none(guarded: HttpApi, issuer: Issuer) -> None:
    assert with_token(guarded, issuer.token(aud=None, client_id="back-office")).status == 200
    assert with_token(guarded, issuer.token(aud=["other"], client_id="shop")).status == 401
    assert with_token(guarded, issuer.token(aud=["other", "shop"])).status == 200


def test_a_token_that_is_not_good_is_refused_with_the_reason(guarded: HttpApi, issuer: Issuer) -> None:
    """The wording about the audience is AWS's."""
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    unknown = jwt.encode({"alg": "RS256", "kid": "two"}, {"iss": issuer.url}, issuer.key)
    for token, reason in (
        (issuer.token(aud="other"), "the token does not have a valid audience"),
        (issuer.token(aud=None), "the token does not have a valid audience"),
        (issuer.token(iss="https://else.example"), "the token does not have a valid issuer"),
        (issuer.token(exp=int(time.time()) - 5), "the token has expired"),
        (issuer.token(exp=None), "the token has expired"),
        (issuer.token(nbf=int(time.time()) + 60), "the token is not valid yet"),
        (issuer.token(key=stranger), "the token's signature is invalid"),
        (unknown, "unable to find a signing key that matches the token's kid"),
        ("secret", "token contains an invalid number of segments"),
        ("a.b.c", "the token cannot be decoded"),
        (issuer.token(key=OctKey.generate_key(256), algorithm="HS256"), "signing method HS256 is invalid"),
    ):
        answer = with_token(guarded, token)
        assert seen(answer) == UNAUTHORIZED, reason
        assert (
            answer.header("WWW-Authenticate") == f'Bearer scope="" error="invalid_token" error_description="{reason}"'
        )


def test_a_route_with_scopes_wants_one_of_them(guarded: HttpApi, issuer: Issuer) -> None:
    answer = with_token(guarded, issuer.token(scope="orders/read"), "/admin")
    assert seen(answer) == FORBIDDEN
    assert (answer.header("WWW-Authenticate") or "").startswith(
        'Bearer scope="orders/write orders/all" error="insufficient_scope"'
    )
    answer = with_token(guarded, issuer.token(scope="orders/read orders/all"), "/admin")
    assert answer.json["requestContext"]["authorizer"]["jwt"]["scopes"] == ["orders/read", "orders/all"]


def test_an_issuer_that_nobody_can_reach_lets_nobody_in(cloud: CloudUnderTest, echo: Function, issuer: Issuer) -> None:
    api = HttpApi(cloud)
    authorizer = api.client.create_authorizer(
        ApiId=api.id,
        Name="tokens",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "http://127.0.0.1:9", "Audience": ["shop"]},
    )["AuthorizerId"]
    api.route("GET /", api.integration(echo), AuthorizationType="JWT", AuthorizerId=authorizer)
    answer = with_token(api, issuer.token(iss="http://127.0.0.1:9"))
    assert seen(answer) == UNAUTHORIZED
    assert "OIDC discovery endpoint communication error" in (answer.header("WWW-Authenticate") or "")


def test_tokens_of_a_user_pool_come_in(cloud: CloudUnderTest, echo: Function) -> None:
    cognito = cloud.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=unique_name("pool"))["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="web", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ada", TemporaryPassword="Temporary-1")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ada", Password="Lasting-1-word", Permanent=True)
    tokens = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Lasting-1-word"},
    )["AuthenticationResult"]
    api = HttpApi(cloud)
    authorizer = api.client.create_authorizer(
        ApiId=api.id,
        Name="pool",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{pool}", "Audience": [client]},
    )["AuthorizerId"]
    api.route("GET /", api.integration(echo), AuthorizationType="JWT", AuthorizerId=authorizer)
    for kind in ("IdToken", "AccessToken"):
        answer = with_token(api, f"Bearer {tokens[kind]}")
        assert answer.status == 200, kind
        assert answer.json["requestContext"]["authorizer"]["jwt"]["claims"]["iss"].endswith(pool)


# --- Lambda authorizers --------------------------------------------------------------------------------------------

#: Lets in whoever says "let me in", and tells how often it was asked.
GUARD = """
asked = 0

def handler(event, context):
    global asked
    asked += 1
    authorized = event["headers"].get("authorization", "").startswith("let me in")
    return {"isAuthorized": authorized, "context": {"asked": asked, "event": event}}
"""
POLICY = """
def handler(event, context):
    effect = event["headers"]["Authorization" if event["version"] == "1.0" else "authorization"]
    arn = event["methodArn" if event["version"] == "1.0" else "routeArn"]
    if effect == "stage":
        effect, arn = "Allow", "/".join(arn.split("/")[:2]) + "/*"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": arn}
    return {
        "principalId": "ada",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"role": "clerk"},
    }
"""


def guarded_by(cloud: CloudUnderTest, echo: Function, source: str, **settings: Any) -> HttpApi:
    """An API whose routes GET / and GET /{id} are guarded by a function."""
    api = HttpApi(cloud)
    authorizer = api.lambda_authorizer(cloud.deploy(source), **settings)
    integration = api.integration(echo)
    for key in ("GET /", "GET /{id}"):
        api.route(key, integration, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    return api


def test_a_simple_response_lets_in_or_not_f203(cloud: CloudUnderTest, echo: Function) -> None:
    api = guarded_by(cloud, echo, GUARD)
    assert seen(api.call("GET", "/")) == UNAUTHORIZED  # without its source of identity the authorizer is not asked
    assert seen(with_token(api, "open!")) == FORBIDDEN

    answer = with_token(api, "let me in", "/6?q=1")
    assert answer.status == 200
    told = answer.json["requestContext"]["authorizer"]["lambda"]
    assert told["asked"] == 2
    event = told["event"]
    assert (event["version"], event["type"]) == ("2.0", "REQUEST")
    assert event["routeArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/$default/GET/6"
    assert event["identitySource"] == ["let me in"]
    assert (event["routeKey"], event["rawPath"], event["rawQueryString"]) == ("GET /{id}", "/6", "q=1")
    assert event["pathParameters"] == {"id": "6"}
    assert not {"body", "isBase64Encoded"} & set(event)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_policy_lets_in_or_not_f203(cloud: CloudUnderTest, echo: Function, version: str) -> None:
    api = guarded_by(cloud, echo, POLICY, AuthorizerPayloadFormatVersion=version, EnableSimpleResponses=False)
    assert seen(with_token(api, "Deny")) == FORBIDDEN
    answer = with_token(api, "Allow", "/6")
    assert answer.status == 200
    assert answer.json["requestContext"]["authorizer"] == {"lambda": {"role": "clerk"}}


def test_format_1_of_the_route_has_context_and_principal_together(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud)
    authorizer = api.lambda_authorizer(
        cloud.deploy(POLICY), AuthorizerPayloadFormatVersion="1.0", EnableSimpleResponses=False
    )
    api.route("GET /", api.integration(echo, "1.0"), AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    shown = with_token(api, "Allow").json["requestContext"]["authorizer"]
    assert shown == {"principalId": "ada", "role": "clerk"}


def test_results_are_kept_for_their_time_by_source_of_identity(cloud: CloudUnderTest, echo: Function) -> None:
    api = guarded_by(cloud, echo, GUARD, AuthorizerResultTtlInSeconds=300)

    def asked(token: str, path: str = "/") -> int:
        return int(with_token(api, token, path).json["requestContext"]["authorizer"]["lambda"]["asked"])

    assert [asked("let me in"), asked("let me in"), asked("let me in", "/6")] == [1, 1, 1]
    assert [asked("let me in, too"), asked("let me in")] == [2, 1]


def test_without_a_time_no_result_is_kept(cloud: CloudUnderTest, echo: Function) -> None:
    api = guarded_by(cloud, echo, GUARD)
    for count in (1, 2):
        assert with_token(api, "let me in").json["requestContext"]["authorizer"]["lambda"]["asked"] == count


def test_a_kept_policy_is_read_anew_for_each_route(cloud: CloudUnderTest, echo: Function) -> None:
    """The trap of caching: a policy for one route, kept for another, denies it."""
    api = guarded_by(cloud, echo, POLICY, EnableSimpleResponses=False, AuthorizerResultTtlInSeconds=300)
    assert with_token(api, "Allow").status == 200
    assert seen(with_token(api, "Allow", "/6")) == FORBIDDEN
    assert with_token(api, "stage").status == with_token(api, "stage", "/6").status == 200


@pytest.mark.parametrize(
    "source",
    [
        "def handler(event, context): raise ValueError()\n",
        "def handler(event, context): return {'isAuthorized': 'yes'}\n",
        "def handler(event, context): return None\n",
    ],
)
def test_an_authorizer_that_fails_is_an_internal_error(cloud: CloudUnderTest, echo: Function, source: str) -> None:
    assert seen(with_token(guarded_by(cloud, echo, source), "x")) == INTERNAL_ERROR


def test_an_authorizer_that_may_not_be_invoked_is_an_internal_error(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud)
    authorizer = api.client.create_authorizer(
        ApiId=api.id,
        Name="guard",
        AuthorizerType="REQUEST",
        AuthorizerUri=invocation_uri(cloud.deploy(GUARD).arn),
        IdentitySource=["$request.querystring.token"],
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
    )["AuthorizerId"]
    api.route("GET /", api.integration(echo), AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    assert seen(api.call("GET", "/")) == UNAUTHORIZED
    assert seen(api.call("GET", "/?token=x")) == INTERNAL_ERROR


def test_a_default_route_with_an_authorizer_keeps_preflight_requests_out(cloud: CloudUnderTest, echo: Function) -> None:
    """API Gateway Developer Guide, "Configure CORS for HTTP APIs": add an OPTIONS /{proxy+} route without one."""
    api = HttpApi(cloud, CorsConfiguration={"AllowOrigins": ["*"], "AllowMethods": ["GET"]})
    authorizer = api.lambda_authorizer(cloud.deploy(GUARD))
    integration = api.integration(echo)
    api.route("$default", integration, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    preflight = [("Origin", "https://shop.example"), ("Access-Control-Request-Method", "GET")]
    assert api.call("OPTIONS", "/orders", headers=preflight).status == 401
    api.route("OPTIONS /{proxy+}", integration)
    answer = api.call("OPTIONS", "/orders", headers=preflight)
    assert (answer.status, answer.header("Access-Control-Allow-Methods")) == (204, "GET")


# --- IAM -----------------------------------------------------------------------------------------------------------


def test_a_route_with_iam_wants_a_signature_and_the_right(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud)
    api.route("GET /orders", api.integration(echo), AuthorizationType="AWS_IAM")
    iam = cloud.client("iam")
    name = unique_name("caller")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]

    def signed() -> HttpAnswer:
        request = AWSRequest("GET", f"https://{api.host}/orders")
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        return api.call("GET", "/orders", headers=list(request.headers.items()), by_host=True)

    assert seen(api.call("GET", "/orders")) == FORBIDDEN
    assert seen(signed()) == FORBIDDEN
    resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/*/GET/orders"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    answer = signed()
    assert answer.status == 200
    assert answer.json["requestContext"]["authorizer"]["iam"]["userArn"] == arn
