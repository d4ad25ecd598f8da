"""Tumbling windows: the state that a function's invocations within one span of time hand on to each other.

Source: Lambda Developer Guide, "Implementing stateful DynamoDB stream processing in Lambda" (looked up 2026-11-25).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..functions.specification import InvocationOutcome

#: "If the size of the state grows beyond 1 MB for a shard, then Lambda terminates the window early."
STATE_BYTES = 1024 * 1024


@dataclass
class Window:
    """One window of a shard, in seconds since 1970. ``state`` is what the last invocation returned."""

    start: float
    seconds: float
    state: dict[str, Any] = field(default_factory=dict)
    terminated_early: bool = False

    @classmethod
    def around(cls, created: float, seconds: float) -> Window:
        """The window that a record of this time falls into: they follow each other without gaps since 1970."""
        return cls(math.floor(created / seconds) * seconds, seconds)

    @property
    def end(self) -> float:
        return self.start + self.seconds

    def holds(self, created: float) -> bool:
        return self.start <= created < self.end

    def members(self, shard: str, stream_arn: str, *, final: bool) -> dict[str, Any]:
        """What an event has beside its records."""
        return {
            "window": {"start": _time(self.start), "end": _time(self.end)},
            "state": self.state,
            "shardId": shard,
            "eventSourceARN": stream_arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": self.terminated_early,
        }

    def take_state(self, outcome: InvocationOutcome) -> bool:
        """Keep the state of the answer. False: it has none, which counts as a failed invocation."""
        try:
            answer = json.loads(outcome.payload)
        except ValueError:
            return False
        state = answer.get("state") if isinstance(answer, dict) else None
        if not isinstance(state, dict):
            return False
        self.state = state
        return True

    def is_too_large(self) -> bool:
        return len(json.dumps(self.state).encode()) > STATE_BYTES


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
