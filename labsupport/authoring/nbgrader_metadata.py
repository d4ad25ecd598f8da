"""The cell metadata by which nbgrader, JupyterHub and an LMS can release and collect our notebooks (schema 3).

Source: nbgrader documentation, "Metadata format": solution cells are editable, graded cells are locked and have points.
"""

from __future__ import annotations

from typing import Any

from ..exercises.model import Lesson

SCHEMA_VERSION = 3


def grade_id(tag: str) -> str | None:
    """``exercise:hello-1`` → ``hello-1``; ``exercise:hello-2/deploy`` → ``hello-2-deploy``; ``check:hello-1`` →
    ``hello-1-check``; None for any other tag."""
    kind, _colon, rest = tag.partition(":")
    if kind == "exercise" and rest:
        return rest.replace("/", "-")
    if kind == "check" and rest:
        return f"{rest}-check"
    return None


def nbgrader_metadata(tags: list[str], lesson: Lesson, where: str) -> dict[str, Any] | None:
    """Metadata for a cell with these tags, or None. Raises ValueError (with ``where``) for an unknown exercise."""
    points = {exercise.id: exercise.points for exercise in lesson.exercises}
    for tag in tags:
        name = grade_id(tag)
        if name is None:
            continue
        exercise = tag.partition(":")[2].partition("/")[0]
        if exercise not in points:
            raise ValueError(f"{where}: lesson {lesson.number} has no exercise {exercise!r}")
        common: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "grade_id": name,
            "task": False,
            "cell_type": "code",
        }
        if tag.startswith("exercise:"):
            return common | {"grade": False, "solution": True, "locked": False}
        return common | {"grade": True, "solution": False, "locked": True, "points": points[exercise]}
    return None
