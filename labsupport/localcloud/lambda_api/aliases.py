"""Aliases: a name for a version, and a share of invocations for a second one.

Source: Lambda Developer Guide, "Create an alias for a Lambda function" and "Implement Lambda canary deployments using a
weighted alias".
"""

from __future__ import annotations

from typing import Any

from . import documents, errors, provisioned
from .names import function_arn
from .operations import Call, operation
from .pages import page
from .store import LATEST, Alias, Function, new_revision_id


@operation("CreateAlias")
async def create_alias(call: Call) -> dict[str, Any]:
    function = _function_for(call, call.parameters["FunctionVersion"])
    name, version = call.parameters["Name"], call.parameters["FunctionVersion"]
    if name in function.aliases:
        raise errors.conflict(f"Alias already exists: {function_arn(function.region, function.name, name)}")
    _check_version(function, version)
    weights = _weights(call, function, version) or {}
    alias = Alias(name, version, call.get("Description", ""), weights)
    function.aliases[name] = alias
    function.forget_specifications()
    return documents.alias_configuration(function, alias)


@operation("GetAlias")
async def get_alias(call: Call) -> dict[str, Any]:
    function, alias = _find(call, "Cannot find alias arn")
    return documents.alias_configuration(function, alias)


@operation("ListAliases")
async def list_aliases(call: Call) -> dict[str, Any]:
    function = call.function()
    version = call.get("FunctionVersion")
    found = [alias for _name, alias in sorted(function.aliases.items()) if version is None or alias.version == version]
    shown, marker = page(call, found, lambda one: one.name)
    return {
        "Aliases": [documents.alias_configuration(function, alias) for alias in shown],
        "NextMarker": marker,
    }


@operation("UpdateAlias")
async def update_alias(call: Call) -> dict[str, Any]:
    function, alias = _find(call, "Alias not found")
    if (wanted := call.get("RevisionId")) and wanted != alias.revision_id:
        raise errors.precondition_failed()
    version = call.get("FunctionVersion", alias.version)
    _check_version(function, version)
    weights = _weights(call, function, version)
    if weights is None:
        weights = alias.weights
    if version in weights:
        raise _already_included(version)
    alias.version, alias.weights = version, weights
    alias.description = call.get("Description", alias.description)
    alias.revision_id = new_revision_id()
    provisioned.follow_alias(call, function, alias.name)
    function.forget_specifications()
    return documents.alias_configuration(function, alias)


@operation("DeleteAlias")
async def delete_alias(call: Call) -> dict[str, Any]:
    """Also of an alias that is not there: 204."""
    function = call.region.functions.get(call.named().name)
    name = call.parameters["Name"]
    if function is not None and name in function.aliases:
        provisioned.let_go(call, function, name)
        del function.aliases[name]
        for settings_of in (function.event_invoke, function.policies, function.urls):
            settings_of.pop(name, None)
        function.forget_specifications()
    return {}


def _find(call: Call, sentence: str) -> tuple[Function, Alias]:
    name = call.named().name
    function = call.region.functions.get(name)
    alias = function.aliases.get(call.parameters["Name"]) if function else None
    if function is None or alias is None:
        raise errors.not_found(f"{sentence}: {function_arn(call.region_name, name, call.parameters['Name'])}")
    return function, alias


def _function_for(call: Call, version: str) -> Function:
    named = call.named()
    found = call.region.functions.get(named.name)
    if found is None:
        raise errors.function_not_found(function_arn(call.region_name, named.name, version))
    return found


def _check_version(function: Function, version: str) -> None:
    if version not in function.versions:
        raise errors.function_not_found(function_arn(function.region, function.name, version))


def _weights(call: Call, function: Function, main: str) -> dict[str, float] | None:
    """The weights that were sent, checked; None when none were. An empty RoutingConfig takes the weights away."""
    routing = call.get("RoutingConfig")
    if routing is None:
        return None
    weights: dict[str, float] = routing.get("AdditionalVersionWeights", {})
    if len(weights) > 1:
        raise errors.invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for version in weights:
        if version == main:
            raise _already_included(version)
        if main == LATEST:
            raise errors.invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version")
        _check_version(function, version)
    return dict(weights)


def _already_included(version: str) -> errors.LambdaError:
    return errors.invalid_parameter(
        f"Invalid function version {version}. Function version {version} is already included in routing configuration."
    )
