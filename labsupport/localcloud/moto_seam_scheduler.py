"""The part of the seam for EventBridge Scheduler: moto keeps schedules and runs none; the front door's process is told of
each change and runs them.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_scheduler.py``.
"""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from moto.core import DEFAULT_ACCOUNT_ID
from moto.scheduler.exceptions import ScheduleGroupNotFound, ScheduleNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule, scheduler_backends

from . import moto_notices
from .triggers.schedules import InvalidSchedule, parse

_lock = threading.RLock()


def tell_of_schedules() -> None:
    """Make moto 5.2.5 tell of schedules, and check their expressions, which it does not."""
    create, update = EventBridgeSchedulerBackend.create_schedule, EventBridgeSchedulerBackend.update_schedule
    delete, delete_group = (
        EventBridgeSchedulerBackend.delete_schedule,
        EventBridgeSchedulerBackend.delete_schedule_group,
    )

    def create_schedule(self: EventBridgeSchedulerBackend, **wanted: Any) -> Schedule:
        _check(wanted)
        if (wanted.get("group_name") or "default") not in self.schedule_groups:
            raise ScheduleGroupNotFound(wanted["group_name"])
        with _lock:
            schedule = create(self, **wanted)
            _tell(self, schedule.arn, schedule)
        return schedule

    def update_schedule(self: EventBridgeSchedulerBackend, **wanted: Any) -> Schedule:
        _check(wanted)
        with _lock:
            schedule = update(self, **wanted)
            schedule.state = schedule.state or "ENABLED"  # an update names everything anew
            _tell(self, schedule.arn, schedule)
        return schedule

    def delete_schedule(self: EventBridgeSchedulerBackend, group_name: str | None, name: str) -> None:
        with _lock:
            arn = self.get_schedule(group_name, name).arn
            delete(self, group_name, name)
            _tell(self, arn, None)

    def delete_schedule_group(self: EventBridgeSchedulerBackend, name: str | None) -> None:
        with _lock:
            arns = [schedule.arn for schedule in self.get_schedule_group(name).schedules.values()]
            delete_group(self, name)
            for arn in arns:
                _tell(self, arn, None)

    for function in (create_schedule, update_schedule, delete_schedule, delete_schedule_group):
        setattr(EventBridgeSchedulerBackend, function.__name__, function)


def delete_completed(region: str, group: str, name: str) -> None:
    """Delete a schedule that has no further time, as its ActionAfterCompletion says."""
    with contextlib.suppress(ScheduleNotFound, ScheduleGroupNotFound):
        scheduler_backends[DEFAULT_ACCOUNT_ID][region].delete_schedule(group, name)


def _check(wanted: dict[str, Any]) -> None:
    expression = wanted["schedule_expression"]
    try:
        zone = ZoneInfo(wanted.get("schedule_expression_timezone") or "UTC")
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        zone = None
    except KeyError:
        zone = None
    if zone is None:
        raise ValidationException(f"Invalid ScheduleExpressionTimezone {wanted['schedule_expression_timezone']}.")
    try:
        parse(expression, begin=datetime.now(UTC), zone=zone, scheduler=True)
    except InvalidSchedule:
        raise ValidationException(f"Invalid Schedule Expression {expression}.") from None


def _tell(backend: EventBridgeSchedulerBackend, arn: str, schedule: Schedule | None) -> None:
    moto_notices.tell(
        "schedule",
        region=backend.region_name,
        arn=arn,
        schedule=None
        if schedule is None
        else {
            "group": schedule.group_name,
            "name": schedule.name,
            "expression": schedule.schedule_expression,
            "zone": schedule.schedule_expression_timezone,
            "enabled": schedule.state != "DISABLED",
            "start": schedule.start_date,
            "end": schedule.end_date,
            "target": schedule.target,
            "delete_after": schedule.action_after_completion == "DELETE",
        },
    )
