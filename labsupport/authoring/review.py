"""What a rule of the linter gets to see: one lesson, its cells, its catalogue entry and its generated notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..exercises.model import Lesson
from .course import AuthoringProblem, Course
from .notebook import Role, read_json, role_of, tags_of
from .source import Source, read_source


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where. ``cell`` counts from 1 as JupyterLab does; None means the lesson as a whole."""

    lesson: str
    cell: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.lesson}, cell {self.cell}: {self.message}" if self.cell else f"{self.lesson}: {self.message}"


@dataclass(frozen=True)
class Heading:
    cell: int
    level: int
    text: str


@dataclass(frozen=True)
class Cell:
    """One cell of the source, with the figures in place. ``kind`` is "markdown", "code" or "raw"."""

    number: int
    kind: str
    text: str
    tags: tuple[str, ...] = ()

    @property
    def role(self) -> Role | None:
        return role_of(list(self.tags)) if self.kind == "code" else None

    @cached_property
    def blocks(self) -> list[Token]:
        """The Markdown's block tokens; none for code."""
        return MarkdownIt("commonmark").enable("table").parse(self.text) if self.kind == "markdown" else []

    @property
    def inline(self) -> Iterator[Token]:
        """Every inline token, those inside links and emphasis included."""
        for block in self.blocks:
            yield from block.children or ()

    @property
    def prose(self) -> str:
        """What a reader reads: without code, fences, addresses and markup."""
        lines = []
        for block in self.blocks:
            if block.type == "inline":
                lines.append(" ".join(part.content for part in block.children or () if part.type == "text"))
        return "\n".join(lines)

    @property
    def headings(self) -> Iterator[Heading]:
        for place, block in enumerate(self.blocks):
            if block.type == "heading_open":
                yield Heading(self.number, int(block.tag[1]), self.blocks[place + 1].content)


@dataclass(frozen=True)
class Review:
    """One lesson under review. ``starter`` and ``solution`` are the notebooks' JSON, None when there is no such file."""

    course: Course
    name: str
    source: str
    cells: tuple[Cell, ...]
    lesson: Lesson | None = None
    starter: dict[str, Any] | None = None
    solution: dict[str, Any] | None = None

    @property
    def number(self) -> str:
        return self.name[:2]

    @property
    def code(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def markdown(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.kind == "markdown")

    @property
    def headings(self) -> tuple[Heading, ...]:
        return tuple(heading for cell in self.cells for heading in cell.headings)

    @property
    def notebooks(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """(kind, JSON) of each generated notebook that is there."""
        found = (("starter", self.starter), ("solution", self.solution))
        return tuple((kind, notebook) for kind, notebook in found if notebook is not None)

    def cells_of(self, exercise_id: str, kind: str) -> tuple[Cell, ...]:
        """The cells of an exercise: kind "exercise" or "check"."""
        return tuple(
            cell for cell in self.code if cell.role and (cell.role.exercise_id, cell.role.kind) == (exercise_id, kind)
        )

    def at(self, cell: int | None, message: str) -> Finding:
        return Finding(self.name, cell, message)


#: A rule of the linter: looks at one lesson and yields what it finds.
Rule = Callable[[Review], Iterator[Finding]]


def review_of(course: Course, name: str) -> Review:
    """The lesson, read. Raises AuthoringProblem when its source cannot be read."""
    return reviewed(course, read_source(course, name))


def reviewed(course: Course, source: Source) -> Review:
    """The lesson of a source that is read already."""
    name = source.name
    return Review(
        course=course,
        name=name,
        source=source.text,
        cells=cells_of(source.notebook),
        lesson=course.lesson(name),
        starter=_notebook(course, name, "starter"),
        solution=_notebook(course, name, "solution"),
    )


def cells_of(notebook: Any) -> tuple[Cell, ...]:
    """The cells of a source's notebook."""
    return tuple(
        Cell(number, cell.cell_type, cell.source, tuple(tags_of(cell))) for number, cell in enumerate(notebook.cells, 1)
    )


def _notebook(course: Course, name: str, kind: str) -> dict[str, Any] | None:
    path = course.starter(name) if kind == "starter" else course.solution(name)
    try:
        return read_json(path)
    except FileNotFoundError:
        return None
    except (AuthoringProblem, OSError) as problem:
        raise AuthoringProblem(f"{course.shown(path)} cannot be read: {problem}") from None
