"""CloudWatch Logs subscription filters that call functions.

Source: CloudWatch Logs User Guide, "Log group-level subscription filters". Refusals are worded as seen in published output
of AWS (tests/fidelity/test_logs_subscription.py).
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Awaitable
from typing import Any, Protocol

from ..functions.limits import ASYNCHRONOUS_PAYLOAD_BYTES
from .push import ACCOUNT_ID, Ask, Push, Source

_PRINCIPAL = "logs.amazonaws.com"


class FindLogGroup(Protocol):
    """The log group that a function writes to; None when there is no such function."""

    def __call__(self, function_arn: str) -> Awaitable[str | None]: ...


class LogSubscriptions:
    """Checks subscriptions, and hands log events to functions."""

    def __init__(self, push: Push, log_group_of: FindLogGroup, ask: Ask) -> None:
        self._push = push
        self._log_group_of = log_group_of
        self._ask = ask

    async def refuse(self, region: str, body: bytes) -> str | None:
        """The message of the InvalidParameterException for a PutSubscriptionFilter, when its function is a reason."""
        try:
            parameters = json.loads(body)
            group, destination = str(parameters["logGroupName"]), str(parameters["destinationArn"])
        except (ValueError, KeyError, TypeError):
            return None
        if destination.split(":")[2:3] != ["lambda"]:
            return None
        may_invoke = self._push.may_invoke(destination, _source(region, group))
        own_group = await self._log_group_of(destination) == group
        if (may_invoke and not own_group) or not await self._ask("log_group_exists", region=region, group=group):
            return None  # a group that is not there is moto's to name
        if own_group:
            return "The log group provided is reserved for the function logs of the destination function."
        return (
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
            "your function."
        )

    def logged(self, notice: dict[str, Any]) -> None:
        """Log events fit a subscription filter (the notice "log_events" of ``moto_seam_logs``)."""
        self._push.start(self._deliver(notice, notice["events"]))

    async def _deliver(self, notice: dict[str, Any], events: list[dict[str, Any]]) -> None:
        payload = _payload(notice, events)
        if len(payload) > ASYNCHRONOUS_PAYLOAD_BYTES and len(events) > 1:
            half = len(events) // 2
            await self._deliver(notice, events[:half])
            await self._deliver(notice, events[half:])
            return
        await self._push.invoke(notice["destination"], payload, _source(notice["region"], notice["group"]))


def _source(region: str, group: str) -> Source:
    return Source(_PRINCIPAL, f"arn:aws:logs:{region}:{ACCOUNT_ID}:log-group:{group}:*")


def _payload(notice: dict[str, Any], events: list[dict[str, Any]]) -> bytes:
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT_ID,
        "logGroup": notice["group"],
        "logStream": notice["stream"],
        "subscriptionFilters": [notice["filter"]],
        "logEvents": events,
    }
    data = gzip.compress(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), 6)
    return json.dumps({"awslogs": {"data": base64.b64encode(data).decode()}}).encode()
