"""What is removed of API Gateway: usage plans with their stages, API keys, and REST APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def usage_plans(apigateway: Any) -> dict[str, str]:
    """Names of the usage plans, each with its id behind it where a name is there twice, and their ids."""
    return _named(_items(apigateway, "get_usage_plans"))


def api_keys(apigateway: Any) -> dict[str, str]:
    return _named(_items(apigateway, "get_api_keys"))


def rest_apis(apigateway: Any) -> dict[str, str]:
    return _named(_items(apigateway, "get_rest_apis"))


def delete_usage_plan(apigateway: Any, plan_id: str) -> None:
    """A plan must have no stage any more (API Gateway API Reference, "DeleteUsagePlan")."""
    for stage in apigateway.get_usage_plan(usagePlanId=plan_id).get("apiStages", ()):
        operation = {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"}
        apigateway.update_usage_plan(usagePlanId=plan_id, patchOperations=[operation])
    apigateway.delete_usage_plan(usagePlanId=plan_id)


def _items(apigateway: Any, operation: str) -> Iterator[dict[str, Any]]:
    for page in apigateway.get_paginator(operation).paginate():
        yield from page.get("items", ())


def _named(items: Iterator[dict[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        name = str(item.get("name") or item["id"])
        found[name if name not in found else f"{name} ({item['id']})"] = item["id"]
    return found
