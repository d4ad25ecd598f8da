"""Settings of asynchronous invocation for a function, a version or an alias: retries, age, destinations.

Sources: Lambda API Reference, "PutFunctionEventInvokeConfig" and "DestinationConfig"; Lambda Developer Guide,
"Capturing records of Lambda asynchronous invocations". How events are retried and delivered is the engine's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from . import errors
from .destinations import Destinations, check_destinations
from .names import function_arn
from .operations import Call, operation
from .pages import page
from .store import LATEST, EventInvokeConfig, Function

_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


@operation("PutFunctionEventInvokeConfig")
async def put_function_event_invoke_config(call: Call) -> dict[str, Any]:
    """Replaces the whole config."""
    function, qualifier = _to_change(call)
    return await _set(call, function, qualifier, EventInvokeConfig(_moment()))


@operation("UpdateFunctionEventInvokeConfig")
async def update_function_event_invoke_config(call: Call) -> dict[str, Any]:
    """Changes what is named and keeps the rest."""
    function, qualifier = _to_change(call)
    found = function.event_invoke.get(qualifier)
    if found is None:
        raise _no_config(call, qualifier)
    return await _set(call, function, qualifier, found)


@operation("GetFunctionEventInvokeConfig")
async def get_function_event_invoke_config(call: Call) -> dict[str, Any]:
    function, qualifier = _existing(call)
    return _shown(function, qualifier)


@operation("DeleteFunctionEventInvokeConfig")
async def delete_function_event_invoke_config(call: Call) -> dict[str, Any]:
    function, qualifier = _existing(call)
    del function.event_invoke[qualifier]
    function.forget_specifications()
    return {}


@operation("ListFunctionEventInvokeConfigs")
async def list_function_event_invoke_configs(call: Call) -> dict[str, Any]:
    function = call.region.functions.get(call.named().name)
    if function is None:
        raise _no_function()
    qualifiers, marker = page(call, list(function.event_invoke), str)
    return {
        "FunctionEventInvokeConfigs": [_shown(function, qualifier) for qualifier in qualifiers],
        "NextMarker": marker,
    }


def _to_change(call: Call) -> tuple[Function, str]:
    """Function and qualifier, once it is sure that something is to be set: AWS looks at that first."""
    if not any(call.get(setting) is not None for setting in _SETTINGS):
        raise errors.invalid_parameter("You must specify at least one of error handling or destination setting.")
    named = call.named()
    qualifier = named.qualifier or LATEST
    function = call.region.functions.get(named.name)
    if function is None or function.resolve(qualifier) is None:
        raise _no_function()
    return function, qualifier


async def _set(call: Call, function: Function, qualifier: str, before: EventInvokeConfig) -> dict[str, Any]:
    config = call.get("DestinationConfig", {})
    wanted = Destinations.of(config)
    await check_destinations(call, function, qualifier, wanted)
    function.event_invoke[qualifier] = replace(
        before,
        last_modified=_moment(),
        maximum_retry_attempts=call.get("MaximumRetryAttempts", before.maximum_retry_attempts),
        maximum_event_age=call.get("MaximumEventAgeInSeconds", before.maximum_event_age),
        on_success=wanted.on_success if "OnSuccess" in config else before.on_success,
        on_failure=wanted.on_failure if "OnFailure" in config else before.on_failure,
    )
    function.forget_specifications()
    return _shown(function, qualifier)


def _existing(call: Call) -> tuple[Function, str]:
    """Function and qualifier of a config that is there. AWS does not tell a missing function from a missing config."""
    named = call.named()
    qualifier = named.qualifier or LATEST
    function = call.region.functions.get(named.name)
    if function is None or qualifier not in function.event_invoke:
        raise _no_config(call, qualifier)
    return function, qualifier


def _no_function() -> errors.LambdaError:
    return errors.not_found("The function doesn't exist.")


def _no_config(call: Call, qualifier: str) -> errors.LambdaError:
    arn = function_arn(call.region_name, call.named().name, qualifier)
    return errors.not_found(f"The function {arn} doesn't have an EventInvokeConfig")


def _moment() -> datetime:
    return datetime.now(UTC)


def _shown(function: Function, qualifier: str) -> dict[str, Any]:
    config = function.event_invoke[qualifier]
    return {
        "LastModified": config.last_modified,
        "FunctionArn": function_arn(function.region, function.name, qualifier),
        "MaximumRetryAttempts": config.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": config.maximum_event_age,
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.on_success},
            "OnFailure": {"Destination": config.on_failure},
        },
    }
