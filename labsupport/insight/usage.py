"""How much of AWS was used, in the quantities AWS charges for: from the local cloud's own count, or from logs alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .platform_line import parse_platform_line

#: (service, operation, caller); (function, memory in MB, architecture).
RequestKey = tuple[str, str, str]
FunctionKey = tuple[str, int, str]


@dataclass(frozen=True)
class FunctionUsage:
    """Invocations that ran and the milliseconds billed for them, the init phases included."""

    invocations: int
    billed_ms: int


@dataclass(frozen=True)
class RequestUsage:
    """Requests, and the units they count for (a started 64 KB each, where a service charges by that)."""

    count: int
    units: int


@dataclass(frozen=True)
class Usage:
    """What was used since ``since``. ``complete`` is False where only logs could be read: then requests are unknown.

    ``log_bytes`` are bytes of logs taken in; units are DynamoDB's request units.
    """

    since: datetime
    functions: Mapping[FunctionKey, FunctionUsage]
    requests: Mapping[RequestKey, RequestUsage]
    log_bytes: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    complete: bool = True

    @classmethod
    def from_wire(cls, document: Mapping[str, Any]) -> Usage:
        """From the document the local cloud gives (``LocalCloud.usage``)."""
        return cls(
            since=datetime.fromisoformat(document["since"]),
            functions={
                (one["name"], one["memory_mb"], one["architecture"]): FunctionUsage(
                    one["invocations"], one["billed_ms"]
                )
                for one in document["functions"]
            },
            requests={
                (one["service"], one["operation"], one["caller"]): RequestUsage(one["count"], one["units"])
                for one in document["requests"]
            },
            log_bytes=document["log_bytes"],
            read_units=document["dynamodb"].get("read_units", 0.0),
            write_units=document["dynamodb"].get("write_units", 0.0),
        )

    def without(self, earlier: Usage, since: datetime) -> Usage:
        """What was used after ``earlier`` was counted, at ``since``."""
        no_function, no_request = FunctionUsage(0, 0), RequestUsage(0, 0)
        functions = {}
        for key, now in self.functions.items():
            before = earlier.functions.get(key, no_function)
            functions[key] = FunctionUsage(now.invocations - before.invocations, now.billed_ms - before.billed_ms)
        requests = {}
        for place, used in self.requests.items():
            had = earlier.requests.get(place, no_request)
            requests[place] = RequestUsage(used.count - had.count, used.units - had.units)
        return Usage(
            since,
            {key: one for key, one in functions.items() if one.invocations},
            {key: one for key, one in requests.items() if one.count},
            self.log_bytes - earlier.log_bytes,
            self.read_units - earlier.read_units,
            self.write_units - earlier.write_units,
            self.complete,
        )


def usage_in_logs(client: Callable[[str], Any], since: datetime) -> Usage:
    """What functions used according to their logs: all that can be read at once on AWS itself.

    Functions that were deleted with their logs, or may not write any, are missing. Raises botocore's exceptions.
    """
    lambda_client, logs = client("lambda"), client("logs")
    billed: dict[FunctionKey, Counter[str]] = {}
    log_bytes = 0
    for page in lambda_client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            architecture = (function.get("Architectures") or ["x86_64"])[0]
            name = function["FunctionName"]
            group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
            for message in _messages(logs, group, since):
                log_bytes += len(message.encode())
                line = parse_platform_line(message)
                report = line.report if line and line.kind == "REPORT" else None
                if report is not None and report.billed_ms is not None and report.memory_mb is not None:
                    entry = billed.setdefault((name, report.memory_mb, architecture), Counter())
                    entry.update(invocations=1, milliseconds=int(report.billed_ms))
    functions = {key: FunctionUsage(entry["invocations"], entry["milliseconds"]) for key, entry in billed.items()}
    return Usage(since.astimezone(UTC), functions, {}, log_bytes, complete=False)


def _messages(logs: Any, group: str, since: datetime) -> list[str]:
    start = int(since.timestamp() * 1000)
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start)
        return [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []  # never invoked
