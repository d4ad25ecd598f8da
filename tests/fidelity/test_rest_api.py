"""REST APIs of API Gateway: routing, the event of a Lambda proxy integration and what becomes of the answer."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from .deployment import ACCOUNT, REGION, REQUEST_ID, CloudUnderTest, Function, refusal
from .rest_apis import ECHO, HttpAnswer, RestApi, invocation_uri


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


def test_the_event_of_a_get_through_a_greedy_resource_f161(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("ANY", "/{proxy+}", echo)
    deployment = api.deploy("stage")

    answer = api.call("GET", "/stage/proxy-value", headers={"tEsT-HEADeR": "aValUE", "authorization": "random-value"})

    assert answer.status == 200
    event = answer.json
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert headers["tEsT-HEADeR"] == "aValUE"
    assert headers["Authorization"] == "random-value"
    assert headers["Host"] == api.host
    assert event.pop("multiValueHeaders") == {name: [value] for name, value in headers.items()}
    assert event == {
        "resource": "/{proxy+}",
        "path": "/proxy-value",
        "httpMethod": "GET",
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": "proxy-value"},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    assert re.fullmatch(REQUEST_ID, context.pop("requestId"))
    assert context.pop("extendedRequestId")
    assert isinstance(context.pop("requestTimeEpoch"), int)
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("requestTime"))
    nobody = (
        "accessKey accountId caller cognitoAuthenticationProvider cognitoAuthenticationType cognitoIdentityId "
        "cognitoIdentityPoolId principalOrgId user userArn userAgent"
    ).split()
    assert context == {
        "accountId": ACCOUNT,
        "apiId": api.id,
        "deploymentId": deployment,
        "domainName": f"{api.id}.execute-api.{REGION}.amazonaws.com",
        "domainPrefix": api.id,
        "httpMethod": "GET",
        "identity": {**dict.fromkeys(nobody), "sourceIp": "127.0.0.1"},
        "path": "/stage/proxy-value",
        "protocol": "HTTP/1.1",
        "resourceId": api.resource("/{proxy+}"),
        "resourcePath": "/{proxy+}",
        "stage": "stage",
    }


@pytest.fixture(scope="module")
def greedy(cloud: CloudUnderTest, echo: Function) -> RestApi:
    """An API that passes everything to the echo; its stage is ``stage``."""
    api = RestApi(cloud, binaryMediaTypes=["image/png", "application/zip"])
    api.proxy("ANY", "/{proxy+}", echo)
    api.deploy("stage")
    return api


@pytest.mark.parametrize(
    ("sent", "path", "proxy"),
    [
        ("/proxy-value/", "/proxy-value/", "proxy-value"),
        ("/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash"),
        ("//proxy-value", "/proxy-value", "proxy-value"),
        (
            "/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
            "/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
            "api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
        ),
        ("/gr%C3%BC%C3%9Fe", "/gr%C3%BC%C3%9Fe", "gr%C3%BC%C3%9Fe"),
    ],
)
def test_a_path_reaches_the_function_as_it_was_sent_f164(greedy: RestApi, sent: str, path: str, proxy: str) -> None:
    event = greedy.call("GET", f"/stage{sent}").json
    assert event["path"] == path
    assert event["pathParameters"] == {"proxy": proxy}
    assert event["requestContext"]["path"] == f"/stage{sent}"


def test_query_parameters_are_decoded_and_the_last_of_a_name_counts_f162(greedy: RestApi) -> None:
    query = "tag=new&tag=red&email=test%2Balias@gmail.com&plus=a+b&space=foo%20bar&empty=&city=M%C3%BCnchen"
    event = greedy.call("GET", f"/stage/orders?{query}").json
    assert event["queryStringParameters"] == {
        "tag": "red",
        "email": "test+alias@gmail.com",
        "plus": "a b",
        "space": "foo bar",
        "empty": "",
        "city": "München",
    }
    assert event["multiValueQueryStringParameters"]["tag"] == ["new", "red"]
    assert event["path"] == "/orders"


def test_repeated_headers_come_all_and_the_last_alone_f163(greedy: RestApi) -> None:
    event = greedy.call(
        "GET", "/stage/orders", headers=[("X-Color", "red"), ("X-Color", "blue"), ("X-City", "München")]
    ).json
    assert event["headers"]["X-Color"] == "blue"
    assert event["multiValueHeaders"]["X-Color"] == ["red", "blue"]
    assert event["headers"]["X-City"] == "München"


def test_headers_of_the_connection_do_not_reach_the_function(greedy: RestApi) -> None:
    sent = {
        "Connection": "keep-alive",
        "TE": "trailers",
        "Content-MD5": "x",
        "authorization": "secret",
        "user-agent": "curl",
    }
    event = greedy.call("POST", "/stage/orders", b"{}", sent).json
    names = set(event["headers"])
    assert names >= {"Authorization", "User-Agent", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"}
    assert not {name.lower() for name in names} & {"connection", "te", "content-md5", "content-length"}
    assert event["headers"]["X-Forwarded-Port"] == "443" and event["headers"]["X-Forwarded-Proto"] == "https"
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", event["headers"]["X-Amzn-Trace-Id"])
    assert event["requestContext"]["identity"]["userAgent"] == "curl"


def test_a_json_body_comes_as_its_text_f166(greedy: RestApi) -> None:
    body = '{"message": "hello wörld"}'
    event = greedy.call("POST", "/stage/orders", body.encode(), {"Content-Type": "application/json"}).json
    assert event["body"] == body
    assert event["isBase64Encoded"] is False


def test_a_body_of_a_binary_media_type_comes_as_base64_f167(greedy: RestApi) -> None:
    event = greedy.call("POST", "/stage/pictures", b"\x89PNG\x00\xff", {"Content-Type": "image/png"}).json
    assert event["body"] == "iVBORwD/"
    assert event["isBase64Encoded"] is True


def test_a_chunked_body_is_put_together(greedy: RestApi) -> None:
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    event = greedy.call("POST", "/stage/orders", body, {"Transfer-Encoding": "chunked"}).json
    assert event["body"] == "hello world"


def test_an_api_is_reached_by_its_host_name_too(greedy: RestApi) -> None:
    by_host = greedy.call("GET", "/stage/orders/1?a=b", by_host=True).json
    by_path = greedy.call("GET", "/stage/orders/1?a=b").json
    for event in (by_host, by_path):
        assert event["headers"]["Host"] == greedy.host
        assert event["requestContext"]["domainName"] == greedy.host
        assert (event["path"], event["requestContext"]["path"]) == ("/orders/1", "/stage/orders/1")


def test_an_answer_has_the_ids_of_the_request(greedy: RestApi) -> None:
    answer = greedy.call("GET", "/stage/orders")
    context = answer.json["requestContext"]
    assert answer.header("x-amzn-RequestId") == context["requestId"]
    assert answer.header("x-amz-apigw-id") == context["extendedRequestId"]
    assert answer.header("X-Amzn-Trace-Id") == answer.json["headers"]["X-Amzn-Trace-Id"]


def test_a_literal_path_goes_before_a_variable_and_that_before_a_greedy_one(
    cloud: CloudUnderTest, echo: Function
) -> None:
    api = RestApi(cloud)
    for path in ("/orders", "/orders/latest", "/orders/{id}", "/orders/{id}/lines", "/orders/{id}/{rest+}"):
        api.proxy("GET", path, echo, permission=False)
    api.proxy("ANY", "/orders/{id}", echo, permission=False)
    api.proxy("GET", "/", echo)
    api.deploy()

    def resource(method: str, path: str) -> tuple[str, dict[str, str] | None]:
        event = api.call(method, path).json
        return event["resource"], event["pathParameters"]

    assert resource("GET", "/dev") == ("/", None)
    assert resource("GET", "/dev/") == ("/", None)
    assert resource("GET", "/dev/orders/") == ("/orders", None)
    assert resource("GET", "/dev/orders/latest") == ("/orders/latest", None)
    assert resource("GET", "/dev/orders/42") == ("/orders/{id}", {"id": "42"})
    assert resource("DELETE", "/dev/orders/42") == ("/orders/{id}", {"id": "42"})
    assert resource("GET", "/dev/orders/42/lines") == ("/orders/{id}/lines", {"id": "42"})
    assert resource("GET", "/dev/orders/latest/lines") == ("/orders/{id}/lines", {"id": "latest"})
    assert resource("GET", "/dev/orders/42/a/b") == ("/orders/{id}/{rest+}", {"id": "42", "rest": "a/b"})


def test_stage_variables_reach_the_function_and_name_it_f168(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    where = api.method("GET", "/orders")
    uri = invocation_uri(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:${{stageVariables.fn}}")
    api.client.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    api.allow(echo)
    api.deploy("dev", variables={"fn": echo.name, "ENV": "dev"})
    assert api.call("GET", "/dev/orders").json["stageVariables"] == {"fn": echo.name, "ENV": "dev"}

    patch = [{"op": "replace", "path": "/variables/ENV", "value": "prod"}]
    api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=patch)
    assert api.call("GET", "/dev/orders").json["stageVariables"]["ENV"] == "prod"


def test_a_stage_shows_the_api_as_it_was_deployed_f178(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/orders", echo)
    first = api.deploy("dev", variables={"ENV": "dev"})
    api.proxy("GET", "/customers", echo, permission=False)
    refused = api.call("GET", "/dev/customers")
    assert (refused.status, refused.body) == (403, b'{"message":"Missing Authentication Token"}')

    second = api.deploy("dev")
    assert api.call("GET", "/dev/customers").json["requestContext"]["deploymentId"] == second
    assert api.call("GET", "/dev/customers").json["stageVariables"] == {"ENV": "dev"}  # a stage stays what it is

    back = [{"op": "replace", "path": "/deploymentId", "value": first}]
    api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=back)
    assert api.call("GET", "/dev/customers").status == 403
    assert api.call("GET", "/dev/orders").status == 200
    api.client.create_stage(restApiId=api.id, stageName="prod", deploymentId=second)
    assert api.call("GET", "/prod/customers").json["requestContext"]["stage"] == "prod"


@pytest.fixture(scope="module")
def obedient(cloud: CloudUnderTest) -> RestApi:
    """An API whose function answers with the JSON it is sent; its stage is ``dev``."""
    function = cloud.deploy("""
        import json

        def handler(event, context):
            return json.loads(event["body"])
        """)
    api = RestApi(cloud, binaryMediaTypes=["image/png"])
    api.proxy("ANY", "/{proxy+}", function)
    api.deploy("dev")
    return api


def obey(api: RestApi, answer: Any, headers: dict[str, str] | None = None) -> HttpAnswer:
    return api.call("POST", "/dev/x", json.dumps(answer).encode(), headers)


@pytest.mark.parametrize(
    ("answer", "status"), [({"statusCode": 200}, 200), ({}, 200), ({"statusCode": "201"}, 201), ({"body": None}, 200)]
)
def test_the_smallest_answers_are_enough_f169(obedient: RestApi, answer: Any, status: int) -> None:
    got = obey(obedient, answer)
    assert (got.status, got.body, got.header("Content-Type")) == (status, b"", "application/json")


def test_an_answer_of_headers_only_is_200_f169(obedient: RestApi) -> None:
    got = obey(obedient, {"headers": {"test-header": "value", "X-Flag": True, "X-Count": 3}})
    assert (got.status, got.body) == (200, b"")
    assert [got.header(name) for name in ("test-header", "X-Flag", "X-Count")] == ["value", "true", "3"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        ["list"],
        {"message": "no proxy answer"},
        {"statusCode": 200, "body": {"an": "object"}},
        {"statusCode": 200, "body": 5},
        {"statusCode": "two hundred"},
        {"statusCode": 200, "headers": ["X-A", "b"]},
        {"statusCode": 200, "headers": {"X-A": {"not": "text"}}},
        {"statusCode": 200, "headers": {"X-A": "first\r\nX-Injected: second"}},
        {"statusCode": 200, "headers": {"bad name": "x"}},
    ],
)
def test_an_answer_of_another_form_is_502_f170(obedient: RestApi, answer: Any) -> None:
    got = obey(obedient, answer)
    assert (got.status, got.json) == (502, {"message": "Internal server error"})
    assert got.header("x-amzn-ErrorType") == "InternalServerErrorException"
    assert got.header("X-Injected") is None


def test_headers_with_several_values_are_sent_as_several(obedient: RestApi) -> None:
    got = obey(
        obedient,
        {
            "statusCode": 200,
            "headers": {"X-One": "1", "Set-Cookie": "lost=1"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        },
    )
    assert [value for name, value in got.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert got.header("X-One") == "1"


def test_headers_that_belong_to_the_gateway_come_under_another_name(obedient: RestApi) -> None:
    got = obey(
        obedient, {"statusCode": 401, "headers": {"WWW-Authenticate": "Basic", "Server": "mine", "Content-Length": "9"}}
    )
    assert got.header("x-amzn-Remapped-WWW-Authenticate") == "Basic"
    assert got.header("x-amzn-Remapped-Server") == "mine"
    assert got.header("WWW-Authenticate") is None
    assert got.header("Content-Length") == "0"


def test_base64_stays_text_without_a_binary_media_type_f196(cloud: CloudUnderTest, obedient: RestApi) -> None:
    answer = {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True}
    assert obey(obedient, answer).body == b"dGVzdC1kYXRh"
    assert obey(obedient, answer, {"Accept": "text/html,image/png"}).body == b"dGVzdC1kYXRh"


def test_base64_becomes_bytes_for_who_accepts_them_first_f167(obedient: RestApi) -> None:
    answer = {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": "iVBORwD/", "isBase64Encoded": True}
    got = obey(obedient, answer, {"Accept": "image/png,*/*"})
    assert got.body == b"\x89PNG\x00\xff"
    assert got.header("Content-Type") == "image/png"


def test_mapped_headers_reach_the_function_f194(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    parameters = {
        "integration.request.header.foobar": "'mapped-value'",
        "integration.request.header.headerVar": "method.request.header.source",
        "integration.request.querystring.extra": "'no'",
    }
    method = {"requestParameters": {"method.request.header.source": False}}
    api.proxy("POST", "/{name}", echo, method=method, requestParameters=parameters)
    api.deploy()
    event = api.call("POST", "/dev/x?a=b", b"{}", {"source": "the source"}).json
    assert (event["headers"]["foobar"], event["headers"]["headerVar"]) == ("mapped-value", "the source")
    assert event["multiValueHeaders"]["foobar"] == ["mapped-value"]
    assert event["queryStringParameters"] == {"a": "b"}


def preflight(api: RestApi, path: str) -> None:
    """CORS for a resource, as the guide makes it: OPTIONS with a MOCK integration."""
    where = api.method("OPTIONS", path)
    headers = {"Headers": "'Content-Type,Authorization'", "Methods": "'GET,POST,OPTIONS'", "Origin": "'*'"}
    names = {f"method.response.header.Access-Control-Allow-{name}": value for name, value in headers.items()}
    api.client.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    api.client.put_method_response(**where, statusCode="200", responseParameters=dict.fromkeys(names, False))
    api.client.put_integration_response(
        **where, statusCode="200", responseParameters=names, responseTemplates={"application/json": ""}
    )


def test_a_preflight_is_answered_by_a_mock_f189(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/orders", echo)
    preflight(api, "/orders")
    api.deploy()
    got = api.call("OPTIONS", "/dev/orders", headers={"Origin": "http://shop.example"})
    assert (got.status, got.body) == (200, b"")
    assert got.header("Access-Control-Allow-Origin") == "*"
    assert got.header("Access-Control-Allow-Methods") == "GET,POST,OPTIONS"
    assert got.header("Access-Control-Allow-Headers") == "Content-Type,Authorization"
    assert api.call("GET", "/dev/orders").header("Access-Control-Allow-Origin") is None
    assert api.call("GET", "/dev/none").header("Access-Control-Allow-Origin") is None


def test_a_mock_answers_by_the_status_of_its_template(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    where = api.method("GET", "/teapot")
    api.client.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 418}'})
    for status in ("200", "418"):
        api.client.put_method_response(**where, statusCode=status)
    api.client.put_integration_response(**where, statusCode="200")
    api.client.put_integration_response(
        **where,
        statusCode="418",
        selectionPattern="4\\d{2}",
        responseTemplates={"application/json": '{"stage": "$context.stage", "kind": "teapot"}'},
    )
    api.deploy()
    got = api.call("GET", "/dev/teapot")
    assert (got.status, got.json) == (418, {"stage": "dev", "kind": "teapot"})


def test_a_mock_without_a_template_has_no_status(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    where = api.method("GET", "/mock")
    api.client.put_integration(**where, type="MOCK")
    api.client.put_integration_response(**where, statusCode="200")
    api.deploy()
    got = api.call("GET", "/dev/mock")
    assert (got.status, got.json) == (500, {"message": "Internal server error"})


def test_a_gateway_response_of_the_api_replaces_aws_own(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/orders", echo)
    api.client.put_gateway_response(
        restApiId=api.id,
        responseType="MISSING_AUTHENTICATION_TOKEN",
        statusCode="404",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        responseTemplates={
            "application/json": '{"error": $context.error.messageString, "type": "$context.error.responseType"}'
        },
    )
    api.client.put_gateway_response(
        restApiId=api.id,
        responseType="DEFAULT_5XX",
        responseParameters={"gatewayresponse.header.X-Stage": "context.stage"},
    )
    api.deploy()
    got = api.call("GET", "/dev/none")
    assert (got.status, got.header("Access-Control-Allow-Origin")) == (404, "*")
    assert got.json == {"error": "Missing Authentication Token", "type": "MISSING_AUTHENTICATION_TOKEN"}
    echo.update_code("def handler(event, context): raise ValueError('no')")
    try:
        failed = api.call("GET", "/dev/orders")
        assert (failed.status, failed.header("X-Stage")) == (502, "dev")
        assert failed.json == {"message": "Internal server error"}
    finally:
        echo.update_code(ECHO)


def test_answers_are_compressed_from_the_size_the_api_says(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud, minimumCompressionSize=100)
    api.proxy("GET", "/orders", echo)
    api.deploy()
    got = api.call("GET", "/dev/orders", headers={"Accept-Encoding": "gzip"})
    assert got.header("Content-Encoding") == "gzip"
    assert json.loads(gzip.decompress(got.body))["path"] == "/orders"
    assert api.call("GET", "/dev/orders").header("Content-Encoding") is None


def test_a_method_can_be_tested_without_a_deployment_f198(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    where = api.proxy("GET", "/orders/{id}", echo)
    got = api.client.test_invoke_method(
        **where, pathWithQueryString="/orders/42?full=yes", headers={"X-A": "b"}, stageVariables={"ENV": "test"}
    )
    event = json.loads(got["body"])
    assert got["status"] == 200
    assert isinstance(got["latency"], int)
    assert got["headers"]["Content-Type"] == "application/json"
    assert event["pathParameters"] == {"id": "42"}
    assert event["queryStringParameters"] == {"full": "yes"}
    assert event["stageVariables"] == {"ENV": "test"}
    assert event["headers"]["X-A"] == "b"
    assert event["requestContext"]["stage"] == "test-invoke-stage"
    lines = got["log"].splitlines()
    request_id = event["requestContext"]["requestId"]
    assert lines[0] == f"Execution log for request {request_id}"
    assert re.fullmatch(
        rf"[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} \d\d \d\d:\d\d:\d\d UTC \d{{4}} : Starting execution for request: {request_id}",
        lines[1],
    )
    assert lines[-1].endswith(" : Method completed with status: 200")
    missing = refusal(api.client.test_invoke_method, **{**where, "httpMethod": "POST"})
    assert missing == ("NotFoundException", 404, "Invalid Method identifier specified")


def test_the_test_of_a_method_tells_why_it_failed(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    where = api.proxy("GET", "/x", cloud.deploy(ECHO), permission=False)
    got = api.client.test_invoke_method(**where)
    assert (got["status"], json.loads(got["body"])) == (500, {"message": "Internal server error"})
    reason = "Execution failed due to configuration error: Invalid permissions on Lambda function"
    assert reason in got["log"]


def test_a_stage_with_logging_writes_its_execution_log(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/x", cloud.deploy(ECHO), permission=False)
    api.deploy()
    account = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": cloud.role_arn}]
    api.client.update_account(patchOperations=account)
    on = [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"}]
    api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=on)
    request_id = api.call("GET", "/dev/x").header("x-amzn-RequestId")
    found = cloud.client("logs").filter_log_events(logGroupName=f"API-Gateway-Execution-Logs_{api.id}/dev")
    messages = [event["message"] for event in found["events"]]
    reason = "Execution failed due to configuration error: Invalid permissions on Lambda function"
    assert f"({request_id}) {reason}" in messages
    assert messages[-1] == f"({request_id}) Method completed with status: 500"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(obedient: RestApi, status: int) -> None:
    got = obey(obedient, {"statusCode": status, "headers": {"ETag": '"1"'}, "body": "lost"})
    assert (got.status, got.body, got.header("ETag")) == (status, b"", '"1"')
    assert obey(obedient, {"statusCode": 200, "body": "next"}).body == b"next"


def test_head_is_a_method_like_others_and_its_answer_has_no_body(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("ANY", "/any", echo)
    api.proxy("GET", "/get", echo, permission=False)
    api.deploy()
    got = api.call("HEAD", "/dev/any")
    assert (got.status, got.body) == (200, b"")
    assert int(got.header("Content-Length") or 0) > 500
    assert api.call("HEAD", "/dev/get").status == 403


def test_many_requests_go_over_one_connection(greedy: RestApi) -> None:
    address = urlsplit(greedy.cloud.endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    with contextlib.closing(connection):
        for number in range(20):
            body = f"{number}".encode() if number % 2 else None
            connection.request("POST" if body else "GET", f"/_aws/execute-api/{greedy.id}/stage/{number}", body)
            event = json.loads(connection.getresponse().read())
            assert (event["path"], event["body"]) == (f"/{number}", str(number) if body else None)


def test_concurrent_requests_get_each_its_own_answer(greedy: RestApi) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: greedy.call("GET", f"/stage/{number}?n={number}").json, range(100)))
    for number, event in enumerate(answers):
        assert (event["path"], event["queryStringParameters"]) == (f"/{number}", {"n": str(number)})
    assert len({event["requestContext"]["requestId"] for event in answers}) == 100


def test_a_chain_of_requests_through_an_api_keeps_its_trace(greedy: RestApi) -> None:
    root = "Root=1-65a5b1c2-0123456789abcdef01234567"
    event = greedy.call(
        "GET", "/stage/x", headers={"X-Amzn-Trace-Id": f"{root};Parent=53995c3f42cd8ad8;Sampled=1"}
    ).json
    assert event["headers"]["X-Amzn-Trace-Id"].startswith(root)


def test_a_header_may_be_as_long_as_on_aws(greedy: RestApi) -> None:
    event = greedy.call("GET", "/stage/x", headers={"X-Long": "x" * 9_500}).json
    assert event["headers"]["X-Long"] == "x" * 9_500
