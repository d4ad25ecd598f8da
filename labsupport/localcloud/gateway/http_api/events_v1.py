"""Payload format 1.0 of HTTP APIs: nearly the event of a REST API, with differences of its own.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs"; details as recorded from AWS:
names of headers are capitalised, ``path`` stays encoded while ``requestContext.path`` does not, ``resourceId`` is the
route's key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from .. import payload_v2
from ..http_message import HttpRequest, HttpResponse, request_time

_IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAmr",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "sourceIp",
    "user",
    "userAgent",
    "userArn",
)


def event(request: HttpRequest, route: payload_v2.Route, identity: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The event for ``request``; ``identity`` says who signed it. What is absent is null, as in events of REST APIs."""
    multi_headers = _grouped([(_capitalised(name), value) for name, value in request.headers])
    multi_query = _grouped(payload_v2.query_pairs(request.raw_query))
    body, is_base64 = payload_v2.body_of(request)
    return {
        "version": "1.0",
        "resource": resource_path(route.route_key),
        "path": request.raw_path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in multi_headers.items()},
        "multiValueHeaders": multi_headers,
        "queryStringParameters": {name: values[-1] for name, values in multi_query.items()} or None,
        "multiValueQueryStringParameters": multi_query or None,
        "requestContext": request_context(request, route, identity),
        "pathParameters": dict(route.path_parameters) if route.path_parameters else None,
        "stageVariables": dict(route.stage_variables) if route.stage_variables else None,
        "body": body,
        "isBase64Encoded": is_base64,
    }


def request_context(
    request: HttpRequest, route: payload_v2.Route, identity: Mapping[str, str] | None
) -> dict[str, Any]:
    """The event's ``requestContext``."""
    about = dict.fromkeys(_IDENTITY) | {
        "sourceIp": request.source_ip,
        "userAgent": request.header("User-Agent") or "",
        **(identity or {}),
    }
    context: dict[str, Any] = {"accountId": route.account_id, "apiId": route.api_id}
    if route.authorizer is not None:
        context["authorizer"] = dict(route.authorizer)
    return context | {
        "domainName": request.domain_name,
        "domainPrefix": request.domain_name.partition(".")[0],
        "extendedRequestId": route.request_id,
        "httpMethod": request.method,
        "identity": about,
        "path": unquote(request.raw_path),
        "protocol": request.protocol,
        "requestId": route.request_id,
        "requestTime": request_time(request.received),
        "requestTimeEpoch": int(request.received * 1000),
        "resourceId": route.route_key,
        "resourcePath": resource_path(route.route_key),
        "stage": route.stage,
    }


def resource_path(route_key: str) -> str:
    """The path of a route's key: ``/pets/{id}``; ``$default`` stays what it is."""
    return route_key.partition(" ")[2] or route_key


def response(payload: bytes) -> HttpResponse:
    """The answer that the function's result means. Raises MalformedResponse: format 1.0 infers nothing."""
    try:
        result = json.loads(payload)
    except (ValueError, RecursionError):
        raise payload_v2.MalformedResponse("the function did not return JSON") from None
    if not isinstance(result, dict):
        raise payload_v2.MalformedResponse("with payload format 1.0 a function must return an object with statusCode")
    headers: list[tuple[str, str]] = []
    multiple = result.get("multiValueHeaders") or {}
    if not isinstance(multiple, dict) or not all(isinstance(values, list) for values in multiple.values()):
        raise payload_v2.MalformedResponse("multiValueHeaders must be an object of lists")
    for name, values in multiple.items():
        checked = payload_v2.header_name(name)
        headers += [(checked, payload_v2.header_value(name, value)) for value in values]
    headers += payload_v2.single_headers(result.get("headers"))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", payload_v2.HTTP_API.default_type))
    status = payload_v2.status_code(result.get("statusCode"))
    return HttpResponse(status, tuple(headers), payload_v2.stated_body(result))


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _capitalised(name: str) -> str:
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))
