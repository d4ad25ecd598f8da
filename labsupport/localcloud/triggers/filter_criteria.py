"""Event patterns, as filters of event source mappings and rules of EventBridge write them: one JSON object whose leaves
are lists of what a value may be.

Sources: Lambda Developer Guide, "Control which events Lambda sends to your function" and "Using event filtering with an
Amazon SQS event source"; Amazon EventBridge User Guide, "Comparison operators for use in event patterns" and "Arrays in
event patterns".

    Filter.compile('{"body": {"kind": ["order", {"prefix": "re"}]}}').matches({"body": {"kind": "return"}})   # True

An event is looked at as the list of its leaves, each with the path that leads to it (``detail.items.name``). Every
path of the pattern must have a leaf that fits; leaves below one list must come from the same element of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from .pattern_values import InvalidPattern, Test, is_absence, value_tests

__all__ = ["FilterCriteria", "Filter", "InvalidPattern"]

_OR = "$or"
#: Names that cannot be fields inside ``$or``: EventBridge takes them for comparison operators of today and tomorrow.
_RESERVED = frozenset(
    "exactly prefix suffix equals-ignore-case wildcard anything-but numeric exists cidr = < <= > >= regex not-wildcard "
    "not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range "
    "ip-address-not-in-range".split()
)

#: What every path of a pattern asks for: one alternative of a pattern with ``$or``.
_Rule = dict[str, tuple[Test, ...]]
#: Which element of which list a leaf came from, by the list's number in the event.
_Membership = dict[int, int]


@dataclass(frozen=True)
class _Leaf:
    value: Any
    membership: _Membership


@dataclass(frozen=True)
class Filter:
    """One pattern. It matches when one of its ``rules`` does; without ``$or`` there is one rule."""

    rules: tuple[_Rule, ...]

    @classmethod
    def compile(cls, pattern: str) -> Filter:
        """Raises InvalidPattern (a ValueError with the text of the Lambda API, and EventBridge's ``reason``)."""
        try:
            document = json.loads(pattern, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise InvalidPattern("Filter is not valid JSON") from None
        if not isinstance(document, dict):
            raise InvalidPattern("Filter is not an object")
        rules: list[_Rule] = [{}]
        _read_object(document, (), rules, inside_or=False)
        return cls(tuple(rules))

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event (a JSON object) fits."""
        leaves = _leaves(event)
        return any(_fits(rule, leaves) for rule in self.rules)


@dataclass(frozen=True)
class FilterCriteria:
    """All patterns of an event source mapping: one that matches is enough, and without any every record passes."""

    filters: tuple[Filter, ...] = ()

    @classmethod
    def compile(cls, patterns: Iterable[str]) -> FilterCriteria:
        """Raises InvalidPattern when one of them is none."""
        return cls(tuple(Filter.compile(pattern) for pattern in patterns))

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Whether a record passes, in the form in which the function's event has it.

        The body of an SQS message counts as JSON when it is a JSON object or list, and as text otherwise: a pattern of
        the other kind does not match it.
        """
        if not self.filters:
            return True
        if record.get("eventSource") == "aws:sqs":
            record = {**record, "body": _parsed(record.get("body"))}
        return any(one.matches(record) for one in self.filters)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _parsed(body: Any) -> Any:
    if not isinstance(body, str) or not body.lstrip().startswith(("{", "[")):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


# --- patterns ----------------------------------------------------------------------------------------------------------


def _read_object(document: dict[str, Any], path: tuple[str, ...], rules: list[_Rule], *, inside_or: bool) -> None:
    """Add what ``document`` asks for to every rule; ``$or`` makes several rules of each."""
    if not document:
        raise InvalidPattern("Empty objects are not allowed")
    for name, value in document.items():
        if name == _OR:
            rules[:] = _alternatives(value, path, rules)
        elif inside_or and name in _RESERVED:
            raise InvalidPattern(f"{name} is Ruler reserved fieldName which cannot be used inside {_OR}.")
        elif isinstance(value, dict):
            _read_object(value, (*path, name), rules, inside_or=inside_or)
        elif isinstance(value, list):
            tests = value_tests(value)
            for rule in rules:
                rule[".".join((*path, name))] = tests
        else:
            raise InvalidPattern(f'"{name}" must be an object or an array')


def _alternatives(value: Any, path: tuple[str, ...], rules: Sequence[_Rule]) -> list[_Rule]:
    if not isinstance(value, list):
        raise InvalidPattern(f"It must be an Array followed with {_OR}.")
    found: list[_Rule] = []
    for one in value:
        if not isinstance(one, dict):
            raise InvalidPattern(f"Only JSON object is allowed in array of {_OR} relationship.")
        of_one = [dict(rule) for rule in rules]
        _read_object(one, path, of_one, inside_or=True)
        found += of_one
    if len(value) < 2:
        raise InvalidPattern(f"There must have at least 2 Objects in {_OR} relationship.")
    return found


# --- events ------------------------------------------------------------------------------------------------------------


def _leaves(event: Mapping[str, Any]) -> dict[str, list[_Leaf]]:
    """The leaves by path. Empty objects and lists have none. No recursion: a message may be nested as deep as it likes."""
    found: dict[str, list[_Leaf]] = {}
    numbers = count()
    left: list[tuple[Any, str, _Membership]] = [(event, "", {})]
    while left:
        value, path, membership = left.pop()
        if isinstance(value, Mapping):
            left += [(one, f"{path}.{name}" if path else name, membership) for name, one in value.items()]
        elif isinstance(value, list):
            number = next(numbers)
            left += [(one, path, membership | {number: index}) for index, one in enumerate(value)]
        else:
            found.setdefault(path, []).append(_Leaf(value, membership))
    return found


def _fits(rule: _Rule, leaves: dict[str, list[_Leaf]]) -> bool:
    """Whether every path has a leaf that fits, all from the same elements of the lists they share."""
    in_lists: list[list[_Leaf]] = []
    for path, tests in rule.items():
        if path not in leaves:
            if not any(is_absence(test) for test in tests):
                return False
            continue
        fitting = [leaf for leaf in leaves[path] if any(test(leaf.value) for test in tests)]
        if not fitting:
            return False
        if all(leaf.membership for leaf in fitting):
            in_lists.append(fitting)
    return _go_together(in_lists, {})


def _go_together(paths: Sequence[list[_Leaf]], chosen: _Membership) -> bool:
    if not paths:
        return True
    return any(
        _go_together(paths[1:], chosen | leaf.membership)
        for leaf in paths[0]
        if all(chosen.get(number, index) == index for number, index in leaf.membership.items())
    )
