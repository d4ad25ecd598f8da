"""Function names in all their forms: name, ``name:qualifier``, partial ARN, ARN."""

from __future__ import annotations

import re
from dataclasses import dataclass

ACCOUNT_ID = "123456789012"

_FUNCTION_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_.]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


@dataclass(frozen=True)
class FunctionName:
    """A FunctionName parameter taken apart. ``region`` and ``account`` only where an ARN had them."""

    name: str
    qualifier: str | None
    region: str | None
    account: str | None = None


def parse_function_name(text: str) -> FunctionName | None:
    """Name, ``name:qualifier``, partial ARN or ARN; None when it is none of them."""
    match = _FUNCTION_NAME.fullmatch(text)
    if not match:
        return None
    return FunctionName(match["name"], match["qualifier"], match["region"], match["account"])


def function_arn(region: str, name: str, qualifier: str | None = None) -> str:
    """ARN of a function of this cloud's account, qualified if asked for."""
    arn = f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def is_version(qualifier: str) -> bool:
    """A version number (aliases have at least one character that is no digit)."""
    return qualifier.isdigit()
