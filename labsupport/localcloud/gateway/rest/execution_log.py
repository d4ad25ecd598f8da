"""The execution log of a request to a REST API: for TestInvokeMethod, and for stages with logging switched on.

Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway"; the lines are AWS's.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..http_message import HttpResponse
from .access_log import Deliver, stream_name
from .exchange import Exchange
from .proxy_event import query_parameters

#: API Gateway Developer Guide, "Amazon API Gateway important notes": a longer log event is cut.
_LINE_BYTES = 1024
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def lines(exchange: Exchange, response: HttpResponse, *, data: bool = True) -> list[str]:
    """The lines without time and request id; ``data`` False leaves out headers and bodies."""
    request, integration = exchange.request, exchange.integration
    text = [
        f"Starting execution for request: {exchange.request_id}",
        f"HTTP Method: {request.method}, Resource Path: {exchange.path}",
    ]
    if data:
        text += [
            f"Method request path: {_map(exchange.path_parameters.items())}",
            f"Method request query string: {_map(query_parameters(request))}",
            f"Method request headers: {_map(request.headers)}",
            f"Method request body before transformations: {_cut(request.body)}",
        ]
    if exchange.sent and integration is not None:
        text.append(f"Endpoint request URI: {integration.uri}")
        if data:
            text.append(f"Endpoint request body after transformations: {_cut(exchange.sent)}")
        text.append(f"Sending request to {integration.uri}")
        if exchange.received is not None:
            latency = round((exchange.integration_latency or 0) * 1000)
            text.append(f"Received response. Status: 200, Integration latency: {latency} ms")
            if data:
                text.append(f"Endpoint response body before transformations: {_cut(exchange.received)}")
    text += exchange.log
    if data and not exchange.log:
        text += [
            f"Method response body after transformations: {_cut(response.body)}",
            f"Method response headers: {_map(response.headers)}",
        ]
    if not exchange.log:
        text.append("Successfully completed execution")
    text.append(f"Method completed with status: {response.status}")
    return text


def document(exchange: Exchange, text: list[str]) -> str:
    """The lines as TestInvokeMethod gives them, each with its time."""
    at = time.gmtime()
    clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    now = f"{_DAYS[at.tm_wday]} {_MONTHS[at.tm_mon - 1]} {at.tm_mday:02d} {clock} UTC {at.tm_year}"
    return f"Execution log for request {exchange.request_id}\n" + "".join(f"{now} : {line}\n" for line in text)


class ExecutionLogs:
    """One per cloud."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def write(self, exchange: Exchange, response: HttpResponse) -> None:
        """One request, as far as the stage's method settings want it in its log."""
        settings = exchange.stage.settings.get("methodSettings")
        chosen = _setting(exchange, settings) if settings else {}
        level = chosen.get("loggingLevel", "OFF")
        if level == "OFF" or (level == "ERROR" and not exchange.log):
            return
        text = (
            exchange.log if level == "ERROR" else lines(exchange, response, data=bool(chosen.get("dataTraceEnabled")))
        )
        now = int(time.time() * 1000)
        messages = [f"({exchange.request_id}) {one}".encode()[:_LINE_BYTES].decode("utf-8", "ignore") for one in text]
        api, stage = exchange.api, exchange.stage.name
        self._deliver(
            api.region,
            f"API-Gateway-Execution-Logs_{api.identifier}/{stage}",
            stream_name(api.identifier, stage),
            [{"timestamp": now, "message": message} for message in messages],
        )


def _setting(exchange: Exchange, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """A method's own settings (``~1orders/GET``), else those of all methods (``*/*``)."""
    own = exchange.resource.path.replace("/", "~1") + "/" + exchange.method.http_method
    found: Mapping[str, Any] = settings.get(own) or settings.get(own.removeprefix("~1")) or settings.get("*/*") or {}
    return found


def _map(pairs: Iterable[tuple[str, str]]) -> str:
    """As Java writes a map: ``{a=1, b=2}``."""
    text = ", ".join(f"{name}={value}" for name, value in pairs)
    return f"{{{text}}}" if len(text) <= 998 else f"{{{text[:998]} [TRUNCATED]"


def _cut(body: bytes) -> str:
    text = body[: _LINE_BYTES * 4].decode("utf-8", "replace")
    return text if len(text) <= _LINE_BYTES else f"{text[:_LINE_BYTES]} [TRUNCATED]"
