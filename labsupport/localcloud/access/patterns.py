"""Wildcards and policy variables in the elements of a policy.

Source: IAM User Guide, "IAM JSON policy elements: Resource" (``*`` any characters, ``?`` one) and "IAM policy elements:
Variables and tags" (``${key}``, ``${key, 'default'}``, ``${*}``, ``${?}``, ``${$}``; only in Version 2012-10-17).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

#: Condition keys of one request, in lower case (AWS compares the names of keys without regard to case).
Context = Mapping[str, tuple[str, ...]]
#: The same while it is being filled.
Keys = dict[str, tuple[str, ...]]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"\s*([^,]+?)\s*,\s*'([^']*)'\s*")


@lru_cache(maxsize=4096)
def wildcard(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    """A compiled pattern in which ``*`` stands for any characters and ``?`` for one; for ``fullmatch``."""
    parts = re.split(r"([*?])", pattern)
    text = "".join(".*" if part == "*" else "." if part == "?" else re.escape(part) for part in parts)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def arn_like(pattern: str, value: str) -> bool:
    """Each of the six parts of an ARN is compared on its own, so that ``*`` does not reach over a colon; the last
    part holds the rest."""
    wanted, given = pattern.split(":", 5), value.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return pattern == "*"
    return all(wildcard(one).fullmatch(other) for one, other in zip(wanted, given, strict=True))


@lru_cache(maxsize=4096)
def _pieces(pattern: str) -> tuple[str, ...]:
    """Text and variables in turn: even places are text, odd places are the insides of ``${...}``."""
    return tuple(_VARIABLE.split(pattern))


def matches(pattern: str, value: str, context: Context, variables: bool) -> bool:
    """Does ``value`` match ``pattern``, wildcards and (when ``variables``) policy variables considered?

    A variable whose key is not in the request (and has no default) matches nothing.
    """
    if not variables or "${" not in pattern:
        return wildcard(pattern).fullmatch(value) is not None
    expression = ""
    for place, piece in enumerate(_pieces(pattern)):
        if place % 2:
            text = _value_of(piece, context)
            if text is None:
                return False
            expression += re.escape(text)
        else:
            expression += wildcard(piece).pattern
    return re.compile(expression, re.DOTALL).fullmatch(value) is not None


def substitute(pattern: str, context: Context, variables: bool) -> str | None:
    """``pattern`` with its variables replaced; None when one has no value."""
    if not variables or "${" not in pattern:
        return pattern
    pieces = list(_pieces(pattern))
    for place in range(1, len(pieces), 2):
        text = _value_of(pieces[place], context)
        if text is None:
            return None
        pieces[place] = text
    return "".join(pieces)


def _value_of(variable: str, context: Context) -> str | None:
    if variable in ("*", "?", "$"):
        return variable
    with_default = _DEFAULT.fullmatch(variable)
    key, default = (with_default[1], with_default[2]) if with_default else (variable.strip(), None)
    values = context.get(key.lower(), ())
    # A key with several values cannot be a variable ("Variables and tags": single-valued keys only).
    return values[0] if len(values) == 1 else default
