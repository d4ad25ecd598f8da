"""The Lambda Runtime API (2018-06-01) for one execution environment, on a loopback port of its own.

Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from . import limits

_PREFIX = "/2018-06-01/runtime/"
#: A runtime sends the error's cause for X-Ray as one header line: up to 1 MB, and long with every deep recursion.
_HEADER_BYTES = 1024 * 1024 + 1024
_OK = b'{"status":"OK"}\n'


@dataclass(frozen=True)
class Delivery:
    """The next invocation: headers under their Runtime API names, and the event."""

    headers: dict[str, str]
    payload: bytes


class RuntimeGone(Exception):
    """The process that asked for an event has ended; there is nobody to answer."""


class RuntimeListener(Protocol):
    """The environment's side of the Runtime API."""

    async def runtime_asks_next(self) -> Delivery: ...

    def runtime_answers(self, request_id: str, payload: bytes, content_type: str) -> None: ...

    def runtime_reports_error(self, request_id: str, payload: bytes) -> None: ...

    def runtime_reports_init_error(self, payload: bytes, error_type: str) -> None: ...


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Functions may send anything to the Runtime API; what is no HTTP is answered and not worth a traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_LOG = logging.getLogger("labsupport.runtime_api")
_LOG.addFilter(_is_our_fault)


class RuntimeApi:
    """Serves one environment. Use ``await RuntimeApi.open(listener)``, then ``port``, then ``close()``."""

    def __init__(self, listener: RuntimeListener) -> None:
        self._listener = listener
        self._web_server = web.Server(
            self._answer, access_log=None, logger=_LOG, keepalive_timeout=86_400.0, max_field_size=_HEADER_BYTES
        )
        self._server: asyncio.Server | None = None
        self.port = 0

    @classmethod
    async def open(cls, listener: RuntimeListener) -> RuntimeApi:
        api = cls(listener)
        loop = asyncio.get_running_loop()
        api._server = await loop.create_server(api._web_server, "127.0.0.1", 0)
        api.port = api._server.sockets[0].getsockname()[1]
        return api

    async def close(self) -> None:
        if self._server:
            self._server.close()
        await self._web_server.shutdown(0)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if not path.startswith(_PREFIX):
            return _error(404, "NotFound", f"{path} is not an address of the Runtime API")
        address = path[len(_PREFIX) :]
        if address == "invocation/next" and request.method == "GET":
            try:
                delivery = await self._listener.runtime_asks_next()
            except RuntimeGone:
                return _error(410, "Gone", "this execution environment has ended")
            return web.Response(body=delivery.payload, headers=delivery.headers, content_type="application/json")
        if request.method != "POST":
            return _error(405, "MethodNotAllowed", f"{request.method} {path}")
        body = await _read(request)
        if address == "init/error":
            error_type = request.headers.get("Lambda-Runtime-Function-Error-Type", "Runtime.Unknown")
            self._listener.runtime_reports_init_error(body, error_type)
        elif address.startswith("invocation/") and address.endswith("/response"):
            content_type = request.headers.get("Content-Type", "application/json")
            self._listener.runtime_answers(address.split("/")[1], body, content_type)
        elif address.startswith("invocation/") and address.endswith("/error"):
            self._listener.runtime_reports_error(address.split("/")[1], body)
        else:
            return _error(404, "NotFound", f"{path} is not an address of the Runtime API")
        return web.Response(status=202, body=_OK, content_type="application/json")


async def _read(request: web.BaseRequest) -> bytes:
    """The body; of one over the response limit only so much that it can be seen to be too large."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        if len(body) <= limits.RESPONSE_PAYLOAD_BYTES:
            body += chunk
    return bytes(body)


def _error(status: int, error_type: str, message: str) -> web.Response:
    body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return web.Response(status=status, body=body, content_type="application/json")
