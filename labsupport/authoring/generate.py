"""From a lesson's source to its two notebooks, still without outputs: the solution and the starter cut from it."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from ..exercises.model import Lesson
from ..exercises.source import cut_solution
from .course import AuthoringProblem, Course
from .nbgrader_metadata import nbgrader_metadata
from .notebook import KERNELSPEC, LANGUAGE_INFO, SKIP_IN_CI, VARIES, Role, role_of, tags_of
from .source import Source

#: Raise this when the builder makes other notebooks of the same source: everything is then rebuilt.
BUILDER_VERSION = 1

#: nbval's own tags for ours.
_NBVAL_TAGS = {VARIES: "nbval-ignore-output", SKIP_IN_CI: "nbval-skip"}


def source_hash(source: Source, lesson: Lesson | None) -> str:
    """SHA-256 over all that the notebooks depend on: the source, its figures, the lesson's exercises, the builder."""
    parts = [f"builder {BUILDER_VERSION}", source.text]
    parts += [f"{fact.name}={fact.text}" for fact in source.facts]
    if lesson:
        parts += [f"{exercise.id}={exercise.points}" for exercise in lesson.exercises]
        parts.append(_module_text(lesson))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def solution_notebook(course: Course, source: Source) -> Any:
    """The solution notebook before its execution. Raises AuthoringProblem when a cell names no exercise of the catalogue."""
    notebook = copy.deepcopy(source.notebook)
    taken: dict[str, int] = {}
    for number, cell in enumerate(notebook.cells, 1):
        tags = tags_of(cell)
        role = role_of(tags) if cell.cell_type == "code" else None
        cell.metadata = _cell_metadata(course, source.name, number, tags, role)
        cell["id"] = role.grade_id if role else f"{source.name[:2]}-{number:03}"
        if cell["id"] in taken:
            raise AuthoringProblem(
                f"{source.name}, cell {number}: the id {cell['id']!r} is that of cell {taken[cell['id']]}. "
                "Tell the cells of an exercise apart by a part: exercise:<id>/<part>."
            )
        taken[cell["id"]] = number
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # The source's own metadata (jupytext's above all) stays behind: the notebooks are made from it and never paired with it.
    notebook.metadata = _nodes(
        {
            "kernelspec": KERNELSPEC,
            "language_info": LANGUAGE_INFO,
            "labsupport": _stamp(course, source, "solution"),
        }
    )
    # 4.5 is the format whose cells have ids.
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def starter_notebook(course: Course, source: Source) -> Any:
    """The starter: the solution notebook with its solutions cut. Exercise cells keep a copy of their starter text in the
    metadata, so that ``lab.reset`` works where ``solutions/`` is not handed out."""
    notebook = solution_notebook(course, source)
    for cell in notebook.cells:
        role = role_of(tags_of(cell))
        if cell.cell_type == "code" and role and role.kind == "exercise":
            cell.source = cut_solution(cell.source + "\n", role.exercise_id).rstrip("\n")
            cell.metadata.update(_nodes({"labsupport": {"starter": cell.source}}))
    notebook.metadata.update(_nodes({"labsupport": _stamp(course, source, "starter")}))
    return notebook


def _stamp(course: Course, source: Source, kind: str) -> dict[str, str]:
    return {
        "kind": kind,
        "lesson": source.name[:2],
        "source_sha256": source_hash(source, course.lesson(source.name)),
    }


def _cell_metadata(course: Course, name: str, number: int, tags: list[str], role: Role | None) -> Any:
    metadata: dict[str, Any] = {}
    if tags:
        metadata["tags"] = [*tags, *(_NBVAL_TAGS[tag] for tag in tags if tag in _NBVAL_TAGS)]
    if role:
        exercise = course.exercise(role.exercise_id)
        if exercise is None:
            raise AuthoringProblem(
                f"{name}, cell {number}: its tag names the exercise {role.exercise_id!r}, which is not in the catalogue "
                "(labsupport/exercises)."
            )
        metadata["nbgrader"] = nbgrader_metadata(role, exercise.points)
    return _nodes(metadata)


def _nodes(value: dict[str, Any]) -> Any:
    """A deep copy as nbformat nodes."""
    from nbformat.notebooknode import from_dict

    return from_dict(copy.deepcopy(value))


def _module_text(lesson: Lesson) -> str:
    """The module of the lesson's exercises, or the modules: what its checks say is in the outputs of the solution."""
    found = importlib.util.find_spec(f"labsupport.exercises.lesson{lesson.name}")
    if not found or not found.origin:
        return ""
    module = Path(found.origin)
    files = sorted(module.parent.glob("*.py")) if found.submodule_search_locations else [module]
    return "".join(file.read_text(encoding="utf-8") for file in files)
