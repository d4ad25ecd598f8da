"""The Lambda Runtime API (2018-06-01) for one execution environment, on a loopback port of its own.

Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".

Every invocation passes here twice, so this is a bare protocol over httptools' parser: no task, no stream and no request
object, and each answer is one write.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, cast

import httptools

from . import limits

_PREFIX = "/2018-06-01/runtime/"
_LONGEST_TARGET_BYTES = 8190
#: A runtime sends the error's cause for X-Ray as one header line: up to 1 MB, and long with every deep recursion.
_HEADER_BYTES = 1024 * 1024 + 16 * 1024
_OK = b'{"status":"OK"}\n'

_LOG = logging.getLogger("labsupport.runtime_api")


@dataclass(frozen=True)
class Delivery:
    """The next invocation: headers under their Runtime API names, and the event."""

    headers: dict[str, str]
    payload: bytes


#: Takes the next event; None when the environment has ended and there will be none.
TakeDelivery = Callable[[Delivery | None], None]


class RuntimeListener(Protocol):
    """The environment's side of the Runtime API."""

    def runtime_asks_next(self, take: TakeDelivery) -> None: ...

    def runtime_answers(self, request_id: str, payload: bytes, content_type: str) -> None: ...

    def runtime_reports_error(self, request_id: str, payload: bytes) -> None: ...

    def runtime_reports_init_error(self, payload: bytes, error_type: str) -> None: ...


class RuntimeApi:
    """Serves one environment. Use ``await RuntimeApi.open(listener)``, then ``port``, then ``close()``."""

    def __init__(self, listener: RuntimeListener) -> None:
        self.listener = listener
        self.connections: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @classmethod
    async def open(cls, listener: RuntimeListener) -> RuntimeApi:
        api = cls(listener)
        loop = asyncio.get_running_loop()
        api._server = await loop.create_server(lambda: _Connection(api), "127.0.0.1", 0)
        api.port = api._server.sockets[0].getsockname()[1]
        return api

    async def close(self) -> None:
        if self._server:
            self._server.close()
        for transport in list(self.connections):
            transport.abort()


@dataclass
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytearray


class _Connection(asyncio.Protocol):
    """One connection; its requests are answered one after another. The names of some methods are httptools'."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[_Request] = deque()
        self._asking = False
        self._target = b""
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._in_headers = False
        self._body = bytearray()

    # --- asyncio.Protocol --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own are of no class of asyncio
        self._api.connections.add(self._transport)

    def connection_lost(self, _problem: Exception | None) -> None:
        if self._transport:
            self._api.connections.discard(self._transport)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        # A function can send anything here; what is no HTTP is answered and not worth a traceback.
        try:
            self._parser.feed_data(data)
            if self._in_headers:
                self._header_bytes += len(data)
            if self._header_bytes > _HEADER_BYTES or len(self._target) > _LONGEST_TARGET_BYTES:
                self._hang_up(400, "the request line or the headers are too long")
        except httptools.HttpParserUpgrade:
            self._hang_up(400, "no other protocol is spoken here")
        except httptools.HttpParserError as problem:
            if isinstance(problem, httptools.HttpParserCallbackError) and problem.__context__:
                _LOG.error("Error handling request", exc_info=problem.__context__)
                self._hang_up(500, "the lab failed")
            else:
                self._hang_up(400, f"no HTTP: {problem}")

    # --- httptools ---------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers = {}
        self._header_bytes = 0
        self._in_headers = True
        self._body = bytearray()

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # curl waits for it before it sends a long body

    def on_body(self, part: bytes) -> None:
        # Of a body over the response limit only so much that it can be seen to be too large.
        if len(self._body) <= limits.RESPONSE_PAYLOAD_BYTES:
            self._body += part

    def on_message_complete(self) -> None:
        path = self._target.partition(b"?")[0].decode("latin-1")
        method = self._parser.get_method().decode("latin-1")
        self._waiting.append(_Request(method, path, self._headers, self._body))
        self._go_on()

    # --- answers -----------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        while self._waiting and not self._asking and self._transport:
            self._handle(self._waiting.popleft())

    def _handle(self, request: _Request) -> None:
        listener, path = self._api.listener, request.path
        if not path.startswith(_PREFIX):
            self._refuse(404, "NotFound", f"{path} is not an address of the Runtime API")
            return
        address = path[len(_PREFIX) :]
        if address == "invocation/next" and request.method == "GET":
            self._asking = True
            listener.runtime_asks_next(self._take)
            return
        if request.method != "POST":
            self._refuse(405, "MethodNotAllowed", f"{request.method} {path}")
            return
        body = bytes(request.body)
        if address == "init/error":
            error_type = request.headers.get("lambda-runtime-function-error-type", "Runtime.Unknown")
            listener.runtime_reports_init_error(body, error_type)
        elif address.startswith("invocation/") and address.endswith("/response"):
            content_type = request.headers.get("content-type", "application/json")
            listener.runtime_answers(address.split("/")[1], body, content_type)
        elif address.startswith("invocation/") and address.endswith("/error"):
            listener.runtime_reports_error(address.split("/")[1], body)
        else:
            self._refuse(404, "NotFound", f"{path} is not an address of the Runtime API")
            return
        self._write(202, _OK)

    def _take(self, delivery: Delivery | None) -> None:
        self._asking = False
        if delivery is None:
            self._refuse(410, "Gone", "this execution environment has ended")
        else:
            self._write(200, delivery.payload, delivery.headers)
        self._go_on()

    def _refuse(self, status: int, error_type: str, message: str) -> None:
        self._write(status, json.dumps({"errorType": error_type, "errorMessage": message}).encode())

    def _hang_up(self, status: int, message: str) -> None:
        self._refuse(status, "BadRequest", message)
        self._waiting.clear()
        if self._transport:
            self._transport.close()

    def _write(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        for name, value in (headers or {}).items():
            # A client context is JSON text and may be written over several lines; there a break is but a space.
            lines.append(f"{name}: {value}".replace("\r", " ").replace("\n", " "))
        self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
