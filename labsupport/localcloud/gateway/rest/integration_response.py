"""The integration response of a non-proxy integration: which one, its headers and its body.

Source: API Gateway Developer Guide, "Set up an integration response in API Gateway".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..http_message import HttpResponse
from .errors import GatewayError
from .exchange import Exchange
from .mapping import value_of
from .templates import render, template_for

_HEADER = "method.response.header."
_CONFIGURATION = "Execution failed due to configuration error: "


def integration_response(exchange: Exchange, answer: HttpResponse, selected_by: str) -> HttpResponse:
    """What the client gets for ``answer`` of the integration. ``selected_by`` is what selection patterns are matched
    against: a status code, or the error message of a function. Raises GatewayError when no response is for it."""
    integration = exchange.integration
    assert integration
    chosen = _choose(integration.responses, selected_by)
    if chosen is None:
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            log=_CONFIGURATION + "No match for output mapping and no default output mapping configured. "
            f"Endpoint Response Status Code: {answer.status}",
        )
    headers: list[tuple[str, str]] = []
    for parameter, expression in (chosen.get("responseParameters") or {}).items():
        value = value_of(expression, exchange, answer) if parameter.startswith(_HEADER) else None
        if value is not None:
            headers.append((parameter[len(_HEADER) :], value))
    body = answer.body
    templates = chosen.get("responseTemplates") or {}
    found = template_for(templates, None) or next(((name, text or "") for name, text in templates.items()), None)
    media_type = "application/json"
    if found is not None:
        media_type, text = found
        if text:
            body = render(text, exchange, body.decode("utf-8", "replace")).encode()
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", media_type))
    return HttpResponse(int(chosen["statusCode"]), tuple(headers), body)


def _choose(responses: Mapping[str, Mapping[str, Any]], selected_by: str) -> Mapping[str, Any] | None:
    default = None
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if not pattern:
            default = default or response
        elif _matches(pattern, selected_by):
            return response
    return default


def _matches(pattern: str, text: str) -> bool:
    """The pattern must match all of the text. One that Python does not understand matches only itself."""
    try:
        return re.fullmatch(pattern, text, re.DOTALL) is not None
    except re.error:
        return pattern == text
