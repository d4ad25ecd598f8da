"""Answers at the address of a REST API: finds stage, resource and method, then goes through the steps of a request."""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from ...access import Access
from ..http_message import HttpRequest, HttpResponse
from ..invocation import FunctionInvoker
from . import iam, lambda_custom, lambda_proxy, mock
from .access_log import AccessLogs, Deliver
from .admission import Limits, validate
from .api import NO_METHOD, NO_RESOURCE, RestApi, rest_api
from .authorization import Authorization
from .errors import GatewayError, error_body
from .exchange import Exchange
from .execution_log import ExecutionLogs
from .gateway_responses import gateway_response

_ROOT = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")
#: A step before the integration. Raises GatewayError to end the request.
Step = Callable[[Exchange], Awaitable[None]]


class RestApis:
    """One per cloud."""

    def __init__(self, invoker: FunctionInvoker, access: Access, deliver_log: Deliver) -> None:
        self._invoker = invoker
        self._access_logs = AccessLogs(deliver_log)
        self._execution_logs = ExecutionLogs(deliver_log)
        self.authorization = Authorization(invoker, access)
        self.limits = Limits()
        #: In the order of API Gateway: who may call, keys and plans, validation.
        self.steps: list[Step] = [self.authorization, self.limits, validate]
        #: Those that TestInvokeMethod goes through: nobody's rights are asked for.
        self.test_steps: list[Step] = [validate]

    def snapshot(self, document: dict[str, Any]) -> RestApi:
        """What ``answer`` wants, from the document of the moto process."""
        return rest_api(document)

    async def answer(self, api: RestApi, request: HttpRequest) -> HttpResponse:
        """The response to one request whose path begins with the stage."""
        found = self._exchange(api, request)
        return found if isinstance(found, HttpResponse) else await self.run(found, self.steps)

    def too_large(self, api: RestApi, request: HttpRequest) -> HttpResponse:
        """For a request whose body is longer than API Gateway takes."""
        found = self._exchange(api, request)
        if isinstance(found, HttpResponse):
            return found
        return _finished(gateway_response(GatewayError("REQUEST_TOO_LARGE"), found), found)

    async def run(self, exchange: Exchange, steps: Sequence[Step]) -> HttpResponse:
        """The steps, then the integration, of a request whose stage is known."""
        problem: GatewayError | None = None
        try:
            if exchange.method is NO_METHOD:
                raise iam.not_signed(exchange.request)
            for step in steps:
                await step(exchange)
            response = await self.integrate(exchange)
            response = replace(response, headers=(*response.headers, ("X-Amzn-Trace-Id", exchange.trace)))
        except GatewayError as raised:
            problem = raised
            if problem.log:
                exchange.log.append(problem.log)
            response = gateway_response(problem, exchange)
        response = _finished(response, exchange)
        self._access_logs.write(exchange, response, problem)
        self._execution_logs.write(exchange, response)
        return response

    def _exchange(self, api: RestApi, request: HttpRequest) -> Exchange | HttpResponse:
        _, _, rest = request.raw_path.partition("/")
        stage_name, _, rest = rest.partition("/")
        stage = api.stages.get(unquote(stage_name))
        if stage is None or api.disabled:
            return forbidden()
        path = "/" + rest.lstrip("/")
        route = stage.deployment.router.find(path)
        method = route.target.method(request.method) if route else None
        if route is None or method is None:
            return Exchange(api, stage, request, NO_RESOURCE, NO_METHOD, {}, path)
        exchange = Exchange(api, stage, request, route.target, method, route.parameters, path)
        root = _ROOT.search(request.header("X-Amzn-Trace-Id") or "")
        if root:
            exchange.trace = root[0]
        return exchange

    async def integrate(self, exchange: Exchange) -> HttpResponse:
        """What the method's integration answers. Raises GatewayError."""
        integration = exchange.integration
        if integration is None:
            raise GatewayError("API_CONFIGURATION_ERROR", log="No integration defined for method")
        if integration.kind == "AWS_PROXY":
            return await lambda_proxy.answer(exchange, self._invoker)
        if integration.kind == "AWS":
            return await lambda_custom.answer(exchange, self._invoker)
        if integration.kind == "MOCK":
            return mock.answer(exchange)
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            f"The local cloud does not run integrations of the type {integration.kind}.",
            status=501,
            log=f"Integrations of the type {integration.kind} are not run by the local cloud",
        )


def forbidden() -> HttpResponse:
    """AWS's answer at the host of an API that has no such stage, or that is no API."""
    return HttpResponse(
        403,
        (("Content-Type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException")),
        error_body("message", "Forbidden"),
    )


def _finished(response: HttpResponse, exchange: Exchange) -> HttpResponse:
    """With the ids that AWS adds, compressed where the API says so, and with notes for the tape."""
    ids = (("x-amzn-RequestId", exchange.request_id), ("x-amz-apigw-id", exchange.extended_request_id))
    replaced = {name.lower() for name, _ in ids}
    headers = [(name, value) for name, value in response.headers if name.lower() not in replaced] + list(ids)
    body = response.body
    smallest = exchange.stage.deployment.minimum_compression_size
    accepted = exchange.request.header("Accept-Encoding") or ""
    if smallest is not None and len(body) >= smallest and body and "gzip" in accepted.lower():
        if not any(name.lower() == "content-encoding" for name, _ in headers):
            body = gzip.compress(body, 6)
            headers.append(("Content-Encoding", "gzip"))
    notes = {
        "request_id": exchange.request_id,
        "event": exchange.event,
        "function": exchange.function,
        "function_seconds": exchange.integration_latency,
        "log": tuple(exchange.log),
    }
    return HttpResponse(response.status, tuple(headers), body, response.notes | notes)
