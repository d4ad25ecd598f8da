"""Policy documents, read once and asked often.

Source: IAM User Guide, "IAM JSON policy reference". Actions are compared without regard to case, resources with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .conditions import Condition
from .patterns import Context, matches, wildcard


@dataclass(frozen=True)
class Caller:
    """Who a Principal element is compared with: ``arn`` of the caller, ``role_arn`` behind a role session, account."""

    arn: str
    account: str
    role_arn: str | None = None
    service: str | None = None


@dataclass(frozen=True)
class Statement:
    """One statement. An element that is absent is None; ``principals`` holds ``(kind, value)`` pairs."""

    allows: bool
    actions: tuple[re.Pattern[str], ...] | None
    not_actions: tuple[re.Pattern[str], ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    principals: tuple[tuple[str, str], ...] | None
    not_principals: tuple[tuple[str, str], ...] | None
    conditions: tuple[Condition, ...]
    variables: bool

    def applies(self, action: str, resources: Iterable[str], context: Context) -> bool:
        """Action, resource and conditions fit; any one of ``resources`` (other spellings of one resource) is enough."""
        if self.actions is not None and not any(one.fullmatch(action) for one in self.actions):
            return False
        if self.not_actions is not None and any(one.fullmatch(action) for one in self.not_actions):
            return False
        if self.actions is None and self.not_actions is None:
            return False
        if self.resources is not None and not self._covers(self.resources, resources, context):
            return False
        if self.not_resources is not None and self._covers(self.not_resources, resources, context):
            return False
        return all(condition.holds(context) for condition in self.conditions)

    def _covers(self, patterns: tuple[str, ...], resources: Iterable[str], context: Context) -> bool:
        return any(
            matches(pattern, resource, context, self.variables) for resource in resources for pattern in patterns
        )

    def grants_to(self, caller: Caller) -> str | None:
        """How the Principal element names the caller: "direct" (the session or user), "role", "account" or None."""
        if self.not_principals is not None:
            named = any(_names(kind, value, caller) for kind, value in self.not_principals)
            return None if named else "role"
        ways = {_names(kind, value, caller) for kind, value in self.principals or ()}
        return next((way for way in ("direct", "role", "account") if way in ways), None)


def _names(kind: str, value: str, caller: Caller) -> str | None:
    if kind == "Service":
        return "direct" if caller.service and value in (caller.service, "*") else None
    if kind not in ("AWS", "*") or caller.service and value != "*":
        return None
    if value == "*":
        # Whoever calls is named, but not as a session: boundary and session policies still limit a role.
        return "role" if caller.role_arn else "direct"
    if value == caller.arn:
        return "direct"
    if value == caller.role_arn:
        return "role"
    if value == caller.account or re.fullmatch(rf"arn:aws[a-z-]*:iam::{caller.account}:root", value):
        return "account"
    return None


@dataclass(frozen=True)
class Policy:
    """A parsed document."""

    statements: tuple[Statement, ...]

    @classmethod
    def parse(cls, document: str | bytes | dict[str, Any] | None) -> Policy:
        """From JSON text or its object. What is no policy has no statements: it allows and denies nothing."""
        if isinstance(document, str | bytes):
            try:
                document = json.loads(document)
            except ValueError:
                document = None
        if not isinstance(document, dict):
            return cls(())
        variables = document.get("Version") == "2012-10-17"
        return cls(
            tuple(
                _statement(statement, variables)
                for statement in _as_list(document.get("Statement"))
                if isinstance(statement, dict)
            )
        )


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _texts(statement: dict[str, Any], element: str) -> tuple[str, ...] | None:
    return tuple(str(one) for one in _as_list(statement[element])) if element in statement else None


def _actions(statement: dict[str, Any], element: str) -> tuple[re.Pattern[str], ...] | None:
    texts = _texts(statement, element)
    return None if texts is None else tuple(wildcard(text, True) for text in texts)


def _principals(statement: dict[str, Any], element: str) -> tuple[tuple[str, str], ...] | None:
    if element not in statement:
        return None
    principal = statement[element]
    if not isinstance(principal, dict):
        return tuple(("*", str(one)) for one in _as_list(principal))
    return tuple((kind, str(one)) for kind, values in principal.items() for one in _as_list(values))


def _statement(statement: dict[str, Any], variables: bool) -> Statement:
    conditions = [
        Condition(str(operator), str(key).lower(), tuple(_text(value) for value in _as_list(values)), variables)
        for operator, keys in (statement.get("Condition") or {}).items()
        if isinstance(keys, dict)
        for key, values in keys.items()
    ]
    return Statement(
        allows=statement.get("Effect") == "Allow",
        actions=_actions(statement, "Action"),
        not_actions=_actions(statement, "NotAction"),
        resources=_texts(statement, "Resource"),
        not_resources=_texts(statement, "NotResource"),
        principals=_principals(statement, "Principal"),
        not_principals=_principals(statement, "NotPrincipal"),
        conditions=tuple(conditions),
        variables=variables,
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
