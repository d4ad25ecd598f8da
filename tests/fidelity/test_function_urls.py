"""Function URLs: the event, the answer, who may call, CORS, and what is answered when there is no answer of a function."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .deployment import ACCOUNT, REGION, REQUEST_ID, CloudUnderTest, unique_name
from .function_urls import ANSWERS_AS_TOLD, FunctionUrl
from .rest_apis import ECHO, HttpAnswer
from .targets import log_text

FORBIDDEN = {
    "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
}
TEXT = [("Content-Type", "text/plain")]
JSON = [("Content-Type", "application/json")]


@pytest.fixture(scope="module")
def cloud(cloud_of: Callable[[str], CloudUnderTest]) -> CloudUnderTest:
    """URLs are the gateway's: one runtime client is enough."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> FunctionUrl:
    return FunctionUrl(cloud, cloud.deploy(ECHO))


@pytest.fixture(scope="module")
def told(cloud: CloudUnderTest) -> FunctionUrl:
    return FunctionUrl(cloud, cloud.deploy(ANSWERS_AS_TOLD))


def answers(url: FunctionUrl, result: object) -> HttpAnswer:
    """What a client gets when the function returns ``result``."""
    return url.call("POST", "/", json.dumps(result).encode(), JSON)


def assert_forbidden(answer: HttpAnswer) -> None:
    assert answer.status == 403
    assert answer.json == FORBIDDEN
    assert answer.header("x-amzn-ErrorType") == "AccessDeniedException"


# --- the event -----------------------------------------------------------------------------------------------------


def test_the_event_has_payload_format_2_f206(echo: FunctionUrl) -> None:
    answer = echo.call("POST", "/custom_path/extend?test_param=test_value", b"text", [*TEXT, ("User-Agent", "me")])

    event = answer.json
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/custom_path/extend",
        "rawQueryString": "test_param=test_value",
        "queryStringParameters": {"test_param": "test_value"},
        "body": "text",
        "isBase64Encoded": False,
    }
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("time"))
    assert isinstance(context.pop("timeEpoch"), int)
    assert re.fullmatch(REQUEST_ID, context.pop("requestId"))
    assert context == {
        "accountId": "anonymous",
        "apiId": echo.id,
        "domainName": echo.host,
        "domainPrefix": echo.id,
        "http": {
            "method": "POST",
            "path": "/custom_path/extend",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "me",
        },
        "routeKey": "$default",
        "stage": "$default",
    }
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers.pop("x-amzn-trace-id"))
    assert headers == {
        "content-length": "4",
        "content-type": "text/plain",
        "host": echo.host,
        "user-agent": "me",
        "x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256",
        "x-amzn-tls-version": "TLSv1.3",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }


def test_both_addresses_are_the_same_url(echo: FunctionUrl) -> None:
    by_path, by_host = echo.call("GET", "/here?a=1"), echo.call("GET", "/here?a=1", by_host=True)
    assert by_path.json["rawPath"] == by_host.json["rawPath"] == "/here"
    assert by_path.json["headers"]["host"] == by_host.json["headers"]["host"] == echo.host


def test_keys_without_a_value_are_left_out(echo: FunctionUrl) -> None:
    event = echo.call("GET", "/").json
    assert set(event) == {
        "version",
        "routeKey",
        "rawPath",
        "rawQueryString",
        "headers",
        "requestContext",
        "isBase64Encoded",
    }
    assert event["rawQueryString"] == ""


def test_the_path_stays_encoded_and_repeated_values_are_joined(echo: FunctionUrl) -> None:
    event = echo.call("POST", "/pa2%Fth/1%20%2F?q=a%20b&multi=foo&multi=%2Fbar&empty=&bare", b"{}", JSON).json
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/pa2%Fth/1%20%2F"
    assert event["rawQueryString"] == "q=a%20b&multi=foo&multi=%2Fbar&empty=&bare"
    assert event["queryStringParameters"] == {"q": "a b", "multi": "foo,/bar", "empty": "", "bare": ""}


def test_repeated_headers_are_joined_under_lower_case_names(echo: FunctionUrl) -> None:
    headers = echo.call("GET", "/", headers=[("X-Many", "one"), ("x-MANY", "two"), ("ExTrA", "With WeiRd CapS")]).json[
        "headers"
    ]
    assert headers["x-many"] == "one,two"
    assert headers["extra"] == "With WeiRd CapS"


def test_cookies_stand_in_cookies_and_in_the_headers_f206(echo: FunctionUrl) -> None:
    event = echo.call("GET", "/", headers=[("Cookie", "c1=a; c2=b")]).json
    assert event["cookies"] == ["c1=a", "c2=b"]
    assert event["headers"]["cookie"] == "c1=a; c2=b"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/csv; charset=utf-8", True),
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/xml", True),
        ("application/javascript", True),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("application/octet-stream", False),
        (None, False),
    ],
)
def test_only_some_types_reach_the_function_as_text(echo: FunctionUrl, kind: str | None, text: bool) -> None:
    body = "grün".encode()
    event = echo.call("POST", "/", body, [("Content-Type", kind)] if kind else []).json
    assert event["isBase64Encoded"] is not text
    assert event["body"] == ("grün" if text else base64.b64encode(body).decode())


def test_a_body_in_chunks_has_its_length(echo: FunctionUrl) -> None:
    chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    event = echo.call("POST", "/", chunks, [*TEXT, ("Transfer-Encoding", "chunked")]).json
    assert event["body"] == "abcde"
    assert event["headers"]["content-length"] == "5"
    assert "transfer-encoding" not in event["headers"]


# --- the answer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ({"hello": "world"}, b'{"hello":"world"}'),
        (["hello", 3, True], b'["hello",3,true]'),
        ("hello", b"hello"),
        (3, b"3"),
        (3.1, b"3.1"),
        (True, b"true"),
        (None, b"null"),
        ({"n": "grün"}, '{"n":"grün"}'.encode()),
    ],
)
def test_what_has_no_status_code_is_the_body(told: FunctionUrl, result: object, body: bytes) -> None:
    """Recorded from AWS: the type is JSON, a string loses its quotes, spaces between values go."""
    answer = answers(told, result)
    assert (answer.status, answer.body) == (200, body)
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Content-Length") == str(len(body))


def test_a_stated_answer_is_sent_as_it_says(told: FunctionUrl) -> None:
    answer = answers(
        told,
        {
            "statusCode": 201,
            "headers": {"Content-Type": "text/html", "My-Custom-Header": "Custom Value", "X-Number": 5},
            "body": "<p>hello</p>",
            "cookies": ["a=1; Secure", "b=2"],
        },
    )
    assert (answer.status, answer.body) == (201, b"<p>hello</p>")
    assert answer.header("content-type") == "text/html"
    assert answer.header("my-custom-header") == "Custom Value"
    assert answer.header("x-number") == "5"
    assert [value for name, value in answer.headers if name.lower() == "set-cookie"] == ["a=1; Secure", "b=2"]


def test_a_stated_answer_is_json_unless_it_says_otherwise(told: FunctionUrl) -> None:
    answer = answers(told, {"statusCode": 200, "body": "body123"})
    assert (answer.header("Content-Type"), answer.body) == ("application/json", b"body123")


def test_the_status_code_may_be_a_string(told: FunctionUrl) -> None:
    assert answers(told, {"statusCode": "418", "body": "i'm a teapot"}).status == 418


def test_a_body_in_base64_is_sent_as_bytes(told: FunctionUrl) -> None:
    answer = answers(
        told, {"statusCode": 200, "body": base64.b64encode(b"\x89PNG\x00").decode(), "isBase64Encoded": True}
    )
    assert answer.body == b"\x89PNG\x00"


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": 200.5},
        {"statusCode": "many"},
        {"statusCode": 99},
        {"statusCode": None},
        {"statusCode": 200, "body": {"not": "a string"}},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"X-Broken": "a\r\nb"}},
        {"statusCode": 200, "headers": {"no name": "a"}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
    ],
)
def test_what_is_no_answer_is_a_bad_gateway(told: FunctionUrl, result: object) -> None:
    answer = answers(told, result)
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_a_function_that_raises_is_a_bad_gateway_f208(cloud: CloudUnderTest) -> None:
    url = FunctionUrl(cloud, cloud.deploy("def handler(event, context): raise ValueError('secret')\n"))
    answer = url.call("POST", "/", b"{}")
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_head_has_the_length_but_no_body(told: FunctionUrl) -> None:
    answer = told.call("HEAD", "/", b'{"statusCode": 200, "body": "four"}', JSON)
    assert (answer.status, answer.header("Content-Length"), answer.body) == (200, "4", b"")


def test_the_request_id_is_that_of_the_log_f212(cloud: CloudUnderTest) -> None:
    function = cloud.deploy("def handler(event, context): return context.aws_request_id\n")
    answer = FunctionUrl(cloud, function).call()
    assert answer.header("x-amzn-RequestId") == answer.body.decode()
    assert (answer.header("X-Amzn-Trace-Id") or "").startswith("Root=1-")


def test_in_streaming_mode_what_the_function_returns_comes_as_it_is(cloud: CloudUnderTest) -> None:
    """Recorded from AWS for a function that does not stream: its statusCode is not looked at."""
    url = FunctionUrl(cloud, cloud.deploy(ANSWERS_AS_TOLD), InvokeMode="RESPONSE_STREAM")
    answer = answers(url, {"statusCode": 404, "body": "text"})
    assert (answer.status, answer.json) == (200, {"statusCode": 404, "body": "text"})


# --- who may call --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("permissions", [(), ("InvokeFunctionUrl",), ("InvokeFunction",)])
def test_both_permissions_are_needed_f209_f210(cloud: CloudUnderTest, permissions: tuple[str, ...]) -> None:
    assert_forbidden(FunctionUrl(cloud, cloud.deploy(ECHO), permissions=permissions).call("POST", "/", b"{}"))


def test_the_second_permission_opens_the_url_f210(cloud: CloudUnderTest) -> None:
    url = FunctionUrl(cloud, cloud.deploy(ECHO), permissions=("InvokeFunctionUrl",))
    assert url.call().status == 403
    url.allow("InvokeFunction")
    assert url.call().status == 200


def test_a_url_that_never_was(cloud: CloudUnderTest) -> None:
    """Recorded from AWS."""
    from .rest_apis import send

    answer = send(cloud, "GET", "/", None, [("Host", f"0123456789abcdefghijklmnopqrstuv.lambda-url.{REGION}.on.aws")])
    assert (answer.status, answer.body) == (403, b'{"Message":null}')
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("x-amzn-ErrorType") == "AccessDeniedException"


def test_a_url_goes_with_its_alias(cloud: CloudUnderTest) -> None:
    """Recorded from AWS: the URL of an alias that was deleted is forbidden."""
    function = cloud.deploy(ECHO)
    client = cloud.client("lambda")
    client.publish_version(FunctionName=function.name)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    url = FunctionUrl(cloud, function, qualifier="live")
    assert url.call().status == 200
    client.delete_alias(FunctionName=function.name, Name="live")
    assert_forbidden(url.call())


def test_the_url_of_an_alias_runs_its_version(cloud: CloudUnderTest) -> None:
    function = cloud.deploy(
        "def handler(event, context): return context.function_version + context.invoked_function_arn\n"
    )
    client = cloud.client("lambda")
    client.publish_version(FunctionName=function.name)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    assert FunctionUrl(cloud, function, qualifier="live").call().body.decode() == f"1{function.arn}:live"


def signed(
    url: FunctionUrl, credentials: Credentials, path: str = "/", body: bytes = b"", service: str = "lambda"
) -> HttpAnswer:
    request = AWSRequest("POST", f"https://{url.host}{path}", data=body, headers={"Content-Type": "text/plain"})
    SigV4Auth(credentials, service, REGION).add_auth(request)
    return url.call("POST", path, body, [(name, value) for name, value in request.headers.items()], by_host=True)


def user(cloud: CloudUnderTest, *actions: str) -> tuple[str, Credentials, str]:
    """ARN, keys and id of a user who may do ``actions``."""
    iam = cloud.client("iam")
    name = unique_name("caller")
    made = iam.create_user(UserName=name)["User"]
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return made["Arn"], Credentials(key["AccessKeyId"], key["SecretAccessKey"]), made["UserId"]


@pytest.fixture(scope="module")
def private(cloud: CloudUnderTest) -> FunctionUrl:
    return FunctionUrl(cloud, cloud.deploy(ECHO), auth="AWS_IAM", permissions=())


def test_with_iam_an_unsigned_request_is_forbidden_f211(private: FunctionUrl) -> None:
    assert_forbidden(private.call("POST", "/", b"{}"))


def test_with_iam_a_signed_request_tells_the_function_who_calls_f211(
    cloud: CloudUnderTest, private: FunctionUrl
) -> None:
    arn, keys, user_id = user(cloud, "lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
    answer = signed(private, keys, "/path?q=1", b"body")
    assert answer.status == 200
    context = answer.json["requestContext"]
    assert context["accountId"] == ACCOUNT
    assert context["authorizer"] == {
        "iam": {
            "accessKey": keys.access_key,
            "accountId": ACCOUNT,
            "callerId": user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": arn,
            "userId": user_id,
        }
    }


@pytest.mark.parametrize("actions", [(), ("lambda:InvokeFunctionUrl",), ("lambda:InvokeFunction",)])
def test_with_iam_the_caller_needs_both_permissions(
    cloud: CloudUnderTest, private: FunctionUrl, actions: tuple[str, ...]
) -> None:
    assert_forbidden(signed(private, user(cloud, *actions)[1]))


def test_with_iam_the_function_may_name_the_caller_in_its_policy(cloud: CloudUnderTest) -> None:
    url = FunctionUrl(cloud, cloud.deploy(ECHO), auth="AWS_IAM", permissions=())
    arn, keys, _ = user(cloud)
    url.allow("InvokeFunctionUrl", arn)
    url.allow("InvokeFunction", arn)
    assert signed(url, keys).status == 200


def test_with_iam_a_wrong_signature_is_refused(cloud: CloudUnderTest, private: FunctionUrl) -> None:
    _, keys, _ = user(cloud, "lambda:*")
    answer = signed(private, Credentials(keys.access_key, "not the secret"))
    assert answer.status == 403
    assert answer.header("x-amzn-ErrorType") == "InvalidSignatureException"
    assert answer.json["message"].startswith(
        "The request signature we calculated does not match the signature you provided."
    )


def test_with_iam_the_signature_must_be_for_lambda(cloud: CloudUnderTest, private: FunctionUrl) -> None:
    _, keys, _ = user(cloud, "lambda:*")
    answer = signed(private, keys, service="execute-api")
    assert answer.status == 403
    assert answer.json == {"message": "Credential should be scoped to correct service: 'lambda'. "}


def test_with_iam_the_learners_own_keys_are_an_administrators(private: FunctionUrl) -> None:
    answer = signed(private, Credentials("testing", "testing"))
    assert answer.json["requestContext"]["authorizer"]["iam"]["accessKey"] == "testing"


# --- what the learner is told --------------------------------------------------------------------------------------


def test_the_log_says_what_the_caller_is_not_told(cloud: CloudUnderTest) -> None:
    function = cloud.deploy("def handler(event, context): return {'statusCode': 200, 'body': {}}\n")
    url = FunctionUrl(cloud, function, permissions=("InvokeFunctionUrl",))
    for _ in range(2):
        assert url.call().status == 403
    assert log_text(function) == (
        "LAB NOTE: a call of the function URL was forbidden: no statement of the function's policy allows everybody to "
        "perform lambda:InvokeFunction through the function URL. On AWS nothing would tell you.\n"
    )
    url.allow("InvokeFunction")
    assert url.call().status == 502
    assert (
        "LAB NOTE: the caller of the function URL got 502, Internal Server Error: body must be a string: turn what you "
        "return into one with json.dumps.\n"
    ) in log_text(function)


# --- CORS ----------------------------------------------------------------------------------------------------------

PREFLIGHT = [("Origin", "https://shop.example"), ("Access-Control-Request-Method", "PUT")]
CORS = {
    "AllowOrigins": ["https://shop.example"],
    "AllowMethods": ["GET", "PUT"],
    "AllowHeaders": ["content-type"],
    "ExposeHeaders": ["date"],
    "AllowCredentials": True,
    "MaxAge": 300,
}


def cors_headers(answer: HttpAnswer) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers if name.lower().startswith("access-control-"))


@pytest.fixture(scope="module")
def shared(cloud: CloudUnderTest) -> FunctionUrl:
    """Its function answers a preflight request that reaches it with 418."""
    function = cloud.deploy(
        """
        def handler(event, context):
            return {"statusCode": 418, "headers": {"Access-Control-Allow-Origin": "*"}}
        """
    )
    return FunctionUrl(cloud, function, Cors=CORS)


def test_a_preflight_request_is_answered_without_the_function(shared: FunctionUrl) -> None:
    answer = shared.call("OPTIONS", "/", headers=PREFLIGHT)
    assert (answer.status, answer.body) == (200, b"")
    assert cors_headers(answer) == [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "content-type"),
        ("Access-Control-Allow-Methods", "GET,PUT"),
        ("Access-Control-Allow-Origin", "https://shop.example"),
        ("Access-Control-Expose-Headers", "date"),
        ("Access-Control-Max-Age", "300"),
    ]


def test_a_preflight_request_of_another_origin_gets_no_leave(shared: FunctionUrl) -> None:
    answer = shared.call("OPTIONS", "/", headers=[("Origin", "https://other.example"), PREFLIGHT[1]])
    assert (answer.status, cors_headers(answer)) == (200, [])


def test_an_options_request_that_is_no_preflight_reaches_the_function(shared: FunctionUrl) -> None:
    assert shared.call("OPTIONS", "/").status == 418


def test_headers_of_the_url_and_of_the_function_are_both_sent(shared: FunctionUrl) -> None:
    """AWS says so itself: "This can result in duplicate CORS headers in the response"."""
    answer = shared.call("GET", "/", headers=PREFLIGHT[:1])
    origins = [value for name, value in cors_headers(answer) if name == "Access-Control-Allow-Origin"]
    assert sorted(origins) == ["*", "https://shop.example"]


def test_without_a_configuration_the_function_answers_preflight_requests(echo: FunctionUrl) -> None:
    answer = echo.call("OPTIONS", "/", headers=PREFLIGHT)
    assert answer.json["requestContext"]["http"]["method"] == "OPTIONS"
    assert cors_headers(answer) == []


def test_where_every_origin_may_call_the_answer_names_the_one_that_does(cloud: CloudUnderTest) -> None:
    url = FunctionUrl(cloud, cloud.deploy(ECHO), Cors={"AllowOrigins": ["*"]})
    answer = url.call("GET", "/", headers=[("Origin", "http://localhost:8888")])
    assert cors_headers(answer) == [("Access-Control-Allow-Origin", "http://localhost:8888")]


# --- limits --------------------------------------------------------------------------------------------------------


def test_no_concurrency_left_is_429(cloud: CloudUnderTest) -> None:
    """Lambda Developer Guide: to deactivate a function URL, set the reserved concurrency to zero."""
    function = cloud.deploy(ECHO)
    url = FunctionUrl(cloud, function)
    cloud.client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    answer = url.call()
    assert answer.status == 429
    assert answer.header("x-amzn-ErrorType") == "TooManyRequestsException"
    assert answer.json["message"] == "Rate Exceeded."


def test_more_than_6_mb_is_413(echo: FunctionUrl) -> None:
    answer = echo.call("POST", "/", b"x" * (6 * 1024 * 1024 - 100), TEXT)
    assert answer.status == 413
    assert answer.json == {"Message": "Request must be smaller than 6291456 bytes for the InvokeFunction operation"}
