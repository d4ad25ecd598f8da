"""From samples to the figures of a table: medians and percentiles."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least ``percent`` of a hundred values do not exceed (nearest rank: always a value
    that was measured)."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


@dataclass(frozen=True)
class Summary:
    """All samples of one contender in one measure. ``rounds`` are the medians of the rounds, in the order measured."""

    n: int
    median: float
    p99: float
    minimum: float
    maximum: float
    rounds: tuple[float, ...]

    @classmethod
    def of(cls, rounds: Sequence[Sequence[float]]) -> Summary:
        """``rounds`` holds the samples of each round."""
        values = [value for one in rounds for value in one]
        return cls(
            n=len(values),
            median=statistics.median(values),
            p99=percentile(values, 99),
            minimum=min(values),
            maximum=max(values),
            rounds=tuple(statistics.median(one) for one in rounds),
        )

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Summary:
        return cls(**{**document, "rounds": tuple(document["rounds"])})

    def to_json(self) -> dict[str, Any]:
        """Rounded to four digits that count: more is noise, and the file is read by people too."""
        document = {
            name: significant(value) if isinstance(value, float) else value for name, value in asdict(self).items()
        }
        return document | {"rounds": [significant(value) for value in self.rounds]}


def significant(value: float, digits: int = 4) -> float:
    """``value`` with so many digits that count."""
    return float(f"{value:.{digits}g}")
