"""Answers in pages: ``MaxItems`` limits one, ``NextMarker`` of the answer is ``Marker`` of the next request."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from . import errors
from .operations import Call

#: Lambda API Reference, MaxItems of every List operation: "the maximum … is 50, even if you set the number higher".
PAGE_ITEMS = 50
One = TypeVar("One")


def page(call: Call, items: Sequence[One], key: Callable[[One], str]) -> tuple[list[One], str | None]:
    """The items of the page that the call asks for, and the marker of the next (None on the last page).

    A marker names the first item of the next page by ``key``, so that whoever deletes what a page lists misses
    nothing on the next one.
    """
    start = _start(call.get("Marker"), [key(item) for item in items])
    end = start + min(call.get("MaxItems", PAGE_ITEMS), PAGE_ITEMS)
    if end >= len(items):
        return list(items[start:]), None
    marker = base64.urlsafe_b64encode(json.dumps([end, key(items[end])]).encode()).decode()
    return list(items[start:end]), marker


def _start(marker: str | None, keys: list[str]) -> int:
    if not marker:
        return 0
    try:
        position, key = json.loads(base64.b64decode(marker, b"-_", validate=True))
        return keys.index(key) if key in keys else int(position)
    except (binascii.Error, ValueError, TypeError):
        raise errors.invalid_parameter("Invalid Marker Value") from None
