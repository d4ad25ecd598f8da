"""The part of the seam that keeps AWS's own managed policies on disk until one is asked for.

moto can hold all 1,600 of them (AWSLambdaBasicExecutionRole ...) in memory, which takes 0.7 s and 40 MB; a lesson
attaches two or three. As in ``moto_seam``, a test names each function: ``tests/localcloud/test_moto_seam_policies.py``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

_MODULE = "moto.iam.aws_managed_policies"


def keep_managed_policies_on_disk() -> None:
    """Call it before anything imports ``moto.iam``: else the text of all policies, 5 MB, is in memory already.

    Policies can be attached, read and listed as if they were all there; listing all of AWS's brings them all.
    """
    if _MODULE not in sys.modules:
        empty = ModuleType(_MODULE)
        empty.aws_managed_policies_data = "{}"  # type: ignore[attr-defined]
        sys.modules[_MODULE] = empty
    from moto.iam.models import AWSManagedPolicy, IAMBackend

    def taking_policy_arn(name: str) -> None:
        original: Callable[..., Any] = getattr(IAMBackend, name)

        def method(self: Any, policy_arn: str, *args: Any, **kwargs: Any) -> Any:
            self.managed_policies.get(policy_arn)  # these look through what is in memory
            return original(self, policy_arn, *args, **kwargs)

        setattr(IAMBackend, name, method)

    for name in ("attach_role_policy", "attach_group_policy", "attach_user_policy"):
        taking_policy_arn(name)

    original_list = IAMBackend.list_policies

    def list_policies(self: Any, marker: Any, max_items: int, only_attached: bool, path_prefix: str, scope: str) -> Any:
        if scope != "Local" and not only_attached:
            self.managed_policies.bring_all()
        return original_list(self, marker, max_items, only_attached, path_prefix, scope)

    def own_policies(self: Any) -> list[Any]:
        return [one for one in self.managed_policies.values() if isinstance(one, AWSManagedPolicy)]

    IAMBackend.list_policies = list_policies  # type: ignore[method-assign]
    IAMBackend._init_aws_policies = lambda self: []  # type: ignore[method-assign]
    IAMBackend._init_managed_policies = lambda self: _ManagedPolicies(self)  # type: ignore[method-assign]
    # moto's constructor assigns a list here; what it would hold follows from the policies themselves.
    IAMBackend.aws_managed_policies = property(own_policies, lambda self, value: None)  # type: ignore


class _ManagedPolicies(dict[str, Any]):
    """Managed policies by ARN, in one account and partition: the customer's, and those of AWS that were asked for."""

    def __init__(self, backend: Any) -> None:
        super().__init__()
        self._backend = backend
        self._all = False

    def __contains__(self, arn: object) -> bool:
        return super().__contains__(arn) or self._bring(str(arn))

    def __missing__(self, arn: str) -> Any:
        if self._bring(arn):
            return self[arn]
        raise KeyError(arn)

    def get(self, arn: str, default: Any = None) -> Any:
        return self[arn] if arn in self else default

    def bring_all(self) -> None:
        """Take every policy of AWS into memory."""
        if not self._all:
            self._all = True
            for name, data in _all_policies().items():
                self._add(name, data)

    def _bring(self, arn: str) -> bool:
        if self._all or ":iam::aws:policy/" not in arn:
            return False
        name = arn.rpartition("/")[2]
        data = _policy(name)
        return data is not None and self._add(name, data) == arn

    def _add(self, name: str, data: dict[str, Any]) -> str:
        from moto.iam.models import AWSManagedPolicy

        policy = AWSManagedPolicy.from_data(name, self._backend.account_id, self._backend.region_name, data)
        self.setdefault(policy.arn, policy)
        return policy.arn


def _all_policies() -> dict[str, dict[str, Any]]:
    """By name."""
    policies: dict[str, dict[str, Any]] = json.loads(_text())
    return policies


def _policy(name: str) -> dict[str, Any] | None:
    """One of them. Its place in the text is found by the line its name stands in: reading all takes ten times as long."""
    text = _text()
    key = f'\n "{name}":'
    position = text.find(key)
    if position < 0:  # no such policy, or another layout
        return _all_policies().get(name)
    policy: dict[str, Any] = json.JSONDecoder().raw_decode(text, position + len(key))[0]
    return policy


def _text() -> str:
    """moto's file; nothing keeps it after use."""
    import moto.iam

    assert moto.iam.__file__
    file = Path(moto.iam.__file__).with_name("aws_managed_policies.py")
    spec = importlib.util.spec_from_file_location(_MODULE, file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.aws_managed_policies_data)
