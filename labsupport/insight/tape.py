"""The last requests to an API as a tape: what came in, the event the function saw, what went back, how long it took.

The local cloud writes it down while it answers. AWS keeps no such thing: there an API's execution logs have most of it,
once they are switched on for a stage.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from ..markup import escape, folded, html_table, printable, text_table

#: How many requests are shown unless somebody asks for more.
LAST = 10
_TIMEOUT_SECONDS = 10
_SHOWN_CHARACTERS = 200
_HEADERS = ("No", "Time (UTC)", "Request", "Status", "ms", "Function", "Function ms", "Answer")


class NoTape(Exception):
    """There is no tape to show; one line that says why and what to do."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. ``path`` begins behind the stage and has the query string.

    Bodies are text as they were sent, cut when long, and empty for bytes that are no text; sizes are in bytes.
    ``function`` is the name of the function that was invoked and ``event`` what it got; "" and None when API Gateway
    answered by itself. Durations are in milliseconds.
    """

    number: int
    started: datetime
    request_id: str
    stage: str
    method: str
    path: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    request_bytes: int
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: str
    response_bytes: int
    duration_ms: float
    function: str
    function_ms: float | None
    event: dict[str, Any] | None

    @property
    def answered_by(self) -> str:
        """The function's name, or API Gateway when no function was invoked."""
        return self.function or "API Gateway"


@dataclass(frozen=True)
class Tape:
    """Requests to an API, oldest first."""

    api_id: str
    api_name: str
    exchanges: tuple[Exchange, ...]

    @property
    def title(self) -> str:
        count = len(self.exchanges)
        return f"Tape of {self.api_name} ({self.api_id}): {'1 request' if count == 1 else f'{count} requests'}"

    def __repr__(self) -> str:
        return f"{printable(self.title)}\n{text_table(_HEADERS, [_row(one) for one in self.exchanges])}"

    def _repr_html_(self) -> str:
        table = html_table(self.title, _HEADERS, [_row(one) for one in self.exchanges])
        parts = "".join(
            folded(f"{one.number}: {one.method} {one.path} → {one.status}", _whole(one)) for one in self.exchanges
        )
        return f'<div role="group" aria-label="{escape(self.title)}">{table}{parts}</div>'


def read_tape(apigateway: Any, endpoint: str, api_id: str, last: int = LAST) -> Tape:
    """The ``last`` requests to this API, in all its stages. Raises NoTape, and botocore's exceptions."""
    if isinstance(last, bool) or not isinstance(last, int) or last < 1:
        raise NoTape(f"last={last!r} is not a number of requests. Use 1 or more.")
    name = _name_of(apigateway, api_id)
    found = _records(endpoint, api_id)[-last:]
    if not found:
        raise NoTape(f"{name} has had no request yet: call it, then look again. Its address: lab.api_url({api_id!r})")
    return Tape(api_id, name, tuple(exchange_of(record, number) for number, record in enumerate(found, 1)))


def exchange_of(record: Mapping[str, Any], number: int) -> Exchange:
    """An exchange from the JSON object in which the local cloud tells of it."""
    request, response = record["request"], record["response"]
    return Exchange(
        number=number,
        started=datetime.fromtimestamp(record["time_ms"] / 1000, UTC),
        request_id=record["request_id"],
        stage=record["stage"],
        method=request["method"],
        path=request["path"],
        request_headers=tuple((name, value) for name, value in request["headers"]),
        request_body=request["body"],
        request_bytes=request["bytes"],
        status=response["status"],
        response_headers=tuple((name, value) for name, value in response["headers"]),
        response_body=response["body"],
        response_bytes=response["bytes"],
        duration_ms=record["duration_ms"],
        function=record["function"],
        function_ms=record["function_ms"],
        event=record["event"],
    )


def _name_of(apigateway: Any, api_id: str) -> str:
    from botocore.exceptions import ClientError

    try:
        return str(apigateway.get_rest_api(restApiId=api_id)["name"])
    except ClientError as problem:
        if problem.response.get("Error", {}).get("Code") != "NotFoundException":
            raise
    known = {api["id"]: api["name"] for api in apigateway.get_rest_apis(limit=500)["items"]}
    listed = ", ".join(f"{key} ({name})" for key, name in known.items()) or "none"
    raise NoTape(f"There is no REST API {api_id!r}. lab.tape wants an API's id; there is: {listed}.")


def _records(endpoint: str, api_id: str) -> list[dict[str, Any]]:
    address = f"{endpoint}/_labsupport/tape?{urlencode({'api': api_id})}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=_TIMEOUT_SECONDS) as answer:
            return list(json.load(answer)["requests"])
    except (urllib.error.URLError, OSError) as problem:
        raise NoTape(f"The cloud at {endpoint} has no tape ({problem}). Run lab.start again.") from None


def _row(one: Exchange) -> tuple[str, ...]:
    moment = f"{one.started:%H:%M:%S}.{one.started.microsecond // 1000:03d}"
    took = "" if one.function_ms is None else f"{one.function_ms:.1f}"
    return (
        str(one.number),
        moment,
        f"{one.method} {one.path}",
        str(one.status),
        f"{one.duration_ms:.1f}",
        one.function or "none: API Gateway itself",
        took,
        _cut(_said(one.response_body, one.response_bytes), 60),
    )


def _said(body: str, size: int) -> str:
    return body if body or not size else f"({size:,} bytes)"


def _cut(text: str, limit: int = _SHOWN_CHARACTERS) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 2]} …"


def _whole(one: Exchange) -> str:
    """All of an exchange as text, the event included."""
    event = "No function was invoked." if one.event is None else json.dumps(one.event, indent=2, ensure_ascii=False)
    return "\n".join(
        [
            f"{one.method} {one.path}",
            *(f"{name}: {value}" for name, value in one.request_headers),
            "",
            _said(one.request_body, one.request_bytes),
            "",
            f"The event that {one.function} saw:" if one.function else "The event:",
            event,
            "",
            f"{one.status}",
            *(f"{name}: {value}" for name, value in one.response_headers),
            "",
            _said(one.response_body, one.response_bytes),
        ]
    )
