"""Lesson 06: a queue in front of a function, batches, partial failures, dead letters, work done once, back-pressure.

From outside: ``LESSON``.
"""

from __future__ import annotations

from ..model import Lesson
from . import charge, labels, letters, press, questions, ship

LESSON = Lesson(
    number="06",
    name="06_queues_and_failures",
    title="Queues and failures",
    minutes=60,
    exercises=(labels.EXERCISE, charge.EXERCISE, ship.EXERCISE, letters.EXERCISE, press.EXERCISE),
    quiz=questions.QUIZ,
    predictions=questions.PREDICTIONS,
)
