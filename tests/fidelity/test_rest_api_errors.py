"""What REST APIs answer when something is wrong, and what API Gateway refuses to configure."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, refusal
from .rest_apis import ECHO, HttpAnswer, RestApi, invocation_uri, send

INTERNAL = {"message": "Internal server error"}


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


def outcome(answer: HttpAnswer) -> tuple[int, Any, str | None]:
    return answer.status, answer.json, answer.header("x-amzn-ErrorType")


@pytest.mark.parametrize(
    "source",
    [
        "def handler(event, context): raise ValueError('a secret of the shop')",
        "import a_module_that_is_not_there",
        "import sys\ndef handler(event, context): sys.exit(1)",
        "def handler(event, context): return {'body': {1, 2}}",
    ],
)
def test_a_function_that_fails_is_502_without_its_reason_f171(cloud: CloudUnderTest, source: str) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/x", cloud.deploy(source))
    api.deploy()
    assert outcome(api.call("GET", "/dev/x")) == (502, INTERNAL, "InternalServerErrorException")


def test_a_function_that_times_out_is_502_f171(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/x", cloud.deploy("import time\ndef handler(event, context): time.sleep(60)", Timeout=1))
    api.deploy()
    assert outcome(api.call("GET", "/dev/x")) == (502, INTERNAL, "InternalServerErrorException")


def test_without_permission_a_function_is_not_invoked_f172(cloud: CloudUnderTest) -> None:
    function = cloud.deploy(ECHO)
    api = RestApi(cloud)
    api.proxy("GET", "/x", function, permission=False)
    api.proxy("GET", "/x/{id}", function, permission=False)
    api.deploy()
    assert outcome(api.call("GET", "/dev/x")) == (500, INTERNAL, "InternalServerErrorException")
    api.allow(function, "/prod/GET/x")
    api.allow(function, "/*/POST/x")
    assert api.call("GET", "/dev/x").status == 500
    api.allow(function, "/*/GET/x")
    assert api.call("GET", "/dev/x").status == 200
    assert api.call("GET", "/dev/x/1").status == 500
    api.allow(function, "/dev/GET/x/*")
    assert api.call("GET", "/dev/x/1").status == 200


def test_a_missing_function_looks_like_a_missing_permission_f172(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    where = api.method("GET", "/x")
    uri = invocation_uri(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:none")
    api.client.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    api.deploy()
    assert outcome(api.call("GET", "/dev/x")) == (500, INTERNAL, "InternalServerErrorException")


def test_a_role_of_the_integration_stands_for_the_permission(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/may", echo, permission=False, credentials=cloud.role_that_may("lambda:InvokeFunction"))
    api.proxy("GET", "/may-not", echo, permission=False, credentials=cloud.role_that_may("s3:GetObject"))
    api.deploy()
    assert api.call("GET", "/dev/may").status == 200
    assert api.call("GET", "/dev/may-not").status == 500


def test_a_function_is_invoked_by_post_only_f173(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/x", echo, integrationHttpMethod="GET")
    api.deploy()
    answer = api.call("GET", "/dev/x")
    assert (answer.status, answer.json) == (500, INTERNAL)


@pytest.mark.parametrize(
    ("kind", "uri", "message"),
    [
        (
            "AWS_PROXY",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:x",
            "AWS ARN for integration must contain path or action",
        ),
        ("AWS", "bad-arn:lambda:path/functions/x/invocations", "Invalid ARN specified in the request"),
        ("AWS_PROXY", None, "Invalid ARN specified in the request"),
        (
            "AWS_PROXY",
            f"arn:aws:apigateway:{REGION}:s3:path/bucket/key",
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ),
    ],
)
def test_the_uri_of_an_integration_is_checked_f174(
    cloud: CloudUnderTest, kind: str, uri: str | None, message: str
) -> None:
    api = RestApi(cloud)
    where = api.method("GET", "/x")
    more = {"uri": uri} if uri else {}
    assert refusal(api.client.put_integration, **where, type=kind, integrationHttpMethod="POST", **more) == (
        "BadRequestException",
        400,
        message,
    )


def test_an_integration_needs_a_method_and_a_time_limit_in_range_f174(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    integration = {**api.method("GET", "/x"), "type": "AWS_PROXY", "uri": invocation_uri(echo.arn)}
    assert refusal(api.client.put_integration, **integration) == (
        "BadRequestException",
        400,
        "Enumeration value for HttpMethod must be non-empty",
    )
    for limit in (49, 29_001):
        refused = refusal(
            api.client.put_integration, **integration, integrationHttpMethod="POST", timeoutInMillis=limit
        )
        assert refused == ("BadRequestException", 400, "Timeout should be between 50 ms and 29000 ms")
    made = api.client.put_integration(**integration, integrationHttpMethod="POST")
    assert (made["timeoutInMillis"], made["passthroughBehavior"]) == (29_000, "WHEN_NO_MATCH")


def test_unknown_paths_methods_stages_and_apis_are_403_f175(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/existing", echo)
    api.deploy()
    missing = (403, {"message": "Missing Authentication Token"}, "MissingAuthenticationTokenException")
    forbidden = (403, {"message": "Forbidden"}, "ForbiddenException")
    assert outcome(api.call("GET", "/dev/random")) == missing
    assert outcome(api.call("POST", "/dev/existing")) == missing
    assert outcome(api.call("GET", "/dev")) == missing
    assert outcome(api.call("GET", "/none/existing")) == forbidden
    assert outcome(api.call("GET", "")) == forbidden
    assert outcome(api.call("GET", "/dev/existing", by_host=True))[0] == 200
    assert outcome(send(cloud, "GET", "/_aws/execute-api/0123456789/dev/existing")) == forbidden
    api.client.delete_rest_api(restApiId=api.id)
    assert outcome(api.call("GET", "/dev/existing")) == forbidden


def test_an_api_of_another_region_is_not_at_this_host(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/x", echo)
    api.deploy()
    elsewhere = [("Host", f"{api.id}.execute-api.eu-west-1.amazonaws.com")]
    assert send(cloud, "GET", "/dev/x", headers=elsewhere).status == 403


def test_variables_of_paths_have_their_rules_f177(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    root, proxy = api.resource("/"), api.resource("/{proxy+}")

    def refused(parent: str, part: str) -> tuple[str, int, str]:
        return refusal(api.client.create_resource, restApiId=api.id, parentId=parent, pathPart=part)

    sibling = "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"
    child = "Cannot create a child of a resource with a greedy path variable: {proxy+}"
    assert refused(root, "{other}") == ("BadRequestException", 400, sibling)
    assert refused(proxy, "child") == ("BadRequestException", 400, child)
    api.resource("/orders")
    twice = "Another resource with the same parent already has this name: orders"
    assert refused(root, "orders") == ("ConflictException", 409, twice)
    assert refused("none", "x") == ("NotFoundException", 404, "Invalid Resource identifier specified")


def test_what_cannot_be_deployed_f178(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    deploy = {"restApiId": api.id, "stageName": "dev"}
    empty = "The REST API doesn't contain any methods"
    assert refusal(api.client.create_deployment, **deploy) == ("BadRequestException", 400, empty)
    api.proxy("GET", "/x", echo)
    api.method("POST", "/x")
    half = "No integration defined for method"
    assert refusal(api.client.create_deployment, **deploy) == ("BadRequestException", 400, half)
    api.client.delete_method(restApiId=api.id, resourceId=api.resource("/x"), httpMethod="POST")
    deployment = api.deploy("dev")
    used = "Active stages pointing to this deployment must be moved or deleted"
    assert refusal(api.client.delete_deployment, restApiId=api.id, deploymentId=deployment) == (
        "BadRequestException",
        400,
        used,
    )
    api.deploy("dev")
    api.client.delete_deployment(restApiId=api.id, deploymentId=deployment)
    missing = refusal(api.client.get_deployment, restApiId=api.id, deploymentId=deployment)
    assert missing == ("NotFoundException", 404, "Invalid Deployment identifier specified")


def test_a_slow_function_is_504_and_runs_on_f179(cloud: CloudUnderTest) -> None:
    function = cloud.deploy(
        """
        import time

        def handler(event, context):
            time.sleep(1.5)
            print("it ran to its end")
        """,
        Timeout=10,
    )
    api = RestApi(cloud)
    api.proxy("GET", "/x", function, timeoutInMillis=500)
    api.deploy()
    assert outcome(api.call("GET", "/dev/x")) == (
        504,
        {"message": "Endpoint request timed out"},
        "InternalServerErrorException",
    )
    deadline = time.monotonic() + 30
    while not any(
        "it ran to its end" in line for stream in function.log_streams() for line in function.log_events(stream)
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_body_beyond_10_mb_is_413_f199(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    api.proxy("POST", "/x", echo)
    api.deploy()
    answer = api.call("POST", "/dev/x", bytes(11 * 1024 * 1024))
    assert outcome(answer) == (413, {"message": "Request Too Long"}, "RequestTooLargeException")
    assert api.call("POST", "/dev/x", b"a" * 7 * 1024 * 1024).status == 413  # more than Lambda takes
    assert api.call("POST", "/dev/x", b"small").status == 200


def test_methods_are_checked(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    where = api.method("GET", "/x")

    def refused(**method: Any) -> tuple[str, int, str]:
        return refusal(api.client.put_method, **{**where, "httpMethod": "POST", "authorizationType": "NONE", **method})

    assert refused(httpMethod="GET") == ("ConflictException", 409, "Method already exists for this resource")
    methods = "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"
    assert refused(httpMethod="FETCH") == ("BadRequestException", 400, methods)
    authorizer = (
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
        "authorizer."
    )
    assert refused(authorizationType="CUSTOM") == ("BadRequestException", 400, authorizer)
    validator = "Invalid Request Validator identifier specified"
    assert refused(requestValidatorId="none") == ("BadRequestException", 400, validator)
    model = "Invalid model identifier specified: Pet"
    assert refused(requestModels={"application/json": "Pet"}) == ("BadRequestException", 400, model)


def test_headers_are_mapped_only_where_a_method_response_has_them(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    where = api.method("OPTIONS", "/x")
    api.client.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    header = "method.response.header.Access-Control-Allow-Origin"
    response = {**where, "statusCode": "200", "responseParameters": {header: "'*'"}}
    start = "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
    assert refusal(api.client.put_integration_response, **response) == (
        "BadRequestException",
        400,
        f"{start}[No method response exists for method.]",
    )
    api.client.put_method_response(**where, statusCode="200")
    assert refusal(api.client.put_integration_response, **response)[2] == (
        f"{start}[Invalid mapping expression parameter specified: {header}]"
    )


def test_an_api_that_is_not_there_is_named(cloud: CloudUnderTest) -> None:
    client = cloud.client("apigateway")
    missing = ("NotFoundException", 404, f"Invalid API identifier specified {ACCOUNT}:none")
    assert refusal(client.get_rest_api, restApiId="none") == missing
    assert refusal(client.delete_rest_api, restApiId="none") == missing
    assert refusal(client.get_resources, restApiId="none") == missing


def test_what_was_made_can_be_changed(cloud: CloudUnderTest, echo: Function) -> None:
    api = RestApi(cloud)
    where = api.method("GET", "/x")
    api.client.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    api.client.put_integration_response(**where, statusCode="200")
    place = {"restApiId": api.id, "resourceId": where["resourceId"]}

    def replaced(path: str, value: str) -> list[dict[str, str]]:
        return [{"op": "replace", "path": path, "value": value}]

    changed = api.client.update_resource(**place, patchOperations=replaced("/pathPart", "y"))
    assert changed["path"] == "/y"
    template = replaced("/requestTemplates/application~1json", '{"statusCode": 204}')
    api.client.update_integration(**where, patchOperations=template)
    api.client.update_integration_response(
        **where,
        statusCode="200",
        patchOperations=[{"op": "add", "path": "/responseTemplates/application~1json", "value": "changed"}],
    )
    assert api.client.update_method(**where, patchOperations=replaced("/apiKeyRequired", "true"))["apiKeyRequired"]
    api.client.update_method(**where, patchOperations=replaced("/apiKeyRequired", "false"))
    api.deploy()
    answer = api.call("GET", "/dev/y")
    assert (answer.status, answer.body) == (200, b"changed")
    refused = refusal(api.client.update_method, **where, patchOperations=replaced("/httpMethod", "PUT"))
    assert refused == ("BadRequestException", 400, "Invalid patch path /httpMethod")


def test_binary_media_types_are_patched_by_path(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud, binaryMediaTypes=["image/png"])
    assert api.api["binaryMediaTypes"] == ["image/png"]
    changes = [{"op": "add", "path": "/binaryMediaTypes/image~1jpeg"}]
    assert api.client.update_rest_api(restApiId=api.id, patchOperations=changes)["binaryMediaTypes"] == [
        "image/png",
        "image/jpeg",
    ]
    changes = [{"op": "remove", "path": "/binaryMediaTypes/image~1png"}]
    assert api.client.update_rest_api(restApiId=api.id, patchOperations=changes)["binaryMediaTypes"] == ["image/jpeg"]


def test_a_resource_is_deleted_with_what_is_below_it(cloud: CloudUnderTest) -> None:
    api = RestApi(cloud)
    api.resource("/orders/{id}/lines")
    api.client.delete_resource(restApiId=api.id, resourceId=api.resource("/orders"))
    assert [item["path"] for item in api.client.get_resources(restApiId=api.id)["items"]] == ["/"]
