"""Keys and plans: who is let through, and when no more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labsupport.localcloud.gateway.rest.throttling import Throttle
from labsupport.localcloud.gateway.rest.usage_plans import (
    ApiKey,
    KeyRefused,
    LimitExceeded,
    PlanStage,
    Quota,
    TooManyRequests,
    UsageMeter,
    UsagePlan,
    period_start,
    usage_plan,
)

KEY = ApiKey("k1", "value-of-the-first-key")
OFF = ApiKey("k2", "value-of-the-second-key", enabled=False)
STAGE = PlanStage("api1", "prod")


class Time:
    """A clock and a calendar that stand still until they are told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.date = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def meter(self) -> UsageMeter:
        return UsageMeter(lambda: self.seconds, lambda: self.date)


def admit(meter: UsageMeter, *plans: UsagePlan, value: str | None = KEY.value, stage: str = "prod", path="/orders/GET"):
    return meter.admit(plans, "api1", stage, path, value)


def test_a_key_of_a_plan_of_the_stage_is_let_through():
    plan = UsagePlan("p1", (STAGE,), keys=(OFF, KEY))
    admission = admit(Time().meter(), plan)
    assert (admission.key, admission.plan) == (KEY, plan)


@pytest.mark.parametrize("value", [None, "", "no such key", "VALUE-OF-THE-FIRST-KEY", OFF.value])
def test_no_key_an_unknown_one_and_a_disabled_one_are_refused(value):
    with pytest.raises(KeyRefused):
        admit(Time().meter(), UsagePlan("p1", (STAGE,), keys=(KEY, OFF)), value=value)


def test_a_key_counts_only_at_the_stages_of_its_plan():
    with pytest.raises(KeyRefused):
        admit(Time().meter(), UsagePlan("p1", (STAGE,), keys=(KEY,)), stage="dev")


def test_faster_than_the_plan_is_too_many_requests():
    time = Time()
    meter, plan = time.meter(), UsagePlan("p1", (STAGE,), Throttle(1, 1), keys=(KEY,))
    admit(meter, plan)
    with pytest.raises(TooManyRequests):
        admit(meter, plan)
    time.seconds = 1.0
    admit(meter, plan)


def test_each_key_has_the_rate_of_the_plan_for_itself():
    other = ApiKey("k3", "value-of-the-third-key")
    meter, plan = Time().meter(), UsagePlan("p1", (STAGE,), Throttle(1, 1), keys=(KEY, other))
    admit(meter, plan)
    admit(meter, plan, value=other.value)


def test_a_method_may_have_limits_of_its_own():
    stage = PlanStage("api1", "prod", {"/orders/GET": Throttle(1, 1)})
    meter, plan = Time().meter(), UsagePlan("p1", (stage,), keys=(KEY,))
    admit(meter, plan)
    admit(meter, plan, path="/orders/POST")
    with pytest.raises(TooManyRequests):
        admit(meter, plan)


def test_after_the_quota_the_limit_is_exceeded_until_the_next_period():
    time = Time()
    meter, plan = time.meter(), UsagePlan("p1", (STAGE,), quota=Quota(2, "DAY"), keys=(KEY,))
    admit(meter, plan)
    admit(meter, plan)
    with pytest.raises(LimitExceeded):
        admit(meter, plan)
    time.date = datetime(2026, 11, 26, 0, 0, 1, tzinfo=UTC)
    admit(meter, plan)


def test_the_offset_is_gone_from_the_first_period_only():
    time = Time()
    meter, plan = time.meter(), UsagePlan("p1", (STAGE,), quota=Quota(2, "DAY", 1), keys=(KEY,))
    admit(meter, plan)
    with pytest.raises(LimitExceeded):
        admit(meter, plan)
    time.date = datetime(2026, 11, 26, tzinfo=UTC)
    admit(meter, plan)
    admit(meter, plan)


def test_a_throttled_request_does_not_use_up_the_quota():
    time = Time()
    meter, plan = time.meter(), UsagePlan("p1", (STAGE,), Throttle(1, 1), Quota(2, "DAY"), (KEY,))
    admit(meter, plan)
    for _ in range(5):
        with pytest.raises(TooManyRequests):
            admit(meter, plan)
    time.seconds = 1.0
    admit(meter, plan)
    assert meter.used("p1", "k1") == {"2026-11-25": 2}


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("DAY", datetime(2026, 11, 25, tzinfo=UTC)),
        ("WEEK", datetime(2026, 11, 22, tzinfo=UTC)),
        ("MONTH", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_periods_begin_at_midnight_on_sunday_and_on_the_first(period, start):
    assert period_start(period, datetime(2026, 11, 25, 23, 59, tzinfo=UTC)) == start


def test_a_plan_is_read_from_the_documents_of_the_api():
    plan = usage_plan(
        {
            "id": "p1",
            "name": "gold",
            "apiStages": [{"apiId": "api1", "stage": "prod", "throttle": {"/orders/GET": {"rateLimit": 5.0}}}],
            "throttle": {"rateLimit": 10.0, "burstLimit": 20},
            "quota": {"limit": 100, "offset": 3, "period": "WEEK"},
            "keys": [{"id": "k1", "value": KEY.value, "enabled": True, "name": "ours"}],
        }
    )
    assert plan == UsagePlan(
        "p1",
        (PlanStage("api1", "prod", {"/orders/GET": Throttle(5.0)}),),
        Throttle(10.0, 20),
        Quota(100, "WEEK", 3),
        (ApiKey("k1", KEY.value, True, "ours"),),
    )
