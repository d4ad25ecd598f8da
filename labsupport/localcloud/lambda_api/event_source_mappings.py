"""Event source mappings: which queue or stream calls which function, in which state.

Sources: Lambda API Reference, "CreateEventSourceMapping" and its neighbours; Lambda Developer Guide, "Lambda event source
mappings". On AWS a state lasts seconds to a minute; here a fixed moment, so that code which does not wait fails here,
too. Polling is the pollers' (``api.Pollers``): they run exactly while a mapping is Enabled.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from . import errors, tags
from .destinations import Destinations
from .event_source_validation import check_creation, check_update
from .mapping_records import Mapping
from .names import parse_function_name
from .operations import Call, operation
from .pages import page

#: Seconds, times the cloud's time scale.
_WORK_SECONDS = 0.2
#: Parameters of both requests that are shown again under their own name. Where they do not apply, the checks refuse them.
_KEPT = (
    "AmazonManagedKafkaEventSourceConfig",
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "LoggingConfig",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "ScalingConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
)
_EMPTIED = ("FilterCriteria", "KMSKeyArn", "LoggingConfig", "MetricsConfig", "ProvisionedPollerConfig", "ScalingConfig")
_LASTING_STATES = ("Enabled", "Disabled")


@operation("CreateEventSourceMapping")
async def create_event_source_mapping(call: Call) -> dict[str, Any]:
    tags.check_number({}, call.get("Tags", {}))
    source_arn = await check_creation(call)
    named = call.named()
    enabled = call.get("Enabled", True)
    mapping = Mapping(
        region=call.region_name,
        source_arn=source_arn,
        function_name=named.name,
        qualifier=named.qualifier,
        settings={key: value for key, value in _sent(call).items() if value is not None},
        tags=dict(call.get("Tags", {})),
        state="Creating" if enabled else "Disabled",
        enabled=enabled,
    )
    call.region.mappings[mapping.uuid] = mapping
    if enabled:
        _later(call, mapping)
    return mapping.document()


@operation("GetEventSourceMapping")
async def get_event_source_mapping(call: Call) -> dict[str, Any]:
    return _existing(call).document()


@operation("ListEventSourceMappings")
async def list_event_source_mappings(call: Call) -> dict[str, Any]:
    mappings: list[Mapping] = list(call.region.mappings.values())
    source_arn, name = call.get("EventSourceArn"), call.get("FunctionName")
    if source_arn:
        mappings = [one for one in mappings if one.source_arn == source_arn]
    if name:
        named = parse_function_name(name)
        wanted = (named.name, named.qualifier) if named else None
        mappings = [one for one in mappings if (one.function_name, one.qualifier) == wanted]
    shown, marker = page(call, mappings, lambda one: one.uuid)
    return {"EventSourceMappings": [one.document() for one in shown], "NextMarker": marker}


@operation("UpdateEventSourceMapping")
async def update_event_source_mapping(call: Call) -> dict[str, Any]:
    mapping = _to_change(call, "update")
    await check_update(call, mapping)
    mapping = _to_change(call, "update")  # again: checks ask other services meanwhile
    if call.get("FunctionName"):
        named = call.named()
        mapping.function_name, mapping.qualifier = named.name, named.qualifier
    mapping.settings = {key: value for key, value in (mapping.settings | _sent(call)).items() if value is not None}
    enabled = call.get("Enabled", mapping.enabled)
    mapping.state = "Updating" if enabled == mapping.enabled else "Enabling" if enabled else "Disabling"
    mapping.enabled = enabled
    mapping.reason = mapping.users_reason
    mapping.last_modified = datetime.now(UTC)
    _later(call, mapping)
    return mapping.document()


@operation("DeleteEventSourceMapping")
async def delete_event_source_mapping(call: Call) -> dict[str, Any]:
    mapping = _to_change(call, "delete")
    mapping.state = "Deleting"
    mapping.enabled = False
    _later(call, mapping)
    return mapping.document()


def _sent(call: Call) -> dict[str, Any]:
    """What of the request is shown again. An empty value takes a setting away: then it is None."""
    sent = {key: call.parameters[key] for key in _KEPT if call.get(key) is not None}
    for key in _EMPTIED:
        if key in sent and not any(sent[key].values() if isinstance(sent[key], dict) else sent[key]):
            sent[key] = None
    if sent.get("DestinationConfig"):
        on_failure = Destinations.of(sent["DestinationConfig"]).on_failure
        sent["DestinationConfig"] = {"OnFailure": {"Destination": on_failure} if on_failure else {}}
    return sent


def _existing(call: Call) -> Mapping:
    found: Mapping | None = call.region.mappings.get(call.parameters["UUID"])
    if found is None:
        raise errors.not_found("The resource you requested does not exist.")
    return found


def _to_change(call: Call, what: str) -> Mapping:
    """The mapping, when no earlier change is still going on."""
    mapping = _existing(call)
    if mapping.state not in _LASTING_STATES:
        raise errors.in_use(f"Cannot {what} the event source mapping because it is in use.")
    return mapping


def _later(call: Call, mapping: Mapping) -> None:
    """End what the mapping is in the middle of, in a moment; its poller first, for one that stops."""
    call.api.keep(asyncio.create_task(_end_of_change(call, mapping)))


async def _end_of_change(call: Call, mapping: Mapping) -> None:
    await asyncio.sleep(_WORK_SECONDS * call.api.time_scale)
    pollers = call.api.pollers
    if not mapping.enabled and pollers is not None:
        await pollers.end(mapping.uuid)
    if mapping.state == "Deleting":
        del call.region.mappings[mapping.uuid]
        return
    mapping.state = "Enabled" if mapping.enabled else "Disabled"
    if mapping.enabled and pollers is not None:
        pollers.begin(mapping.for_poller())
