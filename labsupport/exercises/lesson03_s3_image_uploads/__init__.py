"""Lesson 03: uploads that call a function, keys, a library from a layer, filters, and a loop.

From outside: ``LESSON``.
"""

from __future__ import annotations

from ..model import Lesson
from . import gallery, inbox, preview, questions, register, tile

#: What takes AWS a minute takes 3 seconds in the cloud of this lesson; its text says so.
_TIME_SCALE = 0.05

LESSON = Lesson(
    number="03",
    name="03_s3_image_uploads",
    title="S3 image uploads",
    minutes=60,
    exercises=(register.EXERCISE, tile.EXERCISE, preview.EXERCISE, inbox.EXERCISE, gallery.EXERCISE),
    quiz=questions.QUIZ,
    predictions=questions.PREDICTIONS,
    time_scale=_TIME_SCALE,
)
