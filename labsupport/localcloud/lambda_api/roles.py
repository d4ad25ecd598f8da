"""Execution roles: Lambda must be allowed to assume them.

Source: Lambda Developer Guide, "Defining Lambda function permissions with an execution role"; IAM User Guide, "Grant a
user permissions to pass a role to an AWS service".
"""

from __future__ import annotations

from typing import Any

from . import errors
from .names import ACCOUNT_ID
from .operations import Call

_LAMBDA = "lambda.amazonaws.com"


async def check_role(call: Call, role_arn: str) -> None:
    """Raises LambdaError unless the role exists in this account and its trust policy lets Lambda assume it."""
    if role_arn.split(":")[4] != ACCOUNT_ID:
        raise errors.access_denied("Cross-account pass role is not allowed.")
    policy = await call.api.neighbours.role_trust_policy(role_arn)
    if policy is None or not _trusts_lambda(policy):
        raise errors.invalid_parameter("The role defined for the function cannot be assumed by Lambda.")


def _trusts_lambda(policy: dict[str, Any]) -> bool:
    effects = {statement.get("Effect") for statement in _listed(policy.get("Statement")) if _is_about_lambda(statement)}
    return effects == {"Allow"}


def _is_about_lambda(statement: Any) -> bool:
    if not isinstance(statement, dict):
        return False
    principal = statement.get("Principal")
    named = _listed(principal.get("Service") if isinstance(principal, dict) else principal)
    actions = {str(action).lower() for action in _listed(statement.get("Action"))}
    return bool({_LAMBDA, "*"} & set(named)) and bool({"sts:assumerole", "sts:*", "*"} & actions)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
