"""All lessons of the course, found as the modules ``lessonNN_name`` of this room, each with a ``LESSON``."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable
from typing import TypeVar

from .model import Choice, Exercise, Lesson, Prediction, Question

_Entry = TypeVar("_Entry")


class UnknownId(Exception):
    """No lesson, exercise, question or prediction has this id; one line that says what was perhaps meant."""


@functools.cache
def lessons() -> tuple[Lesson, ...]:
    """Every lesson, in order. Raises ValueError when two things of the course share an id."""
    package = importlib.import_module(__package__ or "labsupport.exercises")
    found = [
        importlib.import_module(f"{package.__name__}.{module.name}").LESSON
        for module in pkgutil.iter_modules(package.__path__)
        if re.fullmatch(r"lesson\d\d_\w+", module.name)
    ]
    course = tuple(sorted(found, key=lambda lesson: lesson.number))
    _refuse_duplicates(course)
    return course


def find_lesson(number: str | int) -> Lesson:
    """The lesson named by "01", 1, "1" or "01_hello_lambda". Raises UnknownId."""
    wanted = str(number).strip().removesuffix(".ipynb").removesuffix(".md")
    for lesson in lessons():
        if wanted == lesson.name or (wanted and wanted.zfill(2) == lesson.number):
            return lesson
    raise UnknownId(_not_found("lesson", wanted, [name for one in lessons() for name in (one.number, one.name)]))


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise with this id. Raises UnknownId."""
    exercises = {exercise.id: exercise for lesson in lessons() for exercise in lesson.exercises}
    return _look_up("exercise", exercise_id, exercises)


def find_question(question_id: str) -> Question:
    """The quiz question with this id. Raises UnknownId."""
    return _look_up("question", question_id, {one.id: one for lesson in lessons() for one in lesson.quiz})


def find_prediction(prediction_id: str) -> Prediction:
    """The prediction with this id. Raises UnknownId."""
    return _look_up("prediction", prediction_id, {one.id: one for lesson in lessons() for one in lesson.predictions})


def _look_up(kind: str, wanted: str, entries: dict[str, _Entry]) -> _Entry:
    found = entries.get(str(wanted).strip())
    if found is None:
        raise UnknownId(_not_found(kind, str(wanted), entries))
    return found


def _not_found(kind: str, wanted: str, known: Iterable[str]) -> str:
    names = list(known)
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(wanted.lower(), lower, n=1, cutoff=0.5)
    if near:
        return f"Unknown {kind} {wanted!r}. Did you mean {lower[near[0]]!r}?"
    if not names:
        return f"Unknown {kind} {wanted!r}: the course has none."
    return f"Unknown {kind} {wanted!r}. There is: {', '.join(names)}."


def _refuse_duplicates(course: tuple[Lesson, ...]) -> None:
    seen: set[str] = set()
    for lesson in course:
        choices: tuple[Exercise | Choice, ...] = (*lesson.exercises, *lesson.quiz, *lesson.predictions)
        for name in (f"lesson {lesson.number}", *(one.id for one in choices)):
            if name in seen:
                raise ValueError(f"{lesson.name}: the id {name!r} is used twice in the course")
            seen.add(name)
