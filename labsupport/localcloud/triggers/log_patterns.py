"""Filter patterns of CloudWatch Logs: terms, ``{ … }`` for JSON and ``[ … ]`` for space-delimited fields.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log events, and
Live Tail". A pattern in ``%`` is a regular expression.

    pattern = LogPattern.compile("{ $.level = ERROR }")
    pattern.match('{"level": "ERROR"}')     # {} : it fits, and nothing is extracted
    pattern.match("started")                # None
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Fields that a space-delimited pattern finds in a message; empty for other patterns. None when the message does not fit.
Match = dict[str, str] | None
_Test = Callable[[Any], bool]

_TERM = re.compile(r'\s*([?-]?)(?:"((?:\\.|[^"\\])*)"|%((?:\\%|[^%])*)%|([^\s"]+))')
_FIELD = re.compile(r'"[^"]*"|\[[^\]]*\]|\S+')
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_JSON_TOKEN = re.compile(
    r"""\s*(?:(?P<selector>\$(?:\.[A-Za-z0-9_*@-]+|\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\])*)|(?P<word>&&|\|\||!=|<=|>=|[()=<>])"""
    r"""|"(?P<quoted>(?:\\.|[^"\\])*)"|%(?P<regex>(?:\\%|[^%])*)%|(?P<bare>[^\s()=<>!&|"]+))"""
)
_STEP = re.compile(r"""\.?\[(\d+|\*)\]|\.?\['([^']*)'\]|\.?\["([^"]*)"\]|\.([A-Za-z0-9_*@-]+)""")
_MISSING = object()


class InvalidLogPattern(ValueError):
    """A pattern that CloudWatch Logs refuses."""


@dataclass(frozen=True)
class LogPattern:
    """A compiled pattern."""

    match: Callable[[str], Match]

    @classmethod
    def compile(cls, text: str) -> LogPattern:
        """Raises InvalidLogPattern."""
        pattern = text.strip()
        if pattern.startswith("{") and pattern.endswith("}"):
            return cls(_json_pattern(pattern[1:-1]))
        if pattern.startswith("[") and pattern.endswith("]"):
            return cls(_delimited_pattern(pattern[1:-1]))
        return cls(_terms_pattern(pattern))


# --- terms ---------------------------------------------------------------------------------------------------------


def _terms_pattern(pattern: str) -> Callable[[str], Match]:
    """All plain terms must be there, none with ``-``; of those with ``?`` one is enough, and they do not count beside
    others ("Using filter patterns to match terms in unstructured log events")."""
    terms: dict[str, list[Callable[[str], bool]]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(pattern):
        found = _TERM.match(pattern, position)
        if found is None:
            raise InvalidLogPattern(pattern)
        sign, quoted, expression, bare = found.groups()
        if expression is not None:
            terms[sign].append(_searching(expression))
        else:
            terms[sign].append(_containing(bare if quoted is None else _unescaped(quoted)))
        position = found.end()
    required, optional, excluded = terms[""], terms["?"], terms["-"]
    if required or excluded:
        optional = []

    def match(message: str) -> Match:
        fits = (
            all(test(message) for test in required)
            and not any(test(message) for test in excluded)
            and (not optional or any(test(message) for test in optional))
        )
        return {} if fits else None

    return match


def _containing(text: str) -> Callable[[str], bool]:
    return lambda message: text in message


def _searching(expression: str) -> Callable[[str], bool]:
    try:
        compiled = re.compile(expression.replace(r"\%", "%"))
    except re.error:
        raise InvalidLogPattern(expression) from None
    return lambda message: compiled.search(message) is not None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


# --- values --------------------------------------------------------------------------------------------------------


def _value_test(comparison: str, value: str, *, quoted: bool = False, expression: bool = False) -> _Test:
    """A comparison with a value of the pattern; ``*`` in it stands for any characters."""
    if comparison in _NUMERIC:
        if not _NUMBER.fullmatch(value):
            raise InvalidLogPattern(value)
        compare, limit = _NUMERIC[comparison], float(value)
        return lambda found: (number := _as_number(found)) is not None and compare(number, limit)
    if comparison not in ("=", "!="):
        raise InvalidLogPattern(comparison)
    equals = _equality(value, quoted, expression)
    if comparison == "=":
        return equals
    return lambda found: not equals(found)


def _equality(value: str, quoted: bool, expression: bool) -> _Test:
    if expression:
        searching = _searching(value)
        return lambda found: isinstance(found, str | int | float) and searching(_as_text(found))
    if not quoted and _NUMBER.fullmatch(value):
        wanted = float(value)
        return lambda found: _as_number(found) == wanted
    compiled = re.compile(".*".join(re.escape(part) for part in value.split("*")), re.DOTALL)
    return lambda found: isinstance(found, str | int | float) and compiled.fullmatch(_as_text(found)) is not None


def _as_number(value: Any) -> float | None:
    """Of a number; of a text in a space-delimited message, too, where everything is text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, _Word) and _NUMBER.fullmatch(value) else None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Word(str):
    """A field of a space-delimited message."""


# --- JSON ----------------------------------------------------------------------------------------------------------


def _json_pattern(inner: str) -> Callable[[str], Match]:
    reader = _JsonReader(inner)
    test = reader.read()

    def match(message: str) -> Match:
        try:
            document = json.loads(message)
        except ValueError:
            return None
        return {} if isinstance(document, dict | list) and test(document) else None

    return match


class _JsonReader:
    """``||`` of ``&&`` of comparisons, with brackets."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _JSON_TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise InvalidLogPattern(text)
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        self._next = 0

    def read(self) -> _Test:
        test = self._either()
        if self._next < len(self._tokens):
            raise InvalidLogPattern(self._tokens[self._next][1])
        return test

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._peek() == ("word", "||"):
            self._take()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def _both(self) -> _Test:
        tests = [self._one()]
        while self._peek() == ("word", "&&"):
            self._take()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _one(self) -> _Test:
        kind, text = self._take()
        if (kind, text) == ("word", "("):
            test = self._either()
            if self._take() != ("word", ")"):
                raise InvalidLogPattern("a bracket is not closed")
            return test
        if kind != "selector":
            raise InvalidLogPattern(text)
        steps = _selector_steps(text)
        comparison = self._comparison()
        return lambda document: comparison(_select(document, steps))

    def _comparison(self) -> Callable[[list[Any]], bool]:
        kind, text = self._take()
        if kind == "bare" and text.upper() in ("IS", "NOT", "EXISTS"):
            if text.upper() == "EXISTS":
                return bool
            word = self._take()[1].upper()
            if (text.upper(), word) == ("NOT", "EXISTS"):
                return lambda found: not found
            constants = {"TRUE": True, "FALSE": False, "NULL": None}
            if text.upper() == "IS" and word in constants:
                return lambda found: any(one is constants[word] for one in found)
            raise InvalidLogPattern(word)
        value_kind, value = self._take()
        if kind != "word" or value_kind not in ("quoted", "regex", "bare"):
            raise InvalidLogPattern(text)
        if value_kind == "quoted":
            value = _unescaped(value)
        test = _value_test(text, value, quoted=value_kind == "quoted", expression=value_kind == "regex")
        return lambda found: any(test(one) for one in found if not isinstance(one, dict | list))


def _selector_steps(selector: str) -> list[str | int]:
    steps: list[str | int] = []
    for index, single, double, name in _STEP.findall(selector[1:]):
        if index:
            steps.append(int(index) if index.isdigit() else index)
        else:
            steps.append(single or double or name)
    return steps


def _select(document: Any, steps: list[str | int]) -> list[Any]:
    """Everything a selector finds."""
    found = [document]
    for step in steps:
        found = [inner for one in found for inner in _inside(one, step)]
    return found


def _inside(value: Any, step: str | int) -> list[Any]:
    if step == "*":
        return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(step, int):
        return [value[step]] if isinstance(value, list) and step < len(value) else []
    return [value[step]] if isinstance(value, dict) and step in value else []


# --- space-delimited -----------------------------------------------------------------------------------------------


def _delimited_pattern(inner: str) -> Callable[[str], Match]:
    """Fields in order, each with or without a condition; ``...`` stands for any number of them."""
    if not inner.strip():
        return lambda message: {}
    fields = [_delimited_field(part.strip()) for part in inner.split(",")]
    if sum(field is None for field in fields) > 1:
        raise InvalidLogPattern("one ... is possible")

    def match(message: str) -> Match:
        words = [_Word(word.strip('"') if word.startswith('"') else word) for word in _FIELD.findall(message)]
        wanted = list(fields)
        if None in wanted:
            gap = wanted.index(None)
            missing = len(words) - (len(wanted) - 1)
            if missing < 0:
                return None
            wanted[gap : gap + 1] = [("", _anything)] * missing
        if len(words) != len(wanted):
            return None
        extracted = {}
        for word, field in zip(words, wanted, strict=True):
            assert field is not None
            name, test = field
            if not test(word):
                return None
            if name:
                extracted[name] = str(word)
        return extracted

    return match


def _delimited_field(text: str) -> tuple[str, _Test] | None:
    """Name and condition; None for ``...``."""
    if text == "...":
        return None
    name = ""
    ways: list[list[_Test]] = [[]]
    for part in re.split(r"(\|\||&&)", text):
        if part in ("||", "&&"):
            if part == "||":
                ways.append([])
            continue
        found = re.fullmatch(r'\s*([A-Za-z0-9_-]*)\s*(?:(!=|<=|>=|=|<|>)\s*(?:"([^"]*)"|%(.*)%|(.*?)))?\s*', part)
        if found is None:
            raise InvalidLogPattern(text)
        name = name or found[1]
        if found[2]:
            value = next(one for one in found.groups()[2:] if one is not None)
            ways[-1].append(_value_test(found[2], value, quoted=found[3] is not None, expression=found[4] is not None))
    return name, lambda word: any(all(test(word) for test in way) for way in ways)


def _anything(word: Any) -> bool:
    return True
