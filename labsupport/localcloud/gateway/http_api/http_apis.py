"""Answers at the address of an HTTP API: stage, route, authorization, integration, and CORS around it all.

Sources: API Gateway Developer Guide, "Create routes for HTTP APIs", "Configure CORS for HTTP APIs in API Gateway" and the
pages on authorizers; the errors are as seen from AWS.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import unquote

from ...access import Access
from ...lambda_api.names import parse_function_name
from .. import payload_v2
from ..cors import is_preflight, without_cors
from ..forwarded import through_http_api
from ..http_message import HttpRequest, HttpResponse
from ..invocation import FunctionInvoker, NotInvoked, Source, function_of_uri
from ..rest.throttling import Buckets
from . import events_v1
from .api import DEFAULT, HttpApi, Route, Stage
from .authorization import Authorization, Granted
from .errors import HttpApiError, error_response


class Moto(Protocol):
    """What is asked of the moto process: addresses of Cognito's user pools."""

    async def forward(self, method: str, raw_path: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]: ...


class HttpApis:
    """One per cloud."""

    def __init__(self, invoker: FunctionInvoker, access: Access, moto: Moto) -> None:
        self._invoker = invoker
        self._authorization = Authorization(invoker, access, moto)
        self._buckets = Buckets()

    def snapshot(self, document: dict[str, Any]) -> HttpApi:
        """What ``answer`` wants, from the document of the moto process."""
        return HttpApi.of(document)

    def forget(self) -> None:
        """An API has changed."""
        self._authorization.forget()

    def too_large(self, api: HttpApi, request: HttpRequest) -> HttpResponse:
        """For a request whose body is longer than API Gateway takes."""
        return _finished(api, request, error_response(413, "Request Entity Too Large"), _new_id())

    async def answer(self, api: HttpApi, request: HttpRequest) -> HttpResponse:
        """The response to one request. Never raises for what the client or a function sent."""
        request_id = _new_id()
        try:
            response = await self._answer(api, request, request_id)
        except HttpApiError as problem:
            response = problem.response
        return _finished(api, request, response, request_id)

    async def _answer(self, api: HttpApi, request: HttpRequest, request_id: str) -> HttpResponse:
        if not api.enabled:
            raise HttpApiError(404, "Not Found")
        stage, raw_path = _stage_of(api, request.raw_path)
        found = stage.routes.find(request.method, raw_path) if stage and stage.routes else None
        preflight = api.cors is not None and is_preflight(request)
        if stage is None or found is None:
            if preflight:
                return HttpResponse(204)
            raise HttpApiError(404, "Not Found")
        route, parameters = found
        bucket = (api.region, api.identifier, stage.name, route.key)
        if not self._buckets.take(bucket, stage.throttle_of(route.key), time.monotonic()):
            raise HttpApiError(429, "Too Many Requests")
        if stage.name == DEFAULT:
            request = replace(request, raw_path=raw_path)  # where an address names the stage, as other stages are named
        request = through_http_api(request)
        about = payload_v2.Route(
            account_id=api.account,
            api_id=api.identifier,
            request_id=request_id,
            raw_path=unquote(request.raw_path),
            route_key=route.key,
            stage=stage.name,
            path_parameters=parameters,
            stage_variables=stage.variables,
        )
        granted = await self._authorization.check(api, route, request, about, raw_path)
        if preflight:  # after the authorizer: a $default route that has one keeps browsers out, as on AWS
            return HttpResponse(204)
        return await self._integrate(api, route, request, about, granted)

    async def _integrate(
        self, api: HttpApi, route: Route, request: HttpRequest, about: payload_v2.Route, granted: Granted
    ) -> HttpResponse:
        integration = route.integration
        if integration is None:
            raise HttpApiError(500, "Internal Server Error", problem=f"the route {route.key} has no integration")
        if integration.kind != "AWS_PROXY" or integration.subtype:
            kind = f"{integration.kind} ({integration.subtype})" if integration.subtype else integration.kind
            raise _not_here(f"integrations of the type {kind}")
        if integration.request_parameters or integration.response_parameters:
            raise _not_here("parameter mappings of HTTP APIs")
        function = function_of_uri(integration.uri, about.stage_variables or {})
        if function is None:
            raise HttpApiError(500, "Internal Server Error", problem=f"{integration.uri} is no function")
        old = integration.payload_format == "1.0"
        if old:
            event = events_v1.event(request, replace(about, authorizer=granted.for_format_1), granted.identity)
        else:
            event = payload_v2.event(request, replace(about, authorizer=granted.for_format_2))
        named = parse_function_name(function)
        notes: dict[str, Any] = {"event": event, "function": named.name if named else function}
        started = time.monotonic()
        source = Source(_source_arn(api, route, request, about), integration.role)
        try:
            outcome = await self._invoker.invoke(
                function,
                payload_v2.encoded(event),
                source,
                trace=request.header("X-Amzn-Trace-Id"),
                timeout=integration.timeout,
            )
        except NotInvoked as problem:
            if problem.reason == NotInvoked.PERMISSION and integration.role is None:
                await self._invoker.tell(
                    function,
                    f"the HTTP API {api.identifier} may not invoke this function, its caller got 500. Allow it with "
                    'lambda.add_permission(StatementId=..., Action="lambda:InvokeFunction", '
                    f'Principal="apigateway.amazonaws.com", SourceArn="{source.arn}", FunctionName="{function}").',
                )
            raise _not_invoked(problem, notes | {"function_seconds": time.monotonic() - started}) from None
        notes["function_seconds"] = time.monotonic() - started
        if outcome.function_error:
            raise HttpApiError(500, "Internal Server Error", notes=notes)
        try:
            response = (
                events_v1.response(outcome.payload)
                if old
                else payload_v2.response(outcome.payload, payload_v2.HTTP_API)
            )
        except payload_v2.MalformedResponse as malformed:
            await self._invoker.tell(
                function,
                f"the caller of the HTTP API {api.identifier} got 500, Internal Server Error: {malformed}.",
            )
            raise HttpApiError(500, "Internal Server Error", problem=str(malformed), notes=notes) from None
        if api.cors is not None:
            response = replace(response, headers=without_cors(response.headers))
        return replace(response, notes=notes)


def _stage_of(api: HttpApi, raw_path: str) -> tuple[Stage | None, str]:
    """The stage, and the path without it. A path that begins with no stage's name belongs to ``$default``."""
    first, slash, rest = raw_path.removeprefix("/").partition("/")
    stage = api.stages.get(unquote(first))
    if stage is not None:
        return stage, slash + rest or "/"
    return api.stages.get(DEFAULT), raw_path


def _source_arn(api: HttpApi, route: Route, request: HttpRequest, about: payload_v2.Route) -> str:
    """``aws:SourceArn`` of the invocation: stage, method and the route's own path; ``$default`` has no method."""
    where = f"arn:aws:execute-api:{api.region}:{api.account}:{api.identifier}/{about.stage}"
    if route.key == DEFAULT:
        return f"{where}/{DEFAULT}"
    return f"{where}/{request.method}{events_v1.resource_path(route.key)}"


def _not_invoked(problem: NotInvoked, notes: dict[str, Any]) -> HttpApiError:
    if problem.reason in (NotInvoked.TIMEOUT, NotInvoked.THROTTLED):
        return HttpApiError(503, "Service Unavailable", problem=str(problem), notes=notes)
    if problem.reason == NotInvoked.TOO_LARGE:
        return HttpApiError(413, "Request Entity Too Large", notes=notes)
    return HttpApiError(500, "Internal Server Error", problem=str(problem), notes=notes)


def _not_here(what: str) -> HttpApiError:
    return HttpApiError(501, f"The local cloud does not have {what}.")


def _finished(api: HttpApi, request: HttpRequest, response: HttpResponse, request_id: str) -> HttpResponse:
    """With the headers that every answer has: of CORS, and the request's id."""
    headers = response.headers
    if api.cors is not None:
        headers += api.cors.preflight(request) if is_preflight(request) else api.cors.actual(request)
    stage, _ = _stage_of(api, request.raw_path)
    notes = {**response.notes, "request_id": request_id, "stage": stage.name if stage else ""}
    return replace(response, headers=(*headers, ("Apigw-Requestid", request_id)), notes=notes)


def _new_id() -> str:
    """Sixteen characters that end in ``=``, as ids of HTTP APIs do."""
    return secrets.token_urlsafe(12)[:15] + "="
