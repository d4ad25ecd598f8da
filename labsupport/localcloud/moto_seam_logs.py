"""The part of the seam for subscription filters of CloudWatch Logs: log events that fit a filter of a function are told to
the front door's process; filter patterns are understood.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_logs.py``.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.logs import models as logs_models
from moto.logs.exceptions import InvalidParameterException, LimitExceededException, ResourceNotFoundException

from . import moto_notices

#: CloudWatch Logs User Guide, "CloudWatch Logs quotas".
_FILTERS_OF_A_GROUP = 2


def tell_of_log_events() -> None:
    """Replace what moto 5.2.5 does with subscription filters. It sends every event whatever the pattern is, calls the
    function while the writer waits, and refuses to change the second of two filters."""
    _filter_subscribed_events()
    _keep_filters()
    _understand_patterns()


@functools.lru_cache(256)
def _compiled(pattern: str) -> Any:
    from .triggers.log_patterns import LogPattern  # with the first pattern: logs are read from the start

    return LogPattern.compile(pattern)


def _filter_subscribed_events() -> None:
    original = logs_models.LogStream._send_log_events

    def send(self: Any, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]) -> None:
        pattern = _compiled(self.log_group.subscription_filters[filter_name].filter_pattern or "")
        fitting = []
        for event in log_events:
            extracted = pattern.match(event["message"])
            if extracted is not None:
                more = {"extractedFields": extracted} if extracted else {}
                fitting.append(event | {"id": str(event["id"]).zfill(56)} | more)  # moto counts in plain numbers
        if not fitting:
            return
        if service != "lambda":
            original(self, service, destination_arn, filter_name, fitting)
            return
        moto_notices.tell(
            "log_events",
            region=self.region,
            group=self.log_group.name,
            stream=self.log_stream_name,
            filter=filter_name,
            destination=destination_arn,
            events=fitting,
        )

    logs_models.LogStream._send_log_events = send  # type: ignore[method-assign]


def _keep_filters() -> None:
    original = logs_models.LogsBackend.put_subscription_filter

    def put_subscription_filter(
        self: Any, log_group_name: str, filter_name: str, filter_pattern: str, destination_arn: str, role_arn: str
    ) -> None:
        from .triggers.log_patterns import InvalidLogPattern

        group = self.groups.get(log_group_name)
        if group is None:
            raise ResourceNotFoundException()
        try:
            _compiled(filter_pattern or "")
        except InvalidLogPattern:
            raise InvalidParameterException("Invalid filter pattern") from None
        if not destination_arn.startswith("arn:aws:lambda:"):
            original(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)
            return
        # Whether the function may be called, the front door has asked.
        known = group.subscription_filters.get(filter_name)
        if known:
            known.update(filter_pattern, destination_arn, role_arn)
            return
        if len(group.subscription_filters) >= _FILTERS_OF_A_GROUP:
            raise LimitExceededException()
        group.subscription_filters[filter_name] = logs_models.SubscriptionFilter(
            name=filter_name,
            log_group_name=log_group_name,
            filter_pattern=filter_pattern,
            destination_arn=destination_arn,
            role_arn=role_arn,
        )

    logs_models.LogsBackend.put_subscription_filter = put_subscription_filter  # type: ignore[method-assign]
    to_json = logs_models.SubscriptionFilter.to_json

    def as_aws_shows_it(self: Any) -> dict[str, Any]:
        shown = {key: value for key, value in to_json(self).items() if value is not None}
        return {"applyOnTransformedLogs": False} | shown

    logs_models.SubscriptionFilter.to_json = as_aws_shows_it  # type: ignore[method-assign]


def _understand_patterns() -> None:
    """FilterLogEvents of moto knows words and one quoted phrase."""

    class EventMessageFilter:
        def __init__(self, pattern: str | None) -> None:
            from .triggers.log_patterns import InvalidLogPattern

            try:
                self._pattern = _compiled(pattern or "")
            except InvalidLogPattern:
                raise InvalidParameterException("Invalid filter pattern") from None

        def matches(self, message: str) -> bool:
            return self._pattern.match(message) is not None

    logs_models.EventMessageFilter = EventMessageFilter  # type: ignore[assignment,misc]
