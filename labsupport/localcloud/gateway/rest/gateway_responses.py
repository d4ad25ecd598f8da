"""Gateway responses: what API Gateway itself answers, and how an API can change it.

Source: API Gateway Developer Guide, "Gateway responses for REST APIs in API Gateway".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..http_message import HttpResponse
from .errors import GatewayError, error_body
from .exchange import Exchange
from .mapping import value_of
from .templates import substitute, template_for

_HEADER = "gatewayresponse.header."


def gateway_response(problem: GatewayError, exchange: Exchange) -> HttpResponse:
    """The answer to a request that ended with ``problem``: AWS's default, unless the API has one of its own for the
    type, or for all of its class (DEFAULT_4XX, DEFAULT_5XX)."""
    put = exchange.stage.deployment.gateway_responses
    own = put.get(problem.type.name) or put.get("DEFAULT_5XX" if problem.status >= 500 else "DEFAULT_4XX")
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", problem.error_type)]
    if own is None:
        return HttpResponse(problem.status, tuple(headers), error_body(problem.key, problem.message))
    exchange.context["error"] = {
        "message": problem.message,
        "messageString": json.dumps(problem.message, ensure_ascii=False),
        "responseType": problem.type.name,
        **problem.context,
    }
    body, media_type = _body(own, problem, exchange)
    headers[0] = ("Content-Type", media_type)
    for parameter, expression in (own.get("responseParameters") or {}).items():
        value = value_of(expression, exchange) if parameter.startswith(_HEADER) else None
        if value is not None:
            name = parameter[len(_HEADER) :]
            headers = [pair for pair in headers if pair[0].lower() != name.lower()] + [(name, value)]
    return HttpResponse(int(own.get("statusCode") or problem.status), tuple(headers), body)


def _body(own: Mapping[str, Any], problem: GatewayError, exchange: Exchange) -> tuple[bytes, str]:
    """Body and media type: by the template for what the client accepts, else by the one for JSON, else by the first."""
    templates: dict[str, str | None] = own.get("responseTemplates") or {}
    accepted = (exchange.request.header("Accept") or "").partition(",")[0]
    found = template_for(templates, accepted) or template_for(templates, None)
    if found is None and templates:
        found = next((name, text or "") for name, text in templates.items())
    if found is None:
        return error_body(problem.key, problem.message), "application/json"
    media_type, text = found
    return substitute(text, exchange).encode(), media_type
