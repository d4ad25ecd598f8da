"""Which route of an HTTP API a request takes.

Source: API Gateway Developer Guide, "Create routes for HTTP APIs": a full match of method and path first, then one with a
greedy path variable, then ``$default``. Of two routes that fit, the one that says more about the path is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

DEFAULT = "$default"
_LITERAL, _VARIABLE, _GREEDY = 0, 1, 2
RouteT = TypeVar("RouteT")


@dataclass(frozen=True)
class _Pattern(Generic[RouteT]):
    method: str
    segments: tuple[tuple[int, str], ...]
    route: RouteT

    @property
    def rank(self) -> tuple[object, ...]:
        """Smaller is better: no greedy variable; literals before variables, from the left; a method before ANY."""
        kinds = tuple(kind for kind, _ in self.segments)
        return (_GREEDY in kinds, kinds, self.method == "ANY")

    def match(self, method: str, segments: list[str]) -> dict[str, str] | None:
        if self.method not in ("ANY", method):
            return None
        parameters: dict[str, str] = {}
        for number, (kind, text) in enumerate(self.segments):
            rest = segments[number:]
            if kind == _GREEDY:
                if not any(rest):
                    return None
                parameters[text] = unquote("/".join(rest))
                return parameters
            if not rest:
                return None
            if kind == _VARIABLE:
                if not rest[0]:
                    return None
                parameters[text] = unquote(rest[0])
            elif unquote(rest[0]) != text:
                return None
        return parameters if len(segments) == len(self.segments) else None


class Routes(Generic[RouteT]):
    """The routes of one deployment, by route key."""

    def __init__(self, routes: Mapping[str, RouteT]) -> None:
        self._default = routes.get(DEFAULT)
        patterns = [_pattern(key, route) for key, route in routes.items() if key != DEFAULT]
        self._patterns = sorted(patterns, key=lambda pattern: pattern.rank)

    def find(self, method: str, raw_path: str) -> tuple[RouteT, dict[str, str]] | None:
        """The route for this undecoded path (without stage), and the decoded path parameters; None when none fits."""
        segments = raw_path.removeprefix("/").split("/")
        for pattern in self._patterns:
            parameters = pattern.match(method, segments)
            if parameters is not None:
                return pattern.route, parameters
        return None if self._default is None else (self._default, {})


def _pattern(key: str, route: RouteT) -> _Pattern[RouteT]:
    method, _, path = key.partition(" ")
    segments = tuple(_segment(text) for text in path.removeprefix("/").split("/"))
    return _Pattern(method, segments, route)


def _segment(text: str) -> tuple[int, str]:
    if text.startswith("{") and text.endswith("+}"):
        return _GREEDY, text[1:-2]
    if text.startswith("{") and text.endswith("}"):
        return _VARIABLE, text[1:-1]
    return _LITERAL, text
