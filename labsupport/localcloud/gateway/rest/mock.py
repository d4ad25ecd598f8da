"""The MOCK integration: no backend, the request template says the status, an integration response does the rest. CORS
preflights are answered this way.

Source: API Gateway Developer Guide, "Mock integrations for REST APIs in API Gateway".
"""

from __future__ import annotations

import json

from ..http_message import HttpResponse
from .errors import GatewayError
from .exchange import Exchange
from .integration_response import integration_response
from .templates import render, template_for

_NO_STATUS = (
    "Execution failed due to configuration error: Unable to parse statusCode. It should be an integer that is defined in "
    "the request template."
)


def answer(exchange: Exchange) -> HttpResponse:
    """Raises GatewayError when the template gives no status code or no response is for it."""
    status = _status(request_body(exchange))
    return integration_response(exchange, HttpResponse(status), str(status))


def request_body(exchange: Exchange) -> str:
    """What a non-proxy integration gets: the request template for the Content-Type, or the body as it is. Raises
    GatewayError (415) when there is no template and ``passthroughBehavior`` forbids the body to pass."""
    integration, request = exchange.integration, exchange.request
    assert integration
    body = request.body.decode("utf-8", "replace")
    templates = dict(integration.request_templates)
    found = template_for(templates, request.header("Content-Type"))
    if found is not None:
        return render(found[1], exchange, body)
    behavior = integration.passthrough_behavior.upper()
    if behavior == "NEVER" or (behavior == "WHEN_NO_TEMPLATES" and templates):
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    return body


def _status(text: str) -> int:
    try:
        status = json.loads(text)["statusCode"]
    except (ValueError, KeyError, TypeError):
        status = None
    if isinstance(status, bool) or not isinstance(status, int):
        raise GatewayError("API_CONFIGURATION_ERROR", log=_NO_STATUS)
    return status
