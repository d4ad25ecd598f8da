"""``labsupport lint``: the course linter. Each rule is one small function in the list ``RULES``."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from ..exercises.model import Lesson
from .course import AuthoringProblem, Course, UnknownLesson, this_course
from .notebook import tags_of, text_of
from .source import read_source

PARTS = (
    "Where we are",
    "Predict, run, explain",
    "Worked example",
    "Exercises",
    "Look inside",
    "Break it",
    "Quiz",
    "Recap",
    "On real AWS this differs",
    "Clean up",
)
_PLACEHOLDER = re.compile(r"\b(?:YOUR_[A-Z_]+|TODO|FIXME|XXX)\b|<your[- ]", re.IGNORECASE)
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)[^)]*\)")
_MERMAID = re.compile(r"```mermaid\n.*?\n```\n*(?P<after>[^\n]*)", re.DOTALL)
_MAGICS = frozenset(("%%writefile", "%%time", "%%bash", "%%html", "%time", "%timeit"))
_AMERICAN = {
    "color": "colour",
    "behavior": "behaviour",
    "center": "centre",
    "favorite": "favourite",
    "catalog": "catalogue",
    "initialize": "initialise",
    "organize": "organise",
}
_STARTER_LEFTOVERS = ("### BEGIN SOLUTION", "### END SOLUTION")


@dataclass(frozen=True)
class Cell:
    """A cell as the linter sees it; ``number`` counts from 1."""

    number: int
    kind: str
    text: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong where; ``cell`` is None for the lesson as a whole."""

    lesson: str
    cell: int | None
    text: str

    def __str__(self) -> str:
        where = f"{self.lesson}, cell {self.cell}" if self.cell else self.lesson
        return f"{where}: {self.text}"


class Page:
    """One lesson: its source, its catalogue entry, its starter notebook."""

    def __init__(self, course: Course, name: str) -> None:
        lesson = course.lesson(name)
        if lesson is None:
            raise AuthoringProblem(f"{name} has no entry in labsupport/exercises.")
        self.name = name
        self.lesson: Lesson = lesson
        self.source_path = course.source(name)
        self.starter_path = course.starter(name)
        self.cells = [
            Cell(number, cell.cell_type, text_of(cell), tuple(tags_of(cell)))
            for number, cell in enumerate(read_source(course, name).notebook.cells, 1)
        ]

    @cached_property
    def starter(self) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(self.starter_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"cells": []}
        return content

    def markdown(self) -> Iterator[Cell]:
        return (cell for cell in self.cells if cell.kind == "markdown")

    def code(self) -> Iterator[Cell]:
        return (cell for cell in self.cells if cell.kind == "code")


Found = Iterator[tuple[int | None, str]]
Rule = Callable[[Page], Found]


def title_and_facts(page: Page) -> Found:
    """Title, one-sentence outcome, a line with minutes, difficulty and prerequisites."""
    first = page.cells[0].text if page.cells else ""
    if not first.startswith("# "):
        yield 1, "the first cell must begin with the lesson's title (# ...)"
    if "**Afterwards you can**" not in first:
        yield 1, "the outcome is missing (a sentence that begins **Afterwards you can**)"
    if not re.search(rf"^{page.lesson.minutes} minutes · [\w -]+ · prerequisites: \S", first, re.MULTILINE):
        yield 1, f"the line '{page.lesson.minutes} minutes · difficulty · prerequisites: ...' is missing"


def set_up_cell_first(page: Page) -> Found:
    """One set-up cell before any other code."""
    first = next(page.code(), None)
    expected = f'from labsupport import lab\n\nlab.start("{page.lesson.number}")'
    if first is None or first.text.strip() != expected:
        yield first.number if first else None, f"the first code cell must be exactly: {expected!r}"


def parts_in_order(page: Page) -> Found:
    """The ten parts of a lesson, each once, in the course's order."""
    headings = [
        (cell.number, match[1].strip())
        for cell in page.markdown()
        for match in re.finditer(r"^## (.+)$", cell.text, re.MULTILINE)
    ]
    names = [name for _number, name in headings]
    for part in PARTS:
        if names.count(part) != 1:
            yield None, f"part '## {part}' must stand there once, it stands there {names.count(part)} times"
    present = [name for name in names if name in PARTS]
    if present != [part for part in PARTS if part in present]:
        yield None, f"the parts are out of order: {' · '.join(present)}"
    for number, name in headings:
        if name not in PARTS:
            yield number, f"'## {name}' is no part of a lesson; use ### for sections"


def exercises_and_catalogue_agree(page: Page) -> Found:
    """Each exercise has its cells and its check, in the catalogue's order; nothing else is tagged."""
    wanted = [exercise.id for exercise in page.lesson.exercises]
    checks = []
    for cell in page.cells:
        for tag in cell.tags:
            kind, _colon, rest = tag.partition(":")
            if kind == "check" and rest:
                checks.append(rest)
                if cell.text.strip() != f'lab.check("{rest}")':
                    yield cell.number, f'a check cell is exactly: lab.check("{rest}")'
            if kind == "exercise" and "### BEGIN SOLUTION" not in cell.text:
                yield cell.number, f"exercise cell {rest} has no ### BEGIN SOLUTION"
    if checks != wanted:
        yield None, f"check cells are {checks}, the catalogue has {wanted}"
    tagged = {exercise_id.partition("/")[0] for cell in page.cells for exercise_id in _exercises(cell)}
    for missing in sorted(set(wanted) - tagged):
        yield None, f"exercise {missing} has no cell tagged exercise:{missing}"


def number_of_exercises(page: Page) -> Found:
    """Three to five exercises; lesson 00 may have fewer."""
    count = len(page.lesson.exercises)
    if not (1 if page.lesson.number == "00" else 3) <= count <= 5:
        yield None, f"{count} exercises; a lesson has three to five"


def quiz_of_five(page: Page) -> Found:
    """Five questions, each asked in the lesson."""
    if len(page.lesson.quiz) != 5:
        yield None, f"{len(page.lesson.quiz)} quiz questions; a lesson has five"
    text = "\n".join(cell.text for cell in page.code())
    for question in (*page.lesson.quiz, *page.lesson.predictions):
        if f'"{question.id}"' not in text:
            yield None, f"{question.id} is never asked"


def solutions_only_in_exercise_cells(page: Page) -> Found:
    """A solution outside an exercise cell would stay in the starter."""
    for cell in page.cells:
        if "### BEGIN SOLUTION" in cell.text and not list(_exercises(cell)):
            yield cell.number, "### BEGIN SOLUTION in a cell without an exercise tag: the starter would keep it"


def code_is_python(page: Page) -> Found:
    """Every code cell, and every file it writes, can be read by Python; magics are known."""
    for cell in page.code():
        text = cell.text
        first = text.lstrip().split("\n", 1)[0]
        if first.startswith("%"):
            if first.split()[0] not in _MAGICS:
                yield cell.number, f"unknown magic {first.split()[0]}"
                continue
            if first.startswith("%%writefile") and not first.rstrip().endswith(".py"):
                continue
            text = text.lstrip().partition("\n")[2]
        if "raises-exception" in cell.tags:
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError as problem:
            yield cell.number, f"not Python: {problem.msg} (line {problem.lineno})"
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names):
                yield cell.number, "import * hides where a name comes from"


def no_placeholders(page: Page) -> Found:
    """No YOUR_VALUE, no TODO."""
    for cell in page.cells:
        for match in _PLACEHOLDER.finditer(cell.text):
            yield cell.number, f"placeholder {match[0]!r}"


def links_resolve(page: Page) -> Found:
    """Relative links, images and anchors exist, seen from the starter's folder; every image has alt text."""
    for cell in page.markdown():
        for match in _LINK.finditer(_without_code(cell.text)):
            target, _hash, anchor = match["target"].partition("#")
            if match["image"] and not match["text"].strip():
                yield cell.number, f"image {match['target']} has no alt text"
            if re.match(r"[a-z]+:", target):
                continue
            path = (page.starter_path.parent / target) if target else page.starter_path
            sibling = page.source_path.parent / target
            if target and not path.exists() and not sibling.with_suffix(".md").exists():
                yield cell.number, f"link to {target}: there is no such file"
            elif anchor and path.suffix == ".md" and anchor not in _anchors(path):
                yield cell.number, f"link to {match['target']}: there is no heading for #{anchor}"


def diagrams_in_words(page: Page) -> Found:
    """A sentence after each diagram says the same in words."""
    for cell in page.markdown():
        for match in _MERMAID.finditer(cell.text):
            if not match["after"].startswith("In words:"):
                yield cell.number, "the line after a diagram must say the same, beginning with 'In words:'"


def helpers_after_the_real_thing(page: Page) -> Found:
    """lab.invoke and lab.logs save work only after boto3 has been used for it once."""
    done = ""
    for cell in page.cells:
        for helper, original in (("lab.invoke(", ".invoke("), ("lab.logs(", "get_log_events(")):
            if helper in cell.text and cell.kind == "code" and original not in done.replace("lab.invoke(", ""):
                if page.lesson.number != "00":
                    yield cell.number, f"{helper}...) before boto3's own {original}...) was shown"
        if cell.kind == "code":
            done += cell.text


def british_spelling(page: Page) -> Found:
    """One spelling; the course is written in British English."""
    for cell in page.markdown():
        for american, british in _AMERICAN.items():
            if re.search(rf"\b{american}s?\b", _without_code(cell.text), re.IGNORECASE):
                yield cell.number, f"{american!r}: this course writes {british!r}"


def starter_holds_no_answer(page: Page) -> Found:
    """Nothing of the solution is left in the starter: markers, outputs, counts, attachments."""
    solutions = {
        block.strip()
        for cell in page.code()
        if exercise_of_tags(cell.tags)
        for block in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.text, re.DOTALL)
    }
    for number, cell in enumerate(page.starter.get("cells", []), 1):
        text = "".join(cell.get("source", []))
        if any(marker in text for marker in _STARTER_LEFTOVERS) or any(block in text for block in solutions):
            yield number, "the starter holds solution text"
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield number, "the starter holds outputs or an execution count"
        if cell.get("attachments"):
            yield number, "the starter holds attachments"
        kept = json.dumps(cell.get("metadata", {}))
        if any(json.dumps(block)[1:-1] in kept for block in solutions):
            yield number, "the starter's metadata hold solution text"


RULES: tuple[Rule, ...] = (
    title_and_facts,
    set_up_cell_first,
    parts_in_order,
    exercises_and_catalogue_agree,
    number_of_exercises,
    quiz_of_five,
    solutions_only_in_exercise_cells,
    code_is_python,
    no_placeholders,
    links_resolve,
    diagrams_in_words,
    helpers_after_the_real_thing,
    british_spelling,
    starter_holds_no_answer,
)


def problems(course: Course, name: str) -> list[Problem]:
    """Everything the rules find in one lesson, in the rules' order. Raises AuthoringProblem."""
    page = Page(course, name)
    return [Problem(name, cell, text) for rule in RULES for cell, text in rule(page)]


def main(names: tuple[str, ...], course: Course | None = None) -> int:
    """See ``labsupport.authoring.lint_command``."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        course = course or this_course()
        chosen = course.select(names)
        found = [problem for name in chosen for problem in problems(course, name)]
    except AuthoringProblem as problem:
        console.print(f"labsupport lint: {problem}", markup=False)
        return 2 if isinstance(problem, UnknownLesson) else 1
    for one in found:
        console.print(str(one), markup=False)
    console.print(f"{len(chosen)} lessons, {len(RULES)} rules, {len(found)} problem(s).", markup=False)
    return 1 if found else 0


def exercise_of_tags(tags: tuple[str, ...]) -> bool:
    """Whether a cell with these tags belongs to an exercise."""
    return any(tag.startswith("exercise:") for tag in tags)


def _exercises(cell: Cell) -> Iterator[str]:
    return (tag.removeprefix("exercise:") for tag in cell.tags if tag.startswith("exercise:"))


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def _anchors(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}
    return made | {heading.strip().replace(" ", "-") for heading in headings} | set(re.findall(r'id="([^"]+)"', text))
