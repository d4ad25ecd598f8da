"""The environments that the engine keeps: one pool for each function revision, and when their environments end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from .environment import ExecutionEnvironment
from .specification import FunctionSpecification

#: Region, function name, revision.
Key = tuple[str, str, str]

_RETIREMENT_CHECK_SECONDS = 10.0


def key_of(specification: FunctionSpecification) -> Key:
    """Specifications with the same key share environments."""
    return (specification.region, specification.name, specification.revision)


@dataclass
class Pool:
    """Environments of one function revision."""

    idle: list[ExecutionEnvironment] = field(default_factory=list)
    busy: set[ExecutionEnvironment] = field(default_factory=set)
    finishing: set[ExecutionEnvironment] = field(default_factory=set)
    waiters: deque[asyncio.Future[ExecutionEnvironment]] = field(default_factory=deque)
    #: Nobody will invoke this revision again: environments end when they become free.
    outdated: bool = False
    #: How many environments provisioned concurrency keeps.
    provisioned: int = 0

    def used(self) -> bool:
        """Whether an environment or a caller is left."""
        return bool(self.idle or self.busy or self.finishing or self.waiters or self.provisioned)

    def take_idle(self) -> ExecutionEnvironment:
        """The idle environment for the next event: a provisioned one first, then the one used last."""
        if self.provisioned:
            for environment in reversed(self.idle):
                if environment.provisioned:
                    self.idle.remove(environment)
                    return environment
        return self.idle.pop()


class Pools(dict[Key, Pool]):
    """All pools of one engine."""

    def __init__(self) -> None:
        super().__init__()
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, specification: FunctionSpecification) -> Pool:
        """The pool of this revision, made when there is none."""
        return self.setdefault(key_of(specification), Pool())

    def end(self, key: Key) -> None:
        """Nobody will invoke this revision again: idle environments end now, others when they become free."""
        pool = self.get(key)
        if pool is None:
            return
        pool.outdated = True
        for environment in list(pool.idle):
            self.retire(key, environment)
        pool.provisioned = 0
        if not pool.used():
            del self[key]

    def end_function(self, region: str, name: str) -> None:
        """End all revisions of a function."""
        for key in [key for key in self if key[:2] == (region, name)]:
            self.end(key)

    def end_others(self, key: Key, current: set[str]) -> None:
        """End revisions of the function of ``key`` that are neither it nor among the ``current`` ones."""
        for other in [other for other in self if other[:2] == key[:2] and other[2] not in current]:
            if other != key:
                self.end(other)

    def make_room(self, running: int, limit: int) -> None:
        """An idle environment of whichever function gives way when idle and ``running`` ones fill the ``limit``."""
        idle = [
            (environment.idle_since, key, environment)
            for key, pool in self.items()
            for environment in pool.idle
            if not environment.provisioned
        ]
        if idle and len(idle) + running > limit:
            idle.sort(key=lambda entry: entry[0])
            _since, key, environment = idle[0]
            self.retire(key, environment)

    async def retire_when_idle(self, keep_seconds: float) -> None:
        """Go on ending environments that have been idle for so long. Runs until it is cancelled."""
        while True:
            await asyncio.sleep(min(_RETIREMENT_CHECK_SECONDS, keep_seconds / 2))
            now = time.monotonic()
            for key, pool in list(self.items()):
                for environment in [one for one in pool.idle if now - one.idle_since > keep_seconds]:
                    if not environment.provisioned:
                        self.retire(key, environment)
                if not pool.used():
                    del self[key]

    def retire(self, key: Key, environment: ExecutionEnvironment) -> None:
        """End an idle environment."""
        self[key].idle.remove(environment)
        self.close(environment)

    def close(self, environment: ExecutionEnvironment) -> None:
        """End an environment that is in no pool."""
        environment.is_free = False
        task = asyncio.get_running_loop().create_task(environment.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close_all(self) -> None:
        """End every environment; returns when they have ended."""
        environments = [one for pool in self.values() for one in {*pool.idle, *pool.busy, *pool.finishing}]
        await asyncio.gather(*(environment.close() for environment in environments), *self._closing)
