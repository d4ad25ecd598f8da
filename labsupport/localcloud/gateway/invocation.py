"""Invokes a function for an API: the ARN in the integration's URI, the permission, the invocation and its time limit."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ..access import Access
from ..functions import limits
from ..functions.engine import Engine
from ..functions.recursion import RecursionStopped, next_trace
from ..functions.specification import FunctionNotFound, FunctionNotReady, Invocation, InvocationOutcome, Throttled
from ..lambda_api.names import parse_function_name
from ..lambda_api.permissions import may_invoke
from ..lambda_api.resource_policy import Caller
from ..lambda_api.store import Store

ACCOUNT_ID = "123456789012"
SERVICE = "apigateway.amazonaws.com"
_LAMBDA_URI = re.compile(r"arn:[^:]+:apigateway:[^:]+:lambda:path/+2015-03-31/functions/(.+)/invocations")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


#: A function that answers wrongly in ever new ways must not fill its log with notes of the lab.
_NOTES_OF_ONE_FUNCTION = 20


class NotInvoked(Exception):
    """The function was not run. ``reason`` is one of the constants; the text is what API Gateway's execution log says."""

    PERMISSION = "permission"
    MISSING = "missing"
    CONFIGURATION = "configuration"
    THROTTLED = "throttled"
    TOO_LARGE = "too-large"
    LOOP = "loop"
    TIMEOUT = "timeout"

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Source:
    """For whom a function is invoked: ``arn`` is ``aws:SourceArn``; ``role`` (instead of the function's resource
    policy) an IAM role that must allow ``lambda:InvokeFunction``; ``service`` the principal."""

    arn: str
    role: str | None = None
    service: str = SERVICE


class FunctionInvoker:
    """One per cloud."""

    def __init__(self, engine: Engine, store: Store, access: Access) -> None:
        self._engine = engine
        self._store = store
        self._access = access
        self._running: set[asyncio.Task[InvocationOutcome]] = set()
        self._told: dict[str, set[str]] = {}

    async def invoke(
        self,
        function_arn: str,
        payload: bytes,
        source: Source | None,
        *,
        trace: str | None = None,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> InvocationOutcome:
        """Run the function of this (perhaps qualified) ARN and wait at most ``timeout`` seconds; it runs on after that.
        ``source`` None: the caller has seen to the permission. Raises NotInvoked."""
        named = parse_function_name(function_arn)
        if named is None or named.region is None:
            raise NotInvoked(NotInvoked.CONFIGURATION, f"Invalid Lambda function ARN: {function_arn}")
        if source is not None and not await self._may_invoke(function_arn, source):
            raise NotInvoked(NotInvoked.PERMISSION, "Invalid permissions on Lambda function")
        if len(payload) > limits.SYNCHRONOUS_PAYLOAD_BYTES:
            raise NotInvoked(
                NotInvoked.TOO_LARGE,
                f"Request must be smaller than {limits.SYNCHRONOUS_PAYLOAD_BYTES} bytes for the InvokeFunction operation",
            )
        try:
            found = await self._engine.specification(named.region, named.name, named.qualifier)
        except FunctionNotFound as problem:
            # API Gateway may not tell a stranger that a function is missing: it sees the same refusal.
            raise NotInvoked(NotInvoked.MISSING, "Invalid permissions on Lambda function") from problem
        except FunctionNotReady as problem:
            raise NotInvoked(NotInvoked.CONFIGURATION, str(problem)) from problem
        invocation = Invocation(
            request_id=request_id or str(uuid.UUID(int=random.getrandbits(128), version=4)),
            invoked_function_arn=f"{found.arn}:{named.qualifier}" if named.qualifier else found.arn,
            payload=payload,
            trace_id=next_trace(trace, found.arn),
        )
        task = asyncio.get_running_loop().create_task(self._engine.invoke(found, invocation))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait((task,), timeout=timeout)
        if not done:
            task.add_done_callback(_look_at)
            raise NotInvoked(NotInvoked.TIMEOUT, "Endpoint request timed out")
        try:
            return task.result()
        except Throttled as problem:
            raise NotInvoked(NotInvoked.THROTTLED, f"Rate Exceeded. ({problem.reason})") from problem
        except RecursionStopped as problem:
            raise NotInvoked(NotInvoked.LOOP, str(problem)) from problem

    async def _may_invoke(self, function_arn: str, source: Source) -> bool:
        if source.role is not None:
            return await self._access.role_allows(source.role, "lambda:InvokeFunction", function_arn)
        named = parse_function_name(function_arn)
        assert named and named.region
        caller = Caller(service=source.service, source_arn=source.arn, source_account=ACCOUNT_ID, region=named.region)
        return may_invoke(self._store, named.region, named.name, named.qualifier, caller)

    async def tell(self, function_arn: str, text: str) -> None:
        """Write into the function's log, once, what AWS keeps from whoever calls."""
        named = parse_function_name(function_arn)
        told = self._told.setdefault(function_arn, set())
        if named is None or named.region is None or text in told or len(told) >= _NOTES_OF_ONE_FUNCTION:
            return
        told.add(text)
        with contextlib.suppress(FunctionNotFound, FunctionNotReady):
            found = await self._engine.specification(named.region, named.name, named.qualifier)
            self._engine.note(found, f"LAB NOTE: {text}\n")

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def function_of_uri(uri: str, stage_variables: Mapping[str, str]) -> str | None:
    """The function's ARN in an integration's URI, once ``${stageVariables.name}`` is replaced; None when the URI is not
    one of a Lambda function. A stage variable that is not there becomes nothing, as on AWS."""
    replaced = with_stage_variables(uri, stage_variables)
    match = _LAMBDA_URI.fullmatch(replaced)
    if match:
        return unquote(match[1])
    return replaced if replaced.startswith("arn:") and ":lambda:" in replaced and ":function:" in replaced else None


def with_stage_variables(text: str, stage_variables: Mapping[str, str]) -> str:
    return _STAGE_VARIABLE.sub(lambda match: stage_variables.get(match[1], ""), text)


def _look_at(task: asyncio.Task[InvocationOutcome]) -> None:
    """An exception that nobody asks for would be printed as one that was never retrieved."""
    if not task.cancelled():
        task.exception()
