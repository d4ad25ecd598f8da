"""Chooses an environment for each invocation: reuse, start, throttle, retire; and runs asynchronous invocations.

Source: Lambda Developer Guide, "Understanding Lambda function scaling" and "How Lambda handles errors and retries
with asynchronous invocation".
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from . import error_documents, limits
from .code_store import CodeStore
from .environment import ExecutionEnvironment
from .sandbox import Sandbox
from .specification import (
    CodeUnusable,
    FunctionNotFound,
    FunctionSpecification,
    Invocation,
    InvocationOutcome,
    Throttled,
)

_MEMORY_CHECK_SECONDS = 0.02
_RETIREMENT_CHECK_SECONDS = 1.0
#: After the answer the runtime needs a moment to ask for its next event; waiting that long beats a cold start.
_FINISHING_SECONDS = 0.5


class ControlPlane(Protocol):
    """Where functions, their code and their roles are kept (the moto process)."""

    async def function(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification | None: ...

    async def code(self, region: str, name: str, version: str) -> bytes: ...

    async def layer(self, region: str, arn: str) -> bytes | None: ...

    async def credentials(self, region: str, role: str, session_name: str) -> dict[str, str]: ...

    def deliver_log(
        self, region: str, group: str, stream: str, events: list[dict[str, object]], role: str | None = None
    ) -> None: ...

    def undelivered_log_bytes(self) -> int: ...


@dataclass
class _Pool:
    """Environments of one function revision."""

    idle: list[ExecutionEnvironment] = field(default_factory=list)
    busy: set[ExecutionEnvironment] = field(default_factory=set)
    finishing: set[ExecutionEnvironment] = field(default_factory=set)
    waiters: deque[asyncio.Future[ExecutionEnvironment]] = field(default_factory=deque)


class Engine:
    """The function engine of one cloud. Make it inside a running event loop; ``await close()`` in the end."""

    def __init__(
        self,
        control_plane: ControlPlane,
        sandbox: Sandbox,
        folder: Path,
        concurrency: int,
        time_scale: float = 1.0,
    ) -> None:
        self.sandbox = sandbox
        self.lifeline_fd, self._lifeline_write_fd = os.pipe()
        self._control_plane = control_plane
        self._folder = folder
        self._code = CodeStore(folder / "code")
        self._code_locks: dict[Path, asyncio.Lock] = {}
        self._concurrency = concurrency
        self._time_scale = time_scale
        self._pools: dict[tuple[str, str, str], _Pool] = {}
        self._running: dict[tuple[str, str], int] = {}
        self._running_total = 0
        self._specifications: dict[tuple[str, str, str | None], FunctionSpecification] = {}
        self._counter = 0
        self._asynchronous: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._memory_watch: asyncio.Task[None] | None = None
        self._housekeeping = asyncio.get_running_loop().create_task(self._retire_when_idle())

    # --- for the front door ------------------------------------------------------------------------------------

    async def specification(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification:
        """What runs under this name and qualifier now. An alias with weights is decided anew at each call.

        Raises FunctionNotFound with the qualified ARN, as AWS words it.
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
        key = (region, name, qualifier)
        cached = self._specifications.get(key)
        if cached is None:
            cached = await self._control_plane.function(region, name, qualifier)
            if cached is None:
                arn = f"arn:aws:lambda:{region}:123456789012:function:{name}:{qualifier or '$LATEST'}"
                raise FunctionNotFound(arn)
            self._specifications[key] = cached
        return cached

    def forget_specifications(self) -> None:
        """A configuration may have changed: ask again before the next invocation."""
        self._specifications.clear()

    async def forget_function(self, region: str, name: str) -> None:
        """The function was deleted: its environments end."""
        self.forget_specifications()
        for key in [key for key in self._pools if key[:2] == (region, name)]:
            for environment in list(self._pools[key].idle):
                self._retire(key, environment)

    async def invoke(self, specification: FunctionSpecification, invocation: Invocation) -> InvocationOutcome:
        """Run one event synchronously. Raises Throttled; everything the function does is in the outcome."""
        key = (specification.region, specification.name)
        self._admit(specification, key)
        self._running[key] = self._running.get(key, 0) + 1
        self._running_total += 1
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
            pool = self._pools[self._pool_key(specification)]
            pool.busy.add(environment)
            self._watch_memory()
            try:
                return await environment.invoke(invocation)
            finally:
                pool.busy.discard(environment)
                if environment.finishing:
                    pool.finishing.add(environment)
        finally:
            self._running[key] -= 1
            self._running_total -= 1

    def invoke_later(
        self,
        specification_of: Callable[[], Awaitable[FunctionSpecification]],
        invocation: Invocation,
    ) -> None:
        """Accept an asynchronous invocation. Errors of the function are retried, throttles until the age limit."""
        task = asyncio.get_running_loop().create_task(self._run_asynchronously(specification_of, invocation))
        self._asynchronous.add(task)
        task.add_done_callback(self._asynchronous.discard)

    async def close(self) -> None:
        """End every environment; says on stderr how many accepted events were not run."""
        self._housekeeping.cancel()
        if self._memory_watch:
            self._memory_watch.cancel()
        if self._asynchronous:
            print(
                f"labsupport cloud: {len(self._asynchronous)} asynchronous invocation(s) had not ended "
                "and are dropped.",
                file=sys.stderr,
                flush=True,
            )
            for task in self._asynchronous:
                task.cancel()
        environments = [
            environment for pool in self._pools.values() for environment in {*pool.idle, *pool.busy, *pool.finishing}
        ]
        await asyncio.gather(*(environment.close() for environment in environments), *self._closing)
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
        key = self._pool_key(environment.specification)
        pool = self._pools.setdefault(key, _Pool())
        pool.finishing.discard(environment)
        while pool.waiters:
            waiter = pool.waiters.popleft()
            if not waiter.done():
                environment.is_free = False
                waiter.set_result(environment)
                return
        pool.idle.append(environment)

    # --- inside ------------------------------------------------------------------------------------------------

    @staticmethod
    def _pool_key(specification: FunctionSpecification) -> tuple[str, str, str]:
        return (specification.region, specification.name, specification.revision)

    def _admit(self, specification: FunctionSpecification, key: tuple[str, str]) -> None:
        reserved = specification.reserved_concurrency
        if reserved is not None and self._running.get(key, 0) >= int(reserved):
            raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        if self._running_total >= self._concurrency:
            raise Throttled("ConcurrentInvocationLimitExceeded")

    async def _acquire(self, specification: FunctionSpecification) -> ExecutionEnvironment:
        key = self._pool_key(specification)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = _Pool()
            self._retire_older_revisions(key)
        while pool.idle:
            environment = pool.idle[-1]
            if environment.credentials_end_soon():
                self._retire(key, environment)
                continue
            pool.idle.pop()
            environment.is_free = False
            return environment
        if pool.finishing:
            waiter: asyncio.Future[ExecutionEnvironment] = asyncio.get_running_loop().create_future()
            pool.waiters.append(waiter)
            try:
                return await asyncio.wait_for(waiter, _FINISHING_SECONDS)
            except TimeoutError:
                pass
        self._make_room()
        return await self._new_environment(specification)

    async def _new_environment(self, specification: FunctionSpecification) -> ExecutionEnvironment:
        self._counter += 1
        folder = self._folder / "environments" / f"{self._counter:06d}"
        folder.mkdir(parents=True)
        region, name = specification.region, specification.name
        task = self._code.task_folder(specification.code_sha256)
        if not task.exists():
            async with self._code_locks.setdefault(task, asyncio.Lock()):
                package = await self._control_plane.code(region, name, specification.version)
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
        notes: tuple[str, ...] = ()
        own = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        if specification.runtime != own:
            notes = (
                f"LAB NOTE: this machine runs {specification.runtime or 'this function'} on Python "
                f"{sys.version_info[0]}.{sys.version_info[1]}.\n",
            )
        return ExecutionEnvironment(self, specification, folder, task, opt, credentials, notes)

    def _retire_older_revisions(self, key: tuple[str, str, str]) -> None:
        """New code or configuration: idle environments of what the name and version ran before are of no more use.

        Versions stay warm side by side, so only pools whose function now runs under another revision go.
        """
        current = {
            self._pool_key(specification)
            for specification in self._specifications.values()
            if (specification.region, specification.name) == key[:2]
        }
        for other in [other for other in self._pools if other[:2] == key[:2] and other not in current]:
            if other == key:
                continue
            for environment in list(self._pools[other].idle):
                self._retire(other, environment)
            pool = self._pools[other]
            if not (pool.idle or pool.busy or pool.finishing or pool.waiters):
                del self._pools[other]

    def _make_room(self) -> None:
        """Idle environments of other functions give way when the machine's share is used up."""
        idle = [
            (environment.idle_since, key, environment) for key, pool in self._pools.items() for environment in pool.idle
        ]
        if len(idle) + self._running_total > self._concurrency:
            idle.sort(key=lambda entry: entry[0])
            _since, key, environment = idle[0]
            self._retire(key, environment)

    def _retire(self, key: tuple[str, str, str], environment: ExecutionEnvironment) -> None:
        self._pools[key].idle.remove(environment)
        environment.is_free = False
        task = asyncio.get_running_loop().create_task(environment.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _retire_when_idle(self) -> None:
        keep = max(1.0, limits.IDLE_SECONDS * self._time_scale)
        while True:
            await asyncio.sleep(min(_RETIREMENT_CHECK_SECONDS * 10, keep / 2))
            now = time.monotonic()
            for key, pool in list(self._pools.items()):
                for environment in [one for one in pool.idle if now - one.idle_since > keep]:
                    self._retire(key, environment)

    def _watch_memory(self) -> None:
        if self._memory_watch is None or self._memory_watch.done():
            self._memory_watch = asyncio.get_running_loop().create_task(self._check_memory())

    async def _check_memory(self) -> None:
        while any(pool.busy for pool in self._pools.values()):
            await asyncio.sleep(_MEMORY_CHECK_SECONDS)
            for pool in list(self._pools.values()):
                for environment in list(pool.busy):
                    environment.exceeds_memory()

    async def _run_asynchronously(
        self,
        specification_of: Callable[[], Awaitable[FunctionSpecification]],
        invocation: Invocation,
    ) -> None:
        accepted = time.monotonic()
        failures = 0
        throttle_wait = 1.0
        while True:
            try:
                specification = await specification_of()
            except FunctionNotFound:
                return
            maximum_age = specification.maximum_event_age or limits.ASYNCHRONOUS_MAXIMUM_AGE_SECONDS
            retries = 2 if specification.retry_attempts is None else specification.retry_attempts
            try:
                outcome = await self.invoke(specification, invocation)
            except Throttled:  # not a failed attempt: AWS puts the event back for up to six hours
                wait, throttle_wait = throttle_wait, min(throttle_wait * 2, 300.0)
            else:
                if outcome.function_error is None or failures >= retries:
                    return
                wait = limits.ASYNCHRONOUS_RETRY_WAITS_SECONDS[failures]
                failures += 1
            if time.monotonic() - accepted + wait * self._time_scale > maximum_age:
                return
            await asyncio.sleep(wait * self._time_scale)


def default_concurrency(total_memory_bytes: int) -> int:
    """How many environments fit the machine when each uses 128 MB of half its memory; at least 10, at most AWS's
    default account limit of 1,000."""
    return max(10, min(1000, total_memory_bytes // 2 // (128 * 1024 * 1024)))


def total_memory_bytes() -> int:
    """Physical memory of this machine."""
    import psutil

    return int(psutil.virtual_memory().total)
