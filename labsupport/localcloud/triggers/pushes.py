"""The services that push by notices of the moto process: SNS, EventBridge with its schedules, CloudWatch Logs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..access import Access
from ..control_plane import MotoControlPlane
from ..lambda_api.api import LambdaApi
from ..lambda_api.names import parse_function_name
from .event_rules import EventRules
from .log_subscriptions import LogSubscriptions
from .push import Push
from .scheduled_tasks import ScheduleClock, ScheduledTasks
from .topics import Topics

if TYPE_CHECKING:
    from .scheduler import Scheduler


class Pushes:
    """One per cloud; a part of ``Triggers``."""

    def __init__(
        self, push: Push, lambda_api: LambdaApi, moto: MotoControlPlane, access: Access, time_scale: float
    ) -> None:
        self._push = push
        self._lambda_api = lambda_api
        self._moto = moto
        self._access = access
        self._schedules = ScheduledTasks(ScheduleClock(time_scale))
        self._scheduler: Scheduler | None = None
        #: Rules of EventBridge; ``put`` is for services of the lab that send events.
        self.event_rules = EventRules(push, self._schedules, moto.ask)
        #: The front door asks it about PutSubscriptionFilter.
        self.log_subscriptions = LogSubscriptions(push, self._log_group_of, moto.ask)
        moto.on("sns", Topics(push, partial(moto.ask, "sns_dead_letter")).published)
        moto.on("event_rule", self.event_rules.rule_changed)
        moto.on("event", self.event_rules.event_sent)
        moto.on("schedule", self._schedule_changed)
        moto.on("log_events", self.log_subscriptions.logged)

    async def close(self) -> None:
        """No schedule comes due any more."""
        await self._schedules.close()

    def _schedule_changed(self, notice: dict[str, Any]) -> None:
        if self._scheduler is None:
            from .scheduler import Scheduler  # with the first schedule: time zones are not loaded before

            self._scheduler = Scheduler(self._push, self._schedules, self._moto.ask, self._access.role_allows)
        self._scheduler.schedule_changed(notice)

    async def _log_group_of(self, function_arn: str) -> str | None:
        named = parse_function_name(function_arn)
        if named is None or named.region is None:
            return None
        function = self._lambda_api.store.region(named.region).functions.get(named.name)
        specification = function.specification(named.qualifier) if function else None
        return specification.log_group if specification else None
