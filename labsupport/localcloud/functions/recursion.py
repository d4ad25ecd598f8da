"""Stops a function that starts itself again and again, as Lambda does, and works out what the loop would have cost.

Source: Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops". The count travels in
the X-Ray header, which botocore adds to every call made inside a function: ``Lineage=15:fe460cdd:14`` says that the
chain of requests has 15 invocations so far and that the function with this hash had run 14 times before the last one.
Services pass the header on with the event. AWS shows one function there; here each function of a loop has its entry.
"""

from __future__ import annotations

import functools
import hashlib
import random
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ...facts import FACTS
from . import limits
from .specification import FunctionSpecification, Invocation, InvocationOutcome

_ROOT = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})")
_LINEAGE = re.compile(r"Lineage=(\d{1,5}):((?:[0-9a-f]{8}:\d{1,5})(?:,[0-9a-f]{8}:\d{1,5})*)", re.IGNORECASE)
#: Chains that are remembered to price them; a loop's own runs keep it among the newest.
_REMEMBERED_CHAINS = 1000


class RecursionStopped(Exception):
    """The function has run too often in one chain of requests. The text is that of RecursiveInvocationException."""

    def __init__(self) -> None:
        super().__init__(
            "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
            "resources and stopped your function's invocation."
        )


def next_trace(header: str | None, function_arn: str) -> str:
    """The X-Ray header for an invocation of ``function_arn`` (unqualified) that a request with ``header`` causes:
    the root is kept, the parent is new, the chain is one invocation longer."""
    text = unquote(header or "")
    root = _ROOT.search(text)
    new_root = root[1] if root else f"1-{int(time.time()):08x}-{random.getrandbits(96):024x}"
    length, so_far = _lineage(text)
    runs = dict(so_far)
    function = _hash(function_arn)
    runs[function] = runs.get(function, -1) + 1
    entries = ",".join(f"{name}:{count}" for name, count in runs.items())
    return f"Root={new_root};Parent={random.getrandbits(64):016x};Sampled=0;Lineage={length + 1}:{entries}"


def runs_in_chain(trace_id: str, function_arn: str) -> int:
    """The how-manieth run of ``function_arn`` in its chain an invocation with this header is; 1 for the first."""
    return _lineage(trace_id)[1].get(_hash(function_arn), 0) + 1


def refuse_loop(specification: FunctionSpecification, invocation: Invocation) -> None:
    """Raises RecursionStopped when this run would be one too many and the function's setting is Terminate."""
    if specification.recursive_loop == "Allow":
        return
    if runs_in_chain(invocation.trace_id, specification.arn) > limits.RECURSIVE_LOOP_RUNS:
        raise RecursionStopped


@dataclass
class _Chain:
    """Runs of one function in one chain. Times are of the monotonic clock."""

    first_start: float
    last_end: float = 0.0
    runs: int = 0
    billed_milliseconds: int = 0
    log_stream: str = ""
    told: bool = False


@dataclass(frozen=True)
class LoopNote:
    """What the learner is told of a stopped loop, and the log stream where the loop's last run wrote."""

    text: str
    log_stream: str


class Loops:
    """Remembers the runs of functions that were started by a function, to say what a loop would have cost."""

    def __init__(self) -> None:
        self._chains: OrderedDict[tuple[str, str], _Chain] = OrderedDict()

    def record(
        self,
        specification: FunctionSpecification,
        invocation: Invocation,
        outcome: InvocationOutcome,
        start: float,
        end: float,
    ) -> None:
        """One run has ended. Only runs within a chain are kept; the first of a chain is nobody's loop yet."""
        if _lineage(invocation.trace_id)[0] < 2:
            return
        key = self._key(specification, invocation)
        chain = self._chains.setdefault(key, _Chain(start))
        self._chains.move_to_end(key)
        chain.runs += 1
        chain.last_end = max(chain.last_end, end)
        chain.billed_milliseconds += outcome.billed_duration
        chain.log_stream = outcome.log_stream
        while len(self._chains) > _REMEMBERED_CHAINS:
            self._chains.popitem(last=False)

    def note(self, specification: FunctionSpecification, invocation: Invocation, what_happened: str) -> LoopNote | None:
        """Text for the function's log, once for each chain: AWS, too, sends one message, not one for each event.

        ``what_happened`` is a sentence that says where the event of the run that was not started went.
        """
        key = self._key(specification, invocation)
        chain = self._chains.setdefault(key, _Chain(time.monotonic()))
        if chain.told:
            return None
        chain.told = True
        runs = limits.RECURSIVE_LOOP_RUNS
        text = (
            f"LAB NOTE: {specification.name} is part of a recursive loop: it has run {runs} times in one chain of "
            f"requests, each run started by something the run before it sent. Run {runs + 1} was not started. "
            f"{what_happened} {_cost(chain, specification.memory_size)}"
            "Let the function write to another bucket, queue or topic than the one that starts it; if the loop is "
            "what you want, set RecursiveLoop to Allow with PutFunctionRecursionConfig.\n"
        )
        return LoopNote(text, chain.log_stream)

    @staticmethod
    def _key(specification: FunctionSpecification, invocation: Invocation) -> tuple[str, str]:
        root = _ROOT.search(invocation.trace_id)
        return (root[1] if root else "", specification.arn)


def _cost(chain: _Chain, memory_size: int) -> str:
    """What the chain's runs would cost if they went on at the rate at which they ran here."""
    seconds = chain.last_end - chain.first_start
    if chain.runs < 1 or seconds <= 0:
        return ""
    rate = chain.runs / seconds
    billed = chain.billed_milliseconds / chain.runs
    gigabyte_seconds = billed / 1000 * memory_size / 1024
    run = float(FACTS["price_per_million_requests"].value) / 1_000_000 + gigabyte_seconds * float(
        FACTS["price_per_gb_second"].value
    )
    hour = run * rate * 3600
    return (
        f"It ran {_figure(rate)} times a second with {billed:.0f} ms billed each and {memory_size} MB; without this "
        f"stop that would have cost about ${_figure(hour)} an hour, ${_figure(hour * 24)} a day on AWS (requests and "
        "duration, after the free tier). "
    )


def _figure(value: float) -> str:
    """Two decimals, or two digits that count for what is smaller."""
    return f"{value:,.2f}" if value >= 0.1 else f"{value:.2g}"


@functools.lru_cache(maxsize=256)
def _lineage(text: str) -> tuple[int, Mapping[str, int]]:
    """Length of the chain, and for each function's hash its runs minus one."""
    match = _LINEAGE.search(text)
    if not match:
        return 0, {}
    entries = (entry.split(":") for entry in match[2].lower().split(","))
    return int(match[1]), {name: int(count) for name, count in entries}


@functools.lru_cache(maxsize=1024)
def _hash(function_arn: str) -> str:
    return hashlib.sha256(function_arn.encode()).hexdigest()[:8]
