"""Lambda authorizers: a function that decides about a request before the route's own function sees it.

Source: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers".
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ...access.policy import Policy
from .. import payload_v2
from ..http_message import HttpRequest
from ..invocation import FunctionInvoker, NotInvoked, Source, function_of_uri
from . import events_v1
from .api import Authorizer, HttpApi

_ACTION = "execute-api:Invoke"
_KEPT_RESULTS = 1000
_TIMEOUT_SECONDS = 10.0


class AuthorizerFailed(Exception):
    """The authorizer could not be run, or did not answer as it must: the client gets a 500."""


@dataclass(frozen=True)
class Verdict:
    """What an authorizer's function answered. ``policy`` is None with simple responses, where ``allowed`` says all."""

    allowed: bool
    policy: Policy | None
    context: Mapping[str, Any]
    principal: str | None

    def allows(self, arn: str) -> bool:
        """Whether the route with this ARN may be called: a result from the cache may have been made for another."""
        if self.policy is None:
            return self.allowed
        fitting = [statement for statement in self.policy.statements if statement.applies(_ACTION, (arn,), {})]
        return bool(fitting) and all(statement.allows for statement in fitting)


class LambdaAuthorizers:
    """Runs authorizers and remembers what they said, for as long as their TTL says."""

    def __init__(self, invoker: FunctionInvoker) -> None:
        self._invoker = invoker
        self._results: dict[tuple[str, ...], tuple[float, Verdict]] = {}

    async def decide(
        self, api: HttpApi, authorizer: Authorizer, request: HttpRequest, route: payload_v2.Route, sources: list[str]
    ) -> Verdict:
        """The verdict about a request whose identity ``sources`` are all there. Raises AuthorizerFailed."""
        key = (api.region, api.identifier, route.stage, authorizer.identifier, *sources)
        if authorizer.ttl > 0 and sources:
            until, known = self._results.get(key, (0.0, None))
            if known is not None and until > time.monotonic():
                return known
        verdict = await self._ask(api, authorizer, request, route, sources)
        if authorizer.ttl > 0 and sources:
            if len(self._results) >= _KEPT_RESULTS:
                self._results.clear()
            self._results[key] = (time.monotonic() + authorizer.ttl, verdict)
        return verdict

    def forget(self) -> None:
        """An API has changed: its authorizer may be another now."""
        self._results.clear()

    async def _ask(
        self, api: HttpApi, authorizer: Authorizer, request: HttpRequest, route: payload_v2.Route, sources: list[str]
    ) -> Verdict:
        function = function_of_uri(authorizer.uri, route.stage_variables or {})
        if function is None:
            raise AuthorizerFailed(f"the authorizer's URI is not that of a function: {authorizer.uri}")
        source = Source(
            f"arn:aws:execute-api:{api.region}:{api.account}:{api.identifier}/authorizers/{authorizer.identifier}",
            authorizer.role,
        )
        event = _event(api, authorizer, request, route, sources)
        try:
            outcome = await self._invoker.invoke(
                function,
                payload_v2.encoded(event),
                source,
                trace=request.header("X-Amzn-Trace-Id"),
                timeout=_TIMEOUT_SECONDS,
            )
        except NotInvoked as problem:
            raise AuthorizerFailed(str(problem)) from None
        if outcome.function_error:
            raise AuthorizerFailed("the authorizer's function failed")
        return read_verdict(outcome.payload, simple=authorizer.simple and authorizer.payload_format == "2.0")


def read_verdict(payload: bytes, *, simple: bool) -> Verdict:
    """What an authorizer's function returned. Raises AuthorizerFailed when it has not the form it must have."""
    try:
        result = json.loads(payload)
    except (ValueError, RecursionError):
        result = None
    context = result.get("context") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not (context is None or isinstance(context, dict)):
        raise AuthorizerFailed("the authorizer's response is no object with a context")
    if simple:
        if not isinstance(result.get("isAuthorized"), bool):
            raise AuthorizerFailed("isAuthorized in the authorizer's response must be true or false")
        return Verdict(result["isAuthorized"], None, context or {}, None)
    document = result.get("policyDocument")
    if not isinstance(document, dict) or not document.get("Statement"):
        raise AuthorizerFailed("the authorizer's response has no policyDocument with statements")
    principal = result.get("principalId")
    return Verdict(False, Policy.parse(document), context or {}, principal if isinstance(principal, str) else None)


def route_arn(api: HttpApi, request: HttpRequest, route: payload_v2.Route, raw_path: str) -> str:
    """The ARN of what is called, as policies name it. ``raw_path`` has no stage."""
    return (
        f"arn:aws:execute-api:{api.region}:{api.account}:{api.identifier}/{route.stage}/{request.method}"
        f"{unquote(raw_path)}"
    )


def _event(
    api: HttpApi, authorizer: Authorizer, request: HttpRequest, route: payload_v2.Route, sources: list[str]
) -> dict[str, Any]:
    prefix = "" if route.stage == "$default" else f"/{route.stage}"
    arn = route_arn(api, request, route, request.raw_path.removeprefix(prefix) or "/")
    if authorizer.payload_format == "2.0":
        event = payload_v2.event(request, route)
        for name in ("body", "isBase64Encoded"):
            event.pop(name, None)
        about: dict[str, Any] = {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": arn,
            "identitySource": sources or None,
        }
        return about | {name: value for name, value in event.items() if name != "version"}
    event = events_v1.event(request, route)
    for name in ("body", "isBase64Encoded", "multiValueHeaders", "multiValueQueryStringParameters"):
        del event[name]
    token = ",".join(sources)
    about = {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": arn,
        "identitySource": token,
        "authorizationToken": token,
    }
    return about | {name: value for name, value in event.items() if name != "version"}
