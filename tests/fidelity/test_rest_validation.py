"""Request validators of REST APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .deployment import CloudUnderTest, Function, unique_name
from .rest_apis import ECHO, HttpAnswer, RestApi

ORDER = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "Order",
    "type": "object",
    "required": ["item", "quantity"],
    "properties": {"item": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}},
}


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


class Validated(RestApi):
    """POST /cards/{issuer} with required parameters and a model."""

    def __init__(
        self, cloud: CloudUnderTest, echo: Function, *, models: dict[str, str] | None = None, **validator: Any
    ) -> None:
        super().__init__(cloud)
        validator = {"validateRequestBody": True, "validateRequestParameters": True, **validator}
        made = self.client.create_request_validator(restApiId=self.id, name=unique_name("all"), **validator)
        self.client.create_model(
            restApiId=self.id, name="Order", contentType="application/json", schema=json.dumps(ORDER)
        )
        several = {
            "type": "array",
            "items": {"$ref": f"https://apigateway.amazonaws.com/restapis/{self.id}/models/Order"},
        }
        self.client.create_model(
            restApiId=self.id, name="Orders", contentType="application/json", schema=json.dumps(several)
        )
        method = {
            "requestValidatorId": made["id"],
            "requestParameters": {
                "method.request.querystring.qs1": True,
                "method.request.querystring.qs2": False,
                "method.request.path.issuer": True,
                "method.request.header.x-header-param": True,
            },
            "requestModels": models or {"application/json": "Order"},
        }
        self.proxy("POST", "/cards/{issuer}", echo, method=method)
        self.deploy()

    def post(
        self, body: Any = None, path: str = "/dev/cards/visa?qs1=a", header: str = "x-header-param", **headers: str
    ) -> HttpAnswer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", path, raw, {"Content-Type": "application/json", header: "h", **headers})


@pytest.fixture(scope="module")
def api(cloud: CloudUnderTest, echo: Function) -> Validated:
    return Validated(cloud, echo)


def bad(message: str) -> tuple[int, dict[str, str], str]:
    return 400, {"message": message}, "BadRequestException"


def said(answer: HttpAnswer) -> tuple[int, dict[str, Any], str | None]:
    return answer.status, answer.json, answer.header("x-amzn-ErrorType")


GOOD = {"item": "mug", "quantity": 1}


def test_a_request_with_all_that_is_wanted_reaches_the_function(api: Validated) -> None:
    assert api.post(GOOD).json["body"] == json.dumps(GOOD)


def test_missing_parameters_are_named_f182(api: Validated) -> None:
    answer = api.post(GOOD, "/dev/cards/%20", "x-other")
    assert said(answer) == bad("Missing required request parameters: [x-header-param, issuer, qs1]")


def test_the_name_of_a_header_is_compared_as_sent_f182(api: Validated) -> None:
    answer = api.post(GOOD, header="X-Header-Param")
    assert said(answer) == bad("Missing required request parameters: [x-header-param]")


@pytest.mark.parametrize(
    "body",
    [{}, {"item": "mug"}, {"item": 1, "quantity": 1}, {"item": "mug", "quantity": 0}, [], b"", b"{", b"item=mug"],
)
def test_a_body_that_does_not_fit_its_model(api: Validated, body: Any) -> None:
    assert said(api.post(body)) == bad("Invalid request body")


def test_parameters_are_checked_before_the_body(api: Validated) -> None:
    assert said(api.post({}, "/dev/cards/visa")) == bad("Missing required request parameters: [qs1]")


def test_a_content_type_without_a_model_is_not_checked(api: Validated) -> None:
    assert api.post(b"anything", **{"Content-Type": "text/plain"}).status == 200


def test_a_default_model_is_for_all_content_types(cloud: CloudUnderTest, echo: Function) -> None:
    api = Validated(cloud, echo, models={"$default": "Order"})
    assert api.post(b"anything", **{"Content-Type": "text/plain"}).status == 400


def test_a_validator_checks_only_what_it_says(cloud: CloudUnderTest, echo: Function) -> None:
    only_body = Validated(cloud, echo, validateRequestParameters=False)
    assert only_body.post(GOOD, "/dev/cards/visa").status == 200
    assert only_body.post({}, "/dev/cards/visa").status == 400
    only_parameters = Validated(cloud, echo, validateRequestBody=False)
    assert only_parameters.post({}).status == 200
    assert only_parameters.post({}, "/dev/cards/visa").status == 400


def test_a_model_may_refer_to_another(cloud: CloudUnderTest, echo: Function) -> None:
    api = Validated(cloud, echo, models={"application/json": "Orders"})
    assert api.post([GOOD]).status == 200
    assert api.post([GOOD, {"item": "mug"}]).status == 400


def test_a_gateway_response_may_tell_what_is_wrong(cloud: CloudUnderTest, echo: Function) -> None:
    api = Validated(cloud, echo)
    template = '{"message": $context.error.messageString, "detail": "$context.error.validationErrorString"}'
    api.client.put_gateway_response(
        restApiId=api.id,
        responseType="BAD_REQUEST_BODY",
        statusCode="422",
        responseTemplates={"application/json": template},
    )
    api.deploy()
    answer = api.post({"item": "mug", "quantity": 0})
    assert answer.status == 422
    assert answer.json == {
        "message": "Invalid request body",
        "detail": "[numeric instance is lower than the required minimum (minimum: 1, found: 0)]",
    }
