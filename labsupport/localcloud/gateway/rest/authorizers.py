"""Lambda authorizers: what identifies a caller, the event the function gets, what its answer allows, and the cache.

Sources: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "Input to ..." and "Output from an API Gateway
Lambda authorizer"; API Reference, "CreateAuthorizer" (identity sources; the cache has 300 seconds unless told otherwise).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from ...access.patterns import Context
from ...access.policy import Policy
from ..http_message import HttpRequest

TOKEN, REQUEST, COGNITO = "TOKEN", "REQUEST", "COGNITO_USER_POOLS"
ACTION = "execute-api:Invoke"
_DEFAULT_TTL_SECONDS = 300
_KEPT_RESULTS = 10_000
_PARAMETER = re.compile(r"method\.request\.(header|querystring|path)\.(.+)")


class Unauthorized(Exception):
    """The caller did not say who it is, or the authorizer said "Unauthorized": 401."""


class AuthorizerFailed(Exception):
    """The authorizer could not be run, failed, or its answer is not one: 500. The text is for the logs."""


@dataclass(frozen=True)
class Authorizer:
    """As CreateAuthorizer made it. ``ttl`` is in seconds, 0 for no cache; ``identity_sources`` are expressions such as
    ``method.request.header.Authorization``."""

    id: str
    name: str
    kind: str
    uri: str
    credentials: str | None = None
    identity_sources: tuple[str, ...] = ()
    validation_expression: str | None = None
    ttl: int = _DEFAULT_TTL_SECONDS


def authorizer(document: Mapping[str, Any]) -> Authorizer:
    """From the document of GetAuthorizer."""
    ttl = document.get("authorizerResultTtlInSeconds")
    return Authorizer(
        id=document["id"],
        name=document.get("name") or "",
        kind=document.get("type") or TOKEN,
        uri=document.get("authorizerUri") or "",
        credentials=document.get("authorizerCredentials"),
        identity_sources=tuple(one.strip() for one in (document.get("identitySource") or "").split(",") if one.strip()),
        validation_expression=document.get("identityValidationExpression"),
        ttl=_DEFAULT_TTL_SECONDS if ttl is None else int(ttl),
    )


def identity(
    authorizer: Authorizer,
    request: HttpRequest,
    stage_variables: Mapping[str, str],
    context: Mapping[str, Any],
) -> tuple[str, ...]:
    """The values of all identity sources. Raises Unauthorized when one is missing or empty, or when a token does not
    match the validation expression: the function is not asked then."""
    values = tuple(_value(one, request, stage_variables, context) for one in authorizer.identity_sources)
    if any(not value for value in values):
        raise Unauthorized
    if authorizer.kind == TOKEN:
        if not values:
            raise Unauthorized
        expression = authorizer.validation_expression
        if expression and not _matches(expression, values[0] or ""):
            raise Unauthorized
    return tuple(value or "" for value in values)


def _matches(expression: str, token: str) -> bool:
    """API Gateway compares the whole token. An expression that Python cannot read lets nothing through."""
    try:
        return re.fullmatch(expression, token) is not None
    except re.error:
        return False


def _value(
    source: str, request: HttpRequest, stage_variables: Mapping[str, str], context: Mapping[str, Any]
) -> str | None:
    match = _PARAMETER.fullmatch(source)
    if match and match[1] == "header":
        return request.header(match[2])
    if match and match[1] == "querystring":
        pairs = (pair.partition("=") for pair in request.raw_query.split("&") if pair)
        return next((unquote_plus(value) for name, _, value in pairs if unquote_plus(name) == match[2]), None)
    kind, _, name = source.removeprefix("$").partition(".")
    if kind == "stageVariables":
        return stage_variables.get(name)
    if kind == "context":
        found: Any = context
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return None if found is None else str(found)
    return None


def token_event(token: str, method_arn: str) -> dict[str, Any]:
    """What a TOKEN authorizer's function gets."""
    return {"type": TOKEN, "methodArn": method_arn, "authorizationToken": token}


def request_event(proxy_event: Mapping[str, Any], method_arn: str) -> dict[str, Any]:
    """What a REQUEST authorizer's function gets: the proxy integration's event without its body."""
    kept = {name: value for name, value in proxy_event.items() if name not in ("body", "isBase64Encoded")}
    # An authorizer sees empty maps where the proxy integration has null.
    for name in (
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
    ):
        if name in kept and kept[name] is None:
            kept[name] = {}
    return {"type": REQUEST, "methodArn": method_arn, **kept}


@dataclass(frozen=True)
class Verdict:
    """What an authorizer answered. ``context`` has texts only, as the backend gets them."""

    principal_id: str
    policy: Policy
    context: Mapping[str, str | None] = field(default_factory=dict)
    usage_identifier_key: str | None = None

    def allows(self, method_arn: str, keys: Context) -> str | None:
        """ "allow", "deny", or None when no statement is about this method. ``keys`` are condition keys."""
        return effect(self.policy, method_arn, keys)

    def backend_context(self, latency_milliseconds: int) -> dict[str, Any]:
        """``requestContext.authorizer`` of the event that the backend gets."""
        return {"principalId": self.principal_id, "integrationLatency": latency_milliseconds, **self.context}


def effect(policy: Policy, method_arn: str, keys: Context) -> str | None:
    """What a policy says about invoking a method, whoever calls: "deny" before "allow", None for nothing."""
    found = {statement.allows for statement in policy.statements if statement.applies(ACTION, (method_arn,), keys)}
    if False in found:
        return "deny"
    return "allow" if found else None


def verdict_of(payload: bytes) -> Verdict:
    """Read the function's answer. Raises AuthorizerFailed when it is not an authorizer's."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise AuthorizerFailed("Invalid JSON in response from the authorizer: an object is wanted")
    principal = document.get("principalId")
    if not isinstance(principal, str | int | float) or isinstance(principal, bool):
        raise AuthorizerFailed("The authorizer's answer has no principalId")
    policy = document.get("policyDocument")
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list | dict):
        raise AuthorizerFailed("The authorizer's answer has no policyDocument with a Statement")
    context = document.get("context")
    if context is not None and not isinstance(context, dict):
        raise AuthorizerFailed("The context of the authorizer's answer is not an object")
    return Verdict(
        principal_id=_text(principal) or "",
        policy=Policy.parse(policy),
        context={name: _text(value) for name, value in (context or {}).items()},
        usage_identifier_key=_text(document.get("usageIdentifierKey")),
    )


def _text(value: Any) -> str | None:
    """A value of the context as text. Raises AuthorizerFailed for lists and objects, which are not allowed there."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise AuthorizerFailed("The context of an authorizer's answer may hold texts, numbers and booleans only")


def failure_of(payload: bytes) -> Exception:
    """What a function that raised means: exactly the message "Unauthorized" is a 401, all else a failure."""
    try:
        message = json.loads(payload).get("errorMessage")
    except (ValueError, AttributeError, RecursionError):
        message = None
    return Unauthorized() if message == "Unauthorized" else AuthorizerFailed(f"The authorizer failed: {message}")


class VerdictCache:
    """Answers of authorizers by identity, as long as the authorizer's time to live says. ``clock`` gives seconds that
    never go back. An authorizer that was changed is another one: what it answered before does not count."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str, Authorizer, tuple[str, ...]], tuple[float, Verdict]] = {}

    def find(self, api_id: str, stage: str, authorizer: Authorizer, identity: tuple[str, ...]) -> Verdict | None:
        if authorizer.ttl <= 0 or not identity:
            return None
        key = (api_id, stage, authorizer, identity)
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] <= self._clock():
            del self._kept[key]
            return None
        return found[1]

    def keep(
        self, api_id: str, stage: str, authorizer: Authorizer, identity: tuple[str, ...], verdict: Verdict
    ) -> None:
        if authorizer.ttl <= 0 or not identity:
            return
        if len(self._kept) >= _KEPT_RESULTS:
            self._kept.clear()
        self._kept[api_id, stage, authorizer, identity] = (self._clock() + authorizer.ttl, verdict)

    def flush(self, api_id: str, stage: str) -> None:
        """FlushStageAuthorizersCache."""
        self._kept = {key: one for key, one in self._kept.items() if key[:2] != (api_id, stage)}
