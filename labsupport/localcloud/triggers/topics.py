"""SNS topics that call functions.

Source: Amazon SNS Developer Guide, "Fanout to Lambda functions" and "Amazon SNS message delivery retries": a function that
is gone or may not be invoked is a client error, which is not retried; the message goes to the subscription's dead-letter
queue if it has one. The event's form is recorded from AWS (tests/fidelity/test_sns_trigger.py).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from .push import Push, Source

_PRINCIPAL = "sns.amazonaws.com"


class Topics:
    """Hands notifications to functions. ``send_dead_letter(region=…, queue=ARN, notification=…)`` puts one into a queue."""

    def __init__(self, push: Push, send_dead_letter: Callable[..., Awaitable[Any]]) -> None:
        self._push = push
        self._send_dead_letter = send_dead_letter

    def published(self, notice: dict[str, Any]) -> None:
        """A message was published that subscribed functions get (the notice "sns" of ``moto_seam_sns``)."""
        for subscription in notice["subscriptions"]:
            self._push.start(self._deliver(notice, subscription))

    async def _deliver(self, notice: dict[str, Any], subscription: dict[str, Any]) -> None:
        arn = subscription["arn"]
        url = f"https://sns.{notice['region']}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={arn}"
        notification = notice["notification"] | {"UnsubscribeUrl": url}
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": arn,
            "Sns": notification,
        }
        payload = json.dumps({"Records": [record]}, separators=(",", ":"), ensure_ascii=False).encode()
        source = Source(_PRINCIPAL, notice["topic"])
        refusal = await self._push.invoke(subscription["function"], payload, source, notice["trace"])
        if refusal is not None and subscription["dead_letters"]:
            await self._send_dead_letter(
                region=notice["region"], queue=subscription["dead_letters"], notification=notification
            )
