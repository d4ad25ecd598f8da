"""Where S3 sends its messages: whether it may, and the sending.

Sources: Amazon S3 User Guide, "Granting permissions to publish event notification messages to a destination" and
"Supported event destinations".
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict, dataclass
from typing import Any

from ..access import Access
from ..control_plane import MotoControlPlane
from .push import Push, Source
from .s3_configuration import Rule

PRINCIPAL = "s3.amazonaws.com"
_ACTIONS = {"Queue": "sqs:SendMessage", "Topic": "sns:Publish"}
#: Messages in one call: moto is not held up longer by it than by a request of a learner.
_AT_ONCE = 50


@dataclass(frozen=True)
class Message:
    """What a queue, a topic or an event bus gets. ``trace`` is the X-Ray header of the request that caused it;
    ``entry`` is an entry of PutEvents, for the default event bus of ``arn``'s region."""

    arn: str
    body: str = ""
    trace: str | None = None
    entry: dict[str, Any] | None = None


class Permissions:
    """Asks the policies of destinations."""

    def __init__(self, push: Push, access: Access) -> None:
        self._push = push
        self._access = access

    async def problem_of(self, rule: Rule, bucket_arn: str) -> str | None:
        """What keeps S3 from sending to the destination, in AWS's words; None when it may."""
        if rule.kind == "CloudFunction":
            allowed = self._push.may_invoke(rule.arn, Source(PRINCIPAL, bucket_arn))
            return None if allowed else f"Not authorized to invoke function [{rule.arn}]"
        what = rule.kind.lower()
        if rule.arn.endswith(".fifo"):
            # "Only standard queues / topics" (the page); the wording is ours.
            return f"The destination {what} is a FIFO {what}, which is not supported"
        permitted = await self._access.service_allowed(PRINCIPAL, _ACTIONS[rule.kind], rule.arn, bucket_arn)
        if permitted is None:
            return f"The destination {what} does not exist"
        if not permitted:
            return f"Permissions on the destination {what} do not allow S3 to publish notifications from this bucket"
        return None


class Outbox:
    """Messages on their way to moto's queues, topics and event buses: in order, many in one call."""

    def __init__(self, moto: MotoControlPlane) -> None:
        self._moto = moto
        self._waiting: list[Message] = []
        self._sending: asyncio.Task[None] | None = None

    def send(self, messages: list[Message]) -> None:
        """Send soon. What cannot be delivered is lost, as on AWS; the cloud's own output says so."""
        self._waiting += messages
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def sent(self) -> None:
        """Return when everything given to ``send`` so far has been delivered."""
        if self._sending is not None:
            await asyncio.shield(self._sending)

    async def _send_all(self) -> None:
        while self._waiting:
            now, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            problems = await self._moto.ask("s3_deliver", messages=[asdict(message) for message in now])
            for message, problem in zip(now, problems, strict=True):
                if problem:
                    print(
                        f"labsupport cloud: S3 could not send a notification to {message.arn}: {problem}. It is lost; "
                        "on AWS nothing would tell you.",
                        file=sys.stderr,
                        flush=True,
                    )

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
