"""Function URLs: one function behind a host name of its own, without an API in between.

Sources: Lambda Developer Guide, "Invoking Lambda function URLs" and "Control access to Lambda function URLs". Answers that
are no function's are as recorded from AWS.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..access import Access
from ..access.api_callers import ApiCaller, identify, may
from ..access.denial import Refusal
from ..access.evaluation import Question
from ..access.policy import Policy
from ..functions import limits
from ..functions.specification import FunctionNotReady, Throttled
from ..lambda_api.function_urls import FunctionUrl
from ..lambda_api.resource_policy import Caller, ResourcePolicy, allows
from ..lambda_api.store import Function, Store
from . import payload_v2
from .cors import Cors, is_preflight
from .forwarded import through_function_url, trace_root
from .http_message import HttpRequest, HttpResponse
from .invocation import FunctionInvoker, NotInvoked

#: Since October 2025 a caller needs both ("Control access to Lambda function URLs").
_ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


@dataclass(frozen=True)
class Target:
    """A function URL that is there: ``key`` is the alias it belongs to, ``$LATEST`` for the function's own."""

    function: Function
    key: str
    url: FunctionUrl

    @property
    def policy(self) -> ResourcePolicy | None:
        return self.function.policies.get(self.key)


class FunctionUrls:
    """One per cloud."""

    def __init__(self, store: Store, invoker: FunctionInvoker, access: Access) -> None:
        self._store = store
        self._invoker = invoker
        self._access = access

    def find(self, url_id: str, region_name: str | None = None) -> Target | None:
        """The URL with this id, in this region or in whichever has it."""
        for region in self._store:
            if region_name not in (None, region.name):
                continue
            for function in region.functions.values():
                for key, url in function.urls.items():
                    if url.url_id == url_id:
                        return Target(function, key, url)
        return None

    def unknown(self, url_id: str) -> HttpResponse:
        """The answer at the host of a URL that is not there; of one that is there no more, it says a little more."""
        gone = url_id in self._store.url_ids
        return _error(403, "AccessDeniedException", {"Message": _FORBIDDEN if gone else None}, _new_id())

    def too_large(self, target: Target, request: HttpRequest) -> HttpResponse:
        """The answer to a body that is longer than a function may get; it was not read to its end."""
        response = _error(413, "RequestEntityTooLargeException", {"Message": _too_large_text()}, _new_id())
        return self._with_cors(target, request, response)

    async def answer(self, target: Target, request: HttpRequest) -> HttpResponse:
        """Answer one request. Never raises for what the client or the function sent."""
        cors = _cors_of(target)
        if cors is not None and is_preflight(request):
            return HttpResponse(200, (*cors.preflight(request), ("x-amzn-RequestId", _new_id())))
        return self._with_cors(target, request, await self._invoke(target, request))

    def _with_cors(self, target: Target, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        cors = _cors_of(target)
        # A function that sends such headers too sends them twice: so it is on AWS.
        return response if cors is None else replace(response, headers=(*response.headers, *cors.actual(request)))

    async def _invoke(self, target: Target, request: HttpRequest) -> HttpResponse:
        request_id = _new_id()
        caller: ApiCaller | None = None
        if target.url.auth_type == "NONE":
            problem = _refused_to_all(target)
        else:
            identified = await self._identified(request)
            if isinstance(identified, Refusal):
                document = {"message": identified.message}
                return _error(403, identified.json_code, document, request_id)
            caller = identified
            problem = self._refused_to(target, request, caller)
        if problem:
            await self._invoker.tell(
                target.url.function_arn,
                f"a call of the function URL was forbidden: {problem}. On AWS nothing would tell you.",
            )
            refused = _error(403, "AccessDeniedException", {"Message": _FORBIDDEN}, request_id)
            return replace(refused, notes={"problem": problem})
        request = through_function_url(request)
        event = payload_v2.event(request, _route(target, request, request_id, caller))
        trace = request.header("X-Amzn-Trace-Id")
        notes: dict[str, Any] = {"request_id": request_id, "event": event, "function": target.function.name}
        started = time.monotonic()
        try:
            outcome = await self._invoker.invoke(
                target.url.function_arn, payload_v2.encoded(event), None, trace=trace, request_id=request_id
            )
        except NotInvoked as problem_of_lambda:
            return replace(_not_invoked(problem_of_lambda, request_id), notes=notes)
        notes["function_seconds"] = time.monotonic() - started
        headers = (
            ("x-amzn-RequestId", request_id),
            ("X-Amzn-Trace-Id", f"{trace_root(request)};Sampled=0"),
        )
        if outcome.function_error:
            return replace(_bad_gateway(), headers=(*_bad_gateway().headers, *headers), notes=notes)
        if target.url.invoke_mode == "RESPONSE_STREAM":
            # The Python runtime does not stream: what the function returned comes as it is, its status code unread.
            return HttpResponse(200, (("Content-Type", outcome.content_type), *headers), outcome.payload, notes)
        try:
            response = payload_v2.response(outcome.payload, payload_v2.FUNCTION_URL)
        except payload_v2.MalformedResponse as malformed:
            notes["problem"] = str(malformed)
            await self._invoker.tell(
                target.url.function_arn, f"the caller of the function URL got 502, Internal Server Error: {malformed}."
            )
            return replace(_bad_gateway(), headers=(*_bad_gateway().headers, *headers), notes=notes)
        return replace(response, headers=(*response.headers, *headers), notes=notes)

    async def _identified(self, request: HttpRequest) -> ApiCaller | Refusal | None:
        headers = request.sent_headers()
        return await identify(self._access, request.method, request.sent_target, headers, request.body, "lambda")

    def _refused_to(self, target: Target, request: HttpRequest, caller: ApiCaller | None) -> str | None:
        if caller is None:
            return "the request is not signed"
        policy = Policy.parse(target.policy.text()) if target.policy else None
        context = {"lambda:functionurlauthtype": ("AWS_IAM",), "lambda:invokedviafunctionurl": ("true",)}
        for action in _ACTIONS:
            question = Question(action, (target.url.function_arn,), context, resource_policy=policy)
            decision = may(self._access, caller, question, target.url.region, request.sent_headers())
            if not decision.allowed:
                return f"{caller.arn} is not authorized to perform: {action} {decision.reason}"
        return None


def _refused_to_all(target: Target) -> str | None:
    """Without authentication only a statement for everybody counts."""
    caller = Caller(function_url_auth_type="NONE", region=target.url.region)
    for action in _ACTIONS:
        if not allows(target.policy, action, caller):
            return (
                f"no statement of the function's policy allows everybody to perform {action} through the function URL"
            )
    return None


def _route(target: Target, request: HttpRequest, request_id: str, caller: ApiCaller | None) -> payload_v2.Route:
    authorizer = None
    if caller is not None:
        authorizer = {
            "iam": {
                "accessKey": caller.access_key,
                "accountId": caller.account,
                "callerId": caller.user_id,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": caller.arn,
                "userId": caller.user_id,
            }
        }
    return payload_v2.Route(
        account_id=caller.account if caller else "anonymous",
        api_id=target.url.url_id,
        request_id=request_id,
        raw_path=request.raw_path,
        authorizer=authorizer,
        cookie_header=True,
    )


def _not_invoked(problem: NotInvoked, request_id: str) -> HttpResponse:
    cause = problem.__cause__
    if problem.reason == NotInvoked.THROTTLED:
        reason = cause.reason if isinstance(cause, Throttled) else ""
        document = {"Reason": reason, "Type": "User", "message": "Rate Exceeded."}
        return _error(429, "TooManyRequestsException", document, request_id)
    if problem.reason == NotInvoked.TOO_LARGE:
        return _error(413, "RequestEntityTooLargeException", {"Message": _too_large_text()}, request_id)
    if problem.reason == NotInvoked.LOOP:
        return _error(400, "RecursiveInvocationException", {"Type": "User", "Message": str(problem)}, request_id)
    if isinstance(cause, FunctionNotReady):
        return _error(409, "ResourceConflictException", {"Type": "User", "message": str(problem)}, request_id)
    return _error(403, "AccessDeniedException", {"Message": _FORBIDDEN}, request_id)


def _cors_of(target: Target) -> Cors | None:
    return Cors.of(target.url.cors, echoes=True)


def _too_large_text() -> str:
    return f"Request must be smaller than {limits.SYNCHRONOUS_PAYLOAD_BYTES} bytes for the InvokeFunction operation"


def _bad_gateway() -> HttpResponse:
    return HttpResponse(502, (("Content-Type", "text/plain"),), b"Internal Server Error")


def _error(status: int, code: str, document: Mapping[str, str | None], request_id: str) -> HttpResponse:
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", request_id))
    return HttpResponse(status, headers, json.dumps(document, separators=(",", ":")).encode())


def _new_id() -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
