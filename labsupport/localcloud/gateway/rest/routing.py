"""Which resource of a REST API a path means.

Source: API Gateway Developer Guide, "Set up a proxy integration with a proxy resource": a resource with a literal path
part goes before one with a variable, and that before a greedy ``{name+}``, part by part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Route(Generic[T]):
    """Where a path leads, and the values of the variables in the resource's path, undecoded."""

    target: T
    parameters: dict[str, str]


@dataclass
class _Node(Generic[T]):
    literals: dict[str, _Node[T]] = field(default_factory=dict)
    variable: tuple[str, _Node[T]] | None = None
    greedy: tuple[str, T] | None = None
    target: T | None = None


class Router(Generic[T]):
    """Made from resource paths such as ``/orders/{id}`` and ``/files/{proxy+}``."""

    def __init__(self, targets: Mapping[str, T]) -> None:
        self._root: _Node[T] = _Node()
        for path, target in targets.items():
            self._add(path, target)

    def _add(self, path: str, target: T) -> None:
        node = self._root
        for part in path.strip("/").split("/") if path != "/" else ():
            if part.startswith("{") and part.endswith("+}"):
                node.greedy = (part[1:-2], target)
                return
            if part.startswith("{") and part.endswith("}"):
                if node.variable is None:
                    node.variable = (part[1:-1], _Node())
                node = node.variable[1]
            else:
                node = node.literals.setdefault(part, _Node())
        node.target = target

    def find(self, raw_path: str) -> Route[T] | None:
        """The best resource for an undecoded path that begins with a slash; one slash at its end does not count."""
        if not raw_path.startswith("/"):
            return None
        rest = raw_path[1:-1] if raw_path.endswith("/") and raw_path != "/" else raw_path[1:]
        return self._find(self._root, rest.split("/") if rest else [], {})

    def _find(self, node: _Node[T], parts: list[str], found: dict[str, str]) -> Route[T] | None:
        if not parts:
            return Route(node.target, found) if node.target is not None else None
        part, *rest = parts
        literal = node.literals.get(part)
        route = self._find(literal, rest, found) if literal else None
        if route is None and node.variable and part:
            name, child = node.variable
            route = self._find(child, rest, found | {name: part})
        if route is None and node.greedy:
            name, target = node.greedy
            route = Route(target, found | {name: "/".join(parts)})
        return route
