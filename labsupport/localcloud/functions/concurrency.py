"""Counts what runs, and throttles what is over a limit.

Source: Lambda Developer Guide, "Understanding Lambda function scaling" and "Configuring reserved concurrency for a
function": a reservation is a function's limit and at the same time taken from what all other functions share.
"""

from __future__ import annotations

import time

from .specification import FunctionSpecification, Throttled

_RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
_ACCOUNT = "ConcurrentInvocationLimitExceeded"
#: How long a place that becomes free is kept for a synchronous caller that was throttled while the queue had the function.
_KEPT_SECONDS = 1.0


class Concurrency:
    """Admission of invocations. ``limit`` is the account's concurrent executions.

    Queued events never take the last places: a tenth of what functions without a reservation share (at least one) is
    left to synchronous invocations, and after a throttled synchronous invocation the next place of that function waits a
    second for one. So ten thousand queued events do not shut out a caller who waits for an answer.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.running = 0
        self._running_of: dict[tuple[str, str], int] = {}
        self._reservations: dict[tuple[str, str], int] = {}
        self._unreserved_running = 0
        self._kept_until: dict[tuple[str, str], float] = {}
        self._owed: set[tuple[str, str]] = set()

    def reserve(self, region: str, name: str, amount: int | None) -> None:
        """The function's ReservedConcurrentExecutions is now ``amount``; None: no reservation (or no function)."""
        if amount is None:
            self._reservations.pop((region, name), None)
        else:
            self._reservations[region, name] = amount

    def admit(self, specification: FunctionSpecification, *, asynchronous: bool = False) -> None:
        """Take a place for one invocation, to be given back with ``release``. Raises Throttled with AWS's reason."""
        key = (specification.region, specification.name)
        self.reserve(*key, specification.reserved_concurrency)
        reserved = specification.reserved_concurrency
        running = self._running_of.get(key, 0)
        if reserved is not None and running >= reserved:
            if not asynchronous and key in self._owed:
                self._owed.discard(key)
                self._kept_until[key] = time.monotonic() + _KEPT_SECONDS
            raise Throttled(_RESERVED)
        shared = max(1, self.limit - sum(self._reservations.values()))
        if asynchronous and shared > 1:
            shared -= max(1, shared // 10)
        if self.running >= self.limit or (reserved is None and self._unreserved_running >= shared):
            raise Throttled(_ACCOUNT)
        if asynchronous:
            if time.monotonic() < self._kept_until.get(key, 0.0):
                raise Throttled(_RESERVED)
            self._owed.add(key)
        self._kept_until.pop(key, None)
        self.running += 1
        self._running_of[key] = running + 1
        self._unreserved_running += reserved is None

    def release(self, specification: FunctionSpecification) -> None:
        """An admitted invocation of this specification has ended."""
        key = (specification.region, specification.name)
        self.running -= 1
        self._unreserved_running -= specification.reserved_concurrency is None
        self._running_of[key] -= 1
        if not self._running_of[key]:
            del self._running_of[key]


def default_concurrency(total_memory_bytes: int) -> int:
    """How many environments fit the machine when each uses 128 MB of half its memory; at least 10, at most AWS's
    default account limit of 1,000."""
    return max(10, min(1000, total_memory_bytes // 2 // (128 * 1024 * 1024)))
