"""Lambda functions behind an integration of the type AWS: templates in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .deployment import CloudUnderTest, Function
from .rest_apis import RestApi, invocation_uri


@pytest.fixture(scope="module")
def same(cloud: CloudUnderTest) -> Function:
    return cloud.deploy("def handler(event, context): return event")


def custom(api: RestApi, path: str, function: Function, responses: dict[str, str | None], **settings: Any) -> None:
    """POST ``path`` with the function; ``responses`` are selection patterns by status."""
    where = api.method("POST", path)
    uri = invocation_uri(function.arn)
    api.client.put_integration(**where, type="AWS", integrationHttpMethod="POST", uri=uri, **settings)
    for status, pattern in responses.items():
        api.client.put_method_response(**where, statusCode=status)
        more = {} if pattern is None else {"selectionPattern": pattern}
        api.client.put_integration_response(**where, statusCode=status, **more)
    api.allow(function)


def test_a_template_makes_the_event_and_the_answer_is_the_body_f191(cloud: CloudUnderTest, same: Function) -> None:
    api = RestApi(cloud)
    template = {"application/json": '{"param1": "$input.params(\'param1\')", "body": $input.json(\'$\')}'}
    custom(api, "/mapped", same, {"200": None}, requestTemplates=template)
    custom(api, "/plain", same, {"200": None})
    api.deploy()
    got = api.call("POST", "/dev/mapped?param1=foobar", b'{"a": [1]}')
    assert (got.status, got.json) == (200, {"param1": "foobar", "body": {"a": [1]}})
    assert api.call("POST", "/dev/plain", b'{"message": "hello"}').json == {"message": "hello"}


def test_a_selection_pattern_is_about_the_error_message_f192(cloud: CloudUnderTest) -> None:
    function = cloud.deploy("""
        def handler(event, context):
            if event["raise"]:
                raise Exception(event["raise"])
            return "Pass"
        """)
    api = RestApi(cloud)
    custom(api, "/x", function, {"200": "", "405": ".*four hundred.*", "502": ".+", "504": "200"})
    api.deploy()

    def status(message: str) -> tuple[int, Any]:
        got = api.call("POST", "/dev/x", json.dumps({"raise": message}).encode())
        return got.status, got.json

    assert status("") == (200, "Pass")
    code, error = status("Error: Raising four hundred from within the Lambda function")
    assert code == 405
    assert set(error) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert status("Error: something else")[0] == 502


def test_input_path_writes_objects_as_java_does_f193(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    function = cloud.deploy("def handler(event, context): return event")
    for path, template in {
        "/path": "$input.path('$')",
        "/json": "$input.json('$')",
        "/item": "$input.path('$.foo')",
    }.items():
        where = api.method("POST", path)
        api.client.put_integration(**where, type="AWS", integrationHttpMethod="POST", uri=invocation_uri(function.arn))
        api.client.put_method_response(**where, statusCode="200")
        api.client.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": template})
    api.allow(function)
    api.deploy()
    body = b'{"foo": "bar"}'
    assert api.call("POST", "/dev/path", body).body == b"{foo=bar}"
    assert api.call("POST", "/dev/path", b'[{"foo": "bar"}]').body == b'[{"foo":"bar"}]'
    assert api.call("POST", "/dev/json", body).body == b'{"foo":"bar"}'
    assert api.call("POST", "/dev/item", body).body == b"bar"


def test_what_is_not_there_says_so(cloud: CloudUnderTest, same: Function) -> None:
    api = RestApi(cloud)
    custom(api, "/vtl", same, {"200": None}, requestTemplates={"application/json": "#set($a = 1)$a"})
    where = api.method("GET", "/http")
    api.client.put_integration(**where, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://shop.example/")
    api.deploy()
    vtl, http = api.call("POST", "/dev/vtl", b"{}"), api.call("GET", "/dev/http")
    assert (vtl.status, http.status) == (501, 501)
    assert "no other parts of VTL" in vtl.json["message"]
    assert http.json == {"message": "The local cloud does not run integrations of the type HTTP_PROXY."}
