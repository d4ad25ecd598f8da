"""Provisioned concurrency: environments that have run their init phase before events come.

Source: Lambda Developer Guide, "Configuring provisioned concurrency for a function". The environments are real ones; two
differences are stated in the README: they belong to the version, so that an invocation of the version uses those that its
alias provisioned, and more than are provisioned start on demand without a spill-over metric.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ..functions.specification import FunctionSpecification
from . import concurrency, errors
from .names import function_arn, is_version
from .operations import Call, operation
from .pages import page
from .store import LATEST, Function, now

_SHORTEST_SECONDS = 0.2


@dataclass
class Provisioned:
    """The config of one version or alias. ``status``: IN_PROGRESS, READY or FAILED."""

    requested: int
    version: str
    last_modified: str
    available: int = 0
    status: str = "IN_PROGRESS"
    reason: str | None = None
    work: asyncio.Task[None] | None = None

    def shown(self) -> dict[str, Any]:
        """As Get and Put answer it."""
        return {
            "RequestedProvisionedConcurrentExecutions": self.requested,
            "AvailableProvisionedConcurrentExecutions": self.available,
            "AllocatedProvisionedConcurrentExecutions": self.available,
            "Status": self.status,
            "StatusReason": self.reason,
            "LastModified": self.last_modified,
        }


@operation("PutProvisionedConcurrencyConfig")
async def put_provisioned_concurrency_config(call: Call) -> dict[str, Any]:
    if call.named().qualifier == LATEST:
        raise errors.invalid_parameter(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    function, qualifier = call.published_or_alias()
    amount = call.parameters["ProvisionedConcurrentExecutions"]
    version = function.resolve(qualifier)
    assert version is not None
    if version.number == LATEST:
        raise errors.invalid_parameter(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    if not is_version(qualifier) and function.aliases[qualifier].weights:
        raise errors.not_in_this_lab("provisioned concurrency for an alias with weights")
    _check_conflict(function, qualifier, version.number)
    _check_amount(call, function, qualifier, amount)
    config = Provisioned(amount, version.number, now())
    _replace(call, function, qualifier, config)
    return config.shown()


@operation("GetProvisionedConcurrencyConfig")
async def get_provisioned_concurrency_config(call: Call) -> dict[str, Any]:
    function, qualifier = _published(call)
    config: Provisioned | None = function.provisioned.get(qualifier)
    if config is None:
        raise errors.LambdaError(
            404,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )
    return config.shown()


@operation("DeleteProvisionedConcurrencyConfig")
async def delete_provisioned_concurrency_config(call: Call) -> dict[str, Any]:
    function, qualifier = _published(call)
    let_go(call, function, qualifier)
    return {}


@operation("ListProvisionedConcurrencyConfigs")
async def list_provisioned_concurrency_configs(call: Call) -> dict[str, Any]:
    function = call.function()
    shown, marker = page(call, sorted(function.provisioned.items()), lambda one: one[0])
    return {
        "ProvisionedConcurrencyConfigs": [
            config.shown() | {"FunctionArn": function_arn(function.region, function.name, qualifier)}
            for qualifier, config in shown
        ],
        "NextMarker": marker,
    }


def let_go(call: Call, function: Function, qualifier: str) -> None:
    """The config of a version or alias goes, and its environments with it; nothing happens when there is none."""
    if qualifier in function.provisioned:
        _replace(call, function, qualifier, None)


def follow_alias(call: Call, function: Function, alias: str) -> None:
    """The alias may point to another version now: what it has provisioned moves there."""
    config: Provisioned | None = function.provisioned.get(alias)
    version = function.aliases[alias].version
    if config is not None and config.version != version:
        _replace(call, function, alias, Provisioned(config.requested, version, now()))


def _published(call: Call) -> tuple[Function, str]:
    if call.named().qualifier == LATEST:
        raise errors.invalid_parameter("The function resource provided must be an alias or a published version.")
    return call.published_or_alias()


def _check_conflict(function: Function, qualifier: str, version: str) -> None:
    """A version's environments are provisioned once: by its number or by one alias."""
    if is_version(qualifier):
        if any(name in function.provisioned and alias.version == version for name, alias in function.aliases.items()):
            raise errors.conflict("Version is pointed by a Provisioned Concurrency alias")
    elif version in function.provisioned:
        raise errors.conflict(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )


def _check_amount(call: Call, function: Function, qualifier: str, amount: int) -> None:
    before = function.provisioned.get(qualifier)
    total = concurrency.provisioned_total(function) - (before.requested if before else 0) + amount
    reserved = function.reserved_concurrency
    if reserved is not None:
        if total > reserved:
            raise errors.invalid_parameter(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function"
            )
        return
    left, minimum = concurrency.unreserved(call, without=function), concurrency.minimum_unreserved(call)
    if total > left:
        raise errors.invalid_parameter(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{left}]."
        )
    if left - total < minimum:
        raise errors.invalid_parameter(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{minimum}]."
        )


def _replace(call: Call, function: Function, qualifier: str, config: Provisioned | None) -> None:
    """Put ``config`` in the place of what the qualifier has; environments start and end in the background."""
    before: Provisioned | None = function.provisioned.pop(qualifier, None)
    old = function.specification(before.version) if before else None  # the version may be gone a moment later
    if config is not None:
        function.provisioned[qualifier] = config
    work = asyncio.get_running_loop().create_task(_work(call, function, before, old, config))
    call.api.keep(work)
    if config is not None:
        config.work = work


async def _work(
    call: Call,
    function: Function,
    before: Provisioned | None,
    old: FunctionSpecification | None,
    config: Provisioned | None,
) -> None:
    engine = call.api.environments
    if engine is None:
        return
    if before is not None and before.work is not None:
        await asyncio.wait([before.work])  # one after the other: the engine counts from what is there
    if before is not None and old is not None and (config is None or config.version != before.version):
        await engine.provision(old, 0)
    if config is None:
        return
    await asyncio.sleep(_SHORTEST_SECONDS * call.api.time_scale)
    specification = function.specification(config.version)
    if specification is None or call.region.functions.get(function.name) is not function:
        return
    config.available = await engine.provision(specification, config.requested)
    config.status = "READY"
    if config.available < config.requested:
        config.status, config.reason = "FAILED", "FUNCTION_ERROR_INIT_FAILURE"
