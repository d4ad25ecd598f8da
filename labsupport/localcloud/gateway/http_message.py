"""A request to an API or a function URL, and what is answered: the same for all kinds of them."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

Headers = tuple[tuple[str, str], ...]
#: Set by the server for each answer, or no business of a function: one of its own would contradict the message.
_OF_THE_SERVER = frozenset(("content-length", "transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"))
_WITHOUT_BODY = frozenset((204, 304))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class HttpRequest:
    """One request as AWS's host would have received it.

    ``raw_path`` and ``raw_query`` are undecoded; the path of an API begins with its stage. ``headers`` are pairs in
    the order and spelling sent. ``received`` is seconds since 1970. ``domain_name`` is the API's name on AWS, whatever
    address was used here; ``sent_target`` (path and query) and ``sent_host`` are what the client did use, and signed.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: Headers
    body: bytes
    source_ip: str
    protocol: str
    received: float
    domain_name: str
    sent_target: str = ""
    sent_host: str = ""

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever the case of its name."""
        wanted = name.lower()
        return next((value for key, value in reversed(self.headers) if key.lower() == wanted), None)

    def header_values(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def sent_headers(self) -> CIMultiDict[str]:
        """The headers as the client signed them: with the host that it used, not the one that AWS would have."""
        return CIMultiDict((name, self.sent_host if name.lower() == "host" else value) for name, value in self.headers)


@dataclass(frozen=True)
class HttpResponse:
    """``headers`` are pairs in the order they are sent; the length and the date are left to the server."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    #: Notes for the tape (what the function saw); never sent.
    notes: dict[str, Any] = field(default_factory=dict)

    def to_web(self) -> web.Response:
        """As aiohttp sends it."""
        headers: CIMultiDict[str] = CIMultiDict()
        for name, value in self.headers:
            if name.lower() not in _OF_THE_SERVER:
                headers.add(name, value)
        body = b"" if self.status in _WITHOUT_BODY else self.body
        response = web.Response(status=self.status, headers=headers, body=body)
        if "Content-Type" not in headers and response.headers.get("Content-Type") and not self.body:
            del response.headers["Content-Type"]  # aiohttp's own guess
        return response


async def read_request(
    request: web.BaseRequest, *, raw_path: str, domain_name: str, limit: int
) -> tuple[HttpRequest, bool]:
    """The request with its body, and whether the body is whole: False when it is longer than ``limit`` bytes; it is
    not read to its end then. Raises ConnectionError when the client goes away within it."""
    received = time.time()
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    parts: list[bytes] = []
    size = 0
    if request.body_exists:
        while size <= limit and (part := await request.content.readany()):
            parts.append(part)
            size += len(part)
    headers = [(_text(name), _text(value)) for name, value in request.raw_headers]
    version = request.version
    message = HttpRequest(
        method=request.method,
        raw_path=raw_path,
        raw_query=request.raw_path.partition("?")[2],
        headers=tuple((name, domain_name if name.lower() == "host" else value) for name, value in headers),
        body=b"".join(parts),
        source_ip=request.remote or "127.0.0.1",
        protocol=f"HTTP/{version.major}.{version.minor}",
        received=received,
        domain_name=domain_name,
        sent_target=request.raw_path,
        sent_host=request.host,
    )
    return message, size <= limit


def _text(raw: bytes) -> str:
    """Header bytes are UTF-8 nearly always; what is not is taken as Latin-1, as the HTTP of old had it."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def request_time(seconds: float) -> str:
    """``25/Nov/2026:16:00:00 +0000``, as events and access logs have it, whatever the locale."""
    at = time.gmtime(seconds)
    return (
        f"{at.tm_mday:02d}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}:{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} +0000"
    )


def new_trace_root() -> str:
    """``Root=1-…``: what AWS's host puts into X-Amzn-Trace-Id of a request that has none."""
    return f"Root=1-{int(time.time()):08x}-{random.getrandbits(96):024x}"
