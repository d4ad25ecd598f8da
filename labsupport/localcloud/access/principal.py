"""A caller as moto's IAM and STS know it, with its policies read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .evaluation import Grants
from .patterns import Context, Keys
from .policy import Caller, Policy


@dataclass(frozen=True)
class Principal:
    """A role session, a user or a role. ``expires`` is an epoch second; None for a user's key."""

    grants: Grants
    secret_key: str
    token: str | None
    expires: float | None
    keys: Context = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return self.grants.caller.arn

    @classmethod
    def from_wire(cls, document: dict[str, Any]) -> Principal:
        """From the moto process; see ``identity_of_key`` in the seam for the form."""
        is_role = document.get("role_arn") is not None
        arn, role_arn, account = document["arn"], document.get("role_arn"), document["account"]
        keys: Keys = {
            "aws:principalarn": (role_arn or arn,),
            "aws:principalaccount": (account,),
            "aws:principaltype": ("AssumedRole" if is_role else "User",),
            "aws:principalisawsservice": ("false",),
            "aws:userid": (document.get("user_id") or "",),
        }
        if not is_role:
            keys["aws:username"] = (document["name"],)
        for key, value in (document.get("tags") or {}).items():
            keys[f"aws:principaltag/{key.lower()}"] = (value,)
        if document.get("source_function"):
            # Lambda Developer Guide, "Working with Lambda execution environment credentials".
            keys["lambda:sourcefunctionarn"] = (document["source_function"],)
        return cls(
            grants=Grants(
                caller=Caller(arn, account, role_arn),
                identity=tuple(Policy.parse(one) for one in document["policies"]),
                boundary=_some(document.get("boundary")),
                session=_some(document.get("session_policies")),
            ),
            secret_key=document.get("secret") or "",
            token=document.get("token"),
            expires=document.get("expires"),
            keys=keys,
        )


def _some(documents: list[Any] | None) -> tuple[Policy, ...] | None:
    return None if documents is None else tuple(Policy.parse(one) for one in documents)
