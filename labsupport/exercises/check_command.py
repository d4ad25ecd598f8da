"""``labsupport check``: the checks of a lesson or of one exercise, from the shell. The same code as in the notebook."""

from __future__ import annotations

import json
import os
import sys
from decimal import Decimal
from typing import Any

from ..lab_home import lab_home
from ..targets.environment import point_to
from ..targets.local import CloudIdentity, CloudProblem, LocalCloud
from . import catalog
from .model import CheckReport, Exercise, json_number
from .outcomes import Outcome
from .progress import Progress
from .runner import check_and_record
from .view import score

ALL_PASSED, SOMETHING_OPEN, WRONG_USE, LAB_PROBLEM, INTERRUPTED = 0, 1, 2, 3, 130


def check_command(lesson_or_exercise: str, json_output: bool = False) -> int:
    """Check what is deployed in the cloud named by ``LAB_ENDPOINT`` and print the reports.

    Returns the exit code: 0 everything passed, 1 something did not, 2 wrong use, 3 a problem of the lab, 130
    interrupted.
    """
    try:
        exercises = _chosen(lesson_or_exercise)
    except catalog.UnknownId as problem:
        return _failed(str(problem), WRONG_USE, json_output)
    endpoint = os.environ.get("LAB_ENDPOINT") or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        line = "LAB_ENDPOINT is not set. Set it to the address that lab.start or labsupport cloud printed."
        return _failed(line, WRONG_USE, json_output)
    try:
        cloud = LocalCloud.join(endpoint).identity
    except CloudProblem as problem:
        return _failed(str(problem), LAB_PROBLEM, json_output)
    point_to(cloud.endpoint, cloud.region, os.environ)
    progress = Progress(lab_home())
    reports = []
    try:
        for exercise in exercises:
            report = check_and_record(exercise, cloud.endpoint, cloud.region, progress)
            reports.append(report)
            if not json_output:
                print(report, end="\n\n", flush=True)
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED, json_output)
    for line in progress.take_notices():
        print(f"labsupport: {line}", file=sys.stderr)
    _summarise(reports, cloud, json_output)
    return _exit_code(reports)


def _chosen(name: str) -> tuple[Exercise, ...]:
    """The exercises of a lesson, or the one with this id. Raises UnknownId."""
    try:
        return catalog.find_lesson(name).exercises
    except catalog.UnknownId as no_lesson:
        try:
            return (catalog.find_exercise(name),)
        except catalog.UnknownId as no_exercise:
            raise (no_lesson if name.strip()[:1].isdigit() else no_exercise) from None


def _exit_code(reports: list[CheckReport]) -> int:
    if any(report.outcome is Outcome.LAB_PROBLEM for report in reports):
        return LAB_PROBLEM
    return ALL_PASSED if all(report.passed for report in reports) else SOMETHING_OPEN


def _summarise(reports: list[CheckReport], cloud: CloudIdentity, json_output: bool) -> None:
    passed = sum(report.passed for report in reports)
    points = sum((report.points for report in reports), Decimal(0))
    max_points = sum(report.max_points for report in reports)
    if not json_output:
        print(f"{passed} of {len(reports)} passed, {score(points, max_points)}")
        return
    record: dict[str, Any] = {
        "endpoint": cloud.endpoint,
        "passed": passed,
        "total": len(reports),
        "points": json_number(points),
        "max_points": max_points,
        "reports": [report.to_dict() for report in reports],
    }
    print(json.dumps(record, indent=2, ensure_ascii=False))


def _failed(line: str, code: int, json_output: bool) -> int:
    if json_output:
        print(json.dumps({"error": line}, ensure_ascii=False))
    print(f"labsupport check: {line}", file=sys.stderr)
    return code
