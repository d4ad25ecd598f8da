"""What a target of an EventBridge rule gets of an event: all of it, a part, a constant, or a filled-in template.

Source: Amazon EventBridge User Guide, "Amazon EventBridge input transformation". How values are written inside quotes is
recorded from AWS (tests/localcloud/triggers/test_target_input.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_/-]+|\*)|\[(\d+|\*)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_PREDEFINED = frozenset(
    (
        "aws.events.rule-arn",
        "aws.events.rule-name",
        "aws.events.event.ingestion-time",
        "aws.events.event",
        "aws.events.event.json",
    )
)
_MISSING = object()


class InvalidInput(ValueError):
    """A target's input settings that EventBridge refuses; the text is its message."""


@dataclass(frozen=True)
class Delivery:
    """One event on its way to a rule's targets. ``ingestion_time`` is an ISO 8601 text."""

    event: Mapping[str, Any]
    rule_arn: str
    rule_name: str
    ingestion_time: str


def check_input(target: Mapping[str, Any]) -> None:
    """Raises InvalidInput for a target's ``Input``, ``InputPath`` and ``InputTransformer`` that PutTargets refuses."""
    name = target.get("Id")
    if sum(target.get(key) is not None for key in ("Input", "InputPath", "InputTransformer")) > 1:
        raise InvalidInput(f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}.")
    if target.get("Input") is not None:
        try:
            json.loads(target["Input"])
        except ValueError:
            raise InvalidInput(f"JSON syntax error in input for target {name} : Invalid JSON") from None
    if target.get("InputPath") is not None and _steps(target["InputPath"]) is None:
        raise InvalidInput(f"InputPath for target {name} is invalid.")
    transformer = target.get("InputTransformer")
    if transformer is not None:
        paths = transformer.get("InputPathsMap") or {}
        for key, path in paths.items():
            if _steps(path) is None:
                raise InvalidInput(f"InputPath {path} for key {key} of target {name} is invalid.")
        for match in _PLACEHOLDER.finditer(transformer.get("InputTemplate") or ""):
            if match[1] not in paths and match[1] not in _PREDEFINED:
                raise InvalidInput(f"InputTemplate for target {name} contains invalid placeholder {match[1]}.")


def target_input(target: Mapping[str, Any], delivery: Delivery) -> str:
    """The text that the target gets."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        found = _find(delivery.event, target["InputPath"])
        return "" if found is _MISSING else _compact(found)
    transformer = target.get("InputTransformer")
    if transformer is not None:
        return _fill(transformer.get("InputTemplate") or "", transformer.get("InputPathsMap") or {}, delivery)
    return _compact(delivery.event)


def _fill(template: str, paths: Mapping[str, str], delivery: Delivery) -> str:
    quoted = [False]  # whether the place reached so far is inside a JSON string
    reached = [0]

    def value(match: re.Match[str]) -> str:
        for character in re.finditer(r'\\.|"', template[reached[0] : match.start()]):
            if character[0] == '"':
                quoted[0] = not quoted[0]
        reached[0] = match.end()
        name = match[1]
        if name not in paths and name not in _PREDEFINED:
            return match[0]
        found = _predefined(name, delivery) if name in _PREDEFINED else _find(delivery.event, paths[name])
        if quoted[0]:
            return _inside_quotes(found)
        return '""' if found is _MISSING else _compact(found)

    return _PLACEHOLDER.sub(value, template)


def _inside_quotes(value: Any) -> str:
    """Text as the middle of a JSON string; a list or object loses its quotes there, as on AWS."""
    if value is _MISSING:
        return ""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1]
    if isinstance(value, dict | list):
        return _compact(value).replace('"', "")
    return _compact(value)


def _predefined(name: str, delivery: Delivery) -> Any:
    if name == "aws.events.rule-arn":
        return delivery.rule_arn
    if name == "aws.events.rule-name":
        return delivery.rule_name
    if name == "aws.events.event.ingestion-time":
        return delivery.ingestion_time
    if name == "aws.events.event.json":
        return delivery.event
    # Recorded from AWS: without the detail, and the type under another name.
    return {
        "detailType" if key == "detail-type" else key: value for key, value in delivery.event.items() if key != "detail"
    }


def _steps(path: str) -> list[str | int] | None:
    """``$.detail.items[0]`` as its steps, ``*`` for all elements; None for what EventBridge does not take."""
    if not path.startswith("$"):
        return None
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        index = match[2]
        steps.append(
            int(index) if index and index.isdigit() else next(one for one in match.groups() if one is not None)
        )
        position = match.end()
    return steps


def _find(event: Any, path: str) -> Any:
    steps = _steps(path)
    return _MISSING if steps is None else _walk(event, steps)


def _walk(value: Any, steps: list[str | int]) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "*":
        inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
        return [found for one in inner if (found := _walk(one, rest)) is not _MISSING] or _MISSING
    if isinstance(step, int):
        return _walk(value[step], rest) if isinstance(value, list) and step < len(value) else _MISSING
    return _walk(value[step], rest) if isinstance(value, dict) and step in value else _MISSING


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
