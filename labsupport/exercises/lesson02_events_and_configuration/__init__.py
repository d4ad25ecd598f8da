"""Lesson 02: event and context, settings, limits that bite, asynchronous invocations, versions and aliases.

From outside: ``LESSON``.
"""

from __future__ import annotations

from ..model import Lesson
from . import album, confirmation, offer, questions, receipt, till

#: What takes AWS a minute takes 3 seconds in the cloud of this lesson; its text says so.
_TIME_SCALE = 0.05

LESSON = Lesson(
    number="02",
    name="02_events_and_configuration",
    title="Events and configuration",
    minutes=45,
    exercises=(receipt.EXERCISE, till.EXERCISE, album.EXERCISE, confirmation.EXERCISE, offer.EXERCISE),
    quiz=questions.QUIZ,
    predictions=questions.PREDICTIONS,
    time_scale=_TIME_SCALE,
)
