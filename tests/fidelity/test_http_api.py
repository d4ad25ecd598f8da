"""HTTP APIs of API Gateway: routes, stages and deployments, the events of both payload formats, answers, errors, CORS."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import pytest

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, refusal
from .function_urls import ANSWERS_AS_TOLD
from .http_apis import HttpApi
from .rest_apis import ECHO, HttpAnswer, send
from .targets import log_text

JSON = [("Content-Type", "application/json")]
NOT_FOUND = (404, b'{"message":"Not Found"}')
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


@pytest.fixture(scope="module")
def pets(cloud: CloudUnderTest, echo: Function) -> HttpApi:
    api = HttpApi(cloud)
    integration = api.integration(echo)
    for key in ("GET /pets/{id}", "POST /pets", "ANY /files/{proxy+}"):
        api.route(key, integration)
    return api


@pytest.fixture(scope="module")
def told(cloud: CloudUnderTest) -> dict[str, HttpApi]:
    """By payload format, an API whose function answers as the request's body says."""
    function = cloud.deploy(ANSWERS_AS_TOLD)
    apis = {}
    for payload in ("1.0", "2.0"):
        apis[payload] = HttpApi(cloud)
        apis[payload].route("$default", apis[payload].integration(function, payload))
    return apis


def answers(api: HttpApi, result: object) -> HttpAnswer:
    """What a client gets when the function returns ``result``."""
    return api.call("POST", "/", json.dumps(result).encode(), JSON)


# --- the event of payload format 2.0 -------------------------------------------------------------------------------


def test_the_event_of_payload_format_2_f200(pets: HttpApi) -> None:
    answer = pets.call(
        "GET",
        "/pets/6?parameter1=value1&parameter1=value2",
        headers=[("Cookie", "c1=a; c2=b"), ("X-Many", "one"), ("X-MANY", "two"), ("User-Agent", "me")],
    )

    assert answer.status == 200
    event = answer.json
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert event == {
        "version": "2.0",
        "routeKey": "GET /pets/{id}",
        "rawPath": "/pets/6",
        "rawQueryString": "parameter1=value1&parameter1=value2",
        "cookies": ["c1=a", "c2=b"],
        "queryStringParameters": {"parameter1": "value1,value2"},
        "pathParameters": {"id": "6"},
        "isBase64Encoded": False,
    }
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("time"))
    assert isinstance(context.pop("timeEpoch"), int)
    assert context.pop("requestId") == answer.header("Apigw-Requestid")
    assert context == {
        "accountId": ACCOUNT,
        "apiId": pets.id,
        "domainName": pets.host,
        "domainPrefix": pets.id,
        "http": {
            "method": "GET",
            "path": "/pets/6",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "me",
        },
        "routeKey": "GET /pets/{id}",
        "stage": "$default",
    }
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers.pop("x-amzn-trace-id"))
    assert headers == {
        "content-length": "0",
        "host": pets.host,
        "user-agent": "me",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        "x-many": "one,two",
    }


def test_both_addresses_are_the_same_api(pets: HttpApi) -> None:
    by_path, by_host = pets.call("GET", "/pets/1"), pets.call("GET", "/pets/1", by_host=True)
    assert by_path.json["headers"]["host"] == by_host.json["headers"]["host"] == pets.host


def test_the_path_is_decoded_and_the_query_is_not(pets: HttpApi) -> None:
    """Recorded from AWS: an HTTP API decodes the path, even a slash in it; a function URL does not."""
    event = pets.call("GET", "/pets/a%20%2F%E2%98%95?q=a%20b%26").json
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/pets/a /☕"
    assert event["pathParameters"] == {"id": "a /☕"}
    assert event["rawQueryString"] == "q=a%20b%26"
    assert event["queryStringParameters"] == {"q": "a b&"}


def test_a_form_reaches_the_function_in_base64(pets: HttpApi) -> None:
    event = pets.call("POST", "/pets", b"name=Rex", [("Content-Type", "application/x-www-form-urlencoded")]).json
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"name=Rex").decode(), True)


def test_a_named_stage_begins_the_path_and_brings_its_variables_f200(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud, stage=None)
    api.route("GET /pets", api.integration(echo))
    api.client.create_stage(ApiId=api.id, StageName="dev", AutoDeploy=True, StageVariables={"table": "pets-dev"})
    event = api.call("GET", "/dev/pets").json
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/dev/pets"
    assert event["requestContext"]["stage"] == "dev"
    assert event["stageVariables"] == {"table": "pets-dev"}
    assert seen(api.call("GET", "/pets")) == NOT_FOUND


def test_a_path_that_begins_with_no_stage_belongs_to_the_default_stage(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud)
    api.route("ANY /{proxy+}", api.integration(echo))
    api.client.create_stage(ApiId=api.id, StageName="dev", AutoDeploy=True)
    assert api.call("GET", "/dev/pets").json["pathParameters"] == {"proxy": "pets"}
    assert api.call("GET", "/development/pets").json["pathParameters"] == {"proxy": "development/pets"}


def test_an_address_may_name_the_default_stage_like_any_other(pets: HttpApi) -> None:
    """What ``lab.api_url(api_id, "$default")`` gives; functions see no difference."""
    for prefix in ("/$default", "/%24default"):
        event = pets.call("GET", f"{prefix}/pets/6").json
        assert (event["rawPath"], event["routeKey"]) == ("/pets/6", "GET /pets/{id}")


def test_the_tape_knows_the_default_stage(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud)
    api.route("GET /pets", api.integration(echo))
    api.call("GET", "/pets?q=1")
    (record,) = send(cloud, "GET", f"/_labsupport/tape?api={api.id}").json["requests"]
    assert (record["stage"], record["request"]["path"]) == ("$default", "/pets?q=1")
    assert record["function"] == echo.name
    assert record["event"]["rawPath"] == "/pets"
    assert record["function_ms"] > 0


# --- the event of payload format 1.0 -------------------------------------------------------------------------------


def test_the_event_of_payload_format_1(cloud: CloudUnderTest, echo: Function) -> None:
    """Names of headers are capitalised, ``path`` stays encoded, ``resourceId`` is the route's key: as recorded."""
    api = HttpApi(cloud)
    api.route("POST /orders/{id}", api.integration(echo, "1.0"))
    event = api.call(
        "POST", "/orders/a%20b?tag=one&tag=two", b"{}", [*JSON, ("x-custom", "1"), ("X-CUSTOM", "2"), ("Cookie", "a=1")]
    ).json
    context = event.pop("requestContext")
    headers, multi = event.pop("headers"), event.pop("multiValueHeaders")
    assert event == {
        "version": "1.0",
        "resource": "/orders/{id}",
        "path": "/orders/a%20b",
        "httpMethod": "POST",
        "queryStringParameters": {"tag": "two"},
        "multiValueQueryStringParameters": {"tag": ["one", "two"]},
        "pathParameters": {"id": "a b"},
        "stageVariables": None,
        "body": "{}",
        "isBase64Encoded": False,
    }
    assert (headers["X-Custom"], multi["X-Custom"]) == ("2", ["1", "2"])
    assert headers["Cookie"] == "a=1"
    assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert context["path"] == "/orders/a b"
    assert context["resourceId"] == "POST /orders/{id}"
    assert context["resourcePath"] == "/orders/{id}"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userArn"] is None
    assert context["requestId"] == context["extendedRequestId"]
    assert (context["stage"], context["protocol"], context["httpMethod"]) == ("$default", "HTTP/1.1", "POST")


# --- routes --------------------------------------------------------------------------------------------------------


def test_the_route_that_says_most_is_taken(cloud: CloudUnderTest, echo: Function) -> None:
    """The example of "Create routes for HTTP APIs"."""
    api = HttpApi(cloud)
    integration = api.integration(echo)
    for key in ("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"):
        api.route(key, integration)
    for method, path, key in (
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
    ):
        assert api.call(method, path).json["routeKey"] == key


def test_unknown_paths_and_methods_are_not_found_f202(pets: HttpApi) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("DELETE", "/pets/6"),
        ("POST", "/pets/"),
        ("GET", "/files/"),
    ):
        answer = pets.call(method, path)
        assert seen(answer) == NOT_FOUND, path
        assert answer.header("Content-Type") == "application/json"


def test_an_api_that_is_not_there_is_forbidden(cloud: CloudUnderTest, pets: HttpApi) -> None:
    api = HttpApi(cloud)
    api.client.delete_api(ApiId=api.id)
    assert api.call("GET", "/").status == 403
    assert refusal(api.client.get_api, ApiId=api.id)[:2] == ("NotFoundException", 404)


def test_changes_are_deployed_at_once_where_the_stage_does_so(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud)
    integration = api.integration(echo)
    route = api.route("GET /one", integration)
    assert api.call("GET", "/one").status == 200
    api.client.update_route(ApiId=api.id, RouteId=route, RouteKey="GET /two")
    assert (api.call("GET", "/one").status, api.call("GET", "/two").status) == (404, 200)
    api.client.delete_route(ApiId=api.id, RouteId=route)
    assert api.call("GET", "/two").status == 404


def test_a_deployment_is_the_api_as_it_was(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud, stage=None)
    integration = api.integration(echo)
    api.route("GET /one", integration)
    api.client.create_stage(ApiId=api.id, StageName="prod")
    assert api.call("GET", "/prod/one").status == 404
    first = api.client.create_deployment(ApiId=api.id, StageName="prod", Description="first")["DeploymentId"]
    api.route("GET /two", integration)
    assert (api.call("GET", "/prod/one").status, api.call("GET", "/prod/two").status) == (200, 404)

    second = api.client.create_deployment(ApiId=api.id)["DeploymentId"]
    assert api.call("GET", "/prod/two").status == 404
    api.client.update_stage(ApiId=api.id, StageName="prod", DeploymentId=second, StageVariables={"a": "1"})
    assert api.call("GET", "/prod/two").json["stageVariables"] == {"a": "1"}

    stage = api.client.get_stage(ApiId=api.id, StageName="prod")
    assert stage["DeploymentId"] == second
    shown = api.client.get_deployments(ApiId=api.id)["Items"]
    assert [one["DeploymentId"] for one in shown] == [second, first]
    assert shown[1]["Description"] == "first"
    api.client.delete_deployment(ApiId=api.id, DeploymentId=first)
    assert refusal(api.client.get_deployment, ApiId=api.id, DeploymentId=first)[:2] == ("NotFoundException", 404)
    assert refusal(api.client.delete_deployment, ApiId=api.id, DeploymentId=second)[0] == "BadRequestException"


def test_quick_create_makes_all_that_a_function_needs(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud, stage=None, Target=echo.arn)
    assert seen(api.call("GET", "/any/path")) == INTERNAL_ERROR  # without a permission
    api.allow(echo, "/*/$default")
    event = api.call("GET", "/any/path").json
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/any/path")


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "body"),
    [({"name": "Rex"}, b'{"name": "Rex"}'), ([1, 2], b"[1, 2]"), ("Hello", b"Hello"), (42, b"42"), (True, b"true")],
)
def test_format_2_infers_an_answer(told: dict[str, HttpApi], result: object, body: bytes) -> None:
    answer = answers(told["2.0"], result)
    assert seen(answer) == (200, body)
    assert answer.header("Content-Type") == "application/json"


@pytest.mark.parametrize("result", [{"name": "Rex"}, [1, 2], "Hello", 42, None])
def test_format_1_infers_nothing(told: dict[str, HttpApi], result: object) -> None:
    assert seen(answers(told["1.0"], result)) == INTERNAL_ERROR


@pytest.mark.parametrize("payload", ["1.0", "2.0"])
def test_a_stated_answer_is_text_unless_it_says_otherwise(told: dict[str, HttpApi], payload: str) -> None:
    answer = answers(told[payload], {"statusCode": 201, "body": "made", "headers": {"X-Mine": "1"}})
    assert seen(answer) == (201, b"made")
    assert answer.header("Content-Type") == "text/plain;charset=utf-8"
    assert answer.header("X-Mine") == "1"
    assert re.fullmatch(r"[\w-]{15}=", answer.header("Apigw-Requestid") or "")


def test_format_2_has_cookies_and_format_1_repeated_headers(told: dict[str, HttpApi]) -> None:
    answer = answers(told["2.0"], {"statusCode": 200, "cookies": ["a=1", "b=2"]})
    assert [value for name, value in answer.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    answer = answers(
        told["1.0"], {"statusCode": 200, "multiValueHeaders": {"X-Many": ["1", "2"]}, "headers": {"X-Many": "3"}}
    )
    assert [value for name, value in answer.headers if name == "X-Many"] == ["1", "2", "3"]


def test_base64_is_decoded_without_further_settings(told: dict[str, HttpApi]) -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    assert answers(told["1.0"], {"statusCode": 200, "body": body, "isBase64Encoded": True}).body == b"\x00\xff"


@pytest.mark.parametrize(
    "result",
    [{"statusCode": 200.5}, {"statusCode": 0}, {"statusCode": 200, "body": {}}, {"statusCode": 200, "headers": []}],
)
@pytest.mark.parametrize("payload", ["1.0", "2.0"])
def test_what_is_no_answer_is_an_internal_error(told: dict[str, HttpApi], payload: str, result: object) -> None:
    answer = answers(told[payload], result)
    assert seen(answer) == INTERNAL_ERROR
    assert answer.header("Content-Type") == "application/json"


# --- errors --------------------------------------------------------------------------------------------------------


def test_a_function_that_raises_is_an_internal_error_f202(cloud: CloudUnderTest) -> None:
    api = HttpApi(cloud)
    api.route("GET /", api.integration(cloud.deploy("def handler(event, context): raise ValueError('secret')\n")))
    assert seen(api.call("GET", "/")) == INTERNAL_ERROR


def test_a_missing_permission_is_an_internal_error_f202(cloud: CloudUnderTest) -> None:
    function = cloud.deploy(ECHO)
    api, other = HttpApi(cloud), HttpApi(cloud)
    api.route("GET /pets/{id}", api.integration(function))
    integration = other.client.create_integration(
        ApiId=other.id, IntegrationType="AWS_PROXY", IntegrationUri=function.arn, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    other.route("GET /pets/{id}", integration)
    assert seen(other.call("GET", "/pets/1")) == INTERNAL_ERROR
    other.allow(function, "/$default/POST/pets/{id}")
    assert seen(other.call("GET", "/pets/1")) == INTERNAL_ERROR
    other.allow(function, "/*/GET/pets/{id}")
    assert other.call("GET", "/pets/1").status == 200


def test_the_log_says_what_the_caller_is_not_told(cloud: CloudUnderTest) -> None:
    function = cloud.deploy("def handler(event, context): return {'statusCode': 200, 'headers': {'A': []}}\n")
    api = HttpApi(cloud, stage=None, Target=function.arn)
    assert seen(api.call("GET", "/")) == INTERNAL_ERROR
    source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/$default/$default"
    assert log_text(function) == (
        f"LAB NOTE: the HTTP API {api.id} may not invoke this function, its caller got 500. Allow it with "
        'lambda.add_permission(StatementId=..., Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com", '
        f'SourceArn="{source}", FunctionName="{function.arn}").\n'
    )
    api.allow(function)
    assert seen(api.call("GET", "/")) == INTERNAL_ERROR
    assert (
        f"LAB NOTE: the caller of the HTTP API {api.id} got 500, Internal Server Error: the value of the header A must "
        "be a string, not [].\n"
    ) in log_text(function)


def test_a_function_that_is_slower_than_the_integration_may_be_is_503_f202(cloud: CloudUnderTest) -> None:
    api = HttpApi(cloud)
    slow = cloud.deploy("import time\ndef handler(event, context): time.sleep(2)\n", Timeout=10)
    api.route("GET /", api.integration(slow, TimeoutInMillis=300))
    assert seen(api.call("GET", "/")) == (503, b'{"message":"Service Unavailable"}')


def test_a_function_without_concurrency_is_503(cloud: CloudUnderTest) -> None:
    api = HttpApi(cloud)
    function = cloud.deploy(ECHO)
    api.route("GET /", api.integration(function))
    cloud.client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    assert seen(api.call("GET", "/")) == (503, b'{"message":"Service Unavailable"}')


@pytest.mark.parametrize("megabytes", [6.5, 11])
def test_too_much_is_413(pets: HttpApi, megabytes: float) -> None:
    """More than 10 MB API Gateway does not take, more than 6 MB the function does not."""
    answer = pets.call("POST", "/pets", b"x" * int(megabytes * 1024 * 1024), [("Content-Type", "text/plain")])
    assert seen(answer) == (413, b'{"message":"Request Entity Too Large"}')


def test_the_host_of_an_api_can_be_closed(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud, DisableExecuteApiEndpoint=True)
    api.route("$default", api.integration(echo))
    assert seen(api.call("GET", "/")) == NOT_FOUND


def test_what_is_not_there_is_named(cloud: CloudUnderTest) -> None:
    api = HttpApi(cloud)
    integration = api.client.create_integration(
        ApiId=api.id,
        IntegrationType="AWS_PROXY",
        IntegrationSubtype="SQS-SendMessage",
        PayloadFormatVersion="1.0",
        RequestParameters={"QueueUrl": "$request.header.queue", "MessageBody": "$request.body"},
    )["IntegrationId"]
    api.route("POST /", integration)
    answer = api.call("POST", "/", b"{}")
    assert answer.status == 501
    assert answer.json == {
        "message": "The local cloud does not have integrations of the type AWS_PROXY (SQS-SendMessage)."
    }


def test_a_stage_throttles_each_route(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud, stage=None)
    integration = api.integration(echo)
    for key in ("GET /one", "GET /two"):
        api.route(key, integration)
    api.client.create_stage(
        ApiId=api.id,
        StageName="$default",
        AutoDeploy=True,
        DefaultRouteSettings={"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.001},
        RouteSettings={"GET /two": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.001}},
    )
    assert [api.call("GET", "/one").status for _ in range(2)] == [200, 429]
    assert [api.call("GET", "/two").status for _ in range(3)] == [200, 200, 429]
    assert seen(api.call("GET", "/two")) == (429, b'{"message":"Too Many Requests"}')


# --- refusals of the control plane ---------------------------------------------------------------------------------


def test_refusals_of_the_control_plane(cloud: CloudUnderTest, pets: HttpApi) -> None:
    client = cloud.client("apigatewayv2")
    assert refusal(
        client.create_api, Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a"
    ) == (
        "BadRequestException",
        400,
        "The local cloud has no WebSocket APIs: only HTTP APIs (ProtocolType HTTP) and REST APIs (apigateway).",
    )
    assert refusal(
        client.create_api,
        Name="open",
        ProtocolType="HTTP",
        CorsConfiguration={"AllowCredentials": True, "AllowOrigins": ["*"]},
    ) == ("BadRequestException", 400, "allow-credentials is not supported if 'allow-origin' is *")
    assert refusal(client.create_route, ApiId=pets.id, RouteKey="POST /pets") == (
        "ConflictException",
        409,
        "Route with key POST /pets already exists for this API",
    )
    code, status, message = refusal(client.create_route, ApiId=pets.id, RouteKey="pets")
    assert (code, status) == ("BadRequestException", 400)
    assert message.startswith("The provided route key is not formatted properly for HTTP protocol.")
    assert refusal(client.create_stage, ApiId=pets.id, StageName="$default") == (
        "ConflictException",
        409,
        "Stage already exists",
    )
    assert refusal(
        client.create_integration,
        ApiId=pets.id,
        IntegrationType="AWS_PROXY",
        PayloadFormatVersion="2.0",
        TimeoutInMillis=31000,
    ) == ("BadRequestException", 400, "Timeout should be between 50 ms and 30000 ms")
    assert refusal(client.delete_route, ApiId=pets.id, RouteId="nowhere")[:2] == ("NotFoundException", 404)


def test_what_is_made_is_answered_with_201_and_what_is_deleted_with_204(cloud: CloudUnderTest) -> None:
    api = HttpApi(cloud)
    assert api.api["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert api.client.delete_api(ApiId=api.id)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert api.api["ApiEndpoint"] == f"https://{api.id}.execute-api.{REGION}.amazonaws.com"


# --- CORS ----------------------------------------------------------------------------------------------------------

PREFLIGHT = [("Origin", "https://shop.example"), ("Access-Control-Request-Method", "PUT")]


def cors_headers(answer: HttpAnswer) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers if name.lower().startswith("access-control-"))


@pytest.fixture(scope="module")
def shop(cloud: CloudUnderTest) -> HttpApi:
    function = cloud.deploy(
        """
        def handler(event, context):
            return {"statusCode": 418, "headers": {"Access-Control-Allow-Origin": "of the function"}}
        """
    )
    cors = {
        "AllowOrigins": ["https://shop.example"],
        "AllowMethods": ["GET", "PUT"],
        "AllowHeaders": ["content-type"],
        "ExposeHeaders": ["x-total"],
        "MaxAge": 60,
    }
    api = HttpApi(cloud, CorsConfiguration=cors)
    api.route("ANY /orders", api.integration(function))
    return api


@pytest.mark.parametrize("path", ["/orders", "/nowhere"])
def test_the_api_answers_preflight_requests_itself(shop: HttpApi, path: str) -> None:
    answer = shop.call("OPTIONS", path, headers=PREFLIGHT)
    assert seen(answer) == (204, b"")
    assert cors_headers(answer) == [
        ("Access-Control-Allow-Headers", "content-type"),
        ("Access-Control-Allow-Methods", "GET,PUT"),
        ("Access-Control-Allow-Origin", "https://shop.example"),
        ("Access-Control-Expose-Headers", "x-total"),
        ("Access-Control-Max-Age", "60"),
    ]


def test_cors_headers_of_the_function_are_ignored(shop: HttpApi) -> None:
    answer = shop.call("GET", "/orders", headers=PREFLIGHT[:1])
    assert answer.status == 418
    assert cors_headers(answer) == [
        ("Access-Control-Allow-Origin", "https://shop.example"),
        ("Access-Control-Expose-Headers", "x-total"),
    ]


def test_other_origins_and_other_callers_get_no_cors_headers(shop: HttpApi) -> None:
    assert cors_headers(shop.call("GET", "/orders")) == []
    assert cors_headers(shop.call("GET", "/orders", headers=[("Origin", "https://other.example")])) == []


def test_errors_of_the_api_have_cors_headers_too(shop: HttpApi) -> None:
    answer = shop.call("GET", "/nowhere", headers=PREFLIGHT[:1])
    assert seen(answer) == NOT_FOUND
    assert ("Access-Control-Allow-Origin", "https://shop.example") in cors_headers(answer)


def test_where_every_origin_may_call_the_answer_says_so(cloud: CloudUnderTest, echo: Function) -> None:
    api = HttpApi(cloud, CorsConfiguration={"AllowOrigins": ["*"]})
    api.route("$default", api.integration(echo))
    answer = api.call("GET", "/", headers=PREFLIGHT[:1])
    assert cors_headers(answer) == [("Access-Control-Allow-Origin", "*")]
    api.client.delete_cors_configuration(ApiId=api.id)
    assert cors_headers(api.call("GET", "/", headers=PREFLIGHT[:1])) == []
