"""Compares values as JSON does: by kind first, so that true is not 1 and "1" is not 1."""

from __future__ import annotations

import math
from typing import Any


def json_kind(value: Any) -> str:
    """The JSON type of a parsed value, in words a learner knows."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "a list"
    return "an object"


def json_equal(left: Any, right: Any, tolerance: float = 0.0) -> bool:
    """Whether two parsed values are the same JSON. JSON has one kind of number, so 1 equals 1.0; ``tolerance`` is the
    absolute difference allowed between numbers. NaN equals nothing."""
    kind = json_kind(left)
    if kind != json_kind(right):
        return False
    if kind == "a number":
        return bool(left == right or (tolerance and math.isclose(left, right, rel_tol=0.0, abs_tol=tolerance)))
    if kind == "a list":
        return len(left) == len(right) and all(
            json_equal(one, other, tolerance) for one, other in zip(left, right, strict=True)
        )
    if kind == "an object":
        return set(left) == set(right) and all(json_equal(left[key], right[key], tolerance) for key in left)
    return bool(left == right)
