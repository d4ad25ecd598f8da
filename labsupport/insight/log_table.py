"""A function's log as a table, read from CloudWatch Logs as anybody with boto3 can."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..markup import escape, html_group, html_table, printable, text_table
from .platform_line import PlatformLine, Report, parse_platform_line

_LEVEL = re.compile(r"\[(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\][ \t]*")
#: What awslambdaric puts between level and message: time and request id, each followed by a tab.
_LOGGING_PREFIX = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z\t[\w-]*\t")
#: How the runtime client reports an exception that left the handler. Where a function logs, a tab follows the level.
_UNCAUGHT = re.compile(r"\[ERROR\] (?P<type>[A-Za-z_][\w.]*)(?=:|\n|$)")
_TIMED_OUT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z [\w-]+ Task timed out after ")
_PAGE_EVENTS = 10_000
_MAXIMUM_PAGES = 5
_SHOWN_ROWS = 200
_SHOWN_CHARACTERS = 2000


class NoLog(Exception):
    """There is no log to show; one line that says why and what to do."""


@dataclass(frozen=True)
class LogRow:
    """One log event. ``level`` is PLATFORM for Lambda's own lines and empty for a plain print."""

    time: datetime
    level: str
    message: str


@dataclass(frozen=True)
class LoggedInvocation:
    """The log of one invocation, init phase included. ``report`` is None while it runs (or when Lambda lost it).

    ``error_type`` is the type of the exception that ended it ("KeyError"), empty when none did.
    """

    request_id: str
    log_stream: str
    rows: tuple[LogRow, ...]
    report: Report | None
    error_type: str = ""

    @property
    def started(self) -> datetime:
        """When the invocation itself began (its START line); the first line's time when there is no START line."""
        starts = (row.time for row in self.rows if (line := _platform(row)) and line.kind == "START")
        return next(starts, self.rows[0].time)

    @property
    def ended(self) -> datetime:
        return self.rows[-1].time

    @property
    def init_failed(self) -> bool:
        """Lambda then reports no Init Duration for the invocation, but the init phase has a line of its own."""
        return any(line is not None and line.kind == "INIT_REPORT" for line in map(_platform, self.rows))

    def title(self) -> str:
        if self.report is None:
            return f"{self.request_id or 'an invocation'}: no REPORT line yet"
        kind = "cold" if self.report.cold else "init failed" if self.init_failed else "warm"
        figures = f", {self.report.duration_ms:.2f} ms" if self.report.duration_ms is not None else ""
        status = "" if self.report.status == "success" else f", {self.report.status}"
        return f"{self.request_id}: {kind}{figures}{status}"


@dataclass(frozen=True)
class LogTable:
    """Invocations of a function with their log rows, oldest first."""

    function_name: str
    log_group: str
    invocations: tuple[LoggedInvocation, ...]

    @property
    def rows(self) -> tuple[LogRow, ...]:
        return tuple(row for invocation in self.invocations for row in invocation.rows)

    @property
    def messages(self) -> tuple[str, ...]:
        """What the function itself logged, without Lambda's own lines."""
        return tuple(row.message for row in self.rows if row.level != "PLATFORM")

    def __repr__(self) -> str:
        parts = [f"Log of {self.function_name} ({self.log_group})"]
        for invocation in self.invocations:
            parts += ["", printable(invocation.title()), text_table(_HEADERS, _shown(invocation.rows))]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        tables = "".join(html_table(one.title(), _HEADERS, _shown(one.rows)) for one in self.invocations)
        caption = f"Log of {self.function_name} ({self.log_group})"
        return html_group(caption, f"<strong>{escape(caption)}</strong>{tables}")


_HEADERS = ("Time (UTC)", "Level", "Message")


def read_logs(lambda_client: Any, logs_client: Any, function_name: str, last: int = 1) -> LogTable:
    """The logs of the ``last`` invocations that ended most recently.

    Raises NoLog, and botocore's exceptions. Source: CloudWatch Logs API Reference, "DescribeLogStreams",
    "GetLogEvents".
    """
    if isinstance(last, bool) or not isinstance(last, int) or last < 1:
        raise NoLog(f"last={last!r} is not a number of invocations. Use 1 or more.")
    group = _log_group(lambda_client, function_name)
    try:
        streams = logs_client.describe_log_streams(
            logGroupName=group, orderBy="LastEventTime", descending=True, limit=min(last, 50)
        )["logStreams"]
    except logs_client.exceptions.ResourceNotFoundException:
        raise NoLog(f"{function_name} has no log yet: invoke it first. (There is no log group {group}.)") from None
    found = [
        invocation
        for stream in streams
        for invocation in _split(stream["logStreamName"], _events(logs_client, group, stream["logStreamName"], last))
    ]
    if not found:
        raise NoLog(f"{function_name} has no log yet: the log group {group} is empty. Invoke it first.")
    newest = sorted(found, key=lambda invocation: invocation.ended)[-last:]
    return LogTable(function_name, group, tuple(newest))


def _log_group(client: Any, function_name: str) -> str:
    default = f"/aws/lambda/{function_name}"
    try:
        configuration = client.get_function_configuration(FunctionName=function_name)
    except client.exceptions.ResourceNotFoundException:
        names = [
            entry["FunctionName"]
            for page in client.get_paginator("list_functions").paginate()
            for entry in page["Functions"]
        ]
        near = difflib.get_close_matches(function_name, names, n=1)
        advice = f"Did you mean {near[0]!r}?" if near else "Create it first."
        raise NoLog(f"There is no function {function_name!r}. {advice}") from None
    return str(configuration.get("LoggingConfig", {}).get("LogGroup") or default)


def _events(client: Any, group: str, stream: str, invocations: int) -> list[dict[str, Any]]:
    """The newest events of a stream, oldest first: enough for so many invocations, and no more than a few pages."""
    events: list[dict[str, Any]] = []
    token: str | None = None
    for _page in range(_MAXIMUM_PAGES):
        arguments = {"logGroupName": group, "logStreamName": stream, "limit": _PAGE_EVENTS, "startFromHead": False}
        answer = client.get_log_events(**arguments, **({"nextToken": token} if token else {}))
        events = answer["events"] + events
        reports = sum(_is_report(event["message"]) for event in events)
        if not answer["events"] or answer["nextBackwardToken"] == token or reports > invocations:
            break
        token = answer["nextBackwardToken"]
    return events


def _platform(row: LogRow) -> PlatformLine | None:
    return parse_platform_line(row.message) if row.level == "PLATFORM" else None


def _is_report(message: str) -> bool:
    line = parse_platform_line(message)
    return line is not None and line.kind == "REPORT"


def _split(stream: str, events: list[dict[str, Any]]) -> Iterator[LoggedInvocation]:
    """An environment runs one invocation at a time, so each REPORT line ends one, with all before it since the last.

    Lines at the end that begin nothing (the local cloud's note about a loop, a thread that prints late) belong to the
    last one.
    """
    rows: list[LogRow] = []
    request_id = error_type = ""
    complete: LoggedInvocation | None = None
    for event in events:
        message = str(event["message"])
        platform = parse_platform_line(message)
        rows.append(_row(event, message, platform is not None))
        if platform and platform.request_id:
            request_id = platform.request_id
        error_type = error_type if platform else uncaught_error(message) or error_type
        if platform and platform.kind == "REPORT":
            if complete:
                yield complete
            complete = LoggedInvocation(request_id, stream, tuple(rows), platform.report, error_type)
            rows, request_id, error_type = [], "", ""
    if complete and not any(row.level == "PLATFORM" for row in rows):
        complete, rows = replace(complete, rows=(*complete.rows, *rows)), []
    if complete:
        yield complete
    if rows:
        yield LoggedInvocation(request_id, stream, tuple(rows), None, error_type)


def uncaught_error(message: str) -> str:
    """The exception's type when this event is the runtime client's report of it; else empty."""
    if match := _UNCAUGHT.match(message):
        return match["type"]
    if not message.startswith("{"):
        return ""
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return ""
    # A record of the logging module names its logger.
    theirs = isinstance(record, dict) and record.get("level") == "ERROR" and "logger" not in record
    return str(record["errorType"]) if theirs and record.get("errorType") and "stackTrace" in record else ""


def _row(event: dict[str, Any], message: str, platform: bool) -> LogRow:
    time = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    message = message.rstrip("\n\t ").replace("\u00a0", " ")  # awslambdaric indents tracebacks with no-break spaces
    if platform:
        return LogRow(time, "PLATFORM", message.replace("\t", "  "))
    level, text = _level_and_text(message)
    return LogRow(time, level, text)


def _level_and_text(message: str) -> tuple[str, str]:
    if message.startswith("{"):
        try:
            record = json.loads(message)
        except (ValueError, RecursionError):
            return "", message
        if isinstance(record, dict) and isinstance(record.get("level"), str):
            return record["level"], message
        return "", message
    match = _LEVEL.match(message)
    if match:
        return match["level"], _LOGGING_PREFIX.sub("", message[match.end() :], count=1)
    return ("ERROR" if _TIMED_OUT.match(message) else ""), message


def _shown(rows: tuple[LogRow, ...]) -> list[tuple[str, str, str]]:
    cells = [(f"{row.time:%H:%M:%S}.{row.time.microsecond // 1000:03d}", row.level, _cut(row.message)) for row in rows]
    if len(cells) <= _SHOWN_ROWS:
        return cells
    half = _SHOWN_ROWS // 2
    return [*cells[:half], ("", "", f"… {len(cells) - 2 * half:,} rows left out"), *cells[-half:]]


def _cut(message: str) -> str:
    left_out = len(message) - _SHOWN_CHARACTERS
    return message if left_out <= 0 else f"{message[:_SHOWN_CHARACTERS]} … {left_out:,} more characters"
