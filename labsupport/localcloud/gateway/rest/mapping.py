"""Mapping expressions: what a parameter of an integration or of an answer is made from.

Source: API Gateway Developer Guide, "Parameter mapping source reference for REST APIs in API Gateway".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..http_message import HttpResponse
from .exchange import Exchange
from .proxy_event import query_parameters, request_context


def value_of(expression: str, exchange: Exchange, response: HttpResponse | None = None) -> str | None:
    """The value of ``'text'``, ``method.request.header.name``, ``integration.response.body.path``, ``context.name``,
    ``stageVariables.name`` …; None when there is none. ``response`` is what the integration answered."""
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        return expression[1:-1]
    source, _, name = expression.partition(".")
    if source == "stageVariables":
        return exchange.stage.variables.get(name)
    if source == "context":
        return _text(context_value(exchange, name))
    kind, _, name = name.partition(".")
    place, _, name = name.partition(".")
    if source == "method" and kind == "request":
        return _of_request(place, name, exchange)
    if source == "integration" and kind == "response" and response is not None:
        return _of_response(place, name, response)
    return None


def _of_request(place: str, name: str, exchange: Exchange) -> str | None:
    request = exchange.request
    if place == "header":
        return request.header(name)
    if place == "multivalueheader":
        return ",".join(request.header_values(name)) or None
    if place == "path":
        return exchange.path_parameters.get(name)
    if place in ("querystring", "multivaluequerystring"):
        values = [value for key, value in query_parameters(request) if key == name]
        if not values:
            return None
        return values[-1] if place == "querystring" else ",".join(values)
    if place == "body":
        return in_body(request.body, name)
    return None


def _of_response(place: str, name: str, response: HttpResponse) -> str | None:
    values = [value for key, value in response.headers if key.lower() == name.lower()]
    if place == "header":
        return values[-1] if values else None
    if place == "multivalueheader":
        return ",".join(values) or None
    return in_body(response.body, name) if place == "body" else None


def in_body(body: bytes, path: str) -> str | None:
    """The whole body, or what is at a path of member names and indices in its JSON."""
    text = body.decode("utf-8", "replace")
    return _text(in_json(text, path)) if path else text


def in_json(text: str, path: str) -> Any:
    """What is at a path such as ``lines[0].item`` in JSON text; all of it without a path, None when nothing is there."""
    try:
        found = json.loads(text)
        for name in re.findall(r"[^.\[\]]+", path):
            found = found[int(name)] if isinstance(found, list) else found[name.strip("'\"")]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return found


def context_value(exchange: Exchange, name: str) -> Any:
    """What ``$context.name`` is; names are joined by dots. None when there is no such name."""
    found: Any = request_context(exchange) | exchange.context
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
