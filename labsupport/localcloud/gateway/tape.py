"""The last requests to each API, for lab.tape: what came in, what the function saw, what went out. Kept in memory."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import replace
from typing import Any

from .http_message import Headers, HttpRequest, HttpResponse

#: So many requests of so many APIs are kept, and so much of each body: a burst must not fill the memory.
_REQUESTS = 50
_APIS = 20
_BODY_BYTES = 4096


class Tape:
    """One per cloud. What is kept is what was there: nothing is made of it before somebody asks."""

    def __init__(self) -> None:
        self._apis: OrderedDict[str, deque[tuple[HttpRequest, HttpResponse, float]]] = OrderedDict()

    def record(self, api_id: str, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        """One request that was answered after so many seconds. ``response.notes`` has what only the API knows:
        ``request_id``, ``event``, ``function`` (its name) and ``function_seconds``."""
        kept = self._apis.get(api_id)
        if kept is None:
            kept = self._apis[api_id] = deque(maxlen=_REQUESTS)
            while len(self._apis) > _APIS:
                self._apis.popitem(last=False)
        kept.append((_cut_request(request), _cut_response(response), seconds))

    def of(self, api_id: str) -> list[dict[str, Any]]:
        """The requests to this API as JSON objects, oldest first."""
        return [_record(*one) for one in self._apis.get(api_id, ())]


def _cut_request(request: HttpRequest) -> HttpRequest:
    if len(request.body) <= _BODY_BYTES:
        return request
    return replace(request, body=_Cut(request.body[:_BODY_BYTES], len(request.body)))


def _cut_response(response: HttpResponse) -> HttpResponse:
    body: bytes = response.body
    if len(body) > _BODY_BYTES:
        body = _Cut(body[:_BODY_BYTES], len(body))
    notes = response.notes
    event = notes.get("event")
    if event is not None and len(request_body := str(event.get("body") or "")) > _BODY_BYTES:
        notes = notes | {"event": event | {"body": request_body[:_BODY_BYTES] + " … (cut)"}}
    return replace(response, body=body, notes=notes)


class _Cut(bytes):
    """The beginning of a longer body; ``whole`` is how long that was."""

    whole: int

    def __new__(cls, beginning: bytes, whole: int) -> _Cut:
        made = super().__new__(cls, beginning)
        made.whole = whole
        return made


def _record(request: HttpRequest, response: HttpResponse, seconds: float) -> dict[str, Any]:
    notes = response.notes
    _, _, rest = request.raw_path.partition("/")
    stage, _, path = rest.partition("/")
    if notes.get("stage", stage) != stage:  # an HTTP API's $default stage is not in the path
        stage, path = notes["stage"], rest
    function_seconds = notes.get("function_seconds")
    return {
        "time_ms": request.received * 1000,
        "request_id": notes.get("request_id", ""),
        "stage": stage,
        "request": {
            "method": request.method,
            "path": f"/{path}" + (f"?{request.raw_query}" if request.raw_query else ""),
            **_message(request.headers, request.body),
        },
        "response": {"status": response.status, **_message(response.headers, response.body)},
        "duration_ms": seconds * 1000,
        "function": notes.get("function", ""),
        "function_ms": None if function_seconds is None else function_seconds * 1000,
        "event": notes.get("event"),
    }


def _message(headers: Headers, body: bytes) -> dict[str, Any]:
    return {
        "headers": [list(pair) for pair in headers],
        "body": _text(body),
        "bytes": getattr(body, "whole", len(body)),
    }


def _text(body: bytes) -> str:
    """The body as it was sent when it is text, else ""."""
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        # A body that was cut may end within a letter.
        if not isinstance(body, _Cut) or problem.start < len(body) - 4:
            return ""
        text = body[: problem.start].decode()
    return f"{text} …" if isinstance(body, _Cut) else text
