"""Chooses an environment for each invocation: reuse, start, retire.

Source: Lambda Developer Guide, "Understanding Lambda function scaling". What is throttled is decided in
``concurrency``; events that wait to be run are in ``asynchronous``.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from . import destinations, error_documents, limits, recursion
from .asynchronous import AsynchronousInvocations, Ended
from .code_store import CodeStore
from .concurrency import Concurrency
from .environment import ExecutionEnvironment, new_stream_name
from .invocation_record import failure_targets
from .lab_notes import lab_notes
from .memory_watch import MemoryWatch
from .pool import Pools, key_of
from .sandbox import Sandbox
from .specification import (
    CodeUnusable,
    FunctionNotFound,
    FunctionSpecification,
    Invocation,
    InvocationOutcome,
)

#: Init phases for queued events that may run side by side, and how short a queue need not start another.
_STARTS_AT_ONCE = 2 * (os.cpu_count() or 1)
_SHORT_QUEUE_SECONDS = 0.25
#: Processes that provisioned concurrency starts side by side.
_INITIALISED_AT_ONCE = 4
#: After the answer the runtime needs a moment to ask for its next event; waiting that long beats a cold start.
_FINISHING_SECONDS = 0.5


class ControlPlane(destinations.AwsServices, Protocol):
    """Where functions and their code are kept (the Lambda API), roles and logs (the moto process)."""

    async def function(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification | None: ...

    def revisions(self, region: str, name: str) -> set[str]: ...

    async def code(self, code_sha256: str) -> bytes: ...

    async def layer(self, region: str, arn: str) -> bytes | None: ...

    def deliver_log(
        self, region: str, group: str, stream: str, events: list[dict[str, object]], role: str | None = None
    ) -> None: ...

    def undelivered_log_bytes(self) -> int: ...


class Engine:
    """The function engine of one cloud. Make it inside a running event loop; ``await close()`` in the end."""

    def __init__(
        self,
        control_plane: ControlPlane,
        sandbox: Sandbox,
        folder: Path,
        concurrency: int,
        time_scale: float = 1.0,
        role_allows: destinations.RoleAllows = destinations.always_allowed,
        scaled_cpu: bool = False,
        on_billed: Callable[[FunctionSpecification, InvocationOutcome], None] | None = None,
    ) -> None:
        self.concurrency = Concurrency(concurrency)
        self.asynchronous = AsynchronousInvocations(self, self._asynchronous_ended, time_scale)
        self.sandbox = sandbox
        self.scaled_cpu = scaled_cpu
        self.lifeline_fd, self._lifeline_write_fd = os.pipe()
        self._control_plane = control_plane
        self._on_billed = on_billed
        self._folder = folder
        self._code = CodeStore(folder / "code")
        self._code_locks: dict[Path, asyncio.Lock] = {}
        self._loops = recursion.Loops()
        self._deliveries = destinations.Deliveries(control_plane, self, self.note, role_allows)
        self._pools = Pools()
        self._counter = 0
        self._memory_watch = MemoryWatch(self._pools)
        self._housekeeping = asyncio.get_running_loop().create_task(
            self._pools.retire_when_idle(max(1.0, limits.IDLE_SECONDS * time_scale))
        )

    # --- for the front door ------------------------------------------------------------------------------------

    async def specification(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification:
        """What runs under this name and qualifier now. An alias with weights is decided anew at each call.

        Raises FunctionNotFound with the qualified ARN, as AWS words it, and FunctionNotReady while it is created.
        """
        found = await self._lookup(region, name, qualifier)
        if found.alias_weights:
            chance = random.random()
            for version, weight in found.alias_weights.items():
                if chance < weight:
                    return await self._lookup(region, name, version)
                chance -= weight
        return found

    async def _lookup(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification:
        found = await self._control_plane.function(region, name, qualifier)
        if found is None:
            arn = f"arn:aws:lambda:{region}:123456789012:function:{name}:{qualifier or '$LATEST'}"
            raise FunctionNotFound(arn)
        return found

    def reserve(self, region: str, name: str, amount: int | None) -> None:
        """The function's reserved concurrency is now ``amount``, taken from what all others share; None gives it back."""
        self.concurrency.reserve(region, name, amount)

    async def forget_function(self, region: str, name: str) -> None:
        """The function was deleted: its environments end, its queued events are dropped."""
        self.reserve(region, name, None)
        self.asynchronous.forget(region, name)
        self._pools.end_function(region, name)

    async def invoke(
        self, specification: FunctionSpecification, invocation: Invocation, *, asynchronous: bool = False
    ) -> InvocationOutcome:
        """Run one event and wait for its end. Raises Throttled and RecursionStopped; everything the function does is in
        the outcome. ``asynchronous``: nobody waits for the answer, so the last places are left to those who do."""
        try:
            recursion.refuse_loop(specification, invocation)
        except recursion.RecursionStopped:
            self._tell_of_loop(specification, invocation, "Its caller got RecursiveInvocationException.")
            raise
        self.admit(specification, asynchronous=asynchronous)
        return await self.run_admitted(specification, invocation)

    async def accept(self, region: str, name: str, qualifier: str | None, payload: bytes, trace: str | None) -> str:
        """Queue an event that Lambda itself sends (an invocation record). The request id it runs under.

        ``trace`` is the X-Ray header of the invocation it comes from. Raises FunctionNotFound.
        """
        specification = await self.specification(region, name, qualifier)
        invocation = Invocation(
            request_id=str(uuid.uuid4()),
            invoked_function_arn=f"{specification.arn}:{qualifier}" if qualifier else specification.arn,
            payload=payload,
            trace_id=recursion.next_trace(trace, specification.arn),
        )
        self.asynchronous.accept(region, name, qualifier, invocation)
        return invocation.request_id

    def admit(self, specification: FunctionSpecification, *, asynchronous: bool = False) -> None:
        """Take a place for one invocation. Raises Throttled."""
        self.concurrency.admit(specification, asynchronous=asynchronous)

    def had_better_wait(self, specification: FunctionSpecification, waiting: int, seconds_each: float) -> bool:
        """Whether one of ``waiting`` queued events, of ``seconds_each``, is served sooner by what runs than by a new
        environment of its own.

        AWS has a machine for each environment; here the init phases of many share a few cores, and a burst of events
        would start so many that none gets on. Nobody waits for the answer to a queued event, so some wait a little.
        """
        busy = [environment for one in self._pools.values() for environment in one.busy]
        without_environment = self.concurrency.running - len(busy)
        pool = self._pools.get(key_of(specification))
        if pool and len(pool.idle) + len(pool.finishing) > without_environment:
            return False
        if without_environment + sum(environment.starting for environment in busy) >= _STARTS_AT_ONCE:
            return True
        running = len(pool.busy) if pool else 0
        return running >= _STARTS_AT_ONCE and waiting * seconds_each < _SHORT_QUEUE_SECONDS * running

    async def run_admitted(self, specification: FunctionSpecification, invocation: Invocation) -> InvocationOutcome:
        """Run an event that has been given a place with ``admit``; the place is given back in the end."""
        started = time.monotonic()
        try:
            try:
                environment = await self._acquire(specification)
            except CodeUnusable as problem:
                return InvocationOutcome(
                    error_documents.code_unusable(invocation.request_id, str(problem)),
                    "application/json",
                    "Unhandled",
                    specification.version,
                    b"",
                )
            pool = self._pools.of(specification)
            pool.busy.add(environment)
            self._memory_watch.begin()
            try:
                outcome = await environment.invoke(invocation)
            finally:
                pool.busy.discard(environment)
                if environment.finishing:
                    pool.finishing.add(environment)
                elif pool.outdated:
                    self._pools.end(key_of(specification))
            self._loops.record(specification, invocation, outcome, started, time.monotonic())
            if self._on_billed:
                self._on_billed(specification, outcome)
            return outcome
        finally:
            self.concurrency.release(specification)

    async def provision(self, specification: FunctionSpecification, amount: int) -> int:
        """Keep ``amount`` environments of this version initialised before events come; returns how many are.

        Fewer than ``amount``: the init phase failed. Zero lets go of them; they end when they are free.
        """
        key = key_of(specification)
        pool = self._pools.of(specification)
        before, pool.provisioned = pool.provisioned, amount
        surplus = [one for one in pool.idle if one.provisioned][: max(0, before - amount)]
        for environment in surplus:
            self._pools.retire(key, environment)
        ready = min(before, amount)
        while ready < amount:
            step = min(_INITIALISED_AT_ONCE, amount - ready)
            made = await asyncio.gather(*(self._initialised(specification) for _ in range(step)))
            ready += sum(made)
            if not all(made):
                pool.provisioned = ready
                break
        return ready

    async def _initialised(self, specification: FunctionSpecification) -> bool:
        environment = await self._new_environment(specification, provisioned=True)
        ready = await environment.initialise()
        if not ready:
            await environment.close()
        return ready

    def note(self, specification: FunctionSpecification, text: str, log_stream: str = "") -> None:
        """Write a line of the lab's own into the function's log, into a stream of its own if none is named."""
        stream = log_stream or new_stream_name(specification)
        event: dict[str, object] = {"timestamp": int(time.time() * 1000), "message": text}
        self._control_plane.deliver_log(specification.region, specification.log_group, stream, [event])

    async def _asynchronous_ended(self, ended: Ended) -> None:
        if ended.condition == "RecursiveInvocation":
            where = failure_targets(ended.specification)
            self._tell_of_loop(ended.specification, ended.event.invocation, f"Its event {where}.")
        await self._deliveries.deliver(ended)

    def _tell_of_loop(self, specification: FunctionSpecification, invocation: Invocation, what_happened: str) -> None:
        note = self._loops.note(specification, invocation, what_happened)
        if note:
            self.note(specification, note.text, note.log_stream)

    async def close(self) -> None:
        """End every environment; says on stderr how many accepted events of which functions were not run."""
        self._housekeeping.cancel()
        self._memory_watch.end()
        await self.asynchronous.close()
        await self._pools.close_all()
        os.close(self._lifeline_write_fd)
        os.close(self.lifeline_fd)
        await asyncio.to_thread(shutil.rmtree, self._folder, True)

    # --- EnvironmentHost ---------------------------------------------------------------------------------------

    def deliver_log(self, specification: FunctionSpecification, stream: str, events: list[dict[str, object]]) -> None:
        self._control_plane.deliver_log(
            specification.region, specification.log_group, stream, events, specification.role
        )

    def undelivered_log_bytes(self) -> int:
        return self._control_plane.undelivered_log_bytes()

    def environment_is_free(self, environment: ExecutionEnvironment) -> None:
        key = key_of(environment.specification)
        pool = self._pools.of(environment.specification)
        pool.finishing.discard(environment)
        ends = environment.credentials_end_soon()
        while pool.waiters:
            waiter = pool.waiters.popleft()
            if not waiter.done() and ends:
                waiter.set_exception(TimeoutError())  # it starts an environment of its own
                break
            if not waiter.done():
                environment.is_free = False
                waiter.set_result(environment)
                return
        pool.idle.append(environment)
        if pool.outdated:
            self._pools.end(key)
        elif ends or (environment.provisioned and not pool.provisioned):
            self._pools.retire(key, environment)

    # --- inside ------------------------------------------------------------------------------------------------

    async def _acquire(self, specification: FunctionSpecification) -> ExecutionEnvironment:
        key = key_of(specification)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools.of(specification)
            # New code or configuration: idle environments of what the name and version ran before are of no more use.
            # Versions stay warm side by side, so only pools whose function now runs under another revision go.
            self._pools.end_others(key, self._control_plane.revisions(key[0], key[1]))
        while pool.idle:
            environment = pool.take_idle()
            if environment.credentials_end_soon():
                self._pools.close(environment)
                continue
            environment.is_free = False
            return environment
        if pool.finishing:
            waiter: asyncio.Future[ExecutionEnvironment] = asyncio.get_running_loop().create_future()
            pool.waiters.append(waiter)
            try:
                return await asyncio.wait_for(waiter, _FINISHING_SECONDS)
            except (TimeoutError, asyncio.CancelledError) as problem:
                if waiter.done() and not waiter.cancelled() and not waiter.exception():  # given at the same moment
                    if isinstance(problem, TimeoutError):
                        return waiter.result()
                    self.environment_is_free(waiter.result())
                if not isinstance(problem, TimeoutError):
                    raise
        self._pools.make_room(self.concurrency.running, self.concurrency.limit)
        return await self._new_environment(specification)

    async def _new_environment(
        self, specification: FunctionSpecification, *, provisioned: bool = False
    ) -> ExecutionEnvironment:
        region, name = specification.region, specification.name
        task = self._code.task_folder(specification.code_sha256)
        if not task.exists():
            async with self._code_locks.setdefault(task, asyncio.Lock()):
                package = await self._control_plane.code(specification.code_sha256)
                task = await asyncio.to_thread(self._code.add_package, specification.code_sha256, package)
        opt: Path | None = None
        if specification.layers:
            opt = self._code.opt_folder(specification.layers)
            if not opt.exists():
                packages = [await self._control_plane.layer(region, arn) for arn in specification.layers]
                opt = await asyncio.to_thread(
                    self._code.add_layers, specification.layers, [one for one in packages if one is not None]
                )
        credentials = await self._control_plane.credentials(region, specification.role, name)
        notes = lab_notes(specification, self.sandbox.limits_tmp(specification.ephemeral_storage))
        self._counter += 1
        folder = self._folder / "environments" / f"{self._counter:06d}"
        folder.mkdir(parents=True)  # last, so that code that cannot be unpacked leaves none behind
        return ExecutionEnvironment(self, specification, folder, task, opt, credentials, notes, provisioned)
