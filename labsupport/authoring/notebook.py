"""The pieces of the notebook format that the builder and the linter share: tags, ids, stable metadata, files."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import import_tax
from .course import AuthoringProblem

#: What JupyterLab would write for our kernel, without the version of the author's Python.
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

RAISES = "raises-exception"
VARIES = "varies"
SKIP_IN_CI = "skip-in-ci"
_EXERCISE = re.compile(r"exercise:(?P<id>[A-Za-z0-9_-]+)(?:/(?P<part>[A-Za-z0-9_-]+))?")
_CHECK = re.compile(r"check:(?P<id>[A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class Role:
    """What a cell is for, by its tags: ``kind`` is "exercise" or "check". ``part`` tells an exercise's cells apart."""

    kind: str
    exercise_id: str
    part: str = ""

    @property
    def grade_id(self) -> str:
        """The id nbgrader, and later our grader, know the cell by: unique in the course, the same for ever."""
        if self.kind == "check":
            return f"{self.exercise_id}-check"
        return f"{self.exercise_id}-{self.part}" if self.part else self.exercise_id


def role_of(tags: list[str]) -> Role | None:
    """The role these tags give a cell; None for a cell that belongs to no exercise."""
    for tag in tags:
        if match := _EXERCISE.fullmatch(tag):
            return Role("exercise", match["id"], match["part"] or "")
        if match := _CHECK.fullmatch(tag):
            return Role("check", match["id"])
    return None


def tags_of(cell: Any) -> list[str]:
    """The cell's tags; none when its metadata is broken."""
    tags = cell.get("metadata", {}).get("tags", [])
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def text_of(cell: Any) -> str:
    """The cell's source. In the file it may be one string or a list of lines."""
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def without_outputs(notebook: Any) -> Any:
    """A copy as nothing had been executed yet."""
    cleared = copy.deepcopy(notebook)
    for cell in cleared["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return cleared


def to_text(notebook: Any) -> str:
    """The notebook as its file has it. Raises AuthoringProblem when it is no valid notebook."""
    import_tax.avoid()
    import nbformat

    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as problem:
        raise AuthoringProblem(f"what the builder made is no valid notebook: {problem.message}") from None
    return str(nbformat.writes(notebook, version=nbformat.NO_CONVERT)) + "\n"


def read_json(path: Path) -> dict[str, Any]:
    """A notebook file as plain JSON. Raises AuthoringProblem when it holds no notebook, OSError when it is missing."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise AuthoringProblem(f"it is not JSON ({problem})") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) and "cell_type" in cell for cell in cells):
        raise AuthoringProblem("it is JSON, but no notebook (no list of cells)")
    return dict(notebook)


def write_whole(path: Path, text: str) -> None:
    """Replace the file in one step: whoever reads it sees the old or the new one, never half of it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(beside, path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
