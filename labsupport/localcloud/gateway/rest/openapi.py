"""A deployed REST API as an OpenAPI document, as GetExport gives it.

Sources: API Gateway Developer Guide, "Export a REST API from API Gateway" (extensions ``integrations``, ``authorizers``, both as
``apigateway``) and "OpenAPI extensions for API Gateway". The shape is that of exported documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OAS30, SWAGGER = "oas30", "swagger"
_PARAMETER = re.compile(r"method\.request\.(header|path|querystring)\.(.+)")
_PLACES = {"header": "header", "path": "path", "querystring": "query"}
_MODEL_ADDRESS = re.compile(r"https?://apigateway[^/]*\.amazonaws\.com/restapis/[^/]+/models/([A-Za-z0-9]+)")
_ANY = "x-amazon-apigateway-any-method"
_GREEDY = re.compile(r"\{([^{}]+?)\+?\}")


@dataclass(frozen=True)
class Exported:
    """What of an API is exported: ``document`` is what its deployment took along (``moto_seam_apigateway``); ``version``
    its date. ``integrations`` and ``authorizers`` say which extensions are wanted."""

    api_id: str
    region: str
    name: str
    description: str
    stage: str
    version: str
    document: Mapping[str, Any]
    integrations: bool = False
    authorizers: bool = False


def export(api: Exported, kind: str) -> dict[str, Any]:
    """OpenAPI 3.0.1 (``oas30``) or Swagger 2.0 (``swagger``)."""
    info: dict[str, Any] = {"title": api.name, "version": api.version}
    if api.description:
        info = {"title": api.name, "description": api.description, "version": api.version}
    paths = {
        resource["path"]: _path(api, kind, resource)
        for resource in sorted(api.document["resources"], key=lambda one: one["path"])
        if resource.get("resourceMethods")
    }
    schemas = _schemas(api, kind)
    security = _security_schemes(api, kind)
    host = f"{api.api_id}.execute-api.{api.region}.amazonaws.com"
    if kind == SWAGGER:
        document: dict[str, Any] = {
            "swagger": "2.0",
            "info": info,
            "host": host,
            "basePath": f"/{api.stage}",
            "schemes": ["https"],
            "paths": paths,
        }
        return document | _some(securityDefinitions=security, definitions=schemas)
    return {
        "openapi": "3.0.1",
        "info": info,
        "servers": [
            {"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": api.stage}}},
        ],
        "paths": paths,
        "components": _some(schemas=schemas, securitySchemes=security),
    }


def _some(**elements: Any) -> dict[str, Any]:
    return {name: value for name, value in elements.items() if value}


def _path(api: Exported, kind: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    methods = resource["resourceMethods"]
    return {
        _ANY if name == "ANY" else name.lower(): _operation(api, kind, resource["path"], methods[name])
        for name in sorted(methods)
    }


def _operation(api: Exported, kind: str, path: str, method: Mapping[str, Any]) -> dict[str, Any]:
    models = method.get("requestModels") or {}
    parameters = _parameters(kind, path, method.get("requestParameters") or {})
    operation: dict[str, Any] = {}
    if method.get("operationName"):
        operation["operationId"] = method["operationName"]
    if kind == SWAGGER:
        operation |= {"consumes": list(models)} if models else {}
        operation["produces"] = ["application/json"]
        parameters += [
            {"in": "body", "name": name, "required": True, "schema": {"$ref": f"#/definitions/{name}"}}
            for name in dict.fromkeys(models.values())
        ]
    if parameters:
        operation["parameters"] = parameters
    if kind == OAS30 and models:
        operation["requestBody"] = {"content": _content(models), "required": True}
    operation["responses"] = _responses(kind, method.get("methodResponses") or {})
    security = _security(api, method)
    if security:
        operation["security"] = security
    validator = _validator(api, method)
    if api.integrations:
        if validator:
            operation["x-amazon-apigateway-request-validator"] = validator
        if method.get("methodIntegration"):
            operation["x-amazon-apigateway-integration"] = _integration(method["methodIntegration"])
    return operation


def _parameters(kind: str, path: str, declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Declared parameters, and those of the path that are not: a path's variables are always required."""
    found: dict[tuple[str, str], bool] = {}
    for name, required in declared.items():
        match = _PARAMETER.fullmatch(name)
        if match:
            found[_PLACES[match[1]], match[2]] = bool(required) or match[1] == "path"
    for name in _GREEDY.findall(path):
        found.setdefault(("path", name), True)
    typed: dict[str, Any] = {"type": "string"} if kind == SWAGGER else {"schema": {"type": "string"}}
    return [
        {"name": name, "in": place} | ({"required": True} if required else {}) | typed
        for (place, name), required in sorted(found.items(), key=lambda one: (one[0][0], one[0][1]))
    ]


def _content(models: Mapping[str, str]) -> dict[str, Any]:
    return {media: {"schema": {"$ref": f"#/components/schemas/{name}"}} for media, name in models.items()}


def _responses(kind: str, declared: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, response in sorted(declared.items()):
        one: dict[str, Any] = {"description": f"{status} response"}
        headers = {
            name.removeprefix("method.response.header."): {"type": "string"}
            if kind == SWAGGER
            else {"schema": {"type": "string"}}
            for name in response.get("responseParameters") or {}
            if name.startswith("method.response.header.")
        }
        if headers:
            one["headers"] = headers
        models = response.get("responseModels") or {}
        if kind == OAS30:
            one["content"] = _content(models)
        elif models:
            one["schema"] = {"$ref": f"#/definitions/{next(iter(models.values()))}"}
        responses[str(status)] = one
    return responses or {"default": {"description": "Default response"}}


def _security(api: Exported, method: Mapping[str, Any]) -> list[dict[str, list[str]]]:
    found: list[dict[str, list[str]]] = []
    if method.get("authorizationType") == "AWS_IAM":
        found.append({"sigv4": []})
    authorizer = _authorizer(api, method.get("authorizerId"))
    if method.get("authorizationType") in ("CUSTOM", "COGNITO_USER_POOLS") and authorizer:
        found.append({authorizer["name"]: list(method.get("authorizationScopes") or [])})
    if method.get("apiKeyRequired"):
        found.append({"api_key": []})
    return found


def _authorizer(api: Exported, identifier: str | None) -> Mapping[str, Any] | None:
    return next((one for one in api.document["authorizers"] if one["id"] == identifier), None)


def _security_schemes(api: Exported, kind: str) -> dict[str, Any]:
    methods = [
        method for resource in api.document["resources"] for method in (resource.get("resourceMethods") or {}).values()
    ]
    schemes: dict[str, Any] = {}
    for method in methods:
        if method.get("authorizationType") == "AWS_IAM":
            signature: dict[str, Any] = {"type": "apiKey", "name": "Authorization", "in": "header"}
            schemes["sigv4"] = signature | ({"x-amazon-apigateway-authtype": "awsSigv4"} if api.authorizers else {})
        if method.get("apiKeyRequired"):
            schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        authorizer = _authorizer(api, method.get("authorizerId"))
        if method.get("authorizationType") in ("CUSTOM", "COGNITO_USER_POOLS") and authorizer:
            schemes[authorizer["name"]] = _scheme(authorizer, api.authorizers)
    return schemes


def _scheme(authorizer: Mapping[str, Any], extended: bool) -> dict[str, Any]:
    source = authorizer.get("identitySource") or ""
    header = source.removeprefix("method.request.header.") if source.startswith("method.request.header.") else ""
    single = "," not in header and header
    scheme: dict[str, Any] = {"type": "apiKey", "name": header if single else "Unused", "in": "header"}
    if extended:
        kind = str(authorizer.get("type") or "TOKEN").lower()
        scheme["x-amazon-apigateway-authtype"] = "cognito_user_pools" if kind == "cognito_user_pools" else "custom"
        scheme["x-amazon-apigateway-authorizer"] = _some(
            type=kind,
            authorizerUri=authorizer.get("authorizerUri"),
            authorizerCredentials=authorizer.get("authorizerCredentials"),
            authorizerResultTtlInSeconds=authorizer.get("authorizerResultTtlInSeconds"),
            identitySource=source if kind == "request" else None,
            identityValidationExpression=authorizer.get("identityValidationExpression"),
            providerARNs=authorizer.get("providerARNs"),
        )
    return scheme


def _validator(api: Exported, method: Mapping[str, Any]) -> str | None:
    identifier = method.get("requestValidatorId")
    return next((one["name"] for one in api.document["requestValidators"] if one["id"] == identifier), None)


def _integration(integration: Mapping[str, Any]) -> dict[str, Any]:
    responses = {
        response.get("selectionPattern") or "default": _some(
            statusCode=str(response.get("statusCode") or status),
            responseParameters=response.get("responseParameters"),
            responseTemplates=response.get("responseTemplates"),
        )
        for status, response in (integration.get("integrationResponses") or {}).items()
    }
    return _some(
        type=str(integration.get("type")).lower(),
        httpMethod=integration.get("httpMethod"),
        uri=integration.get("uri"),
        credentials=integration.get("credentials"),
        responses=responses,
        requestParameters=integration.get("requestParameters"),
        requestTemplates=integration.get("requestTemplates"),
        passthroughBehavior=str(integration.get("passthroughBehavior") or "WHEN_NO_MATCH").lower(),
        contentHandling=integration.get("contentHandling"),
        timeoutInMillis=integration.get("timeoutInMillis"),
    )


def _schemas(api: Exported, kind: str) -> dict[str, Any]:
    """The models, their references to each other within the document, and those that methods name without defining."""
    place = "#/definitions/" if kind == SWAGGER else "#/components/schemas/"
    schemas: dict[str, Any] = {}
    for model in api.document["models"]:
        try:
            schema = json.loads(model.get("schema") or "{}")
        except ValueError:
            continue
        schemas[model["name"]] = _with_references(schema, place)
    for resource in api.document["resources"]:
        for method in (resource.get("resourceMethods") or {}).values():
            named = list((method.get("requestModels") or {}).values())
            for response in (method.get("methodResponses") or {}).values():
                named += (response.get("responseModels") or {}).values()
            for name in named:
                schemas.setdefault(name, {"type": "object", "title": f"{name} Schema"} if name == "Empty" else {})
    return schemas


def _with_references(schema: Any, place: str) -> Any:
    if isinstance(schema, list):
        return [_with_references(one, place) for one in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: _with_references(value, place) for name, value in schema.items() if name != "$schema"}
    match = _MODEL_ADDRESS.fullmatch(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
    if match:
        changed["$ref"] = place + match[1]
    return changed
