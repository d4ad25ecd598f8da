"""Access logs of a stage: one line a request, in the format the stage has.

Source: API Gateway Developer Guide, "Variables for access logging for API Gateway": ``$context`` variables are replaced, one
without a value by a hyphen; all else stands as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import Any

_VARIABLE = re.compile(r"\$context\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]*[A-Za-z0-9_])*)")
_GROUP = re.compile(r"arn:[^:]+:logs:([^:]+):\d+:log-group:([^:]+)(?::\*)?")


@dataclass(frozen=True)
class Destination:
    """A log group of CloudWatch Logs."""

    region: str
    group: str


def destination(arn: str) -> Destination | None:
    """The log group of an ARN; None for another service's (Firehose) and for what is no ARN."""
    match = _GROUP.fullmatch(arn)
    return Destination(match[1], match[2]) if match else None


def stream_name(api_id: str, stage: str) -> str:
    """API Gateway names its log streams with 32 hexadecimal digits that say nothing."""
    return md5(f"{api_id}/{stage}".encode(), usedforsecurity=False).hexdigest()


def line(form: str, context: Mapping[str, Any]) -> str:
    """``form`` with its variables replaced by what ``context`` has, level by level."""
    return _VARIABLE.sub(lambda match: _text(_look_up(context, match[1])), form)


def _look_up(context: Mapping[str, Any], name: str) -> Any:
    found: Any = context
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _text(value: Any) -> str:
    if value is None or isinstance(value, Mapping) or value == "":
        return "-"
    if isinstance(value, bool):
        return json.dumps(value)
    # A line break or a quotation mark of the client's must not make a second entry or break a JSON format.
    return json.dumps(str(value), ensure_ascii=False)[1:-1]
