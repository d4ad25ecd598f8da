"""The resource-based policy of a function, version, alias or layer version: its document, and what it allows.

Sources: Lambda API Reference, "AddPermission"; Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda"
and "Control access to Lambda function URLs"; IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..access.patterns import arn_like

#: Lambda Developer Guide, "Lambda quotas": function resource-based policy, 20 KB.
POLICY_BYTES = 20 * 1024


@dataclass(frozen=True)
class Grant:
    """One statement. ``principal`` is the policy element's value: ``"*"``, ``{"Service": …}`` or ``{"AWS": ARN}``."""

    statement_id: str
    principal: str | dict[str, str]
    action: str
    resource: str
    source_arn: str | None = None
    source_account: str | None = None
    event_source_token: str | None = None
    organization: str | None = None
    function_url_auth_type: str | None = None
    invoked_via_function_url: bool = False

    def document(self) -> dict[str, Any]:
        """The statement as AWS writes it, keys in its order."""
        equal = {
            "AWS:SourceAccount": self.source_account,
            "lambda:EventSourceToken": self.event_source_token,
            "lambda:FunctionUrlAuthType": self.function_url_auth_type,
            "aws:PrincipalOrgID": self.organization,
        }
        equal = {key: value for key, value in equal.items() if value is not None}
        condition: dict[str, dict[str, str | None]] = {}
        if equal:
            condition["StringEquals"] = equal
        if self.source_arn is not None:
            condition["ArnLike"] = {"AWS:SourceArn": self.source_arn}
        if self.invoked_via_function_url:
            condition["Bool"] = {"lambda:InvokedViaFunctionUrl": "true"}
        statement: dict[str, Any] = {
            "Sid": self.statement_id,
            "Effect": "Allow",
            "Principal": self.principal,
            "Action": self.action,
            "Resource": self.resource,
        }
        if condition:
            statement["Condition"] = condition
        return statement

    def text(self) -> str:
        """The statement as AddPermission answers with it: a JSON string without spaces."""
        return json.dumps(self.document(), separators=(",", ":"))


@dataclass(frozen=True)
class Caller:
    """Who asks, and the values of the condition keys that come with the call; None where a key is absent.

    ``service`` is a service principal such as ``s3.amazonaws.com``, which calls for the resource ``source_arn`` of
    the account ``source_account``. ``principal_arn`` is an IAM user or role instead. ``function_url_auth_type`` is
    set exactly when the call comes through a function URL.
    """

    service: str | None = None
    source_arn: str | None = None
    source_account: str | None = None
    principal_arn: str | None = None
    organization: str | None = None
    event_source_token: str | None = None
    function_url_auth_type: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class ResourcePolicy:
    """All statements of one resource, never none: removing the last one removes the policy."""

    grants: tuple[Grant, ...]
    revision_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def text(self) -> str:
        """The document as GetPolicy returns it: a JSON string."""
        document = {"Version": "2012-10-17", "Id": "default", "Statement": [grant.document() for grant in self.grants]}
        return json.dumps(document, separators=(",", ":"))

    def find(self, statement_id: str) -> Grant | None:
        return next((grant for grant in self.grants if grant.statement_id == statement_id), None)

    def with_grant(self, grant: Grant) -> ResourcePolicy:
        return ResourcePolicy((*self.grants, grant))

    def without(self, statement_id: str) -> ResourcePolicy | None:
        """The policy without this statement, or None when it was the last."""
        left = tuple(grant for grant in self.grants if grant.statement_id != statement_id)
        return ResourcePolicy(left) if left else None


def allows(policy: ResourcePolicy | None, action: str, caller: Caller) -> bool:
    """Whether ``policy``, the one of the very resource that is called, lets ``caller`` do ``action``.

    A policy belongs to one qualifier: what is granted on the function is not granted on its versions and aliases.
    All conditions of a statement must hold, and a condition whose key the call does not carry does not hold.
    """
    return policy is not None and any(_grants(grant, action, caller) for grant in policy.grants)


def _grants(grant: Grant, action: str, caller: Caller) -> bool:
    through_url = caller.function_url_auth_type is not None
    return (
        fnmatchcase(action.lower(), grant.action.lower())
        and _is_meant(grant.principal, caller)
        and grant.source_account in (None, caller.source_account)
        and grant.event_source_token in (None, caller.event_source_token)
        and grant.organization in (None, caller.organization)
        and grant.function_url_auth_type in (None, caller.function_url_auth_type)
        and (
            grant.source_arn is None
            or (caller.source_arn is not None and arn_like(grant.source_arn, caller.source_arn))
        )
        and (through_url or not grant.invoked_via_function_url)
    )


def _is_meant(principal: str | dict[str, str], caller: Caller) -> bool:
    if isinstance(principal, str):
        return principal == "*"
    service, arn = principal.get("Service"), principal.get("AWS")
    if service is not None:
        # CloudWatch Logs and a few others may be named with the region: logs.us-east-1.amazonaws.com.
        if caller.region:
            service = service.replace(f".{caller.region}.amazonaws.com", ".amazonaws.com")
        return service == caller.service
    # An account's root as principal only lets that account's own policies decide; it grants nothing by itself.
    return arn is not None and not arn.endswith(":root") and arn == caller.principal_arn
