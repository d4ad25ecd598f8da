"""GetExport: a deployed REST API as an OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from .deployment import REGION, CloudUnderTest, Function, refusal, unique_name
from .rest_apis import ECHO, RestApi, invocation_uri


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


@pytest.fixture(scope="module")
def api(cloud: CloudUnderTest, echo: Function) -> RestApi:
    api = RestApi(cloud, description="orders of prints")
    order = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["item"]}
    address = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Order"
    orders = {"type": "array", "items": {"$ref": address}}
    for name, schema in (("Order", order), ("Orders", orders)):
        api.client.create_model(restApiId=api.id, name=name, contentType="application/json", schema=json.dumps(schema))
    judge = api.client.create_authorizer(
        restApiId=api.id,
        name="judge",
        type="TOKEN",
        authorizerUri=invocation_uri(echo.arn),
        identitySource="method.request.header.X-Token",
    )
    where = api.proxy(
        "POST",
        "/orders",
        echo,
        method={
            "authorizationType": "CUSTOM",
            "authorizerId": judge["id"],
            "apiKeyRequired": True,
            "operationName": "placeOrder",
            "requestModels": {"application/json": "Order"},
            "requestParameters": {"method.request.querystring.dry": False, "method.request.header.X-Id": True},
        },
    )
    api.client.put_method_response(**where, statusCode="201", responseModels={"application/json": "Orders"})
    api.proxy("GET", "/orders/{id}", echo, method={"authorizationType": "AWS_IAM"})
    api.proxy("ANY", "/files/{proxy+}", echo)
    api.deploy()
    api.proxy("GET", "/later", echo)  # not deployed
    return api


def exported(api: RestApi, kind: str = "oas30", **more: Any) -> dict[str, Any]:
    body = api.client.get_export(restApiId=api.id, stageName="dev", exportType=kind, **more)["body"].read()
    document: dict[str, Any] = yaml.safe_load(body)
    return document


def test_the_document_is_a_valid_one_of_openapi_3(api: RestApi) -> None:
    document = exported(api)
    validate(document)
    assert document["openapi"] == "3.0.1"
    assert document["info"]["title"] == api.api["name"]
    assert document["info"]["description"] == "orders of prints"
    assert document["servers"] == [
        {
            "url": f"https://{api.id}.execute-api.{REGION}.amazonaws.com/{{basePath}}",
            "variables": {"basePath": {"default": "dev"}},
        }
    ]


def test_operations_have_their_parameters_models_and_security(api: RestApi) -> None:
    document = exported(api)
    assert document["paths"]["/orders"]["post"] == {
        "operationId": "placeOrder",
        "parameters": [
            {"name": "X-Id", "in": "header", "required": True, "schema": {"type": "string"}},
            {"name": "dry", "in": "query", "schema": {"type": "string"}},
        ],
        "requestBody": {
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
            "required": True,
        },
        "responses": {
            "201": {
                "description": "201 response",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Orders"}}},
            }
        },
        "security": [{"judge": []}, {"api_key": []}],
    }
    one = document["paths"]["/orders/{id}"]["get"]
    assert one["parameters"] == [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    assert one["security"] == [{"sigv4": []}]
    assert document["components"]["schemas"]["Orders"]["items"] == {"$ref": "#/components/schemas/Order"}
    assert document["components"]["securitySchemes"]["api_key"] == {
        "type": "apiKey",
        "name": "x-api-key",
        "in": "header",
    }
    assert document["components"]["securitySchemes"]["judge"] == {"type": "apiKey", "name": "X-Token", "in": "header"}
    assert list(document["paths"]["/files/{proxy+}"]) == ["x-amazon-apigateway-any-method"]


def test_it_is_of_what_the_stage_has_deployed(api: RestApi) -> None:
    assert "/later" not in exported(api)["paths"]


def test_extensions_are_there_when_they_are_asked_for(api: RestApi, echo: Function) -> None:
    assert "x-amazon" not in json.dumps(exported(api)).replace("x-amazon-apigateway-any-method", "")
    extended = exported(api, parameters={"extensions": "apigateway"})
    integration = extended["paths"]["/orders"]["post"]["x-amazon-apigateway-integration"]
    assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
    assert integration["uri"] == invocation_uri(echo.arn)
    scheme = extended["components"]["securitySchemes"]["judge"]
    assert scheme["x-amazon-apigateway-authorizer"]["type"] == "token"
    only = exported(api, parameters={"extensions": "integrations"})
    assert "x-amazon-apigateway-authorizer" not in json.dumps(only)


def test_swagger_and_yaml(api: RestApi) -> None:
    document = exported(api, "swagger", accepts="application/yaml")
    assert document["swagger"] == "2.0"
    assert (document["host"], document["basePath"]) == (api.host, "/dev")
    assert document["definitions"]["Orders"]["items"] == {"$ref": "#/definitions/Order"}
    assert {"in": "body", "name": "Order", "required": True, "schema": {"$ref": "#/definitions/Order"}} in document[
        "paths"
    ]["/orders"]["post"]["parameters"]


def test_other_kinds_and_stages_are_refused(api: RestApi) -> None:
    code, status, message = refusal(
        api.client.get_export, restApiId=api.id, stageName="dev", exportType=unique_name("x")
    )
    assert (code, status) == ("BadRequestException", 400)
    code, status, _ = refusal(api.client.get_export, restApiId=api.id, stageName="none", exportType="oas30")
    assert (code, status) == ("NotFoundException", 404)
