"""Access logs of a stage: one line a request, in the format the stage has.

Source: API Gateway Developer Guide, "Variables for access logging for API Gateway": ``$context`` variables are replaced, one
without a value by a hyphen; all else stands as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from time import time
from typing import Any, Protocol

from ..http_message import HttpResponse
from .errors import GatewayError
from .exchange import Exchange
from .proxy_event import request_context

_VARIABLE = re.compile(r"\$context\.([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]*[A-Za-z0-9_])*)")
_GROUP = re.compile(r"arn:[^:]+:logs:([^:]+):\d+:log-group:([^:]+)(?::\*)?")


@dataclass(frozen=True)
class Destination:
    """A log group of CloudWatch Logs."""

    region: str
    group: str


def destination(arn: str) -> Destination | None:
    """The log group of an ARN; None for another service's (Firehose) and for what is no ARN."""
    match = _GROUP.fullmatch(arn)
    return Destination(match[1], match[2]) if match else None


def stream_name(api_id: str, stage: str) -> str:
    """API Gateway names its log streams with 32 hexadecimal digits that say nothing."""
    return md5(f"{api_id}/{stage}".encode(), usedforsecurity=False).hexdigest()


def line(form: str, context: Mapping[str, Any]) -> str:
    """``form`` with its variables replaced by what ``context`` has, level by level."""
    return _VARIABLE.sub(lambda match: _text(_look_up(context, match[1])), form)


def _look_up(context: Mapping[str, Any], name: str) -> Any:
    found: Any = context
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _text(value: Any) -> str:
    if value is None or isinstance(value, Mapping) or value == "":
        return "-"
    if isinstance(value, bool):
        return json.dumps(value)
    # A line break or a quotation mark of the client's must not make a second entry or break a JSON format.
    return json.dumps(str(value), ensure_ascii=False)[1:-1]


class Deliver(Protocol):
    """``MotoControlPlane.deliver_log``."""

    def __call__(
        self, region: str, group: str, stream: str, events: list[dict[str, object]], role: str | None = None
    ) -> None: ...


class AccessLogs:
    """One per cloud."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def write(self, exchange: Exchange, response: HttpResponse, problem: GatewayError | None) -> None:
        """The line of one request, where its stage has an access log. ``problem`` is what API Gateway itself said."""
        settings = exchange.stage.settings.get("accessLogSettings") or {}
        group = destination(settings.get("destinationArn") or "")
        form = settings.get("format")
        if group is None or not form:
            return
        now = time()
        text = line(form, log_context(exchange, response, problem, now))
        events: list[dict[str, object]] = [{"timestamp": int(now * 1000), "message": text}]
        self._deliver(group.region, group.group, stream_name(exchange.api.identifier, exchange.stage.name), events)


def log_context(exchange: Exchange, response: HttpResponse, problem: GatewayError | None, now: float) -> dict[str, Any]:
    """``$context`` of an access log. Latencies are whole milliseconds; ``now`` is seconds since 1970."""
    integration: dict[str, Any] = {}
    if exchange.integration_latency is not None:
        latency = round(exchange.integration_latency * 1000)
        integration = {
            "integrationLatency": latency,
            "integrationStatus": exchange.integration_status,
            "awsEndpointRequestId": exchange.function_request_id,
            "integration": {
                "latency": latency,
                "integrationStatus": exchange.integration_status,
                "status": response.status if problem is None else None,
                "requestId": exchange.function_request_id,
            },
        }
    error: dict[str, Any] = {}
    if problem is not None:
        error = {
            "message": problem.message,
            "messageString": json.dumps(problem.message, ensure_ascii=False),
            "responseType": problem.type.name,
            **problem.context,
        }
    return {
        **request_context(exchange),
        **integration,
        "error": error,
        "status": response.status,
        "responseLength": len(response.body),
        "responseLatency": max(0, round((now - exchange.request.received) * 1000)),
        "xrayTraceId": exchange.trace.removeprefix("Root="),
    }
