"""The AWS_PROXY integration of a REST API: the function behind it, and its answer."""

from __future__ import annotations

import json

from ..http_message import HttpResponse
from ..invocation import FunctionInvoker, NotInvoked, Source, function_of_uri
from .errors import GatewayError
from .exchange import Exchange
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
    exchange.event = proxy_event(exchange)
    payload = json.dumps(exchange.event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    try:
        outcome = await invoker.invoke(
            function_arn,
            payload,
            Source(exchange.source_arn, integration.credentials),
            trace=exchange.trace,
            timeout=integration.timeout,
        )
    except NotInvoked as problem:
        raise _error(problem) from problem
    if outcome.function_error:
        raise GatewayError("DEFAULT_5XX", log="Lambda execution failed with status 200 due to customer function error")
    deployment = exchange.stage.deployment
    return proxy_response(outcome.payload, exchange.request.header("Accept"), deployment.binary_media_types)


def _error(problem: NotInvoked) -> GatewayError:
    if problem.reason == NotInvoked.TIMEOUT:
        return GatewayError("INTEGRATION_TIMEOUT", log="Execution failed due to a timeout error")
    if problem.reason == NotInvoked.TOO_LARGE:
        return GatewayError("REQUEST_TOO_LARGE", log=str(problem))
    return GatewayError("API_CONFIGURATION_ERROR", log=_CONFIGURATION + str(problem))
