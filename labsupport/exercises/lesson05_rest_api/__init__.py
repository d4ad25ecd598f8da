"""Lesson 05: a REST API with API Gateway: routes, statuses, CORS, conditional changes, presigned uploads, authorizers.

From outside: ``LESSON``.
"""

from __future__ import annotations

from ..model import Lesson
from . import album, parcel, partners, questions, quote, ticket

LESSON = Lesson(
    number="05",
    name="05_rest_api",
    title="A REST API",
    minutes=75,
    exercises=(quote.EXERCISE, album.EXERCISE, parcel.EXERCISE, ticket.EXERCISE, partners.EXERCISE),
    quiz=questions.QUIZ,
    predictions=questions.PREDICTIONS,
)
