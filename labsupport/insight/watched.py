"""What can be watched: a bucket's objects, a queue's messages, a table's items and a function's invocations.

Each is looked at again and again with plain boto3 calls. A queue is only asked for its counts: receiving a message to
look at it would hide it from whoever should get it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from .log_table import uncaught_error
from .platform_line import Report, parse_platform_line

#: One page of objects; of items as many as one request reads.
_MOST_ENTRIES = 1000


@dataclass(frozen=True)
class Look:
    """What one look showed. ``level`` is the figure that goes up and down, ``words`` what it means.

    ``entries`` are names with a mark that changes when the entry does, and a text about it. ``news`` are lines with
    their own time. ``busy`` tells that something is going on although no figure moves.
    """

    level: int
    words: str
    entries: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    news: tuple[tuple[datetime, str], ...] = ()
    busy: bool = False


class Watched(Protocol):
    """Something to look at. ``look`` raises botocore's exceptions."""

    kind: str
    name: str

    def look(self) -> Look: ...


class WatchedBucket:
    """The first 1,000 objects of a bucket."""

    kind = "bucket"

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def look(self) -> Look:
        answer = self._client.list_objects_v2(Bucket=self.name, MaxKeys=_MOST_ENTRIES)
        objects = answer.get("Contents", [])
        entries = {
            one["Key"]: (f"{one['ETag']} {one['LastModified']}", _count(int(one["Size"]), "byte")) for one in objects
        }
        return Look(len(objects), _count_of(len(objects), "object", more=answer["IsTruncated"]), entries)


class WatchedQueue:
    """How many messages wait, are with a consumer, or are delayed. SQS calls the figures approximate."""

    kind = "queue"

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url
        self.name = url.rpartition("/")[2]

    def look(self) -> Look:
        names = {
            "ApproximateNumberOfMessages": "waiting",
            "ApproximateNumberOfMessagesNotVisible": "in flight",
            "ApproximateNumberOfMessagesDelayed": "delayed",
        }
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(names))
        counts = {word: int(answer["Attributes"].get(name, 0)) for name, word in names.items()}
        words = [f"{counts['waiting']:,} waiting", f"{counts['in flight']:,} in flight"]
        if counts["delayed"]:
            words.append(f"{counts['delayed']:,} delayed")
        return Look(sum(counts.values()), ", ".join(words))


class WatchedTable:
    """The items of a table that one Scan reads (at most 1,000, and 1 MB)."""

    kind = "table"

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name
        schema = client.describe_table(TableName=name)["Table"]["KeySchema"]
        self._keys = [part["AttributeName"] for part in schema]

    def look(self) -> Look:
        answer = self._client.scan(TableName=self.name, Limit=_MOST_ENTRIES)
        entries = {}
        for item in answer["Items"]:
            key = ", ".join(f"{name} {next(iter(item[name].values()))}" for name in self._keys)
            written = json.dumps(item, sort_keys=True, default=repr).encode()
            entries[key] = (hashlib.sha256(written).hexdigest(), "")
        more = "LastEvaluatedKey" in answer
        return Look(len(entries), _count_of(len(entries), "item", more=more), entries)


class WatchedFunction:
    """The invocations of a function that ended since ``since``, by their REPORT lines."""

    kind = "function"

    def __init__(self, lambda_client: Any, logs_client: Any, name: str, since: datetime) -> None:
        self._logs = logs_client
        self.name = name
        configuration = lambda_client.get_function_configuration(FunctionName=name)
        self._group = configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        self._from = int(since.timestamp() * 1000)
        self._seen: set[str] = set()
        self._running: dict[str, datetime] = {}
        self._errors: dict[str, str] = {}
        self._ended = self._failed = 0

    def look(self) -> Look:
        news = tuple(line for event in self._events() if (line := self._read(event)))
        words = _count(self._ended, "invocation")
        if self._failed:
            words += f", {self._failed:,} failed"
        if self._running:
            words += f", {len(self._running):,} running"
        return Look(self._ended, words, news=news, busy=bool(self._running))

    def _events(self) -> list[dict[str, Any]]:
        """What was logged since the last look. Events of the last moment come once more and are known by their ids."""
        try:
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=self._group, startTime=self._from
            )
            events = [event for page in pages for event in page["events"]]
        except self._logs.exceptions.ResourceNotFoundException:
            return []  # it has never logged
        new = [event for event in events if event["eventId"] not in self._seen]
        if events:
            self._from = max(self._from, max(event["timestamp"] for event in events))
            self._seen = {event["eventId"] for event in events if event["timestamp"] >= self._from}
        return new

    def _read(self, event: Mapping[str, Any]) -> tuple[datetime, str] | None:
        message, stream = str(event["message"]), str(event.get("logStreamName", ""))
        moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        line = parse_platform_line(message)
        if line is None:
            self._errors[stream] = uncaught_error(message) or self._errors.get(stream, "")
            return None
        if line.kind == "START":
            self._running[line.request_id] = moment
            return None
        if line.kind != "REPORT" or line.report is None:
            return None
        self._ended += 1
        began = self._running.pop(line.request_id, moment)
        outcome = _outcome(line.report, self._errors.pop(stream, ""))
        self._failed += outcome != "success"
        start = "cold" if line.report.cold else "warm"
        duration = f", {line.report.duration_ms:.0f} ms" if line.report.duration_ms is not None else ""
        return began, f"invocation {line.request_id[:8]}: {start}{duration}, {outcome}"


def _outcome(report: Report, error: str) -> str:
    if report.status == "timeout":
        return "timeout"
    return error or ("success" if report.status == "success" else report.error_type or report.status)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _count_of(number: int, noun: str, *, more: bool) -> str:
    return f"more than {_count(number, noun)}" if more else _count(number, noun)
