"""Answers of an HTTP API that are no function's."""

from __future__ import annotations

import json
from typing import Any

from ..http_message import Headers, HttpResponse


class HttpApiError(Exception):
    """Ends a request. ``problem`` is what the client is not told; it is kept in the answer's notes."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: Headers = (),
        problem: str | None = None,
        notes: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(problem or message)
        response = error_response(status, message)
        about = {**(notes or {}), **({"problem": problem} if problem else {})}
        self.response = HttpResponse(status, (*response.headers, *headers), response.body, about)


def error_response(status: int, message: str) -> HttpResponse:
    """``{"message":"Not Found"}`` and its like."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return HttpResponse(status, (("Content-Type", "application/json"),), body)
