"""The course folder as an author sees it: which lessons have a source, and where what is made of it goes."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..exercises import catalog
from ..exercises.model import Exercise, Lesson

_SOURCE_NAME = re.compile(r"\d\d_\w+")


class AuthoringProblem(Exception):
    """Something an author has to put right: one or more lines that name the file and the cell."""


class UnknownLesson(AuthoringProblem):
    """The author named a lesson that is not there, or stands in a folder that is no course."""


@dataclass(frozen=True)
class Course:
    """``root`` holds ``solutions/`` and ``notebooks/``; ``lessons`` is the catalogue the sources are held against."""

    root: Path
    lessons: tuple[Lesson, ...]

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    def source(self, name: str) -> Path:
        return self.solutions / f"{name}.md"

    def solution(self, name: str) -> Path:
        return self.solutions / f"{name}.ipynb"

    def starter(self, name: str) -> Path:
        return self.notebooks / f"{name}.ipynb"

    def shown(self, path: Path) -> str:
        """The path as messages name it: from the course folder on."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def names(self) -> tuple[str, ...]:
        """Every lesson that has a source, in order."""
        return tuple(sorted(path.stem for path in self.solutions.glob("*.md") if _SOURCE_NAME.fullmatch(path.stem)))

    def lesson(self, name: str) -> Lesson | None:
        """The catalogue's entry for this source, if it has one."""
        return next((lesson for lesson in self.lessons if lesson.name == name), None)

    def exercise(self, exercise_id: str) -> Exercise | None:
        """The catalogue's entry for this exercise, in whichever lesson it is."""
        return next((one for lesson in self.lessons for one in lesson.exercises if one.id == exercise_id), None)

    def select(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The sources named by "01", "1", "01_hello_lambda" or a path of one of its files; all when none is named.

        Raises UnknownLesson.
        """
        known = self.names()
        chosen = {self._find(name, known) for name in wanted}
        return tuple(name for name in known if name in chosen) if chosen else known

    def _find(self, wanted: str, known: tuple[str, ...]) -> str:
        stem = re.sub(r"\.(md|ipynb)$", "", wanted.replace("\\", "/").rpartition("/")[2])
        for name in known:
            if stem == name or stem.zfill(2) == name[:2]:
                return name
        near = difflib.get_close_matches(stem, [*known, *(name[:2] for name in known)], n=1, cutoff=0.5)
        guess = f" Did you mean {near[0]!r}?" if near else f" There is: {', '.join(known)}."
        raise UnknownLesson(f"There is no lesson {wanted!r} in {self.solutions}.{guess}")


def this_course(start: Path | None = None) -> Course:
    """The course folder around ``start`` (default: here, then ``LAB_COURSE``). Raises UnknownLesson."""
    here = (start or Path.cwd()).resolve()
    chosen = os.environ.get("LAB_COURSE")
    candidates = [here, *here.parents, *([Path(chosen).expanduser().resolve()] if chosen else [])]
    for folder in candidates:
        course = Course(folder, catalog.lessons())
        if course.names():
            return course
    raise UnknownLesson(f"There is no lesson source (solutions/NN_name.md) in {here}. Change to the course folder.")
