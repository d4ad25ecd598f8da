"""The event of a Lambda proxy integration of a REST API (payload format 1.0).

Source: API Gateway Developer Guide, "Input format of a Lambda function for proxy integration".
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from ..http_message import Headers, HttpRequest, request_time
from .exchange import Exchange
from .media_types import is_binary

#: API Gateway Developer Guide, "Amazon API Gateway important notes": headers that do not reach the integration.
_DROPPED = frozenset(
    (
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "keep-alive",
        "max-forwards",
        "proxy-authenticate",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    )
)
#: Headers that reach a function in this spelling, however the client spelled them; all others stay as they were sent.
_SPELLED = {"authorization": "Authorization", "user-agent": "User-Agent"}
_OWN = frozenset(("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"))
_NOBODY = (
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "principalOrgId",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "user",
)


def proxy_event(exchange: Exchange, more_headers: Headers = ()) -> dict[str, Any]:
    """The event of one request; ``more_headers`` are those that the integration's mapping adds."""
    request = exchange.request
    headers, multi_headers = _one_and_all(passed_headers(request, exchange.trace, more_headers))
    query, multi_query = _one_and_all(query_parameters(request))
    body, encoded = event_body(request, exchange.stage.deployment.binary_media_types)
    return {
        "resource": exchange.resource.path,
        "path": exchange.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": multi_headers,
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": multi_query or None,
        "pathParameters": dict(exchange.path_parameters) or None,
        "stageVariables": dict(exchange.stage.variables) or None,
        "requestContext": request_context(exchange),
        "body": body,
        "isBase64Encoded": encoded,
    }


def request_context(exchange: Exchange) -> dict[str, Any]:
    """``requestContext``, as events of functions and of REQUEST authorizers have it."""
    request, api = exchange.request, exchange.api
    context: dict[str, Any] = {
        "resourceId": exchange.resource.identifier,
        "resourcePath": exchange.resource.path,
        "httpMethod": request.method,
        "extendedRequestId": exchange.extended_request_id,
        "requestTime": request_time(request.received),
        "path": request.raw_path,
        "accountId": api.account,
        "protocol": request.protocol,
        "stage": exchange.stage.name,
        "domainPrefix": request.domain_name.partition(".")[0],
        "requestTimeEpoch": int(request.received * 1000),
        "requestId": exchange.request_id,
        "identity": {
            **dict.fromkeys(_NOBODY),
            "sourceIp": request.source_ip,
            "userAgent": request.header("User-Agent"),
            **exchange.identity,
        },
        "domainName": request.domain_name,
        "deploymentId": exchange.stage.deployment.identifier,
        "apiId": api.identifier,
    }
    if exchange.authorizer is not None:
        context["authorizer"] = exchange.authorizer
    return context


def passed_headers(request: HttpRequest, trace: str, more: Iterable[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Headers as an integration gets them: without those of one connection, with those that AWS's host adds, and with
    ``more`` that the client did not send itself."""
    headers: list[tuple[str, str]] = []
    forwarded: list[str] = []
    sent: set[str] = set()
    for name, value in request.headers:
        lower = name.lower()
        sent.add(lower)
        if lower == "x-forwarded-for":
            forwarded.append(value)
        if lower not in _DROPPED and lower not in _OWN:
            headers.append((_SPELLED.get(lower, name), value))
    headers += [
        ("X-Amzn-Trace-Id", trace),
        ("X-Forwarded-For", ", ".join([*forwarded, request.source_ip])),
        # AWS's hosts know HTTPS only; an event must read here as it will there.
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]
    return headers + [(name, value) for name, value in more if name.lower() not in sent]


def query_parameters(request: HttpRequest) -> list[tuple[str, str]]:
    """Decoded, in the order sent; one without a value has the empty string."""
    return parse_qsl(request.raw_query, keep_blank_values=True)


def event_body(request: HttpRequest, binary_media_types: tuple[str, ...]) -> tuple[str | None, bool]:
    """The body as text, and whether it is base64: only for the binary media types of the API."""
    if not request.body:
        return None, False
    if is_binary(request.header("Content-Type"), binary_media_types):
        return base64.b64encode(request.body).decode(), True
    return request.body.decode("utf-8", "replace"), False


def _one_and_all(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The last value of each name, and all of them. Names that differ in case are different names."""
    last: dict[str, str] = {}
    every: dict[str, list[str]] = {}
    for name, value in pairs:
        last[name] = value
        every.setdefault(name, []).append(value)
    return last, every
