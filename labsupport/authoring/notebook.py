"""Reads a lesson's source (MyST Markdown) and makes the two notebooks of it, without running anything."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import import_tax
from ..exercises import catalog, source
from ..exercises.model import Lesson
from ..facts import FACTS
from .nbgrader_metadata import nbgrader_metadata

import_tax.avoid()

import jupytext  # noqa: E402
import nbformat  # noqa: E402

#: Part of every hash: raise it when the builder makes something else of the same source.
BUILDER_VERSION = "1"
_FACT = re.compile(r"\{\{\s*facts\.([A-Za-z_0-9]+)\s*\}\}")
_LESSON_FILE = re.compile(r"\d\d_\w+\.md")
_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class SourceProblem(Exception):
    """A lesson's source cannot be built; one line in cell or line coordinates."""


@dataclass(frozen=True)
class LessonFiles:
    """Where one lesson's source and generated notebooks lie."""

    name: str
    source: Path
    solution: Path
    starter: Path


def lesson_files(course: Path, names: tuple[str, ...] = ()) -> list[LessonFiles]:
    """The lessons of a course folder, all or those named ("01", "01_hello_lambda"). Raises SourceProblem."""
    found = [
        LessonFiles(path.stem, path, path.with_suffix(".ipynb"), course / "notebooks" / path.with_suffix(".ipynb").name)
        for path in sorted((course / "solutions").glob("*.md"))
        if _LESSON_FILE.fullmatch(path.name)
    ]
    if not found:
        raise SourceProblem(f"{course} has no solutions/NN_name.md. Run this in the course folder.")
    if not names:
        return found
    chosen = []
    for name in names:
        wanted = name.removesuffix(".md").removesuffix(".ipynb").rpartition("/")[2]
        match = [one for one in found if wanted in (one.name, one.name.partition("_")[0])]
        if not match:
            raise SourceProblem(f"There is no lesson {name!r}. There is: {', '.join(one.name for one in found)}.")
        chosen += match
    return chosen


def source_hash(files: LessonFiles) -> str:
    """Changes whenever the notebooks must be built anew: the text, the facts, the lesson's exercises, the builder."""
    digest = hashlib.sha256(BUILDER_VERSION.encode())
    digest.update(files.source.read_bytes())
    digest.update(repr([(name, fact.text) for name, fact in FACTS.items()]).encode())
    lesson = catalog.find_lesson(files.name)
    digest.update(repr([(one.id, one.points) for one in lesson.exercises]).encode())
    return digest.hexdigest()


def read_source(files: LessonFiles) -> Any:
    """The lesson as a notebook with its solutions, not run. Raises SourceProblem."""
    text = files.source.read_text(encoding="utf-8")
    lesson = catalog.find_lesson(files.name)
    notebook = jupytext.reads(_with_facts(files.name, text), fmt="md:myst")
    notebook.metadata = nbformat.from_dict(copy.deepcopy(_METADATA))
    notebook.metadata["labsupport"] = {
        "lesson": lesson.number,
        "source_sha256": source_hash(files),
        "kind": "solution",
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    counter = 0
    for number, cell in enumerate(notebook.cells, 1):
        tags = list(cell.metadata.get("tags", []))
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        counter += 1
        cell["id"] = f"lab-{lesson.number}-{counter:03d}"
        _check_markers(files.name, number, cell.source)
        graded = nbgrader_metadata(tags, lesson, f"{files.name}, cell {number}")
        if graded:
            cell.metadata["nbgrader"] = graded
            cell["id"] = graded["grade_id"]
        if "varies" in tags:  # nbval's own tag; "varies" is what an author writes
            cell.metadata["tags"] = [*tags, "nbval-ignore-output"]
    ids = [cell["id"] for cell in notebook.cells]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise SourceProblem(f"{files.name}: two cells belong to {', '.join(twice)}; give one a part (exercise:ID/PART)")
    return notebook


def starter_of(solution: Any) -> Any:
    """The learner's notebook: solutions cut, outputs and counts cleared; each exercise cell keeps a copy of its text in
    its metadata, so that ``lab.reset`` can bring it back."""
    starter = copy.deepcopy(solution)
    starter.metadata["labsupport"]["kind"] = "starter"
    for cell in starter.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
        cell.pop("attachments", None)
        exercise = exercise_of(cell)
        if exercise:
            cell.source = source.cut_solution(cell.source, exercise).rstrip("\n")
            cell.metadata["labsupport"] = {"starter": cell.source}
    return starter


def exercise_of(cell: Any) -> str | None:
    """The id of the exercise that a cell is a solution cell of."""
    for tag in cell.metadata.get("tags", []):
        if tag.startswith("exercise:"):
            return str(tag.removeprefix("exercise:").partition("/")[0])
    return None


def to_text(notebook: Any) -> str:
    """Notebook JSON as it is written: sorted, indented by one, one newline at the end."""
    return nbformat.writes(notebook, version=4) + "\n"


def first_difference(name: str, made: Any, path: Path, *, outputs: bool) -> str | None:
    """None when the file at ``path`` is what ``made`` says, else a line that names the file and the first cell that
    differs. Outputs and counts are compared only on demand: nbval compares those of solutions by running them."""
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return f"{path.parent.name}/{path.name} is missing. Run: labsupport build {name}"
    except ValueError:
        return f"{path.parent.name}/{path.name} is not JSON. Run: labsupport build {name}"
    ours = json.loads(to_text(made))
    for number, (left, right) in enumerate(zip(ours["cells"], there.get("cells", []), strict=False), 1):
        if not outputs:
            for cell in (left, right):
                cell.pop("outputs", None)
                cell.pop("execution_count", None)
        if left != right:
            part = next(key for key in sorted({*left, *right}) if left.get(key) != right.get(key))
            return f"{path.parent.name}/{path.name}, cell {number}: {part} differs from the source. Run: labsupport build {name}"
    if len(ours["cells"]) != len(there.get("cells", [])):
        return (
            f"{path.parent.name}/{path.name} has {len(there.get('cells', []))} cells, the source {len(ours['cells'])}."
        )
    if ours["metadata"] != there.get("metadata"):
        return f"{path.parent.name}/{path.name}: notebook metadata differ (out of date?). Run: labsupport build {name}"
    return None


def _with_facts(name: str, text: str) -> str:
    def replacement(match: re.Match[str]) -> str:
        if match[1] not in FACTS:
            line = text.count("\n", 0, match.start()) + 1
            raise SourceProblem(f"{name}.md, line {line}: there is no fact {match[1]!r} in labsupport/facts.py")
        return FACTS[match[1]].text

    return _FACT.sub(replacement, text)


def _check_markers(name: str, number: int, text: str) -> None:
    lines = [line.strip() for line in text.splitlines() if line.strip() in _MARKERS]
    if lines != list(_MARKERS) * (len(lines) // 2):
        raise SourceProblem(f"{name}, cell {number}: ### BEGIN SOLUTION and ### END SOLUTION do not alternate")


def lesson_of(files: LessonFiles) -> Lesson:
    """The lesson's entry in the catalogue. Raises SourceProblem when it has none."""
    try:
        return catalog.find_lesson(files.name)
    except catalog.UnknownId as problem:
        raise SourceProblem(f"{files.name}.md has no entry in labsupport/exercises: {problem}") from None
