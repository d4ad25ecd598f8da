"""A small course of fixture lessons: ``prints_course`` makes one whose lesson 03_prints is a file in fixtures/."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from labsupport.authoring.course import Course
from labsupport.exercises.model import Exercise, Lesson, Prediction, Question

FIXTURES = Path(__file__).parent / "fixtures"
NAME = "03_prints"


def exercise(number: int, title: str, kind: str, points: int, minutes: int) -> Exercise:
    return Exercise(
        id=f"prints-{number}",
        lesson="03",
        title=title,
        kind=kind,
        points=points,
        minutes=minutes,
        skills=("pricing",),
        hints=("think", "look there", "write that"),
        explanation="Because.",
        check=lambda probe: (),
    )


def _choice(made: type, name: str):
    return made(name, "Which?", {"a": "this", "b": "that"}, "a", {"a": "Yes.", "b": "No."})


LESSON = Lesson(
    number="03",
    name=NAME,
    title="Prints",
    minutes=30,
    exercises=(
        exercise(1, "One print", "fill in", 1, 3),
        exercise(2, "Many prints", "write", 2, 5),
        exercise(3, "Your own price list", "design", 0, 5),
    ),
    quiz=tuple(_choice(Question, f"prints-q{number}") for number in range(1, 6)),
    predictions=(_choice(Prediction, "prints-p1"),),
)

#: Makes a course that has the fixture of this name as its lesson.
MakeCourse = Callable[..., Course]


def make_course(root: Path, fixture: str, lesson: Lesson | None = LESSON) -> Course:
    course = Course(root, (lesson,) if lesson else ())
    for folder in (course.solutions, course.notebooks):
        (folder / "pictures").mkdir(parents=True)
        (folder / "pictures" / "prints.svg").touch()
        (folder / "pictures" / "screenshot-1.png").touch()
    (course.notebooks / "words.md").write_text("# Words\n\n### price\n\nWhat it costs.\n")
    (course.solutions / "hidden.txt").touch()
    course.source("02_before").write_text("# Before\n\n## Worked example\n\nNothing yet.\n")
    shutil.copy(FIXTURES / f"{fixture}.md", course.source(NAME))
    return course


@pytest.fixture
def prints_course(tmp_path: Path) -> MakeCourse:
    return functools.partial(make_course, tmp_path)
