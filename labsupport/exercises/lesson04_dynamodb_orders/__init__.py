"""Lesson 04: keys, conditional writes, transactions, queries by pages, and a table's stream that calls a function.

From outside: ``LESSON``.
"""

from __future__ import annotations

from ..model import Lesson
from . import daily_total, my_orders, photos, questions, reserve, take_order

#: What takes AWS a minute takes 3 seconds in the cloud of this lesson; its text says so.
_TIME_SCALE = 0.05

LESSON = Lesson(
    number="04",
    name="04_dynamodb_orders",
    title="Orders in DynamoDB",
    minutes=60,
    exercises=(take_order.EXERCISE, my_orders.EXERCISE, reserve.EXERCISE, photos.EXERCISE, daily_total.EXERCISE),
    quiz=questions.QUIZ,
    predictions=questions.PREDICTIONS,
    time_scale=_TIME_SCALE,
)
