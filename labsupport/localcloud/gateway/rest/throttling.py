"""Rates: the token bucket that API Gateway throttles with.

Source: API Gateway Developer Guide, "Throttle requests to your REST APIs for better throughput in API Gateway": a token
is a request, the burst is the size of the bucket, and the rate is how many tokens come back in a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

#: Beyond this many buckets, those that are full again (nobody uses them) are let go.
_KEPT_BUCKETS = 10_000


@dataclass(frozen=True)
class Throttle:
    """``rate`` in requests per second, ``burst`` in requests; None where there is no such limit."""

    rate: float | None = None
    burst: int | None = None

    @classmethod
    def from_wire(cls, document: dict[str, Any] | None) -> Throttle:
        """From ``{"rateLimit": 10.0, "burstLimit": 5}``, as a usage plan has it."""
        document = document or {}
        rate, burst = document.get("rateLimit"), document.get("burstLimit")
        return cls(None if rate is None else float(rate), None if burst is None else int(burst))

    @property
    def limits(self) -> bool:
        return self.rate is not None or self.burst is not None


class TokenBucket:
    """Full in the beginning. ``now`` is seconds of a clock that never goes back."""

    def __init__(self, throttle: Throttle, now: float) -> None:
        self.throttle = throttle
        rate = math.inf if throttle.rate is None else throttle.rate
        # Without a burst the bucket holds a second's worth; a plan that has only a burst refills at once.
        self._size = max(1.0, math.ceil(rate)) if throttle.burst is None else float(throttle.burst)
        self._rate = rate
        self._tokens = self._size
        self._filled = now

    def take(self, now: float) -> bool:
        """Take a token, if there is one."""
        self._fill(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def is_full(self, now: float) -> bool:
        self._fill(now)
        return self._tokens >= self._size

    def _fill(self, now: float) -> None:
        passed = max(0.0, now - self._filled)
        self._filled = now
        gained = 0.0 if passed == 0.0 and math.isfinite(self._rate) else passed * self._rate
        if math.isnan(gained):  # no time passed, and no limit to the rate
            gained = self._size
        self._tokens = min(self._size, self._tokens + gained)


class Buckets:
    """Token buckets by name. A bucket whose limits were changed starts anew."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, ...], TokenBucket] = {}

    def take(self, name: tuple[str, ...], throttle: Throttle, now: float) -> bool:
        """A token of this bucket, made when it is first asked for; True when there is no limit at all."""
        if not throttle.limits:
            return True
        bucket = self._buckets.get(name)
        if bucket is None or bucket.throttle != throttle:
            if len(self._buckets) >= _KEPT_BUCKETS:
                self._buckets = {key: one for key, one in self._buckets.items() if not one.is_full(now)}
            bucket = self._buckets[name] = TokenBucket(throttle, now)
        return bucket.take(now)
