"""The cell metadata by which nbgrader, and our grader, know exercises and checks (nbgrader's schema, version 3).

Source: nbgrader documentation, "Cell metadata" in "The nbgrader metadata format"; ``nbgraderformat/v3.json``.
"""

from __future__ import annotations

from typing import Any

from .notebook import Role

SCHEMA_VERSION = 3


def nbgrader_metadata(role: Role, points: int) -> dict[str, Any]:
    """What goes under ``nbgrader`` in the metadata of a cell. Only check cells carry points."""
    checks = role.kind == "check"
    metadata: dict[str, Any] = {
        "cell_type": "code",
        "grade": checks,
        "grade_id": role.grade_id,
        "locked": checks,
        "schema_version": SCHEMA_VERSION,
        "solution": not checks,
        "task": False,
    }
    if checks:
        metadata["points"] = points
    return metadata
