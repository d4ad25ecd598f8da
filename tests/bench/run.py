"""What every measure gets: its contenders running, how many rounds, a payload, a place for its files, and a voice."""

from __future__ import annotations

import contextlib
import gc
import json
import random
import string
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .contender import CannotMeasure, Contender
from .contenders import CONTENDERS

#: figure → contender → rounds → samples
Samples = dict[str, dict[str, list[list[float]]]]

#: The contenders without which nothing can be compared.
NEEDED = ("lab", "floor")


def no_samples() -> Samples:
    return defaultdict(lambda: defaultdict(list))


@dataclass
class Run:
    """One run of the benchmarks. ``left_out`` says why a contender is missing, ``problems`` what went wrong with one."""

    folder: Path
    quick: bool = False
    seed: int = 0
    say: Callable[[str], None] = lambda text: None
    left_out: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        for key, contender in CONTENDERS.items():
            problem = contender.problem()
            if problem:
                self.left_out[key] = problem

    def times(self, full: int, quick: int) -> int:
        """How many rounds or requests: fewer in a quick run, whose figures are only for trying the bench."""
        return quick if self.quick else full

    def event(self) -> bytes:
        """An event of about 300 bytes, new in each measure, the same for all contenders."""
        text = "".join(self.chance.choices(string.ascii_letters, k=200))
        return json.dumps({"id": self.chance.randrange(10**9), "text": text, "items": [1, 2, 3]}).encode()

    def turns(self, contenders: list[Contender], rounds: int) -> Iterator[tuple[int, Contender]]:
        """Every contender in every round, in an order drawn anew each round, so that none is always first."""
        for number in range(rounds):
            order = list(contenders)
            self.chance.shuffle(order)
            for contender in order:
                self.say(f"round {number + 1} of {rounds}: {contender.label}")
                yield number, contender

    @contextlib.contextmanager
    def running(self, keys: tuple[str, ...], functions: dict[str, str]) -> Iterator[list[Contender]]:
        """Start the contenders one after another; a peer that does not start is left out. All end with the block.

        Raises CannotMeasure when the lab or the floor does not start.
        """
        with contextlib.ExitStack() as stack:
            started: list[Contender] = []
            for key in keys:
                if key in self.left_out:
                    continue
                contender = CONTENDERS[key](self.folder)
                self.say(f"starting {contender.label}")
                stack.callback(contender.stop)
                try:
                    contender.start(functions)
                except Exception as problem:  # whatever boto3, a port or a peer throws: the others are still measured
                    if key in NEEDED:
                        raise CannotMeasure(f"{contender.label}: {problem}") from problem
                    self.left_out[key] = f"did not start here: {problem}"
                    continue
                started.append(contender)
            yield started

    @contextlib.contextmanager
    def trying(self, contender: Contender, what: str) -> Iterator[None]:
        """A peer that fails in one measure is noted and missing there; the lab and the floor must not fail."""
        try:
            yield
        except Exception as problem:
            if contender.key in NEEDED:
                raise CannotMeasure(f"{what}: {contender.label}: {problem}") from problem
            self.problems.append(f"{what}: {contender.label}: {problem}"[:300])


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """The measuring process collects its garbage between batches, not within one. Servers are left as they are."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
