"""Says whether a notebook file is what its source generates, and if not, where the first difference is."""

from __future__ import annotations

import json
from typing import Any

from .course import AuthoringProblem, Course
from .notebook import read_json, text_of, to_text, without_outputs


def first_difference(course: Course, name: str, kind: str, generated: Any) -> str:
    """One line about the first difference between ``generated`` and the file on the disk; empty when there is none.

    Of a solution the outputs are not looked at: those are nbval's business. A starter has to be the same letter by letter.
    """
    path = course.solution(name) if kind == "solution" else course.starter(name)
    shown = course.shown(path)
    again = f"Run: labsupport build {name[:2]}"
    try:
        on_disk = read_json(path)
    except FileNotFoundError:
        return f"{shown} is missing. {again}"
    except (AuthoringProblem, OSError) as problem:
        return f"{shown} cannot be read: {problem}. {again}"
    expected = _plain(generated)
    found = without_outputs(on_disk) if kind == "solution" else on_disk
    source = course.shown(course.source(name))
    for number, (want, have) in enumerate(zip(expected["cells"], found["cells"], strict=False), 1):
        if difference := _cell_difference(want, have, source):
            return f"{shown}, cell {number}: {difference}. {again}"
    if len(expected["cells"]) != len(found["cells"]):
        return f"{shown} has {len(found['cells'])} cells, {source} generates {len(expected['cells'])}. {again}"
    if found.get("metadata", {}).get("labsupport") != expected["metadata"]["labsupport"]:
        return f"{shown} is older than {source}, the figures in it or the checks of its exercises. {again}"
    if {**found, "cells": []} != {**expected, "cells": []}:
        return f"{shown}: the metadata of the notebook are not what {source} generates. {again}"
    if kind == "starter" and path.read_text(encoding="utf-8") != to_text(generated):
        return f"{shown} has the same cells, but was written by another program. {again}"
    unrun = [n for n, cell in enumerate(on_disk["cells"], 1) if cell["cell_type"] == "code" and _unrun(cell)]
    if kind == "solution" and unrun:
        return (
            f"{shown}, cell {unrun[0]}: it was never executed, so there is no output to compare with. {again} --force"
        )
    return ""


def _cell_difference(want: dict[str, Any], have: dict[str, Any], source: str) -> str:
    if want["cell_type"] != have["cell_type"]:
        return f"it is a {have['cell_type']} cell; {source} generates a {want['cell_type']} cell"
    if text_of(want) != text_of(have):
        return f"its text is not what {source} generates{_first_line(text_of(want), text_of(have))}"
    for part in sorted({*want, *have} - {"source"}):
        if want.get(part) != have.get(part):
            verb = "are" if part in ("attachments", "metadata", "outputs") else "is"
            return f"its {part.replace('_', ' ')} {verb} not what {source} generates"
    return ""


def _first_line(want: str, have: str) -> str:
    wanted, found = want.splitlines(), have.splitlines()
    for number in range(max(len(wanted), len(found))):
        expected = wanted[number] if number < len(wanted) else None
        if expected != (found[number] if number < len(found) else None):
            return f" (line {number + 1}: {'nothing' if expected is None else repr(expected)})"
    return ""


def _plain(notebook: Any) -> dict[str, Any]:
    return dict(json.loads(json.dumps(notebook)))


def _unrun(cell: dict[str, Any]) -> bool:
    return bool(text_of(cell).strip()) and cell.get("execution_count") is None
