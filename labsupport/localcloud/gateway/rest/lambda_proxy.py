"""The AWS_PROXY integration of a REST API: the function behind it, and its answer."""

from __future__ import annotations

import json
import time

from ...lambda_api.names import parse_function_name
from ..http_message import HttpResponse
from ..invocation import FunctionInvoker, NotInvoked, Source, function_of_uri
from .errors import GatewayError
from .exchange import Exchange
from .mapping import value_of
from .proxy_event import proxy_event
from .proxy_response import proxy_response

_CONFIGURATION = "Execution failed due to configuration error: "


async def answer(exchange: Exchange, invoker: FunctionInvoker) -> HttpResponse:
    """Run the function and turn its answer into HTTP. Raises GatewayError."""
    integration = exchange.integration
    assert integration
    if integration.http_method != "POST":
        # Lambda's Invoke is a POST; whatever else is sent to it is refused there.
        raise GatewayError("API_CONFIGURATION_ERROR", log=_CONFIGURATION + "Invalid integration HTTP method")
    function_arn = function_of_uri(integration.uri, exchange.stage.variables)
    if function_arn is None:
        raise GatewayError("API_CONFIGURATION_ERROR", log=_CONFIGURATION + "Invalid Lambda function in the URI")
    note_function(exchange, function_arn)
    exchange.event = proxy_event(exchange, _mapped_headers(exchange))
    payload = json.dumps(exchange.event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    exchange.sent = payload
    started = time.monotonic()
    try:
        outcome = await invoker.invoke(
            function_arn,
            payload,
            Source(exchange.source_arn, integration.credentials),
            trace=exchange.trace,
            timeout=integration.timeout,
        )
    except NotInvoked as problem:
        raise error_of(problem) from problem
    finally:
        exchange.integration_latency = time.monotonic() - started
    exchange.received = outcome.payload
    if outcome.function_error:
        raise GatewayError("DEFAULT_5XX", log="Lambda execution failed with status 200 due to customer function error")
    deployment = exchange.stage.deployment
    return proxy_response(outcome.payload, exchange.request.header("Accept"), deployment.binary_media_types)


def _mapped_headers(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    """Headers that the integration's request parameters add. Query and path parameters of an event are always the
    client's own."""
    assert exchange.integration
    prefix = "integration.request.header."
    pairs = []
    for parameter, expression in exchange.integration.request_parameters.items():
        value = value_of(expression, exchange) if parameter.startswith(prefix) else None
        if value is not None:
            pairs.append((parameter[len(prefix) :], value))
    return tuple(pairs)


def note_function(exchange: Exchange, function_arn: str) -> None:
    """The function's name, for the tape."""
    named = parse_function_name(function_arn)
    exchange.function = named.name if named else function_arn


def error_of(problem: NotInvoked) -> GatewayError:
    """What the client is answered when the function was not run, or not to its end."""
    if problem.reason == NotInvoked.TIMEOUT:
        return GatewayError("INTEGRATION_TIMEOUT", log="Execution failed due to a timeout error")
    if problem.reason == NotInvoked.TOO_LARGE:
        return GatewayError("REQUEST_TOO_LARGE", log=str(problem))
    return GatewayError("API_CONFIGURATION_ERROR", log=_CONFIGURATION + str(problem))
