"""Answers at the address of a REST API: finds stage, resource and method, then goes through the steps of a request."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from ..http_message import HttpRequest, HttpResponse
from ..invocation import FunctionInvoker
from . import lambda_proxy
from .api import RestApi, rest_api
from .errors import GatewayError, error_body
from .exchange import Exchange

_ROOT = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")
#: A step before the integration. Raises GatewayError to end the request.
Step = Callable[[Exchange], Awaitable[None]]


class RestApis:
    """One per cloud."""

    def __init__(self, invoker: FunctionInvoker) -> None:
        self._invoker = invoker
        #: In the order of API Gateway: who may call, keys and plans, validation.
        self.steps: list[Step] = []

    def snapshot(self, document: dict[str, Any]) -> RestApi:
        """What ``answer`` wants, from the document of the moto process."""
        return rest_api(document)

    async def answer(self, api: RestApi, request: HttpRequest) -> HttpResponse:
        """The response to one request whose path begins with the stage."""
        found = self._exchange(api, request)
        if isinstance(found, HttpResponse):
            return found
        return await self.run(found)

    async def run(self, exchange: Exchange) -> HttpResponse:
        """All steps of a request whose method is known."""
        try:
            for step in self.steps:
                await step(exchange)
            response = await self._integrate(exchange)
        except GatewayError as problem:
            exchange.log.append(problem.log)
            response = _gateway_response(problem)
        return _with_ids(response, exchange)

    def too_large(self, api: RestApi, request: HttpRequest) -> HttpResponse:
        """For a request whose body is longer than API Gateway takes."""
        found = self._exchange(api, request)
        if isinstance(found, HttpResponse):
            return found
        return _with_ids(_gateway_response(GatewayError("REQUEST_TOO_LARGE")), found)

    def _exchange(self, api: RestApi, request: HttpRequest) -> Exchange | HttpResponse:
        _, _, rest = request.raw_path.partition("/")
        stage_name, _, rest = rest.partition("/")
        stage = api.stages.get(stage_name)
        if stage is None or api.disabled:
            return forbidden()
        path = "/" + rest.lstrip("/")
        route = stage.deployment.router.find(path)
        method = route.target.method(request.method) if route else None
        if route is None or method is None:
            return _gateway_response(GatewayError("MISSING_AUTHENTICATION_TOKEN"))
        exchange = Exchange(api, stage, request, route.target, method, route.parameters, path)
        root = _ROOT.search(request.header("X-Amzn-Trace-Id") or "")
        if root:
            exchange.trace = root[0]
        return exchange

    async def _integrate(self, exchange: Exchange) -> HttpResponse:
        integration = exchange.integration
        if integration is None:
            raise GatewayError("API_CONFIGURATION_ERROR", log="No integration defined for method")
        if integration.kind == "AWS_PROXY":
            return await lambda_proxy.answer(exchange, self._invoker)
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            f"The local cloud does not run integrations of the type {integration.kind}.",
            status=501,
            log=f"integration type {integration.kind} is not there",
        )


def forbidden() -> HttpResponse:
    """AWS's answer at the host of an API that has no such stage, or that is no API."""
    return HttpResponse(
        403,
        (("Content-Type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException")),
        error_body("message", "Forbidden"),
    )


def _gateway_response(problem: GatewayError) -> HttpResponse:
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", problem.error_type))
    return HttpResponse(problem.status, headers, error_body(problem.key, problem.message))


def _with_ids(response: HttpResponse, exchange: Exchange) -> HttpResponse:
    ids = (
        ("x-amzn-RequestId", exchange.request_id),
        ("x-amz-apigw-id", exchange.extended_request_id),
        ("X-Amzn-Trace-Id", exchange.trace),
    )
    given = {name.lower() for name, _ in response.headers}
    headers = response.headers + tuple((name, value) for name, value in ids if name.lower() not in given)
    return HttpResponse(response.status, headers, response.body)
