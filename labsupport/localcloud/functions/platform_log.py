"""The lines Lambda itself writes to a function's log: INIT_START, START, END, REPORT, INIT_REPORT.

Text form as CloudWatch Logs shows it; JSON form as in the Lambda Developer Guide, "Lambda Telemetry API Event schema
reference" (looked up 2026-11-25). SystemLogLevel decides which JSON lines are written: a successful invocation leaves
start and report at INFO, and runtimeDone at DEBUG; what went wrong is written at WARN, too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from .log_levels import is_kept
from .specification import FunctionSpecification


@dataclass(frozen=True)
class Report:
    """Figures of one invocation. Durations in milliseconds, memory in MB."""

    request_id: str
    duration: float
    memory_size: int
    max_memory_used: int
    init_duration: float | None = None
    status: str | None = None
    error_type: str | None = None

    @property
    def billed_duration(self) -> int:
        """Whole milliseconds, the init phase included (as AWS bills since August 2025)."""
        return ceil(round(self.duration, 2) + round(self.init_duration or 0.0, 2))


class PlatformLog:
    """Builds the platform's lines for one function version in its log format."""

    def __init__(self, specification: FunctionSpecification, initialization_type: str = "on-demand") -> None:
        self._specification = specification
        self._initialization_type = initialization_type
        self._json = specification.log_format == "JSON"
        self._level = specification.system_log_level or "INFO"
        runtime = specification.runtime or "python"
        digest = hashlib.sha256(runtime.encode()).hexdigest()
        self._runtime_version = f"{runtime.replace('python', 'python:')}.v1"
        self._runtime_arn = f"arn:aws:lambda:{specification.region}::runtime:{digest}"

    def init_start(self) -> str:
        if not self._json:
            return f"INIT_START Runtime Version: {self._runtime_version}\tRuntime Version ARN: {self._runtime_arn}\n"
        return self._event(
            "initStart",
            {
                "initializationType": self._initialization_type,
                "phase": "init",
                "runtimeVersion": self._runtime_version,
                "runtimeVersionArn": self._runtime_arn,
                "functionName": self._specification.name,
                "functionVersion": self._specification.version,
            },
            "INFO",
        )

    def init_runtime_done(self, phase: str, status: str, error_type: str | None = None) -> str:
        """JSON only, as all ``…_done``."""
        if not self._json:
            return ""
        record = {"initializationType": self._initialization_type, "phase": phase, "status": status}
        if error_type:
            record["errorType"] = error_type
        return self._event("initRuntimeDone", record, "DEBUG" if status == "success" else "WARN")

    def init_report(self, milliseconds: float, phase: str, status: str, error_type: str | None = None) -> str:
        """The text form is written only for an init phase that failed."""
        if not self._json and status == "success":
            return ""
        if not self._json:
            error = f"\tError Type: {error_type}" if error_type else ""
            return f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\tStatus: {status}{error}\n"
        record: dict[str, Any] = {
            "initializationType": self._initialization_type,
            "phase": phase,
            "status": status,
            "metrics": {"durationMs": round(milliseconds, 2)},
        }
        if error_type:
            record["errorType"] = error_type
        return self._event("initReport", record, "DEBUG" if status == "success" else "WARN")

    def start(self, request_id: str) -> str:
        if not self._json:
            return f"START RequestId: {request_id} Version: {self._specification.version}\n"
        return self._event("start", {"requestId": request_id, "version": self._specification.version}, "INFO")

    def runtime_done(
        self, request_id: str, milliseconds: float, produced_bytes: int, status: str | None, error_type: str | None
    ) -> str:
        if not self._json:
            return ""
        record: dict[str, Any] = {"requestId": request_id, "status": status or "success"}
        if error_type:
            record["errorType"] = error_type
        record["metrics"] = {"durationMs": round(milliseconds, 3), "producedBytes": produced_bytes}
        return self._event("runtimeDone", record, "WARN" if status else "DEBUG")

    def end(self, request_id: str) -> str:
        """Text only: in JSON form the report stands for both."""
        return "" if self._json else f"END RequestId: {request_id}\n"

    def report(self, report: Report) -> str:
        if not self._json:
            fields = [
                f"REPORT RequestId: {report.request_id}",
                f"Duration: {report.duration:.2f} ms",
                f"Billed Duration: {report.billed_duration} ms",
                f"Memory Size: {report.memory_size} MB",
                f"Max Memory Used: {report.max_memory_used} MB",
            ]
            if report.init_duration is not None:
                fields.append(f"Init Duration: {report.init_duration:.2f} ms")
            if report.status:
                fields.append(f"Status: {report.status}")
            if report.error_type:
                fields.append(f"Error Type: {report.error_type}")
            return "\t".join(fields) + "\t\n"
        metrics: dict[str, Any] = {
            "durationMs": round(report.duration, 3),
            "billedDurationMs": report.billed_duration,
            "memorySizeMB": report.memory_size,
            "maxMemoryUsedMB": report.max_memory_used,
        }
        if report.init_duration is not None:
            metrics["initDurationMs"] = round(report.init_duration, 3)
        record: dict[str, Any] = {
            "requestId": report.request_id,
            "metrics": metrics,
            "status": report.status or "success",
        }
        if report.error_type:
            record["errorType"] = report.error_type
        return self._event("report", record, "WARN" if report.status else "INFO")

    def _event(self, kind: str, record: dict[str, Any], level: str) -> str:
        if not is_kept(level, self._level):
            return ""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"time": time, "type": f"platform.{kind}", "record": record}) + "\n"
