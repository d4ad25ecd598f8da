"""The part of the seam that IAM checks need: who owns an access key, with which policies; what policy a resource has.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_access.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam import iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

_ROLE_NAME = re.compile(r"arn:aws[a-zA-Z-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)$")
_SESSION_SECONDS = 12 * 3600
#: A session is given to further environments of the same function while at least half of it is left.
_REUSED_WHILE_LEFT = timedelta(seconds=_SESSION_SECONDS / 2)

_sessions: dict[tuple[str, str, str], Any] = {}


def keep_session_policies() -> None:
    """moto 5.2.5 keeps AssumeRole's ``Policy`` but drops ``PolicyArns`` and ``Tags``; keep them on the session."""
    original = TokenResponse.assume_role

    def assume_role(self: Any) -> Any:
        answer: Any = original(self)
        session = answer.result["Credentials"]
        session.policy_arns = [one.get("arn") for one in self._get_param("PolicyArns") or []]
        session.tags = {tag["Key"]: tag["Value"] for tag in self._get_param("Tags") or []}
        return answer

    TokenResponse.assume_role = assume_role  # type: ignore[method-assign]


def role_credentials(region: str, role_arn: str, session_name: str) -> dict[str, str]:
    """Temporary credentials of an execution role, as AWS STS would give Lambda: a session of twelve hours named like
    the function, so that GetCallerIdentity inside answers ``assumed-role/ROLE/FUNCTION``.

    ``expires`` is an epoch second as text. Environments of one function share a session, which keeps moto's list short.
    """
    match = _ROLE_NAME.match(role_arn)
    account = match[1] if match else DEFAULT_ACCOUNT_ID
    backend = sts_backends[account]["aws"]
    key = (region, role_arn, session_name)
    session: Any = _sessions.get(key)
    now = datetime.now(UTC)
    if (
        session is None
        or _moment(session.expiration) - now < _REUSED_WHILE_LEFT
        or backend.get_assumed_role_from_access_key(session.access_key_id) is not session
    ):
        backend.assumed_roles[:] = [one for one in backend.assumed_roles if _moment(one.expiration) > now]
        session = get_backend("sts")[DEFAULT_ACCOUNT_ID]["aws"].assume_role(
            region_name=region,
            role_session_name=session_name,
            role_arn=role_arn,
            policy="",
            duration=_SESSION_SECONDS,
            external_id="",
        )
        session.source_function = f"arn:aws:lambda:{region}:{account}:function:{session_name}"
        _sessions[key] = session
    return {
        "access_key_id": session.access_key_id,
        "secret_access_key": session.secret_access_key,
        "session_token": session.session_token,
        "expires": str(_moment(session.expiration).timestamp()),
    }


def identity_of_key(access_key: str) -> dict[str, Any] | None:
    """The owner of an access key with secret, token and policies; None when nobody has it, when it is inactive, or
    when the role behind a session is gone."""
    for account in list(sts_backends):
        session = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
        if session is not None:
            return _session_identity(session)
    for account in list(iam_backends):
        user = iam_backends[account]["aws"].get_user_from_access_key_id(access_key)
        if user is not None:
            return _user_identity(user, account, access_key)
    return None


def identity_of_role(role_arn: str) -> dict[str, Any] | None:
    """A role with its policies, as a session of it would have them; None when there is no such role."""
    match = _ROLE_NAME.match(role_arn)
    role = iam_backends[match[1]]["aws"].roles.get(_role_id(match[1], match[2])) if match else None
    if role is None or match is None:
        return None
    boundary = role.permissions_boundary_arn
    return {
        "arn": f"arn:aws:sts::{match[1]}:assumed-role/{role.name}/lambda",
        "role_arn": role.arn,
        "account": match[1],
        "name": role.name,
        "policies": [*role.policies.values(), *map(_document, role.managed_policies.values())],
        "boundary": [_managed(match[1], boundary)] if boundary else None,
        "tags": {tag["Key"]: tag["Value"] for tag in role.tags or []},
    }


def _role_id(account: str, name: str) -> str:
    """moto keeps roles by id, looked up by name."""
    roles = iam_backends[account]["aws"].roles
    return next((identifier for identifier, role in list(roles.items()) if role.name == name), "")


def _session_identity(session: Any) -> dict[str, Any] | None:
    identity = identity_of_role(session.role_arn)
    if identity is None:
        return None
    policies = [session.policy] if session.policy else []
    policies += [_managed(session.account_id, arn) for arn in getattr(session, "policy_arns", [])]
    return identity | {
        "arn": session.arn,
        "user_id": session.user_id,
        "secret": session.secret_access_key,
        "token": session.session_token,
        "expires": _moment(session.expiration).timestamp(),
        "session_policies": policies or None,
        "tags": identity["tags"] | getattr(session, "tags", {}),
        "source_function": getattr(session, "source_function", None),
    }


def _user_identity(user: Any, account: str, access_key: str) -> dict[str, Any] | None:
    key = next((one for one in user.access_keys if one.access_key_id == access_key), None)
    if key is None or key.status != "Active":
        return None
    backend = iam_backends[account]["aws"]
    owners = [user, *backend.get_groups_for_user(user.name)]
    return {
        "arn": user.arn,
        "account": account,
        "name": user.name,
        "user_id": user.id,
        "secret": key.secret_access_key,
        "token": None,
        "policies": [document for owner in owners for document in owner.policies.values()]
        + [_document(policy) for owner in owners for policy in owner.managed_policies.values()],
        "tags": {tag["Key"]: tag["Value"] for tag in backend.tagger.list_tags_for_resource(user.arn)["Tags"]},
    }


def _document(policy: Any) -> str:
    return next((str(version.document) for version in policy.versions if version.is_default), "")


def _managed(account: str, arn: str) -> str:
    policy = iam_backends[account]["aws"].managed_policies.get(arn)
    return _document(policy) if policy is not None else ""


def _moment(value: datetime) -> datetime:
    """moto's dates are UTC without saying so."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def resource_facts(kind: str, region: str, name: str) -> dict[str, Any] | None:
    """What a decision must know of one resource: ``arn``, ``policy`` (JSON), ``tags``, ``keys`` (partition keys by index
    name, "" for the table). None when it is not there, or its kind has none of these."""
    find = _FINDERS.get(kind)
    try:
        return find(region, name) if find else None
    except KeyError:
        return None


def _role(region: str, name: str) -> dict[str, Any] | None:
    arn = name if name.startswith("arn:") else f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/{name}"
    match = _ROLE_NAME.match(arn)
    role = iam_backends[match[1]]["aws"].roles.get(_role_id(match[1], match[2])) if match else None
    if role is None:
        return None
    tags = {tag["Key"]: tag["Value"] for tag in role.tags or []}
    return {"arn": role.arn, "policy": role.assume_role_policy_document, "tags": tags}


def _bucket(region: str, name: str) -> dict[str, Any] | None:
    bucket = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].buckets[name]
    policy = bucket.policy
    return {"policy": policy.decode() if isinstance(policy, bytes) else policy}


def _queue(region: str, name: str) -> dict[str, Any] | None:
    queue = get_backend("sqs")[DEFAULT_ACCOUNT_ID][region].queues[name]
    return {"arn": queue.queue_arn, "policy": queue.policy, "tags": dict(queue.tags)}


def _topic(region: str, name: str) -> dict[str, Any] | None:
    topic = get_backend("sns")[DEFAULT_ACCOUNT_ID][region].topics[name]
    return {"arn": topic.arn, "policy": topic.policy}


def _secret(region: str, name: str) -> dict[str, Any] | None:
    secret = get_backend("secretsmanager")[DEFAULT_ACCOUNT_ID][region].secrets.get(name)
    if secret is None:
        return None
    tags = {tag["Key"]: tag["Value"] for tag in secret.tags or []}
    return {"arn": secret.arn, "policy": getattr(secret, "policy", None), "tags": tags}


def _key(region: str, name: str) -> dict[str, Any] | None:
    backend = get_backend("kms")[DEFAULT_ACCOUNT_ID][region]
    key = backend.keys[backend.any_id_to_key_id(name)]
    return {"arn": key.arn, "policy": key.policy}


def _table(region: str, name: str) -> dict[str, Any] | None:
    table = get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][region].tables[name]
    keys = {
        index.name: next(part["AttributeName"] for part in index.schema if part["KeyType"] == "HASH")
        for index in (*table.global_indexes, *table.indexes)
    }
    tags = {tag["Key"]: tag["Value"] for tag in table.tags or []}
    return {"arn": table.table_arn, "keys": keys | {"": table.hash_key_attr}, "tags": tags}


_FINDERS: dict[str, Callable[[str, str], dict[str, Any] | None]] = {
    "dynamodb": _table,
    "kms": _key,
    "role": _role,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
