"""Services that push events to functions: whether one may invoke, and the asynchronous invocation itself.

Source: Lambda Developer Guide, "Invoking Lambda with events from other AWS services". A service that may not invoke tells
nobody on AWS: its event is lost, or goes to the service's own dead-letter queue. Here the function's log says so, too.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from ..functions.engine import Engine
from ..functions.specification import FunctionNotFound, FunctionNotReady
from ..lambda_api.names import parse_function_name
from ..lambda_api.permissions import may_invoke
from ..lambda_api.resource_policy import Caller
from ..lambda_api.store import Store

ACCOUNT_ID = "123456789012"
#: A function that is being created takes a moment; a service of AWS tries again meanwhile.
_READY_SECONDS = 60.0
_TRY_AGAIN_SECONDS = 0.1


class Ask(Protocol):
    """An inner call of the moto process (``MotoControlPlane.ask``)."""

    def __call__(self, call: str, **arguments: Any) -> Awaitable[Any]: ...


@dataclass(frozen=True)
class Source:
    """Who pushes: the service's principal, and the ARN of its resource as ``aws:SourceArn`` has it."""

    service: str
    arn: str
    account: str = ACCOUNT_ID


@dataclass(frozen=True)
class Refusal:
    """Why a function was not invoked, with the code and the message of Lambda's answer to the service."""

    code: str
    message: str


class Push:
    """One for a cloud. Everything in it that takes time runs as a task that ``close`` ends."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[tuple[str, str]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside whatever called; a fault in it is printed. Tasks begin in the order of the calls."""

        async def guarded() -> None:
            try:
                await work
            except Exception:
                traceback.print_exc(file=sys.stderr)

        def done(task: asyncio.Task[None]) -> None:
            work.close()
            self._tasks.discard(task)

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(done)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def may_invoke(self, function_arn: str, source: Source) -> bool:
        """Whether the function of this (perhaps qualified) ARN is there and its policy lets ``source`` invoke it."""
        named = parse_function_name(function_arn)
        if named is None or named.region is None:
            return False
        caller = Caller(
            service=source.service, source_arn=source.arn, source_account=source.account, region=named.region
        )
        return may_invoke(self._store, named.region, named.name, named.qualifier, caller)

    async def invoke(
        self, function_arn: str, payload: bytes, source: Source, trace: str | None = None
    ) -> Refusal | None:
        """Invoke asynchronously, with Lambda's retries; None once Lambda has the event. ``trace`` is the X-Ray header
        of the request that the event comes from."""
        named = parse_function_name(function_arn)
        if named is None or named.region is None:
            return Refusal("InvalidParameterValueException", f"{function_arn} is not the ARN of a function")
        if not self.may_invoke(function_arn, source):
            known = named.name in self._store.region(named.region).functions
            refusal = (
                Refusal(
                    "AccessDeniedException",
                    f"{source.service} is not authorized to perform: lambda:InvokeFunction on resource: {function_arn} "
                    "because no resource-based policy allows the lambda:InvokeFunction action",
                )
                if known
                else Refusal("ResourceNotFoundException", f"Function not found: {function_arn}")
            )
            await self._tell(function_arn, source, refusal)
            return refusal
        self._told.discard((function_arn, source.arn))
        problem = await self.invoke_allowed(function_arn, payload, trace)
        if problem is not None and problem.code == "ResourceNotFoundException":
            await self._tell(function_arn, source, problem)
        return problem

    async def invoke_allowed(self, function_arn: str, payload: bytes, trace: str | None = None) -> Refusal | None:
        """As ``invoke``, for a caller who has seen to the permission."""
        named = parse_function_name(function_arn)
        if named is None or named.region is None:
            return Refusal("InvalidParameterValueException", f"{function_arn} is not the ARN of a function")
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                await self._engine.accept(named.region, named.name, named.qualifier, payload, trace)
                return None
            except FunctionNotFound as problem:
                return Refusal("ResourceNotFoundException", str(problem))
            except FunctionNotReady as problem:
                if time.monotonic() > deadline:
                    return Refusal("ResourceConflictException", str(problem))
                await asyncio.sleep(_TRY_AGAIN_SECONDS)

    async def _tell(self, function_arn: str, source: Source, refusal: Refusal) -> None:
        """Once for each function and source, until it works: a burst of events must not fill the log."""
        if (function_arn, source.arn) in self._told:
            return
        self._told.add((function_arn, source.arn))
        if refusal.code == "AccessDeniedException":
            fix = (
                "Allow it with lambda.add_permission("
                f'FunctionName="{function_arn}", StatementId=..., Action="lambda:InvokeFunction", '
                f'Principal="{source.service}", SourceArn="{source.arn}").'
            )
        else:
            fix = "Make the function, or remove it from what sends there."
        text = f"an event of {source.arn} could not invoke {function_arn}: {refusal.message}. {fix} On AWS nothing would tell you."
        named = parse_function_name(function_arn)
        if named is not None and named.region is not None:
            try:
                specification = await self._engine.specification(named.region, named.name, None)
            except (FunctionNotFound, FunctionNotReady):
                pass
            else:
                self._engine.note(specification, f"LAB NOTE: {text}\n")
                return
        print(f"labsupport cloud: {text}", file=sys.stderr, flush=True)
