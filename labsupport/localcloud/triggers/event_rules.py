"""EventBridge: which rules an event fits, and what their targets get; rules with a schedule.

Sources: Amazon EventBridge User Guide, "Rules in Amazon EventBridge", "Event retry policy and using dead-letter queues" and
"Resource-based policies for EventBridge". moto keeps buses, rules and targets and tells of their changes; the notices come
in order, so an event meets the rules that were there when it was sent.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ..functions.request_payload import PayloadNotJson, check_json
from .filter_criteria import Filter
from .push import ACCOUNT_ID, Ask, Push, Refusal, Source
from .scheduled_tasks import ScheduledTasks
from .schedules import parse
from .target_input import Delivery, target_input

_PRINCIPAL = "events.amazonaws.com"


@dataclass(frozen=True)
class _Rule:
    name: str
    arn: str
    region: str
    pattern: Filter | None
    schedule: str | None
    enabled: bool
    targets: Sequence[Mapping[str, Any]]


class EventRules:
    """All rules of one cloud."""

    def __init__(self, push: Push, tasks: ScheduledTasks, ask: Ask) -> None:
        self._push = push
        self._tasks = tasks
        self._ask = ask
        self._buses: dict[tuple[str, str], dict[str, _Rule]] = defaultdict(dict)

    # --- notices of ``moto_seam_events`` -----------------------------------------------------------------------

    def rule_changed(self, notice: dict[str, Any]) -> None:
        """A rule was made, changed or deleted (``rule`` is None)."""
        rules, wire = self._buses[notice["region"], notice["bus"]], notice["rule"]
        before = rules.pop(notice["name"], None)
        if wire is None:
            if before:
                self._tasks.end(before.arn)
            return
        rule = _Rule(
            name=notice["name"],
            arn=wire["arn"],
            region=notice["region"],
            pattern=Filter.compile(wire["pattern"]) if wire["pattern"] else None,
            schedule=wire["schedule"],
            enabled=wire["enabled"],
            targets=wire["targets"],
        )
        rules[rule.name] = rule
        if not rule.enabled or not rule.schedule:
            self._tasks.end(rule.arn)
        elif before is None or not before.enabled or before.schedule != rule.schedule:
            begin = self._tasks.clock.now().replace(microsecond=0)
            due = partial(self._due, notice["region"], notice["bus"], rule.name)
            self._tasks.begin(rule.arn, parse(rule.schedule, begin=begin), due)

    def event_sent(self, notice: dict[str, Any]) -> None:
        """An event came to a bus."""
        self.put(notice["region"], notice["bus"], notice["event"], notice["ingested"], only=notice["rule"])

    # --- events ------------------------------------------------------------------------------------------------

    def put(
        self,
        region: str,
        bus: str,
        event: dict[str, Any],
        ingested: str,
        *,
        only: str | None = None,
        forwarded: bool = False,
    ) -> None:
        """Give an event, complete as rules see it, to all rules of a bus that it fits. Also for services of the lab that
        send events themselves. ``forwarded``: it came through a rule of another bus, and does not go on to a third."""
        for rule in list(self._buses[region, bus].values()):
            if only in (None, rule.name) and rule.enabled and rule.pattern is not None and rule.pattern.matches(event):
                self._send(rule, event, ingested, forwarded)

    def _due(self, region: str, bus: str, name: str, moment: datetime) -> None:
        rule = self._buses[region, bus].get(name)
        if rule is None:
            return
        time = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT_ID,
            "time": time,
            "region": region,
            "resources": [rule.arn],
            "detail": {},
        }
        self._send(rule, event, time, forwarded=False)

    def _send(self, rule: _Rule, event: dict[str, Any], ingested: str, forwarded: bool) -> None:
        delivery = Delivery(event, rule.arn, rule.name, ingested)
        for target in rule.targets:
            self._push.start(self._deliver(rule, target, delivery, forwarded))

    async def _deliver(self, rule: _Rule, target: Mapping[str, Any], delivery: Delivery, forwarded: bool) -> None:
        arn = target["Arn"]
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        text = target_input(target, delivery)
        refusal: Refusal | None = None
        if service == "lambda":
            refusal = await self._invoke(rule, arn, text)
        elif service == "sqs":
            group = (target.get("SqsParameters") or {}).get("MessageGroupId")
            problem = await self._ask("events_to_queue", region=rule.region, queue=arn, body=text, group=group)
            refusal = Refusal("NO_RESOURCE", problem) if problem else None
        elif service == "sns":
            problem = await self._ask("events_publish", region=rule.region, topic=arn, message=text)
            refusal = Refusal("NO_RESOURCE", problem) if problem else None
        elif service == "logs":
            await self._log(rule, arn, text, delivery)
        elif service == "events" and ":event-bus/" in arn:
            if not forwarded:
                # "a receiving bus does not send on what came from another bus" (Sending and receiving events between buses)
                event = dict(delivery.event)
                self.put(arn.split(":")[3], arn.rpartition("/")[2], event, delivery.ingestion_time, forwarded=True)
        else:
            refusal = Refusal("NOT_IN_THIS_LAB", f"the lab does not send events to {service or 'this ARN'}")
        if refusal is not None:
            await self._give_up(rule, target, delivery, refusal)

    async def _invoke(self, rule: _Rule, function_arn: str, text: str) -> Refusal | None:
        payload = text.encode()
        try:
            check_json(payload)
        except PayloadNotJson as problem:
            return Refusal("INVALID_JSON", str(problem))
        refusal = await self._push.invoke(function_arn, payload, Source(_PRINCIPAL, rule.arn))
        if refusal is None:
            return None
        # Codes of the dead-letter queue ("Using dead-letter queues to process undelivered events").
        code = "NO_PERMISSIONS" if refusal.code == "AccessDeniedException" else "NO_RESOURCE"
        return Refusal(code, refusal.message)

    async def _log(self, rule: _Rule, arn: str, text: str, delivery: Delivery) -> None:
        group = arn.split(":")[6]
        # Not the schedules' clock, which time_scale makes run ahead: CloudWatch Logs takes nothing from the far future.
        event = {"timestamp": int(time.time() * 1000), "message": text}
        batch = {"region": rule.region, "group": group, "stream": str(uuid.uuid4()), "events": [event]}
        await self._ask("logs", batches=[batch | {"may_create_group": False}])

    async def _give_up(self, rule: _Rule, target: Mapping[str, Any], delivery: Delivery, refusal: Refusal) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue:
            attributes = {
                "RULE_ARN": rule.arn,
                "TARGET_ARN": target["Arn"],
                "ERROR_CODE": refusal.code,
                "ERROR_MESSAGE": refusal.message,
            }
            body = json.dumps(delivery.event, separators=(",", ":"), ensure_ascii=False)
            problem = await self._ask(
                "events_to_queue", region=rule.region, queue=queue, body=body, attributes=attributes
            )
            if problem is None:
                return
        if not target["Arn"].startswith("arn:aws:lambda") or refusal.code == "INVALID_JSON":  # Push told of the others
            print(
                f"labsupport cloud: an event of {rule.arn} did not reach {target['Arn']}: {refusal.message}.",
                file=sys.stderr,
                flush=True,
            )
