"""Lessons, exercises, questions and predictions, and the report of a check: data only, no display."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any

from .messages import Message
from .outcomes import Outcome

if TYPE_CHECKING:
    from .probe import Probe

KINDS = ("fill in", "write", "debug", "design")


@dataclass(frozen=True)
class SubCheck:
    """One thing a check looked at. ``outcome`` and ``message`` say why it failed; ``traceback`` is shown folded."""

    title: str
    ok: bool
    message: Message | None = None
    outcome: Outcome | None = None
    traceback: str = ""

    @property
    def result(self) -> Outcome:
        """PASSED, or the outcome it failed with (NOT YET unless it says otherwise)."""
        return Outcome.PASSED if self.ok else self.outcome or Outcome.NOT_YET


#: What a check is: given a probe of the cloud, it yields a sub-check for each thing it looked at. It may raise
#: CheckStop when nothing can be looked at. `sub_checks` below makes one from small functions; prefer it.
Check = Callable[["Probe"], Iterable[SubCheck]]

#: Looks at one thing: returns when all is well, raises CheckStop (NotYet, ...) when not.
Step = Callable[["Probe"], None]


def sub_checks(*steps: tuple[str, Step]) -> Check:
    """A check made of (title, step) pairs. Each step runs, whatever became of the ones before it::

        check=sub_checks(
            ("It answers with the price of the event", _answers_with_price),
            ("It refuses a negative number of prints", _refuses_negative),
        )

    Titles are the same in every run: they are in the notebooks' stored outputs.
    """

    def check(probe: Probe) -> Iterator[SubCheck]:
        for title, step in steps:
            yield probe.run_step(title, step)

    return check


@dataclass(frozen=True)
class Exercise:
    """One exercise. ``hints`` climb from the concept over where to look to pseudo-code; ``explanation`` ("why it
    works") is shown after passing. Raises ValueError when an author left something out."""

    id: str
    lesson: str
    title: str
    kind: str
    points: int
    minutes: int
    skills: tuple[str, ...]
    hints: tuple[str, ...]
    explanation: str
    check: Check

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"exercise {self.id}: kind {self.kind!r} is none of {', '.join(KINDS)}")
        if len(self.hints) < 3:
            raise ValueError(
                f"exercise {self.id}: {len(self.hints)} hints; at least three (concept, place, pseudo-code)"
            )
        if self.points < 0 or self.minutes <= 0:
            raise ValueError(f"exercise {self.id}: points below 0 or no minutes")
        if not self.explanation.strip():
            raise ValueError(f"exercise {self.id}: no explanation")


@dataclass(frozen=True)
class Choice:
    """What questions and predictions share: options by letter, the right one, and an explanation for each."""

    id: str
    text: str
    options: dict[str, str]
    answer: str
    explanations: dict[str, str]

    def __post_init__(self) -> None:
        if self.answer not in self.options:
            raise ValueError(f"{self.id}: the answer {self.answer!r} is not an option")
        if set(self.explanations) != set(self.options):
            raise ValueError(f"{self.id}: each option needs its explanation")


@dataclass(frozen=True)
class Question(Choice):
    """A quiz question."""


@dataclass(frozen=True)
class Prediction(Choice):
    """What the learner commits to before a demo with a surprise."""


@dataclass(frozen=True)
class Lesson:
    """One lesson. ``number`` is "01", ``name`` is "01_hello_lambda" (the notebook's name without its ending).

    ``time_scale`` multiplies AWS's own waits (retries, idle environments) in the local cloud that the lesson starts: a
    lesson that waits for a retry has less than 1, and its text says so.
    """

    number: str
    name: str
    title: str
    minutes: int
    exercises: tuple[Exercise, ...] = ()
    quiz: tuple[Question, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    time_scale: float = 1.0

    @property
    def points(self) -> int:
        return sum(exercise.points for exercise in self.exercises)


@dataclass(frozen=True)
class CheckReport:
    """What a check found out. JupyterLab shows it as it is; ``to_dict`` is its JSON form.

    ``points`` has at most two decimals and equals ``max_points`` only when everything passed. ``message`` is set when
    the check stopped before its first sub-check. ``explanation`` is set when it passed.
    """

    exercise_id: str
    title: str
    outcome: Outcome
    points: Decimal
    max_points: int
    subchecks: tuple[SubCheck, ...] = ()
    message: Message | None = None
    traceback: str = ""
    explanation: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    def to_dict(self) -> dict[str, Any]:
        """JSON form: plain values only."""
        record: dict[str, Any] = {
            "exercise": self.exercise_id,
            "title": self.title,
            "outcome": self.outcome.word,
            "points": json_number(self.points),
            "max_points": self.max_points,
            "subchecks": [_subcheck_to_dict(subcheck) for subcheck in self.subchecks],
        }
        if self.message:
            record["message"] = self.message.to_dict()
        if self.traceback:
            record["traceback"] = self.traceback
        return record

    def __repr__(self) -> str:
        from . import view

        return view.report_text(self)

    def _repr_html_(self) -> str:
        from . import view

        return view.report_html(self)


def partial_points(points: int, passed: int, total: int) -> Decimal:
    """The share ``passed``/``total`` of ``points``, exact to two decimals and rounded down: only all is all."""
    if total <= 0:
        return Decimal(0)
    return (Decimal(points) * passed / total).quantize(Decimal("0.01"), ROUND_DOWN)


def json_number(points: Decimal) -> int | float:
    """A point count as JSON has it: whole numbers without a decimal point."""
    return int(points) if points == points.to_integral_value() else float(points)


def _subcheck_to_dict(subcheck: SubCheck) -> dict[str, Any]:
    record: dict[str, Any] = {"title": subcheck.title, "outcome": subcheck.result.word}
    if subcheck.message:
        record["message"] = subcheck.message.to_dict()
    if subcheck.traceback:
        record["traceback"] = subcheck.traceback
    return record
