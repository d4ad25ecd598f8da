"""Checks that an Invoke payload is JSON, and says what is wrong as AWS does (its parser is Jackson)."""

from __future__ import annotations

import json
import re

_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_PREFIX = "Could not parse request body into json: Could not parse payload into json: "
_TOKENS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class PayloadNotJson(Exception):
    """The text is AWS's message for InvalidRequestContentException."""


def check_json(payload: bytes) -> None:
    """Return when ``payload`` is JSON (or empty). Raises PayloadNotJson."""
    if not payload:
        return
    first = len(payload) - len(payload.lstrip(b" \t\r\n"))
    if first < len(payload) and payload[first] >= 0x80:  # the parser reads bytes: no value begins with such a one
        line, column = _place(payload[:first].decode("ascii"), first)
        code = payload[first]
        shown = f"(CTRL-CHAR, code {code})" if code < 0xA0 else f"'{chr(code)}' (code {code})"
        raise PayloadNotJson(
            f"{_PREFIX}Unexpected character ({shown}): expected a valid value {_TOKENS}{_source(line, column + 1)}"
        )
    try:
        text = payload.decode()
    except UnicodeDecodeError as problem:
        line, column = _place(payload[: problem.start].decode(), problem.start)
        kind = "start" if problem.reason == "invalid start byte" else "middle"
        at = problem.start if kind == "start" else min(problem.start + 1, len(payload) - 1)
        raise PayloadNotJson(
            f"{_PREFIX}Invalid UTF-8 {kind} byte 0x{payload[at]:02x}{_source(line, column + 1)}"
        ) from None

    def refuse_constant(name: str) -> None:  # NaN and the infinities are Python's own addition to JSON
        outside_strings = _STRING.sub(lambda string: " " * len(string[0]), text)
        raise json.JSONDecodeError("Expecting value", text, outside_strings.index(name))

    try:
        json.loads(text, parse_constant=refuse_constant)
    except json.JSONDecodeError as problem:
        raise PayloadNotJson(_PREFIX + _jackson_words(text, problem)) from None
    except RecursionError:
        raise PayloadNotJson(
            f"{_PREFIX}Document nesting depth (1001) exceeds the maximum allowed (1000, from "
            "`StreamReadConstraints.getMaxNestingDepth()`)"
        ) from None


def _jackson_words(text: str, problem: json.JSONDecodeError) -> str:
    position = problem.pos
    if problem.msg.startswith("Illegal trailing comma"):  # Python 3.13 points at the comma, AWS at what follows it
        position += 1
        while position < len(text) and text[position].isspace():
            position += 1
    if position >= len(text.rstrip()):
        line, column = _place(text, len(text))
        return f"Unexpected end-of-input{_source(line, column)}"
    character = text[position]
    line, column = _place(text, position)
    code = ord(character)
    shown = f"'{character}' (code {code})" if character.isprintable() else f"(CTRL-CHAR, code {code})"
    if problem.msg == "Invalid control character at":
        return (
            f"Illegal unquoted character ({shown}): has to be escaped using backslash to be included in string value"
            f"{_source(line, column + 1)}"
        )
    expected = {
        "Expecting property name enclosed in double quotes": "was expecting double-quote to start field name",
        "Illegal trailing comma before end of object": "was expecting double-quote to start field name",
        "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
        "Expecting ',' delimiter": "was expecting comma to separate entries",
    }.get(problem.msg, f"expected a valid value {_TOKENS}")
    if character.isalpha() and expected.startswith("expected"):
        end = position
        while end < len(text) and (text[end].isalnum() or text[end] in "_$"):
            end += 1
        _line, column = _place(text, end)
        return f"Unrecognized token '{text[position:end]}': was expecting {_TOKENS}{_source(line, column)}"
    return f"Unexpected character ({shown}): {expected}{_source(line, column + 1)}"


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _source(line: int, column: int) -> str:
    return (
        "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
        f"line: {line}, column: {column}]"
    )
