"""A function's invocations in time: when each ran, in which execution environment, how it started and how it ended.

Read from CloudWatch Logs alone (START, REPORT and INIT lines), so that it shows the same of a function on AWS.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..markup import escape, html_group, html_table, printable, text_table
from .log_table import LoggedInvocation, read_logs

#: How many invocations are shown unless somebody asks for more: so many still have readable labels.
LAST = 20
_VERSION = re.compile(r"\[(?P<version>[^\]]+)\]")
#: How the statuses of a REPORT line end an environment's process, so that the next invocation imports the module anew.
_ENDS_THE_PROCESS = ("timeout", "out of memory", "exited")
_HEADERS = (
    "No",
    "Time (UTC)",
    "Environment",
    "Version",
    "Request",
    "Start",
    "Init ms",
    "Duration ms",
    "Billed ms",
    "Memory MB",
    "Outcome",
)


@dataclass(frozen=True)
class TimelineInvocation:
    """One invocation. Durations in milliseconds, memory in MB; None where the log does not say.

    ``environment`` counts from 1 in the order the environments appear. ``start`` is "cold", "warm", "reset" (the process
    before it had been ended by a timeout or a crash) or "init failed"; empty while that is not known. ``outcome`` is
    "success", "timeout", "out of memory", "exited", "running" or the type of the exception.
    """

    number: int
    started: datetime
    environment: int
    version: str
    request_id: str
    start: str
    init_ms: float | None
    duration_ms: float | None
    billed_ms: float | None
    memory_mb: int | None
    max_memory_mb: int | None
    outcome: str

    @property
    def ran_until(self) -> datetime | None:
        """When the handler ended; None while it runs."""
        return None if self.duration_ms is None else self.started + timedelta(milliseconds=self.duration_ms)

    @property
    def init_began(self) -> datetime | None:
        """When the init phase began; None when this invocation found an environment."""
        return None if self.init_ms is None else self.started - timedelta(milliseconds=self.init_ms)


@dataclass(frozen=True)
class Timeline:
    """Invocations of a function, oldest first. ``perhaps_more`` tells that as many were found as were asked for."""

    function_name: str
    invocations: tuple[TimelineInvocation, ...]
    perhaps_more: bool = False

    @property
    def title(self) -> str:
        count = len(self.invocations)
        what = "the last invocation" if count == 1 else f"the last {count} invocations"
        if not self.perhaps_more:
            what = "1 invocation" if count == 1 else f"{count} invocations"
        environments = len({one.environment for one in self.invocations})
        return f"Timeline of {self.function_name}: {what} in {_count(environments, 'execution environment')}"

    @property
    def summary(self) -> str:
        """The picture in words."""
        starts = [one.start for one in self.invocations]
        failed = [one for one in self.invocations if one.outcome not in ("success", "running")]
        parts = [f"{starts.count(kind)} {kind}" for kind in ("cold", "warm", "reset", "init failed") if kind in starts]
        parts.append(f"{len(failed)} failed" if failed else "none failed")
        running = sum(one.outcome == "running" for one in self.invocations)
        if running:
            parts.append(f"{running} without a REPORT line yet")
        return ", ".join(parts)

    def __repr__(self) -> str:
        return "\n".join([printable(self.title), printable(self.summary), text_table(_HEADERS, self._rows())])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        from .timeline_drawing import draw  # matplotlib: half a second that a lesson without a timeline does not pay

        picture = base64.b64encode(draw(self)).decode()
        alternative = f"{self.title}: {self.summary}. The table below has the same facts."
        image = f'<img alt="{escape(alternative)}" src="data:image/svg+xml;base64,{picture}" style="max-width:100%">'
        table = html_table(f"{self.title} ({self.summary})", _HEADERS, self._rows())
        return html_group(self.title, image + table)

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                str(one.number),
                f"{one.started:%H:%M:%S}.{one.started.microsecond // 1000:03d}",
                f"E{one.environment}",
                one.version,
                one.request_id[:8],
                one.start,
                _figure(one.init_ms, 2),
                _figure(one.duration_ms, 2),
                _figure(one.billed_ms, 0),
                "" if one.max_memory_mb is None else f"{one.max_memory_mb} of {one.memory_mb}",
                one.outcome,
            )
            for one in self.invocations
        ]


def read_timeline(lambda_client: Any, logs_client: Any, function_name: str, last: int = LAST) -> Timeline:
    """The ``last`` invocations of a function that ended most recently.

    Raises NoLog (no such function, nothing logged yet, a wrong ``last``) and botocore's exceptions.
    """
    logged = read_logs(lambda_client, logs_client, function_name, last).invocations
    return Timeline(function_name, tuple(_invocations(logged)), perhaps_more=len(logged) == last)


def _invocations(logged: Iterable[LoggedInvocation]) -> Iterable[TimelineInvocation]:
    environments: dict[str, int] = {}
    ended_by: dict[str, str] = {}
    for number, one in enumerate(sorted(logged, key=lambda one: one.started), 1):
        stream, report = one.log_stream, one.report
        outcome, start = _outcome(one), _start(one, ended_by.get(stream, ""))
        started = one.started
        if start == "reset" and report and report.duration_ms:
            # The new process's start counts as Duration, and may have been before the START line.
            started = min(started, one.ended - timedelta(milliseconds=report.duration_ms))
        yield TimelineInvocation(
            number=number,
            started=started,
            environment=environments.setdefault(stream, len(environments) + 1),
            version=match["version"] if (match := _VERSION.search(stream)) else "",
            request_id=one.request_id,
            start=start,
            init_ms=report.init_ms if report else None,
            duration_ms=report.duration_ms if report else None,
            billed_ms=report.billed_ms if report else None,
            memory_mb=report.memory_mb if report else None,
            max_memory_mb=report.max_memory_mb if report else None,
            outcome=outcome,
        )
        ended_by[stream] = outcome


def _start(one: LoggedInvocation, before: str) -> str:
    if one.init_failed:
        return "init failed"
    if one.report and one.report.cold:
        return "cold"
    if before in _ENDS_THE_PROCESS:
        return "reset"
    return "warm" if one.report else ""


def _outcome(one: LoggedInvocation) -> str:
    report = one.report
    if report is None:
        return "running"
    if report.status == "timeout":
        return "timeout"
    if "OutOfMemory" in report.error_type:
        return "out of memory"
    if "ExitError" in report.error_type:
        return "exited"
    # In the text format a function that raised has a REPORT line like any other.
    if one.error_type:
        return one.error_type
    return "success" if report.status == "success" else report.error_type or report.status


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
