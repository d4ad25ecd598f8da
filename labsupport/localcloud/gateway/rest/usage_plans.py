"""API keys and usage plans: whose key a request carries, and whether its plan lets it through.

Source: API Gateway Developer Guide, "Usage plans and API keys for REST APIs in API Gateway" and "Throttle requests ...":
a client's limits for one method come before its plan's own. A key counts only through a plan of the stage it is used at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .throttling import Buckets, Throttle

DAY, WEEK, MONTH = "DAY", "WEEK", "MONTH"


@dataclass(frozen=True)
class ApiKey:
    """``value`` is what a client sends."""

    id: str
    value: str
    enabled: bool = True
    name: str | None = None


@dataclass(frozen=True)
class Quota:
    """``limit`` requests in a ``period``; ``offset`` of them are gone already in the first period."""

    limit: int
    period: str = MONTH
    offset: int = 0


@dataclass(frozen=True)
class PlanStage:
    """A stage that a plan covers. ``methods`` has limits of single methods, by ``/path/METHOD``."""

    api_id: str
    stage: str
    methods: Mapping[str, Throttle] = field(default_factory=dict)


@dataclass(frozen=True)
class UsagePlan:
    """``keys`` are those that were added to it."""

    id: str
    stages: tuple[PlanStage, ...] = ()
    throttle: Throttle = Throttle()
    quota: Quota | None = None
    keys: tuple[ApiKey, ...] = ()

    def stage(self, api_id: str, stage: str) -> PlanStage | None:
        return next((one for one in self.stages if (one.api_id, one.stage) == (api_id, stage)), None)


def usage_plan(document: Mapping[str, Any]) -> UsagePlan:
    """From the document of GetUsagePlan, with the plan's ``keys`` as those of GetApiKey."""
    quota = document.get("quota") or {}
    return UsagePlan(
        id=document["id"],
        stages=tuple(
            PlanStage(
                one["apiId"],
                one["stage"],
                {name: Throttle.from_wire(limits) for name, limits in (one.get("throttle") or {}).items()},
            )
            for one in document.get("apiStages") or ()
        ),
        throttle=Throttle.from_wire(document.get("throttle")),
        quota=Quota(int(quota["limit"]), quota.get("period") or MONTH, int(quota.get("offset") or 0))
        if quota.get("limit") is not None
        else None,
        keys=tuple(
            ApiKey(one["id"], one["value"], bool(one.get("enabled")), one.get("name"))
            for one in document.get("keys") or ()
        ),
    )


@dataclass(frozen=True)
class Admission:
    """A request whose key was accepted."""

    key: ApiKey
    plan: UsagePlan


class KeyRefused(Exception):
    """No key, no such key, one that is disabled, or of no plan for this stage: 403 "Forbidden"."""


class TooManyRequests(Exception):
    """Faster than the plan allows: 429 "Too Many Requests"."""


class LimitExceeded(Exception):
    """The plan's quota is used up: 429 "Limit Exceeded"."""


class UsageMeter:
    """Counts what each key of each plan has used. ``clock`` gives seconds that never go back, ``today`` the date and
    time, by which quotas begin anew."""

    def __init__(self, clock: Callable[[], float], today: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._today = today
        self._buckets = Buckets()
        self._used: dict[tuple[str, str], _Used] = {}

    def admit(self, plans: Iterable[UsagePlan], api_id: str, stage: str, method: str, value: str | None) -> Admission:
        """The key and plan that a request comes under, and counts it. ``method`` is ``/path/METHOD``, with the
        resource's path. Raises KeyRefused, TooManyRequests and LimitExceeded."""
        found = (
            (key, plan, covered)
            for plan in plans
            if value and (covered := plan.stage(api_id, stage))
            for key in plan.keys
            if key.value == value and key.enabled
        )
        chosen = next(found, None)
        if chosen is None:
            raise KeyRefused
        key, plan, covered = chosen
        now = self._clock()
        own = covered.methods.get(method) or covered.methods.get("*/*") or Throttle()
        if not self._buckets.take((plan.id, key.id, api_id, stage, method), own, now):
            raise TooManyRequests
        if not self._buckets.take((plan.id, key.id), plan.throttle, now):
            raise TooManyRequests
        if plan.quota is not None:
            self._count(plan, key, plan.quota)
        return Admission(key, plan)

    def used(self, plan_id: str, key_id: str) -> dict[str, int]:
        """Requests by day (``2026-11-25``), as GetUsage reports them."""
        used = self._used.get((plan_id, key_id))
        return dict(used.days) if used else {}

    def _count(self, plan: UsagePlan, key: ApiKey, quota: Quota) -> None:
        now = self._today()
        used = self._used.get((plan.id, key.id))
        if used is None:
            used = self._used[plan.id, key.id] = _Used(period_start(quota.period, now), quota.offset)
        start = period_start(quota.period, now)
        if start > used.since:
            used.since, used.count = start, 0
        if used.count >= quota.limit:
            raise LimitExceeded
        used.count += 1
        day = now.strftime("%Y-%m-%d")
        used.days[day] = used.days.get(day, 0) + 1


@dataclass
class _Used:
    since: datetime
    count: int
    days: dict[str, int] = field(default_factory=dict)


def period_start(period: str, now: datetime) -> datetime:
    """When the period that ``now`` lies in began, in UTC: a day at midnight, a week on Sunday, a month on its first."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == DAY:
        return midnight
    if period == WEEK:
        return midnight - timedelta(days=(midnight.weekday() + 1) % 7)
    return midnight.replace(day=1)
