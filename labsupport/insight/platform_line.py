"""Reads the lines Lambda itself writes into a function's log, in text and in JSON form.

Source: Lambda Developer Guide, "Viewing CloudWatch logs for Lambda" (START, END, REPORT, INIT_START, INIT_REPORT) and
"Lambda Telemetry API Event schema reference" (the JSON form).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_TEXT_KINDS = re.compile(r"(INIT_START|INIT_REPORT|START|END|REPORT)(?=\s)")
_JSON_KINDS = {
    "platform.initStart": "INIT_START",
    "platform.initReport": "INIT_REPORT",
    "platform.start": "START",
    "platform.report": "REPORT",
}


@dataclass(frozen=True)
class Report:
    """The figures of a REPORT line. Durations in milliseconds, memory in MB; None where the line does not say.

    ``status`` is "success", "timeout", "error" or "failure". ``init_ms`` is only there for a cold start.
    """

    request_id: str
    duration_ms: float | None = None
    billed_ms: float | None = None
    memory_mb: int | None = None
    max_memory_mb: int | None = None
    init_ms: float | None = None
    status: str = "success"
    error_type: str = ""

    @property
    def cold(self) -> bool:
        """Whether this invocation started a new execution environment."""
        return self.init_ms is not None


@dataclass(frozen=True)
class PlatformLine:
    """One line of the platform. ``kind`` is INIT_START, INIT_REPORT, START, END or REPORT."""

    kind: str
    request_id: str = ""
    report: Report | None = None


def parse_platform_line(message: str) -> PlatformLine | None:
    """What a log event says when the platform wrote it; None for what the function wrote."""
    if message.startswith("{"):
        return _parse_json(message)
    match = _TEXT_KINDS.match(message)
    if not match:
        return None
    kind = match.group()
    # One tab between fields; REPORT ends with one more. Fields are read by name: AWS adds new ones now and then.
    fields = dict(_field(part) for part in message.strip().split("\t"))
    request_id = next((value for name, value in fields.items() if name.endswith("RequestId")), "").split(" ")[0]
    if kind in ("START", "END", "REPORT") and not request_id:
        return None  # a print of the function that begins with the same word
    if kind != "REPORT":
        return PlatformLine(kind, request_id)
    report = Report(
        request_id=request_id,
        duration_ms=_number(fields.get("Duration")),
        billed_ms=_number(fields.get("Billed Duration")),
        memory_mb=_whole(fields.get("Memory Size")),
        max_memory_mb=_whole(fields.get("Max Memory Used")),
        init_ms=_number(fields.get("Init Duration")),
        status=fields.get("Status", "success"),
        error_type=fields.get("Error Type", ""),
    )
    return PlatformLine(kind, request_id, report)


def find_report(log: str, request_id: str = "") -> Report | None:
    """The last REPORT in a piece of log text (of this request, when one is named); None when it is not there."""
    for line in reversed(log.splitlines()):
        parsed = parse_platform_line(line)
        if parsed and parsed.report and request_id in ("", parsed.request_id):
            return parsed.report
    return None


def _field(part: str) -> tuple[str, str]:
    name, _colon, value = part.partition(":")
    return name.strip(), value.strip()


def _number(text: str | None) -> float | None:
    match = re.match(r"\d+(?:\.\d+)?", text or "")
    return float(match.group()) if match else None


def _whole(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _parse_json(message: str) -> PlatformLine | None:
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return None
    kind = _JSON_KINDS.get(str(event.get("type"))) if isinstance(event, dict) else None
    record = event.get("record") if kind else None
    if kind is None or not isinstance(record, dict):
        return None
    request_id = str(record.get("requestId", ""))
    if kind != "REPORT":
        return PlatformLine(kind, request_id)
    metrics: dict[str, Any] = record.get("metrics") or {}
    report = Report(
        request_id=request_id,
        duration_ms=metrics.get("durationMs"),
        billed_ms=metrics.get("billedDurationMs"),
        memory_mb=metrics.get("memorySizeMB"),
        max_memory_mb=metrics.get("maxMemoryUsedMB"),
        init_ms=metrics.get("initDurationMs"),
        status=str(record.get("status", "success")),
        error_type=str(record.get("errorType", "")),
    )
    return PlatformLine(kind, request_id, report)
