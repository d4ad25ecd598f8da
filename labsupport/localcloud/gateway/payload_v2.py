"""Payload format 2.0: the event of a request, and the answer that a function's result stands for.

Sources: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs"; Lambda Developer Guide,
"Invoking Lambda function URLs". Where HTTP APIs and function URLs differ, it is as recorded from AWS: an HTTP API decodes
the path and takes the Cookie header away, a function URL keeps both as they came; an HTTP API calls an answer without a
type ``text/plain;charset=utf-8``, a function URL ``application/json``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from .http_message import Headers, HttpRequest, HttpResponse, request_time

_JSON = "application/json"
#: Bodies of these types reach the function as text; all others, forms and bodies without a type too, in base64.
_TEXT = re.compile(r"text/|application/(?:json|xml|javascript)(?:\s*;|\s*$)", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_A_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SHOWN_CHARACTERS = 100
_STATUS = re.compile(r"[2-5]\d\d")


class MalformedResponse(Exception):
    """What the function returned is no answer. The text names what is wrong, for notes to the learner."""


@dataclass(frozen=True)
class Route:
    """Where a request has arrived. ``raw_path`` as the event shows it. What is None is left out of the event."""

    account_id: str
    api_id: str
    request_id: str
    raw_path: str
    route_key: str = "$default"
    stage: str = "$default"
    path_parameters: Mapping[str, str] | None = None
    stage_variables: Mapping[str, str] | None = None
    authorizer: Mapping[str, Any] | None = None
    #: A function URL shows cookies in ``cookies`` and in the headers, an HTTP API in ``cookies`` only.
    cookie_header: bool = False


@dataclass(frozen=True)
class Answering:
    """How a function's result becomes an HTTP answer: the type of one that names none, and whether JSON without a
    status code is written anew (a function URL leaves out the spaces between its values)."""

    default_type: str
    compact: bool = field(default=False)


HTTP_API = Answering("text/plain;charset=utf-8")
FUNCTION_URL = Answering(_JSON, compact=True)


def event(request: HttpRequest, route: Route) -> dict[str, Any]:
    """The event for ``request``, keys in AWS's order; those without a value are left out."""
    headers, cookies = joined_headers(request.headers)
    if cookies and route.cookie_header:
        headers["cookie"] = "; ".join(cookies)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.route_key,
        "rawPath": route.raw_path,
        "rawQueryString": request.raw_query,
        "cookies": cookies or None,
        "headers": dict(sorted(headers.items())),
        "queryStringParameters": joined_query(request.raw_query) or None,
        "requestContext": request_context(request, route),
    }
    body, is_base64 = body_of(request)
    made["body"] = body
    made["pathParameters"] = dict(route.path_parameters) if route.path_parameters else None
    made["isBase64Encoded"] = is_base64
    made["stageVariables"] = dict(route.stage_variables) if route.stage_variables else None
    return {key: value for key, value in made.items() if value is not None}


def encoded(event: dict[str, Any]) -> bytes:
    """The event as the function gets it: what counts for the payload limit."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def request_context(request: HttpRequest, route: Route) -> dict[str, Any]:
    """The event's ``requestContext``."""
    context: dict[str, Any] = {"accountId": route.account_id, "apiId": route.api_id}
    if route.authorizer is not None:
        context["authorizer"] = dict(route.authorizer)
    return context | {
        "domainName": request.domain_name,
        "domainPrefix": request.domain_name.partition(".")[0],
        "http": {
            "method": request.method,
            "path": route.raw_path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.header("User-Agent") or "",
        },
        "requestId": route.request_id,
        "routeKey": route.route_key,
        "stage": route.stage,
        "time": request_time(request.received),
        "timeEpoch": int(request.received * 1000),
    }


def joined_headers(headers: Headers) -> tuple[dict[str, str], list[str]]:
    """Headers with lower-case names, repeated ones joined by commas; and the cookies of all Cookie headers."""
    joined: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in headers:
        lower = name.lower()
        if lower == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";") if cookie.strip()]
        else:
            joined[lower] = f"{joined[lower]},{value}" if lower in joined else value
    return joined, cookies


def query_pairs(raw_query: str) -> list[tuple[str, str]]:
    """Names and values of a query, decoded, in the order sent; a name without a value has an empty one."""
    pieces = (piece.partition("=") for piece in raw_query.split("&") if piece)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pieces]


def joined_query(raw_query: str) -> dict[str, str]:
    """The query's parameters, the values of repeated names joined by commas."""
    joined: dict[str, str] = {}
    for name, value in query_pairs(raw_query):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def body_of(request: HttpRequest) -> tuple[str | None, bool]:
    """The event's body and whether it is in base64; None when the request has no body."""
    if not request.body:
        return None, False
    if _TEXT.match(request.header("Content-Type") or "") and not request.header("Content-Encoding"):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


# --- what the function returned ------------------------------------------------------------------------------------


def response(payload: bytes, answering: Answering) -> HttpResponse:
    """The answer that the function's result means. Raises MalformedResponse.

    An object with ``statusCode`` says all of it. Any other result is the body of a 200, a string without its quotes.
    """
    try:
        result = json.loads(payload)
    except (ValueError, RecursionError):
        return HttpResponse(200, (("Content-Type", _JSON),), payload)
    if isinstance(result, dict) and "statusCode" in result:
        return _stated(result, answering)
    if isinstance(result, str):
        body = result.encode(errors="replace")
    elif answering.compact:
        body = json.dumps(result, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    else:
        body = payload
    return HttpResponse(200, (("Content-Type", _JSON),), body)


def _stated(result: dict[str, Any], answering: Answering) -> HttpResponse:
    headers = [*single_headers(result.get("headers"))]
    cookies = result.get("cookies")
    if cookies is not None and not (isinstance(cookies, list) and all(isinstance(cookie, str) for cookie in cookies)):
        raise MalformedResponse("cookies must be a list of strings")
    headers += [("Set-Cookie", header_value("cookies", cookie)) for cookie in cookies or ()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", answering.default_type))
    return HttpResponse(status_code(result.get("statusCode")), tuple(headers), stated_body(result))


def status_code(value: Any) -> int:
    """A whole number from 200 to 599, or its digits as a string."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _STATUS.fullmatch(text):
        raise MalformedResponse(f"statusCode must be a number from 200 to 599, not {_shown(value)}")
    return int(text)


def single_headers(headers: Any) -> list[tuple[str, str]]:
    """The pairs of ``headers``; numbers and booleans become text, null is left out."""
    if headers is None:
        return []
    if not isinstance(headers, dict):
        raise MalformedResponse("headers must be an object")
    return [(header_name(name), header_value(name, value)) for name, value in headers.items() if value is not None]


def header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise MalformedResponse(f"{_shown(name)} is no name of a header")
    return name


def header_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list) or value is None:
        raise MalformedResponse(f"the value of the header {name} must be a string, not {_shown(value)}")
    text = str(value)
    if _NOT_IN_A_HEADER.search(text):
        raise MalformedResponse(f"the value of the header {name} has a control character in it")
    return text


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} …"


def stated_body(result: dict[str, Any]) -> bytes:
    """The bytes of ``body``, decoded when ``isBase64Encoded`` says so."""
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponse("body must be a string: turn what you return into one with json.dumps")
    if result.get("isBase64Encoded") is True:
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise MalformedResponse("isBase64Encoded is true, but body is no base64") from None
    return body.encode(errors="replace")
