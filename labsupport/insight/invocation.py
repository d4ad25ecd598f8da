"""One synchronous invocation: what was sent, what came back, and what it used."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from ..markup import folded, html_group, html_table, indented, printable
from .platform_line import Report, find_report, parse_platform_line

_SHOWN_CHARACTERS = 4000
_FRAME = re.compile(r'File "(?P<path>[^"]+)",? [Ll]ine (?P<line>\d+)(?:, in (?P<function>.+))?')
_TASK = "/var/task/"


class NotJson(Exception):
    """The event cannot be written as JSON; one line that says what is in the way."""


@dataclass(frozen=True)
class Frame:
    """A line of the learner's code in a traceback. ``file`` is relative to the deployment package."""

    file: str
    line: int
    function: str
    code: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" + (f", in {self.function}" if self.function else "")
        return f"{place}\n    {self.code}" if self.code else place


@dataclass(frozen=True)
class InvocationResult:
    """What Lambda answered. ``payload`` is the parsed JSON (None when it is no JSON; see ``is_json``), ``raw`` its
    bytes.

    ``error`` is the error document when the function failed, else None. ``log`` is the last 4 KB of the invocation's
    log (what ``LogType="Tail"`` gives); ``report`` its REPORT line, None when it did not fit.
    """

    function_name: str
    event: Any
    status_code: int
    raw: bytes
    payload: Any
    is_json: bool
    error: dict[str, Any] | None
    log: str
    request_id: str
    executed_version: str
    report: Report | None

    @property
    def failed(self) -> bool:
        return self.error is not None

    @property
    def error_type(self) -> str:
        """ "ValueError", "Runtime.ImportModuleError", ...; empty when it did not fail."""
        return str((self.error or {}).get("errorType", ""))

    @property
    def error_message(self) -> str:
        return str((self.error or {}).get("errorMessage", ""))

    @property
    def timed_out(self) -> bool:
        # AWS changed the document; the words "Task timed out after" are in the old form and in the new one.
        return self.error_type == "Sandbox.Timedout" or "Task timed out after" in self.error_message

    @property
    def cold(self) -> bool | None:
        """Whether a new execution environment was started; None when the REPORT line is missing."""
        return self.report.cold if self.report else None

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The learner's own lines of the traceback, outermost first; empty when the function did not raise."""
        trace = (self.error or {}).get("stackTrace")
        if not isinstance(trace, list):
            return ()
        found = (_frame(str(entry)) for entry in trace)
        return tuple(frame for frame in found if frame)

    @property
    def traceback(self) -> str:
        """The exception as Python prints it, trimmed to the learner's lines; empty when the function did not fail."""
        if not self.failed:
            return ""
        last = f"{self.error_type}: {self.error_message}" if self.error_type else self.error_message
        return "\n".join([*(str(frame) for frame in self.frames), last])

    @property
    def output(self) -> str:
        """What the function itself logged (print, logging), without the platform's lines."""
        lines = (line for line in self.log.split("\n") if not parse_platform_line(line))
        return "\n".join(lines).strip("\n")

    def __repr__(self) -> str:
        lines = [f"{self.function_name}: {self._verdict()}"]
        lines += [f"  {name:<9} {value}" for name, value in self._facts()]
        lines.append(f"  {self._payload_name():<9} {indented(self._payload_text(), 12).strip()}")
        if self.output:
            lines += ["  log", indented(printable(self.output), 12)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [*self._facts(), (self._payload_name(), self._payload_text())]
        table = html_table(f"{self.function_name}: {self._verdict()}", ("What", "Value"), rows)
        parts = [table]
        if self.frames:
            parts.append(folded("Traceback (your lines)", self.traceback))
        if self.output:
            parts.append(folded("Log of this invocation", self.output))
        return html_group(f"Invocation of {self.function_name}", "".join(parts))

    def _verdict(self) -> str:
        return f"⚠ FAILED ({self.error_type or 'error'})" if self.failed else "✔ answered"

    def _payload_name(self) -> str:
        return "error" if self.failed else "payload"

    def _payload_text(self) -> str:
        if self.failed:
            text = self.traceback
        elif self.is_json:
            text = _pretty(self.payload) or self.raw.decode("utf-8", "replace")
        else:
            text = f"{self.raw[:_SHOWN_CHARACTERS]!r} (not JSON)"
        text = printable(text)
        left_out = len(text) - _SHOWN_CHARACTERS
        return text if left_out <= 0 else f"{text[:_SHOWN_CHARACTERS]}\n… {left_out:,} more characters"

    def _start(self, report: Report) -> str:
        if report.init_ms is not None:
            return f"cold (init {report.init_ms:.2f} ms)"
        # Lambda then has no Init Duration to report, and the error document names no request.
        if self.failed and (self.error or {}).get("requestId") == "":
            return "the init phase failed"
        return "warm"

    def _facts(self) -> list[tuple[str, str]]:
        report = self.report
        if report is None:
            return [("request", self.request_id)]
        facts = [("start", self._start(report))]
        if report.duration_ms is not None:
            facts.append(("duration", f"{report.duration_ms:.2f} ms"))
        if report.billed_ms is not None:
            facts.append(("billed", f"{report.billed_ms:.0f} ms"))
        if report.max_memory_mb is not None:
            facts.append(("memory", f"{report.max_memory_mb} MB of {report.memory_mb} MB"))
        return [*facts, ("request", self.request_id)]


def invoke(client: Any, function_name: str, event: Any, qualifier: str | None = None) -> InvocationResult:
    """Invoke synchronously through a boto3 Lambda client and read everything there is to read.

    Raises NotJson, botocore's ClientError (no such function, throttled, ...) and connection errors; a function that
    fails is no exception but a result. Source: Lambda API Reference, "Invoke".
    """
    try:
        text = json.dumps(event, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as problem:
        raise NotJson(f"The event for {function_name} cannot be written as JSON: {problem}.") from None
    arguments: dict[str, Any] = {"FunctionName": function_name, "Payload": text, "LogType": "Tail"}
    if qualifier:
        arguments["Qualifier"] = qualifier
    answer = client.invoke(**arguments)
    raw: bytes = answer["Payload"].read()
    payload, is_json = _parse(raw)
    error: dict[str, Any] | None = None
    if answer.get("FunctionError"):
        error = payload if isinstance(payload, dict) else {"errorMessage": raw.decode("utf-8", "replace")}
    log = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace")
    request_id = str(answer["ResponseMetadata"].get("RequestId", ""))
    return InvocationResult(
        function_name=function_name,
        event=event,
        status_code=int(answer["StatusCode"]),
        raw=raw,
        payload=payload,
        is_json=is_json,
        error=error,
        log=log,
        request_id=request_id,
        executed_version=str(answer.get("ExecutedVersion", "")),
        report=find_report(log, request_id) or find_report(log),
    )


def _parse(raw: bytes) -> tuple[Any, bool]:
    try:
        return json.loads(raw, parse_constant=_refuse_constant), True
    except (ValueError, RecursionError):
        return None, False


def _pretty(payload: Any) -> str:
    """Indented JSON; empty when it is nested too deeply for that."""
    try:
        return json.dumps(payload, ensure_ascii=False, indent=2)
    except RecursionError:
        return ""


def _refuse_constant(name: str) -> None:
    """Python's json reads and writes NaN and Infinity; JSON has neither."""
    raise ValueError(name)


def _frame(entry: str) -> Frame | None:
    match = _FRAME.search(entry)
    if not match or not match["path"].startswith(_TASK):
        return None
    code = entry.partition("\n")[2].strip().split("\n")[0]
    function = (match["function"] or "").split("\n")[0].strip()
    return Frame(match["path"].removeprefix(_TASK), int(match["line"]), function, code)
