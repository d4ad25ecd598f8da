"""Finds an exercise's text in the course folder: the solution in ``solutions/NN_name.md``, the starter beside it.

Reads the files as text and JSON. nbformat and jupytext are not imported here: this runs in the learner's kernel, and
importing them costs more than a second.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .model import Exercise, Lesson

_CELL = re.compile(r"^(?P<fence>`{3,})\{code-cell\}[^\n]*\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION[ \t]*\n.*?^[ \t]*### END SOLUTION[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL
)
_MARKER_LINE = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*(?:\n|\Z)", re.MULTILINE)
_TAGS = re.compile(r"^:?tags:[ \t]*\[(?P<tags>[^\]]*)\]", re.MULTILINE)


@dataclass(frozen=True)
class ExerciseCell:
    """A cell of an exercise. ``part`` is empty unless the exercise has several cells."""

    part: str
    text: str


def solution_cells(course: Path | None, lesson: Lesson, exercise: Exercise) -> tuple[ExerciseCell, ...]:
    """The exercise's cells with their solutions; empty when this course folder has none."""
    marked = _marked_cells(course, lesson, exercise)
    return tuple(ExerciseCell(cell.part, _MARKER_LINE.sub("", cell.text).rstrip()) for cell in marked)


def starter_cells(course: Path | None, lesson: Lesson, exercise: Exercise) -> tuple[ExerciseCell, ...]:
    """The exercise's cells as they were handed out; empty when that cannot be told any more.

    The notebook is the learner's own file, so its text only counts where the builder left a copy in the cell's metadata
    or where the cell is still untouched; else the starter is cut from the solution.
    """
    cells = tuple(_notebook_cells(course, lesson, exercise))
    kept = tuple(ExerciseCell(cell.part, starter) for cell, starter in cells if starter is not None)
    if kept:
        return kept
    marked = _marked_cells(course, lesson, exercise)
    if marked:
        return tuple(ExerciseCell(cell.part, cut_solution(cell.text, exercise.id).rstrip()) for cell in marked)
    untouched = tuple(cell for cell, _starter in cells if f"Exercise {exercise.id}: " in cell.text)
    return untouched if len(untouched) == len(cells) else ()


def cut_solution(text: str, exercise_id: str) -> str:
    """The text with each solution block replaced by the starter's line: an exception inside a function, a comment at
    top level (so that an untouched notebook runs to its end)."""
    line = f"Exercise {exercise_id}: write your code here"

    def replacement(block: re.Match[str]) -> str:
        indent = block["indent"]
        return f'{indent}raise NotImplementedError("{line}")\n' if indent else f"# {line}\n"

    return _BLOCK.sub(replacement, text)


def written_file(text: str) -> tuple[str, str] | None:
    """(name, content) when the cell writes a file with ``%%writefile``; else None."""
    first, _newline, rest = text.lstrip("\n").partition("\n")
    match = re.fullmatch(r"%%(?:writefile|file)[ \t]+(?P<name>\S+)[ \t]*", first)
    return (match["name"].strip("\"'"), rest if rest.endswith("\n") else rest + "\n") if match else None


def _marked_cells(course: Path | None, lesson: Lesson, exercise: Exercise) -> tuple[ExerciseCell, ...]:
    if course is None:
        return ()
    try:
        text = (course / "solutions" / f"{lesson.name}.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    found = []
    for match in _CELL.finditer(text):
        options, code = _split_options(match["body"])
        part = _part(_tags(options), exercise.id)
        if part is not None:
            found.append(ExerciseCell(part, code))
    return tuple(found)


def _split_options(body: str) -> tuple[str, str]:
    """A code cell's options (``:key: value`` lines, or YAML between ``---`` lines) and its code."""
    lines = body.split("\n")
    if lines[0].strip() == "---" and "---" in (line.strip() for line in lines[1:]):
        end = next(number for number, line in enumerate(lines[1:], 1) if line.strip() == "---")
        return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :]).lstrip("\n")
    end = next((number for number, line in enumerate(lines) if not re.match(r":[\w-]+:", line)), len(lines))
    return "\n".join(lines[:end]), "\n".join(lines[end:]).lstrip("\n")


def _tags(options: str) -> list[str]:
    options = re.sub(r"^:tags:", "tags:", options, flags=re.MULTILINE)
    inline = _TAGS.search(options)
    if inline:
        return [tag.strip().strip("\"'") for tag in inline["tags"].split(",")]
    listed = re.search(r"^tags:[ \t]*\n(?P<items>(?:[ \t]*- [^\n]*\n?)+)", options, re.MULTILINE)
    return [line.strip()[2:].strip().strip("\"'") for line in listed["items"].splitlines()] if listed else []


def _part(tags: list[str], exercise_id: str) -> str | None:
    for tag in tags:
        name, _slash, part = tag.removeprefix("exercise:").partition("/")
        if tag.startswith("exercise:") and name == exercise_id:
            return part
    return None


def _notebook_cells(
    course: Path | None, lesson: Lesson, exercise: Exercise
) -> Iterator[tuple[ExerciseCell, str | None]]:
    """The exercise's cells in the learner's notebook, each with the copy of its starter the builder may have left."""
    if course is None:
        return
    try:
        notebook = json.loads((course / "notebooks" / f"{lesson.name}.ipynb").read_text(encoding="utf-8"))
        cells = notebook["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    for cell in cells if isinstance(cells, list) else ():
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        if not isinstance(metadata, dict):
            continue
        tags = metadata.get("tags")
        part = _part([str(tag) for tag in tags], exercise.id) if isinstance(tags, list) else None
        if part is None:
            continue
        ours = metadata.get("labsupport")
        starter = ours.get("starter") if isinstance(ours, dict) else None
        yield ExerciseCell(part, _text(cell.get("source"))), starter if isinstance(starter, str) else None


def _text(source: Any) -> str:
    return "".join(str(line) for line in source) if isinstance(source, list) else str(source)
