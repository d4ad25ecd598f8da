"""The AWS integration of a REST API with a Lambda function: what the function gets and what becomes of its answer is said
by templates, not by the function.

Source: API Gateway Developer Guide, "Set up Lambda custom integrations in API Gateway" and "Handle Lambda errors in API
Gateway".
"""

from __future__ import annotations

import json
import time

from ..http_message import HttpResponse
from ..invocation import FunctionInvoker, NotInvoked, Source, function_of_uri
from . import lambda_proxy
from .errors import GatewayError
from .exchange import Exchange
from .integration_response import integration_response
from .mock import request_body


async def answer(exchange: Exchange, invoker: FunctionInvoker) -> HttpResponse:
    """Run the function with what the request template makes of the request. Raises GatewayError."""
    integration = exchange.integration
    assert integration
    if "X-Amz-Invocation-Type" in "".join(integration.request_parameters):
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            "The local cloud does not run asynchronous integrations (X-Amz-Invocation-Type).",
            status=501,
        )
    function_arn = function_of_uri(integration.uri, exchange.stage.variables)
    if function_arn is None:
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            "The local cloud runs integrations of the type AWS with Lambda functions only.",
            status=501,
        )
    lambda_proxy.note_function(exchange, function_arn)
    exchange.sent = request_body(exchange).encode("utf-8", "replace") or b"{}"
    started = time.monotonic()
    try:
        outcome = await invoker.invoke(
            function_arn,
            exchange.sent,
            Source(exchange.source_arn, integration.credentials),
            trace=exchange.trace,
            timeout=integration.timeout,
        )
    except NotInvoked as problem:
        raise lambda_proxy.error_of(problem) from problem
    finally:
        exchange.integration_latency = time.monotonic() - started
    exchange.received = outcome.payload
    selected_by = _error_message(outcome.payload) if outcome.function_error else ""
    return integration_response(exchange, HttpResponse(200, (), outcome.payload), selected_by)


def _error_message(payload: bytes) -> str:
    """What selection patterns are matched against."""
    try:
        return str(json.loads(payload).get("errorMessage") or "")
    except (ValueError, AttributeError):
        return ""
