"""What a lesson says of an exercise (title, kind, points, minutes) is what the exercise itself says."""

from __future__ import annotations

from pathlib import Path

import pytest

from labsupport.exercises import catalog
from labsupport.exercises.model import Exercise, Lesson

SOLUTIONS = Path(__file__).parents[2] / "solutions"
EXERCISES = [exercise for lesson in catalog.lessons() for exercise in lesson.exercises]


def _text(lesson: Lesson) -> str:
    return (SOLUTIONS / f"{lesson.name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_the_heading_and_the_line_below_it_agree_with_the_exercise(exercise: Exercise) -> None:
    points = "1 point" if exercise.points == 1 else f"{exercise.points} points"

    assert (
        f"### {exercise.id} · {exercise.title}\n\n*{exercise.kind} · {points} · {exercise.minutes} minutes*\n"
        in _text(catalog.find_lesson(exercise.lesson))
    )


@pytest.mark.parametrize("lesson", catalog.lessons(), ids=lambda lesson: lesson.name)
def test_every_question_and_prediction_is_asked_once(lesson: Lesson) -> None:
    text = _text(lesson)

    assert f"# {lesson.title}\n" in text
    for question in lesson.quiz:
        assert text.count(f'lab.answer("{question.id}", "?")') == 1
    for prediction in lesson.predictions:
        assert text.count(f'lab.predict("{prediction.id}", "?")') == 1
        assert text.count(f'lab.reveal("{prediction.id}")') == 1


@pytest.mark.parametrize("lesson", catalog.lessons(), ids=lambda lesson: lesson.name)
def test_the_exercises_leave_time_to_read(lesson: Lesson) -> None:
    assert sum(exercise.minutes for exercise in lesson.exercises) <= 0.75 * lesson.minutes
