"""Runs the check of an exercise and makes its report. Never raises for anything a learner or the cloud does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ..lab_home import write_problem
from .messages import Message
from .model import CheckReport, Exercise, SubCheck, partial_points
from .outcomes import CheckStop, Outcome
from .probe import Probe
from .progress import Progress


def run_check(exercise: Exercise, probe: Probe, write_details: Callable[[BaseException], str]) -> CheckReport:
    """Every sub-check, then the report.

    ``write_details`` keeps the traceback of a broken check of ours somewhere and returns where; the learner gets a
    line.
    """
    subchecks: list[SubCheck] = []
    stop: CheckStop | None = None
    try:
        for subcheck in exercise.check(probe):
            subchecks.append(subcheck)
    except CheckStop as stopped:
        stop = stopped
    except Exception as bug:  # noqa: BLE001
        subchecks.append(
            SubCheck(
                "The lab's own check",
                False,
                Message(
                    did=f"We ran the check of {exercise.id}.",
                    came_back="an error in the check itself: the lab's fault, not yours",
                    look=f"{write_details(bug)} has the details",
                ),
                Outcome.LAB_PROBLEM,
            )
        )
    return _report(exercise, tuple(subchecks), stop)


def check_and_record(exercise: Exercise, endpoint: str, region: str, progress: Progress) -> CheckReport:
    """Check one exercise in the cloud at ``endpoint`` and remember how it went."""
    attempted = progress.exercise(exercise.id).attempts > 0
    probe = Probe(endpoint, exercise_id=exercise.id, region=region, attempted_before=attempted)
    report = run_check(exercise, probe, write_problem)
    progress.record_check(report)
    return report


def _report(exercise: Exercise, subchecks: tuple[SubCheck, ...], stop: CheckStop | None) -> CheckReport:
    if stop and subchecks:  # it stopped half way: what was found stays, the stop is one more line
        subchecks = (*subchecks, SubCheck("The rest of the check", False, stop.message, stop.outcome, stop.traceback))
        stop = None
    if stop:
        return CheckReport(
            exercise.id, exercise.title, stop.outcome, Decimal(0), exercise.points,
            message=stop.message, traceback=stop.traceback,
        )  # fmt: skip
    outcome = _overall(subchecks)
    passed = sum(subcheck.ok for subcheck in subchecks)
    points = Decimal(exercise.points) if outcome is Outcome.PASSED else partial_points(
        exercise.points, passed if outcome is Outcome.PARTIAL else 0, len(subchecks)
    )  # fmt: skip
    explanation = exercise.explanation if outcome is Outcome.PASSED else ""
    shared = _shared(subchecks) if outcome in (Outcome.NOT_ATTEMPTED, Outcome.LAB_PROBLEM) else None
    return CheckReport(
        exercise.id,
        exercise.title,
        outcome,
        points,
        exercise.points,
        subchecks=() if shared else subchecks,
        message=shared.message if shared else None,
        traceback=shared.traceback if shared else "",
        explanation=explanation,
    )


def _overall(subchecks: tuple[SubCheck, ...]) -> Outcome:
    results = [subcheck.result for subcheck in subchecks]
    if not results or Outcome.LAB_PROBLEM in results:
        return Outcome.LAB_PROBLEM
    if all(result is Outcome.PASSED for result in results):
        return Outcome.PASSED
    if Outcome.PASSED in results:
        return Outcome.PARTIAL
    if all(result is Outcome.NOT_ATTEMPTED for result in results):
        return Outcome.NOT_ATTEMPTED
    # Nothing passed: the first thing that went wrong names it.
    return next(result for result in results if result is not Outcome.NOT_ATTEMPTED)


def _shared(subchecks: tuple[SubCheck, ...]) -> SubCheck | None:
    """The one reason all sub-checks have in common (nothing is deployed, the cloud is down), so that it is said
    once."""
    kinds = {(subcheck.result, subcheck.message and subcheck.message.came_back) for subcheck in subchecks}
    return subchecks[0] if len(kinds) == 1 and len(subchecks) > 0 else None
