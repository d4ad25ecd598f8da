"""May this request be made at all? The first step of a request: resource policy, IAM, Lambda authorizers.

Source: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow": without
authorization the policy must allow; with it either side must allow, and neither may deny. Before a Lambda authorizer is
asked, only a denial of the policy counts.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import NoReturn

from ...access import Access
from ...access.api_callers import may
from ...access.evaluation import Question
from ...access.patterns import Context
from ...access.policy import Caller, Policy
from ..invocation import FunctionInvoker, NotInvoked, Source, function_of_uri
from . import authorizers, iam
from .api import INTEGRATION_TIMEOUT_MILLISECONDS
from .authorizers import ACTION, Authorizer, AuthorizerFailed, Unauthorized, Verdict, VerdictCache
from .errors import GatewayError
from .exchange import Exchange
from .proxy_event import proxy_event, request_context

_ANONYMOUS = Caller("anonymous", "")
_EXPLICIT = "with an explicit deny in {}"
_RESOURCE_POLICY = "a resource-based policy"
#: What the guide calls short forms of a resource in a policy: ``execute-api:/stage/GET/path``.
_SHORT = "execute-api:/"


class Authorization:
    """One per cloud. ``await authorization(exchange)`` returns when the request may go on, and raises GatewayError
    when it may not."""

    def __init__(self, invoker: FunctionInvoker, access: Access) -> None:
        self._invoker = invoker
        self._access = access
        self.cache = VerdictCache(time.monotonic)

    async def __call__(self, exchange: Exchange) -> None:
        kind = exchange.method.authorization_type
        policy = _policy_of(exchange)
        if kind == "CUSTOM":
            await self._custom(exchange, policy)
        elif kind == "AWS_IAM":
            await self._iam(exchange, policy)
        elif kind != "NONE":
            raise GatewayError(
                "AUTHORIZER_CONFIGURATION_ERROR",
                f"The local cloud does not have the authorization type {kind}: use a Lambda authorizer or AWS_IAM.",
                status=501,
            )
        elif policy is not None:
            effect = _effect_for_all(policy, exchange)
            if effect != "allow":
                refuse(exchange, "anonymous", _reason(effect))

    async def _iam(self, exchange: Exchange, policy: Policy | None) -> None:
        caller = await iam.signer(self._access, exchange.request)
        question = Question(ACTION, (exchange.method_arn,), _keys(exchange), resource_policy=policy)
        decision = may(self._access, caller, question, exchange.api.region, exchange.request.sent_headers())
        if not decision.allowed:
            refuse(exchange, caller.arn, decision.reason)
        exchange.identity |= iam.identity_of(caller)

    async def _custom(self, exchange: Exchange, policy: Policy | None) -> None:
        effect = _effect_for_all(policy, exchange) if policy else None
        if effect == "deny":
            refuse(exchange, "anonymous", _reason(effect))
        authorizer = exchange.stage.deployment.authorizers.get(exchange.method.authorizer_id or "")
        if authorizer is None:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", log="The authorizer of the method is not there")
        try:
            verdict, latency = await self._verdict(exchange, authorizer)
        except Unauthorized:
            raise GatewayError("UNAUTHORIZED") from None
        except AuthorizerFailed as problem:
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR", log=str(problem)) from None
        allowed = verdict.allows(exchange.method_arn, _keys(exchange))
        if allowed == "deny":
            _denied(_EXPLICIT.format("an identity-based policy"))
        if allowed is None and effect != "allow":
            _denied("")
        exchange.authorizer = verdict.backend_context(latency)
        exchange.usage_key = verdict.usage_identifier_key

    async def _verdict(self, exchange: Exchange, authorizer: Authorizer) -> tuple[Verdict, int]:
        """What the authorizer says, and how many milliseconds its function took (0 from the cache)."""
        variables = exchange.stage.variables
        identity = authorizers.identity(authorizer, exchange.request, variables, request_context(exchange))
        place = exchange.api.identifier, exchange.stage.name
        kept = self.cache.find(*place, authorizer, identity)
        if kept is not None:
            return kept, 0
        function_arn = function_of_uri(authorizer.uri, variables)
        if function_arn is None:
            raise AuthorizerFailed("Invalid Lambda function in the authorizer's URI")
        if authorizer.kind == authorizers.TOKEN:
            event = authorizers.token_event(identity[0], exchange.method_arn)
        else:
            event = authorizers.request_event(proxy_event(exchange), exchange.method_arn)
        api = exchange.api
        arn = f"arn:aws:execute-api:{api.region}:{api.account}:{api.identifier}/authorizers/{authorizer.id}"
        started = time.monotonic()
        try:
            outcome = await self._invoker.invoke(
                function_arn,
                json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"),
                Source(arn, authorizer.credentials),
                trace=exchange.trace,
                timeout=INTEGRATION_TIMEOUT_MILLISECONDS / 1000,
            )
        except NotInvoked as problem:
            raise AuthorizerFailed(str(problem)) from problem
        if outcome.function_error:
            raise authorizers.failure_of(outcome.payload)
        verdict = authorizers.verdict_of(outcome.payload)
        self.cache.keep(*place, authorizer, identity, verdict)
        return verdict, round((time.monotonic() - started) * 1000)


def _policy_of(exchange: Exchange) -> Policy | None:
    text = exchange.stage.deployment.policy
    api = exchange.api
    return _parsed(text, f"arn:aws:execute-api:{api.region}:{api.account}:{api.identifier}/") if text else None


@lru_cache(maxsize=200)
def _parsed(text: str, place: str) -> Policy:
    """The resource policy, its short forms of resources spelled out."""
    try:
        document = json.loads(text)
    except ValueError:
        return Policy(())
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Resource", "NotResource"):
            if isinstance(statement, dict) and element in statement:
                found = statement[element]
                listed = found if isinstance(found, list) else [found]
                statement[element] = [
                    place + one.removeprefix(_SHORT) if str(one).startswith(_SHORT) else one for one in listed
                ]
    return Policy.parse(document)


def _effect_for_all(policy: Policy, exchange: Exchange) -> str | None:
    """What the resource policy says to a caller that nobody knows: only statements for everybody count."""
    meant = tuple(one for one in policy.statements if one.grants_to(_ANONYMOUS) is not None)
    return authorizers.effect(Policy(meant), exchange.method_arn, _keys(exchange))


def _keys(exchange: Exchange) -> Context:
    """Condition keys that a policy may ask for."""
    request = exchange.request
    headers = {name: request.header(name) or "" for name in ("User-Agent", "Referer")}
    return Access.request_keys(exchange.api.region, headers, request.source_ip)


def _reason(effect: str | None) -> str:
    if effect == "deny":
        return _EXPLICIT.format(_RESOURCE_POLICY)
    return f"because no resource-based policy allows the {ACTION} action"


def refuse(exchange: Exchange, caller: str, reason: str) -> NoReturn:
    """AWS's sentence for callers that IAM or a resource policy refuses. API Gateway hides most of the account's id."""
    account = exchange.api.account
    resource = exchange.method_arn.replace(f":{account}:", f":{'*' * 8}{account[-4:]}:", 1)
    _raise(f"User: {caller} is not authorized to perform: {ACTION} on resource: {resource} {reason}")


def _denied(reason: str) -> NoReturn:
    _raise(f"User is not authorized to access this resource {reason}".strip())


def _raise(message: str) -> NoReturn:
    raise GatewayError("ACCESS_DENIED", message, key="Message")
