"""May this request take this route? Runs the route's authorizer, or checks the signature.

Sources: API Gateway Developer Guide, "Control and manage access to HTTP APIs in API Gateway" and the pages below it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from ...access import Access
from ...access.api_callers import ApiCaller, identify, may
from ...access.denial import Refusal
from ...access.evaluation import Question
from .. import payload_v2
from ..http_message import HttpRequest
from ..invocation import FunctionInvoker
from .api import Authorizer, HttpApi, Route
from .errors import HttpApiError
from .jwt_authorizer import JwtAuthorizers, TokenRefused, is_cognito
from .lambda_authorizer import AuthorizerFailed, LambdaAuthorizers, route_arn

_FETCH_SECONDS = 5.0


class Moto(Protocol):
    async def forward(self, method: str, raw_path: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]: ...


@dataclass(frozen=True)
class Granted:
    """What the function is told of the authorization: ``requestContext.authorizer`` in both payload formats, and in
    format 1.0 fields of ``requestContext.identity``."""

    for_format_1: Mapping[str, Any] | None = None
    for_format_2: Mapping[str, Any] | None = None
    identity: Mapping[str, str] = field(default_factory=dict)


class Authorization:
    """One per cloud."""

    def __init__(self, invoker: FunctionInvoker, access: Access, moto: Moto) -> None:
        self._access = access
        self._moto = moto
        self._functions = LambdaAuthorizers(invoker)
        self._tokens = JwtAuthorizers(self._fetch)

    def forget(self) -> None:
        """An API has changed."""
        self._functions.forget()

    async def check(
        self, api: HttpApi, route: Route, request: HttpRequest, about: payload_v2.Route, raw_path: str
    ) -> Granted:
        """Raises HttpApiError when the request may not go on. ``raw_path`` is the path without the stage."""
        if route.authorization == "NONE":
            return Granted()
        arn = route_arn(api, request, about, raw_path)
        if route.authorization == "AWS_IAM":
            return await self._signed(api, request, arn)
        if route.authorizer is None:
            raise HttpApiError(500, "Internal Server Error", problem=f"the authorizer of {route.key} is not there")
        if route.authorization == "JWT":
            return await self._with_token(route, route.authorizer, request, about)
        return await self._with_function(api, route.authorizer, request, about, arn)

    async def _with_function(
        self, api: HttpApi, authorizer: Authorizer, request: HttpRequest, about: payload_v2.Route, arn: str
    ) -> Granted:
        sources = [_source(expression, request, about) for expression in authorizer.sources]
        present = [value for value in sources if value]
        if len(present) < len(sources):
            raise HttpApiError(401, "Unauthorized", problem="a source of identity is missing in the request")
        try:
            verdict = await self._functions.decide(api, authorizer, request, about, present)
        except AuthorizerFailed as problem:
            raise HttpApiError(500, "Internal Server Error", problem=str(problem)) from None
        if not verdict.allows(arn):
            raise HttpApiError(403, "Forbidden")
        principal = {"principalId": verdict.principal} if verdict.principal else {}
        return Granted(for_format_1={**principal, **verdict.context}, for_format_2={"lambda": verdict.context or None})

    async def _with_token(
        self, route: Route, authorizer: Authorizer, request: HttpRequest, about: payload_v2.Route
    ) -> Granted:
        text = next((value for one in authorizer.sources if (value := _source(one, request, about))), None)
        if text is None:
            raise HttpApiError(401, "Unauthorized", headers=(("WWW-Authenticate", "Bearer"),))
        try:
            token = await self._tokens.check(authorizer, text, route.scopes)
        except TokenRefused as problem:
            scopes = " ".join(route.scopes)
            told = f'Bearer scope="{scopes}" error="{problem.error}" error_description="{problem}"'
            insufficient = problem.error == "insufficient_scope"
            raise HttpApiError(
                403 if insufficient else 401,
                "Forbidden" if insufficient else "Unauthorized",
                headers=(("WWW-Authenticate", told),),
                problem=str(problem),
            ) from None
        shown = {"claims": token.shown_claims(), "scopes": list(token.scopes) if route.scopes else None}
        return Granted(for_format_1=shown, for_format_2={"jwt": shown})

    async def _signed(self, api: HttpApi, request: HttpRequest, arn: str) -> Granted:
        headers = request.sent_headers()
        caller = await identify(self._access, request.method, request.sent_target, headers, request.body, "execute-api")
        if not isinstance(caller, ApiCaller):
            problem = caller.message if isinstance(caller, Refusal) else "the request is not signed"
            raise HttpApiError(403, "Forbidden", problem=problem)
        decision = may(self._access, caller, Question("execute-api:Invoke", (arn,)), api.region, headers)
        if not decision.allowed:
            raise HttpApiError(403, "Forbidden", problem=f"{caller.arn} may not: {decision.reason}")
        shown = {
            "accessKey": caller.access_key,
            "accountId": caller.account,
            "callerId": caller.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": caller.arn,
            "userId": caller.user_id,
        }
        identity = {
            "accessKey": caller.access_key,
            "accountId": caller.account,
            "caller": caller.user_id,
            "user": caller.user_id,
            "userArn": caller.arn,
        }
        return Granted(for_format_2={"iam": shown}, identity=identity)

    async def _fetch(self, url: str) -> Any:
        if is_cognito(url):
            parts = urlsplit(url)
            status, _, body = await self._moto.forward("GET", parts.path, {"Host": parts.netloc}, b"")
        else:
            from aiohttp import ClientError, ClientSession, ClientTimeout

            try:
                async with (
                    ClientSession(timeout=ClientTimeout(_FETCH_SECONDS)) as session,
                    session.get(url) as response,
                ):
                    status, body = response.status, await response.read()
            except (TimeoutError, ClientError) as problem:
                raise OSError(str(problem)) from None
        if status != 200:
            raise OSError(f"{url} answered with {status}")
        return json.loads(body)


def _source(expression: str, request: HttpRequest, about: payload_v2.Route) -> str | None:
    """The value of a selection expression (``$request.header.Auth``); None when there is none."""
    kind, _, name = expression.strip().removeprefix("$").rpartition(".")
    if kind == "request.header":
        values = request.header_values(name)
        return ",".join(values) or None
    if kind == "request.querystring":
        return payload_v2.joined_query(request.raw_query).get(name)
    if kind == "stageVariables":
        return (about.stage_variables or {}).get(name)
    if kind == "context":
        known = {
            "routeKey": about.route_key,
            "stage": about.stage,
            "apiId": about.api_id,
            "accountId": about.account_id,
            "domainName": request.domain_name,
            "domainPrefix": request.domain_name.partition(".")[0],
            "httpMethod": request.method,
            "path": about.raw_path,
            "protocol": request.protocol,
            "requestId": about.request_id,
        }
        return known.get(name)
    if kind == "context.identity":
        return {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")}.get(name)
    return None
