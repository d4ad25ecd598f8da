"""API keys, usage plans and the throttling of stages."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .deployment import CloudUnderTest, Function, unique_name
from .rest_apis import ECHO, HttpAnswer, RestApi

FORBIDDEN = (403, {"message": "Forbidden"}, "ForbiddenException")
THROTTLED = (429, {"message": "Too Many Requests"}, "TooManyRequestsException")
EXCEEDED = (429, {"message": "Limit Exceeded"}, "LimitExceededException")


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


class Keyed(RestApi):
    """An API whose GET /orders needs a key; GET /open does not."""

    def __init__(self, cloud: CloudUnderTest, echo: Function) -> None:
        super().__init__(cloud)
        self.proxy("GET", "/orders", echo, method={"apiKeyRequired": True})
        self.proxy("GET", "/open", echo)
        self.deploy()
        self.deploy("other")

    def key(self, *plans: str, enabled: bool = True, **settings: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.client.create_api_key(name=unique_name("key"), enabled=enabled, **settings)
        for plan in plans:
            self.client.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
        return made

    def plan(self, stage: dict[str, Any] | None = None, **settings: Any) -> str:
        stages = [{"apiId": self.id, "stage": "dev", **(stage or {})}]
        return str(self.client.create_usage_plan(name=unique_name("plan"), apiStages=stages, **settings)["id"])

    def get(self, value: str | None, path: str = "/dev/orders") -> HttpAnswer:
        return self.call("GET", path, headers={"x-api-key": value} if value is not None else {})


@pytest.fixture(scope="module")
def api(cloud: CloudUnderTest, echo: Function) -> Keyed:
    return Keyed(cloud, echo)


def said(answer: HttpAnswer) -> tuple[int, dict[str, Any], str | None]:
    return answer.status, answer.json, answer.header("x-amzn-ErrorType")


def test_a_key_is_required_f180(api: Keyed) -> None:
    key = api.key(api.plan())
    assert said(api.get(None)) == FORBIDDEN
    assert said(api.get("not a key of anybody")) == FORBIDDEN
    answer = api.get(key["value"])
    assert answer.status == 200
    identity = answer.json["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (key["value"], key["id"])


def test_methods_that_need_no_key_know_of_none(api: Keyed) -> None:
    answer = api.get(api.key(api.plan())["value"], "/dev/open")
    assert "apiKey" not in answer.json["requestContext"]["identity"]


def test_a_disabled_key_is_refused_until_it_is_enabled_f180(api: Keyed) -> None:
    key = api.key(api.plan(), enabled=False)
    assert said(api.get(key["value"])) == FORBIDDEN
    enable = [{"op": "replace", "path": "/enabled", "value": "true"}]
    api.client.update_api_key(apiKey=key["id"], patchOperations=enable)
    assert api.get(key["value"]).status == 200


def test_a_key_without_a_plan_of_the_stage_is_refused_f180(api: Keyed) -> None:
    assert said(api.get(api.key()["value"])) == FORBIDDEN
    assert said(api.get(api.key(api.plan({"stage": "other"}))["value"])) == FORBIDDEN


def test_a_key_that_is_taken_from_its_plan_is_refused(api: Keyed) -> None:
    plan = api.plan()
    key = api.key(plan)
    assert api.get(key["value"]).status == 200
    api.client.delete_usage_plan_key(usagePlanId=plan, keyId=key["id"])
    assert said(api.get(key["value"])) == FORBIDDEN


def test_faster_than_the_plan_is_429_f181(api: Keyed) -> None:
    # A token comes back only after a day: no machine is too slow for this.
    key = api.key(api.plan(throttle={"rateLimit": 0.00001, "burstLimit": 2}))
    assert [api.get(key["value"]).status for _ in range(2)] == [200, 200]
    assert said(api.get(key["value"])) == THROTTLED


def test_tokens_come_back_at_the_rate_f181(api: Keyed) -> None:
    value = api.key(api.plan(throttle={"rateLimit": 2, "burstLimit": 1}))["value"]
    deadline = time.monotonic() + 30
    assert api.get(value).status == 200
    while api.get(value).status != 200:
        assert time.monotonic() < deadline, "no token came back"
        time.sleep(0.05)


def test_a_new_limit_counts_at_once(api: Keyed) -> None:
    plan = api.plan(throttle={"rateLimit": 0.00001, "burstLimit": 1})
    value = api.key(plan)["value"]
    assert api.get(value).status == 200
    assert api.get(value).status == 429
    changes = [{"op": "replace", "path": f"/throttle/{name}", "value": "100"} for name in ("burstLimit", "rateLimit")]
    api.client.update_usage_plan(usagePlanId=plan, patchOperations=changes)
    assert api.get(value).status == 200


def test_a_plan_may_limit_one_method(api: Keyed) -> None:
    limits = {"/orders/GET": {"rateLimit": 0.00001, "burstLimit": 1}}
    value = api.key(api.plan({"throttle": limits}))["value"]
    assert api.get(value).status == 200
    assert said(api.get(value)) == THROTTLED


def test_after_the_quota_the_limit_is_exceeded_f181(api: Keyed) -> None:
    plan = api.plan(quota={"limit": 2, "period": "DAY"})
    first, second = api.key(plan), api.key(plan)
    assert [api.get(first["value"]).status for _ in range(2)] == [200, 200]
    assert said(api.get(first["value"])) == EXCEEDED
    assert api.get(second["value"]).status == 200  # each key has the quota for itself


def test_a_stage_may_limit_all_methods_and_one(cloud: CloudUnderTest, echo: Function) -> None:
    api = Keyed(cloud, echo)

    def limit(method: str, burst: str) -> None:
        changes = {"rateLimit": "0.00001", "burstLimit": burst}
        api.client.update_stage(
            restApiId=api.id,
            stageName="dev",
            patchOperations=[
                {"op": "replace", "path": f"/{method}/throttling/{name}", "value": value}
                for name, value in changes.items()
            ],
        )

    limit("*/*", "1")
    assert api.get(None, "/dev/open").status == 200
    assert said(api.get(None, "/dev/open")) == THROTTLED
    assert api.get(None, "/other/open").status == 200
    limit("~1open/GET", "3")
    assert [api.get(None, "/dev/open").status for _ in range(4)] == [200, 200, 200, 429]


def test_other_settings_of_a_stage_limit_nothing_below_the_account(cloud: CloudUnderTest, echo: Function) -> None:
    api = Keyed(cloud, echo)
    change = [{"op": "replace", "path": "/*/*/metrics/enabled", "value": "true"}]
    stage = api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=change)
    settings = stage["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (10000.0, 5000)
