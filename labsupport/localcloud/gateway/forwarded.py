"""What AWS's hosts add to the headers of a request before a function sees them."""

from __future__ import annotations

import re
from dataclasses import replace

from .http_message import Headers, HttpRequest, new_trace_root

#: As recorded from AWS: functions look at them to tell old clients apart.
_TLS: Headers = (("x-amzn-tls-version", "TLSv1.3"), ("x-amzn-tls-cipher-suite", "TLS_AES_128_GCM_SHA256"))
_ROOT = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}")
#: Of the connection to the client, or set anew here.
_REPLACED = frozenset(
    (
        "connection",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    )
)


def through_function_url(request: HttpRequest) -> HttpRequest:
    """With the headers that a function URL adds: the client's address and the trace, and how TLS was spoken."""
    return replace(request, headers=(*_forwarded(request), *_TLS))


def through_http_api(request: HttpRequest) -> HttpRequest:
    """With the headers that an HTTP API adds; a request without a body has the length 0."""
    headers = _forwarded(request)
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers = (*headers, ("Content-Length", "0"))
    return replace(request, headers=headers)


def trace_root(request: HttpRequest) -> str:
    """``Root=1-…`` of the request's X-Amzn-Trace-Id; nothing when it has none."""
    found = _ROOT.search(request.header("X-Amzn-Trace-Id") or "")
    return found[0] if found else ""


def _forwarded(request: HttpRequest) -> Headers:
    before = request.header_values("X-Forwarded-For")
    headers = tuple((name, value) for name, value in request.headers if name.lower() not in _REPLACED)
    if request.body and request.header("Content-Length") is None:  # it came in chunks
        headers = (*headers, ("Content-Length", str(len(request.body))))
    if not trace_root(request):
        headers = tuple((name, value) for name, value in headers if name.lower() != "x-amzn-trace-id")
        headers = (*headers, ("X-Amzn-Trace-Id", new_trace_root()))
    return (
        *headers,
        ("X-Forwarded-For", ", ".join((*before, request.source_ip))),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    )
