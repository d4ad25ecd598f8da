"""The result of one run, as it is kept in ``docs/bench/speed.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .figures import Summary, significant
from .run import Samples

FORM = 1
COMMITTED = Path(__file__).parents[2] / "docs" / "bench" / "speed.json"
#: Load of the machine before the run, in percent of all its cores, above which the table says that it was busy.
BUSY_PERCENT = 15.0


@dataclass(frozen=True)
class Results:
    """``figures``: figure → contender → summary. ``about`` holds date, machine, versions, load, seed and method."""

    about: dict[str, Any]
    left_out: dict[str, str]
    problems: tuple[str, ...]
    figures: dict[str, dict[str, Summary]]

    @classmethod
    def of(cls, about: dict[str, Any], left_out: dict[str, str], problems: list[str], samples: Samples) -> Results:
        figures = {
            figure: {key: Summary.of(rounds) for key, rounds in by_contender.items()}
            for figure, by_contender in samples.items()
        }
        return cls(about, dict(left_out), tuple(problems), figures)

    @classmethod
    def load(cls, file: Path) -> Results:
        document = json.loads(file.read_text())
        if document.get("form") != FORM:
            raise ValueError(f"{file} was written by another version of the bench; measure again with make bench")
        figures = {
            figure: {key: Summary.from_json(one) for key, one in by_contender.items()}
            for figure, by_contender in document["figures"].items()
        }
        return cls(document["about"], document["left_out"], tuple(document["problems"]), figures)

    def save(self, file: Path) -> None:
        document = {
            "form": FORM,
            "about": self.about,
            "left_out": self.left_out,
            "problems": list(self.problems),
            "figures": {
                figure: {key: one.to_json() for key, one in by_contender.items()}
                for figure, by_contender in self.figures.items()
            },
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=1) + "\n")

    def median(self, figure: str, contender: str) -> float | None:
        """None when it was not measured. Rounded as in the file, so that a table made before and after saving is the
        same."""
        one = self.figures.get(figure, {}).get(contender)
        return None if one is None else significant(one.median)

    def maximum(self, figure: str, contender: str) -> float | None:
        """The worst of all rounds; None when it was not measured."""
        one = self.figures.get(figure, {}).get(contender)
        return None if one is None else one.maximum

    def caveat(self) -> str:
        """Empty for a full run on a quiet machine."""
        reasons = []
        if self.about.get("quick"):
            reasons.append("a quick run, only for trying the bench")
        busy = self.about["load"]["before"]["cpu_percent"]
        if busy > BUSY_PERCENT:
            reasons.append(f"the machine was busy: {busy:.0f} % of its CPU before the run")
        return "; ".join(reasons)
