"""Lambda's service model as botocore ships it: which HTTP request is which operation, and the shapes of its members.

The file is read without importing botocore: the model is wanted, not the client (and its memory).
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

Shape = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation: its name, the status of its answer, and the names of its input and output shapes."""

    name: str
    method: str
    status: int
    input_shape: str | None
    output_shape: str | None
    path: re.Pattern[str]
    query: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Matched:
    """An operation and the parameters its path held, percent-decoded."""

    operation: Operation
    path_parameters: dict[str, str]


class ServiceModel:
    """The model, read once. ``shapes`` are botocore's documents without their documentation."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.shapes: dict[str, Shape] = document["shapes"]
        self.operations = {name: _operation(name, entry) for name, entry in document["operations"].items()}
        # The more a request must fulfil, the earlier it is tried: "?List=ALL" before the same path without it, and a
        # fixed part of a path before a parameter.
        self._by_method: dict[str, list[Operation]] = {}
        for operation in sorted(
            self.operations.values(), key=lambda one: (-len(one.query), one.path.pattern.count("?P<"))
        ):
            self._by_method.setdefault(operation.method, []).append(operation)

    @classmethod
    def load(cls) -> ServiceModel:
        """Read the newest Lambda model of the botocore that is installed."""

        def without_documentation(entry: dict[str, Any]) -> dict[str, Any]:
            if isinstance(entry.get("documentation"), str):
                del entry["documentation"]
            return entry

        return cls(json.loads(_model_bytes(), object_hook=without_documentation))

    def match(self, method: str, raw_path: str, query: Iterable[tuple[str, str]]) -> Matched | None:
        """The operation of a request; ``raw_path`` is not decoded (names may hold ``%2F`` and ``%3A``)."""
        path = raw_path.rstrip("/")
        given = set(query)
        for operation in self._by_method.get(method, ()):
            found = operation.path.fullmatch(path)
            if found and operation.query <= given:
                return Matched(operation, {name: unquote(value) for name, value in found.groupdict().items()})
        return None

    def shape(self, name: str) -> Shape:
        return self.shapes[name]


def _operation(name: str, entry: dict[str, Any]) -> Operation:
    http = entry["http"]
    path, _, query = http["requestUri"].partition("?")
    pattern = "".join(
        f"(?P<{part[1:-1]}>[^/]*)" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{\w+\})", path.rstrip("/"))
    )
    return Operation(
        name=name,
        method=http["method"],
        status=http.get("responseCode", 200),
        input_shape=entry.get("input", {}).get("shape"),
        output_shape=entry.get("output", {}).get("shape"),
        path=re.compile(pattern),
        query=frozenset(parse_qsl(query)),
    )


def _model_bytes() -> bytes:
    found = importlib.util.find_spec("botocore")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("botocore is not installed: install labsupport again.")
    folder = Path(found.submodule_search_locations[0]) / "data" / "lambda"
    newest = max(entry for entry in folder.iterdir() if re.fullmatch(r"\d{4}-\d\d-\d\d", entry.name))
    packed = newest / "service-2.json.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    return (newest / "service-2.json").read_bytes()
