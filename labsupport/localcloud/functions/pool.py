"""The environments of one function revision, as the engine keeps them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from .environment import ExecutionEnvironment


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
