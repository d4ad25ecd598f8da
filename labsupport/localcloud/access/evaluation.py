"""Allowed or denied, and why: the evaluation of all policies that bear on one question.

Source: IAM User Guide, "Policy evaluation logic" (single account) and "Troubleshoot access denied error messages" (the
reasons). AWS names one kind of policy when several deny.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .patterns import Context
from .policy import Caller, Policy


@dataclass(frozen=True)
class Question:
    """May ``action`` be done to a resource? ``resources`` are spellings of one resource, any of which may match;
    ``shown`` is how AWS's message names it (None: the message names no resource)."""

    action: str
    resources: tuple[str, ...]
    context: Context = field(default_factory=dict)
    shown: str | None = ""
    resource_policy: Policy | None = None
    #: Without the resource's policy nothing is allowed (a role's trust policy, a KMS key's policy); otherwise an allow in
    #: either the caller's or the resource's policies is enough.
    resource_decides: bool = False

    @property
    def resource(self) -> str | None:
        return self.resources[0] if self.shown == "" else self.shown


@dataclass(frozen=True)
class Grants:
    """Everything a caller's own side has: who it is, its policies and what limits them. ``boundary`` and ``session``
    are None when there is none."""

    caller: Caller
    identity: tuple[Policy, ...]
    boundary: tuple[Policy, ...] | None = None
    session: tuple[Policy, ...] | None = None


@dataclass(frozen=True)
class Decision:
    """``reason`` is AWS's ending of the message, empty when allowed."""

    allowed: bool
    reason: str = ""


_ALLOWED = Decision(True)


def decide(question: Question, grants: Grants) -> Decision:
    """The decision for a caller of the account that owns the resource."""
    action = question.action
    own = [
        ("an identity-based policy", grants.identity),
        ("a permissions boundary", grants.boundary or ()),
        ("a session policy", grants.session or ()),
    ]
    for kind, policies in own[:1]:
        if _denied(question, policies):
            return _explicit(kind)
    resource_grant = None
    if question.resource_policy is not None:
        resource_grant, denied = _resource_side(question, question.resource_policy, grants.caller)
        if denied:
            return _explicit("a resource-based policy")
    for kind, policies in own[1:]:
        if _denied(question, policies):
            return _explicit(kind)

    if resource_grant == "direct":
        return _ALLOWED
    if question.resource_decides and resource_grant is None:
        return Decision(False, f"because no resource-based policy allows the {action} action")
    if resource_grant != "role" and not _allowed(question, grants.identity):
        return Decision(False, f"because no identity-based policy allows the {action} action")
    if grants.boundary is not None and not _allowed(question, grants.boundary):
        return Decision(False, f"because no permissions boundary allows the {action} action")
    if grants.session is not None and not _allowed(question, grants.session):
        return Decision(False, f"because no session policy allows the {action} action")
    return _ALLOWED


def allows_service(question: Question, service: str) -> bool:
    """Whether the resource's policy lets a service of AWS, such as ``s3.amazonaws.com``, do it: nothing else counts."""
    if question.resource_policy is None:
        return False
    grant, denied = _resource_side(question, question.resource_policy, Caller("", "", service=service))
    return grant == "direct" and not denied


def _explicit(kind: str) -> Decision:
    return Decision(False, f"with an explicit deny in {kind}")


def _denied(question: Question, policies: tuple[Policy, ...]) -> bool:
    return any(
        not statement.allows and statement.applies(question.action, question.resources, question.context)
        for policy in policies
        for statement in policy.statements
    )


def _allowed(question: Question, policies: tuple[Policy, ...]) -> bool:
    return any(
        statement.allows and statement.applies(question.action, question.resources, question.context)
        for policy in policies
        for statement in policy.statements
    )


def _resource_side(question: Question, policy: Policy, caller: Caller) -> tuple[str | None, bool]:
    """How the resource's policy allows the caller (see Statement.grants_to; "account" hands the decision to the
    account's own policies), and whether it denies."""
    ways: set[str] = set()
    for statement in policy.statements:
        way = statement.grants_to(caller)
        if way is None or not statement.applies(question.action, question.resources, question.context):
            continue
        if not statement.allows:
            return None, True
        ways.add(way)
    return next((way for way in ("direct", "role", "account") if way in ways), None), False
