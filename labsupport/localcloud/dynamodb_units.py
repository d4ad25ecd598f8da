"""How large a DynamoDB item is, and how many capacity units it takes to read and to write it.

Sources: DynamoDB Developer Guide, "DynamoDB Item sizes and formats" and "DynamoDB read and write operations" (looked up
2026-11-25). Values are DynamoDB JSON: ``{"S": "text"}``, ``{"N": "12.5"}``, binary as base64 text or as bytes.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

#: The largest item, names of attributes included ("Quotas in Amazon DynamoDB": 400 KB).
ITEM_BYTES = 400 * 1024
#: How much one page of Query or Scan looks at.
PAGE_BYTES = 1024 * 1024
_READ_UNIT_BYTES = 4 * 1024
_WRITE_UNIT_BYTES = 1024
_COLLECTION_BYTES = 3
_ELEMENT_BYTES = 1


def item_size(attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of an item: the names and the values of its attributes."""
    return sum(len(name.encode()) + value_size(value) for name, value in attributes.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes of one attribute value. A number takes one byte for two significant digits and one more."""
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return _number_size(content)
    if kind == "B":
        return _binary_size(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "SS":
        return sum(len(one.encode()) for one in content)
    if kind == "NS":
        return sum(map(_number_size, content))
    if kind == "BS":
        return sum(map(_binary_size, content))
    if kind == "L":
        return _COLLECTION_BYTES + sum(_ELEMENT_BYTES + value_size(one) for one in content)
    return _COLLECTION_BYTES + sum(
        _ELEMENT_BYTES + len(name.encode()) + value_size(one) for name, one in content.items()
    )


def _number_size(text: str) -> int:
    digits = str(text).lower().partition("e")[0].replace(".", "").lstrip("+-").strip("0")
    return 1 + math.ceil(len(digits) / 2)


def _binary_size(content: str | bytes) -> int:
    return len(content if isinstance(content, bytes) else base64.b64decode(content))


def read_units(size: int, *, consistent: bool, transactional: bool = False) -> float:
    """Read capacity units for ``size`` bytes: one for each 4 KB begun, half of it eventually consistent, twice it in a
    transaction. What is not there costs as much as the smallest item."""
    steps = max(1, math.ceil(size / _READ_UNIT_BYTES))
    return steps * (2.0 if transactional else 1.0 if consistent else 0.5)


def write_units(size: int, *, transactional: bool = False) -> float:
    """Write capacity units for an item of ``size`` bytes: one for each KB begun, twice it in a transaction."""
    return max(1, math.ceil(size / _WRITE_UNIT_BYTES)) * (2.0 if transactional else 1.0)
