"""How many batches of a queue run at a time.

Source: Lambda Developer Guide, "Configuring scaling behavior for SQS event source mappings" and, for what slows it down,
"Handling errors for an SQS event source in Lambda" (looked up 2026-11-25).
"""

from __future__ import annotations

#: "Lambda starts processing five batches at a time …"
_FIRST = 5.0
#: "… increases the number of processes that are reading batches by up to 300 more instances per minute."
_MORE_EACH_SECOND = 5.0
#: "The maximum number of batches that an event source mapping can process simultaneously" (1,250 since 2024).
_MOST = 1250.0
#: Lambda "gradually backs off"; it does not say how. Fewer than two pollers it never uses.
_LEAST = 2.0


class Scaling:
    """The number of batches that may run now. Times are of one clock, in seconds; ``time_scale`` shortens the growth.

    It grows from five while messages wait although as many batches run as may, and shrinks when the function has no
    place for a batch or fails.
    """

    def __init__(self, time_scale: float) -> None:
        self._each_second = _MORE_EACH_SECOND / time_scale
        self._allowed = _FIRST
        self._growing_since: float | None = None

    def limit(self, now: float, maximum_concurrency: int | None, account_limit: int) -> int:
        """``maximum_concurrency`` is the mapping's ScalingConfig. More than the account's limit could never run."""
        return max(1, int(min(self._at(now), maximum_concurrency or _MOST, account_limit)))

    def next_growth(self, now: float) -> float | None:
        """Seconds until one more may run; None while it does not grow."""
        if self._growing_since is None or self._at(now) >= _MOST:
            return None
        return (1.0 - self._at(now) % 1.0) / self._each_second

    def backlog(self, now: float) -> None:
        """As many batches as were asked for were found: there are more messages."""
        self._settle(now)
        self._growing_since = now

    def drained(self, now: float) -> None:
        """There are no more messages for now."""
        self._settle(now)

    def idle(self) -> None:
        """No batch runs and no message waits: begin anew with five."""
        self._growing_since = None
        self._allowed = _FIRST

    def throttled(self, now: float) -> None:
        """The function had no place for a batch."""
        self._settle(now)
        self._allowed = max(_LEAST, self._allowed / 2)

    def failed(self, now: float) -> None:
        """The function failed with a batch, and does not report single failures."""
        self._settle(now)
        self._allowed = max(_LEAST, self._allowed - 1)

    def _at(self, now: float) -> float:
        grown = 0.0 if self._growing_since is None else (now - self._growing_since) * self._each_second
        return min(_MOST, self._allowed + grown)

    def _settle(self, now: float) -> None:
        self._allowed, self._growing_since = self._at(now), None
