"""Rules about the generated notebooks: what must not be left in a starter, and what a solution has to hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..notebook import text_of
from ..review import Finding, Review

_BLOCK = re.compile(r"### BEGIN SOLUTION[^\n]*\n(?P<solution>.*?)^[^\n]*### END SOLUTION", re.MULTILINE | re.DOTALL)


def nothing_of_the_solution_is_in_the_starter(review: Review) -> Iterator[Finding]:
    """Not in the cells, nor in the metadata and outputs nobody looks at (nbgrader #1782)."""
    solutions = {
        (cell.role.exercise_id, _squeezed(match["solution"]))
        for cell in review.code
        if cell.role
        for match in _BLOCK.finditer(cell.text)
    }
    for number, cell in enumerate(review.starter["cells"] if review.starter else (), 1):
        held = _squeezed("\n".join(_strings(cell)))
        if "BEGIN SOLUTION" in held or "END SOLUTION" in held:
            yield review.at(number, "the starter holds a solution marker")
        for exercise_id, solution in sorted(solutions):
            if solution and solution in held:
                yield review.at(number, f"the starter holds the solution of {exercise_id}")


def starter_is_cleared(review: Review) -> Iterator[Finding]:
    for number, cell in enumerate(review.starter["cells"] if review.starter else (), 1):
        if cell.get("outputs"):
            yield review.at(number, "the starter holds outputs")
        if cell.get("execution_count") is not None:
            yield review.at(number, "the starter holds an execution count")


def no_attachments(review: Review) -> Iterator[Finding]:
    for kind, notebook in review.notebooks:
        for number, cell in enumerate(notebook["cells"], 1):
            if cell.get("attachments"):
                yield review.at(number, f"the {kind} holds the attachment {', '.join(cell['attachments'])}")


def solution_outputs_are_whole_and_quiet(review: Review) -> Iterator[Finding]:
    """Without outputs nbval compares nothing; with something on stderr it compares what differs at every place."""
    for number, cell in enumerate(review.solution["cells"] if review.solution else (), 1):
        if cell["cell_type"] != "code" or not text_of(cell).strip():
            continue
        if cell.get("execution_count") is None:
            yield review.at(number, "the solution was not executed here; run labsupport build")
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                yield review.at(number, "the solution's output has something on stderr")


def _squeezed(text: str) -> str:
    """The text without indentation, blank lines and comments, so that a copy is found wherever it stands."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and (not line.startswith("#") or "SOLUTION" in line))


def _strings(value: Any) -> Iterator[str]:
    """Every text in a cell, at any depth. A list of strings is one text, as in the notebook format."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield "".join(value)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "application/json":
                yield json.dumps(item)
            yield from _strings(item)
