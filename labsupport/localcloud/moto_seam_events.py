"""The part of the seam for EventBridge: moto keeps buses, rules and targets; the front door's process is told of each
change and of each event, and does what rules do.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_events.py``.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventsBackend, Rule, events_backends

from . import moto_notices
from .triggers.filter_criteria import Filter, InvalidPattern
from .triggers.schedules import InvalidSchedule, parse
from .triggers.target_input import InvalidInput, check_input

#: EventBridge API Reference, "PutEvents": "the total entry size must be less than 1MB".
_ENTRIES_BYTES = 1024 * 1024
#: Amazon EventBridge User Guide, "Amazon EventBridge quotas".
_TARGETS_OF_A_RULE = 5
_lock = threading.RLock()


def tell_of_rules_and_events() -> None:
    """Make moto 5.2.5 tell of rules and events. It knows no functions and topics as targets, sends to the targets of
    disabled rules, runs no schedules, and checks neither them nor what a target gets."""
    _tell_of_changes()
    _check_rules()
    _check_targets()
    _tell_of_events()
    _refuse_sources_of_aws()
    _tell_of_replayed_events()


def _tell_of_changes() -> None:
    def telling(method: str, name_of: Callable[..., str]) -> None:
        original = getattr(EventsBackend, method)

        def changed(self: EventsBackend, *args: Any, **kwargs: Any) -> Any:
            with _lock:  # so that notices of one rule come in the order of its changes
                answer = original(self, *args, **kwargs)
                bus = self._normalize_event_bus_arn(kwargs.get("event_bus_arn") or _bus_argument(method, args))
                _tell_rule(self, bus, name_of(*args, **kwargs))
            return answer

        setattr(EventsBackend, method, changed)

    for method in ("put_rule", "delete_rule", "enable_rule", "disable_rule", "put_targets", "remove_targets"):
        telling(method, lambda name, *args, **kwargs: name)

    delete_event_bus = EventsBackend.delete_event_bus

    def delete_bus(self: EventsBackend, name: str) -> None:
        bus = self.event_buses.get(name)
        delete_event_bus(self, name)
        for rule in list(bus.rules) if bus else ():
            _tell_rule(self, name, rule)

    EventsBackend.delete_event_bus = delete_bus  # type: ignore[method-assign]


def _bus_argument(method: str, args: tuple[Any, ...]) -> str | None:
    """The bus among positional arguments: the second, but for PutRule, where moto's third parameter is the bus."""
    position = 2 if method == "put_rule" else 1
    return args[position] if len(args) > position else None


def _tell_rule(backend: EventsBackend, bus_name: str, name: str) -> None:
    bus = backend.event_buses.get(bus_name)
    rule = bus.rules.get(name) if bus else None
    moto_notices.tell(
        "event_rule",
        region=backend.region_name,
        bus=bus_name,
        name=name,
        rule=None if rule is None or rule.managed_by else _wire(rule),
    )


def _wire(rule: Rule) -> dict[str, Any]:
    return {
        "arn": rule.arn,
        "pattern": rule.event_pattern.dump(),
        "schedule": rule.scheduled_expression,
        "enabled": rule.state != "DISABLED",
        "targets": rule.targets,
    }


def _check_rules() -> None:
    original = EventsBackend.put_rule

    def put_rule(
        self: EventsBackend,
        name: str,
        description: str | None = None,
        event_bus_arn: str | None = None,
        event_pattern: str | None = None,
        role_arn: str | None = None,
        scheduled_expression: str | None = None,
        state: str | None = None,
        managed_by: str | None = None,
        tags: Any = None,
    ) -> Rule:
        if event_pattern:
            try:
                Filter.compile(event_pattern)
            except InvalidPattern as problem:
                raise InvalidEventPatternException(reason=problem.reason) from None
        if scheduled_expression and self._normalize_event_bus_arn(event_bus_arn) == "default":
            try:
                parse(scheduled_expression, begin=datetime.now(UTC))
            except InvalidSchedule:
                raise ValidationException("Parameter ScheduleExpression is not valid.") from None
        return original(
            self,
            name,
            description,
            event_bus_arn,
            event_pattern,
            role_arn,
            scheduled_expression,
            state,
            managed_by,
            tags,
        )

    EventsBackend.put_rule = put_rule  # type: ignore[method-assign]


def _check_targets() -> None:
    original = EventsBackend.put_targets

    def put_targets(self: EventsBackend, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        bus = self._get_event_bus(self._normalize_event_bus_arn(event_bus_arn))
        rule = bus.rules.get(name)
        if rule and not rule.managed_by:
            for target in targets:
                try:
                    check_input(target)
                except InvalidInput as problem:
                    raise ValidationException(str(problem)) from None
            if len({one["Id"] for one in (*rule.targets, *targets)}) > _TARGETS_OF_A_RULE:
                text = "The requested resource exceeds the maximum number allowed."
                raise JsonRESTError("LimitExceededException", text)
        original(self, name, event_bus_arn, targets)

    EventsBackend.put_targets = put_targets  # type: ignore[method-assign]


def _tell_of_events() -> None:
    original = EventsBackend.put_events

    def put_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(events) > 10:
            return original(self, events)  # moto's own refusal
        if sum(map(_entry_bytes, events)) >= _ENTRIES_BYTES:
            raise ValidationException("Total size of the entries in the request is over the limit.")
        return [_put_event(self, entry) for entry in events]

    EventsBackend.put_events = put_events  # type: ignore[method-assign]


def _put_event(backend: EventsBackend, entry: dict[str, Any]) -> dict[str, Any]:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    bus_name = backend._normalize_event_bus_arn(entry.get("EventBusName"))
    now = datetime.now(UTC)
    moment = entry.get("Time")
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": backend.account_id,
        "time": _seconds(now if moment is None else _moment(moment)),
        "region": backend.region_name,
        "resources": entry.get("Resources") or [],
        "detail": detail,
    }
    bus = backend.event_buses.get(bus_name)
    if bus is not None:  # an event for a bus that is not there is accepted, too
        _tell_event(backend, bus_name, event, now)
        archived = event | {"time": (moment or now.timestamp()), "ingestion-time": now.timestamp()}
        for rule in [one for one in bus.rules.values() if one.managed_by]:
            rule.send_to_targets(archived)  # type: ignore[arg-type]
    return {"EventId": event["id"]}


def _tell_event(
    backend: EventsBackend, bus: str, event: dict[str, Any], ingested: datetime, rule: str | None = None
) -> None:
    """``rule`` is the only one that is meant; None for all of the bus."""
    with _lock:
        moto_notices.tell(
            "event", region=backend.region_name, bus=bus, event=event, ingested=_seconds(ingested), rule=rule
        )


def _refuse_sources_of_aws() -> None:
    """Events from ``aws.…`` come from services of AWS, of which some are in this process; PutEvents takes none (API
    Reference, "PutEventsResultEntry", NotAuthorizedForSourceException)."""
    from moto.events.responses import EventsHandler

    def put_events(self: EventsHandler) -> str:
        entries = self._get_param("Entries")
        foreign = [str(entry.get("Source")).startswith("aws.") for entry in entries]
        answers = iter(
            self.events_backend.put_events([entry for entry, aws in zip(entries, foreign, strict=True) if not aws])
        )
        refusal = {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
        given = [refusal if aws else next(answers) for aws in foreign]
        failed = sum("ErrorCode" in answer for answer in given)
        return json.dumps({"FailedEntryCount": failed, "Entries": given})

    EventsHandler.put_events = put_events  # type: ignore[method-assign]


def _tell_of_replayed_events() -> None:
    """A replay hands each event to each rule of the bus."""
    original = Rule.send_to_targets

    def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if self.managed_by:  # an archive is moto's own
            original(self, original_event, transform_input)
            return
        event = {key: value for key, value in original_event.items() if key != "ingestion-time"}
        event["time"] = _seconds(_moment(event["time"]))
        backend = events_backends[self.account_id][self.region_name]
        _tell_event(backend, self.event_bus_name, event, datetime.now(UTC), self.name)

    Rule.send_to_targets = send_to_targets  # type: ignore[method-assign]


def _entry_bytes(entry: dict[str, Any]) -> int:
    """As "Calculating PutEvents event entry size" of the User Guide counts."""
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail"), *(entry.get("Resources") or [])]
    return sum(len(text.encode()) for text in texts if text) + (14 if entry.get("Time") else 0)


def _moment(value: float | str) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    return datetime.fromtimestamp(value, UTC)


def _seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
