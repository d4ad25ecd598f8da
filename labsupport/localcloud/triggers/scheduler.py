"""EventBridge Scheduler: schedules with a target of their own and a role that may use it.

Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler", "Adding context attributes" and "Setting
up the execution role". A function needs no resource policy: the schedule's role decides. Targets are functions, queues and
topics; the flexible window is taken as zero.
"""

from __future__ import annotations

import json
import secrets
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from ..functions.request_payload import PayloadNotJson, check_json
from .push import ACCOUNT_ID, Ask, Push, Refusal
from .scheduled_tasks import ScheduledTasks
from .schedules import Bounded, parse

_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}


class RoleAllows(Protocol):
    """``Access.role_allows``."""

    async def __call__(self, role_arn: str, action: str, resource: str) -> bool: ...


@dataclass(frozen=True)
class _Scheduled:
    """A schedule as its notice tells of it."""

    arn: str
    region: str
    group: str
    name: str
    expression: str
    zone: str
    enabled: bool
    start: float | str | None
    end: float | str | None
    target: dict[str, Any]
    delete_after: bool


class Scheduler:
    """All schedules of one cloud."""

    def __init__(self, push: Push, tasks: ScheduledTasks, ask: Ask, role_allows: RoleAllows) -> None:
        self._push = push
        self._tasks = tasks
        self._ask = ask
        self._role_allows = role_allows

    def schedule_changed(self, notice: dict[str, Any]) -> None:
        """A schedule was made, changed or deleted (the notice "schedule" of ``moto_seam_scheduler``)."""
        wire = notice["schedule"]
        if wire is None or not wire["enabled"]:
            self._tasks.end(notice["arn"])
            return
        scheduled = _Scheduled(arn=notice["arn"], region=notice["region"], **wire)
        now = self._tasks.clock.now().replace(microsecond=0)
        begin = _moment(scheduled.start) or now
        schedule = parse(scheduled.expression, begin=begin, zone=ZoneInfo(scheduled.zone), scheduler=True)
        bounded = Bounded(schedule, _moment(scheduled.start), _moment(scheduled.end))
        self._tasks.begin(scheduled.arn, bounded, partial(self._due, scheduled), partial(self._completed, scheduled))

    def _due(self, scheduled: _Scheduled, moment: datetime) -> None:
        self._push.start(self._deliver(scheduled, moment))

    def _completed(self, scheduled: _Scheduled) -> None:
        if scheduled.delete_after:
            self._push.start(self._delete(scheduled))

    async def _delete(self, scheduled: _Scheduled) -> None:
        await self._ask("schedule_completed", region=scheduled.region, group=scheduled.group, name=scheduled.name)

    async def _deliver(self, scheduled: _Scheduled, moment: datetime) -> None:
        target = scheduled.target
        text = _input(scheduled, moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        refusal = await self._send(scheduled, target, text)
        if refusal is None:
            return
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue:
            # EventBridge Scheduler User Guide, "Configuring a dead-letter queue".
            attributes = {
                "SCHEDULE_ARN": scheduled.arn,
                "TARGET_ARN": target["Arn"],
                "ERROR_CODE": refusal.code,
                "ERROR_MESSAGE": refusal.message,
            }
            arguments = {"region": scheduled.region, "queue": queue, "body": text, "attributes": attributes}
            if await self._ask("events_to_queue", **arguments) is None:
                return
        print(
            f"labsupport cloud: the schedule {scheduled.arn} did not reach {target['Arn']}: {refusal.message}.",
            file=sys.stderr,
            flush=True,
        )

    async def _send(self, scheduled: _Scheduled, target: dict[str, Any], text: str) -> Refusal | None:
        arn, role = str(target["Arn"]), str(target.get("RoleArn"))
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        action = _ACTIONS.get(service)
        if action is None or arn.startswith("arn:aws:scheduler:::"):
            return Refusal("NOT_IN_THIS_LAB", f"the lab does not send what is scheduled to {service or 'this ARN'}")
        if not await self._role_allows(role, action, arn):
            return Refusal("AccessDeniedException", f"the role {role} is not allowed {action} there")
        if service == "lambda":
            payload = text.encode()
            try:
                check_json(payload)
            except PayloadNotJson as fault:
                return Refusal("InvalidRequestContentException", str(fault))
            return await self._push.invoke_allowed(arn, payload)
        if service == "sqs":
            group = (target.get("SqsParameters") or {}).get("MessageGroupId")
            problem = await self._ask("events_to_queue", region=scheduled.region, queue=arn, body=text, group=group)
        else:
            problem = await self._ask("events_publish", region=scheduled.region, topic=arn, message=text)
        return Refusal("ResourceNotFoundException", problem) if problem else None


def _input(scheduled: _Scheduled, time: str) -> str:
    """The target's Input with its context attributes filled in; without one, the event that Scheduler makes (its detail
    is a text)."""
    text = scheduled.target.get("Input")
    if text is None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT_ID,
            "time": time,
            "region": scheduled.region,
            "resources": [scheduled.arn],
            "detail": "{}",
        }
        return json.dumps(event, separators=(",", ":"))
    values = {
        "schedule-arn": scheduled.arn,
        "scheduled-time": time,
        "execution-id": secrets.token_hex(8),
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return str(text)


def _moment(value: float | str | None) -> datetime | None:
    """A date as it came with the request: epoch seconds or ISO 8601."""
    if value is None:
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    return datetime.fromtimestamp(value, UTC)
