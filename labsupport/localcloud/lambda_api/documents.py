"""Functions, versions and aliases as answers show them."""

from __future__ import annotations

import hashlib
from typing import Any

from . import layers
from .names import function_arn
from .operations import Call
from .runtimes import runtime_version_arn
from .store import LATEST, Alias, Configuration, Function, Version


def function_configuration(
    call: Call, function: Function, version: Version, qualifier: str | None = None
) -> dict[str, Any]:
    """The output FunctionConfiguration. ``qualifier`` is what the caller asked with: the ARN ends with it."""
    what = version.configuration
    published = version.number != LATEST
    return _listed_configuration(call, function, version, qualifier) | {
        "State": version.state,
        "StateReason": version.state_reason,
        "StateReasonCode": version.state_reason_code,
        "LastUpdateStatus": version.last_update_status,
        "LastUpdateStatusReason": version.last_update_status_reason,
        "LastUpdateStatusReasonCode": version.last_update_status_reason_code,
        "RuntimeVersionConfig": {
            "RuntimeVersionArn": version.pinned_runtime_version_arn
            or runtime_version_arn(function.region, what.runtime)
        },
        "SnapStart": {
            "ApplyOn": what.snap_start,
            "OptimizationStatus": "On" if published and what.snap_start != "None" else "Off",
        },
    }


def listed_configuration(call: Call, function: Function, version: Version, qualifier: str | None) -> dict[str, Any]:
    """The same as lists show it: without states and runtime version."""
    return _listed_configuration(call, function, version, qualifier) | {
        "SnapStart": {"ApplyOn": version.configuration.snap_start, "OptimizationStatus": "Off"}
    }


def _listed_configuration(call: Call, function: Function, version: Version, qualifier: str | None) -> dict[str, Any]:
    what = version.configuration
    return {
        "FunctionName": function.name,
        "FunctionArn": function_arn(function.region, function.name, qualifier),
        "Runtime": what.runtime,
        "Role": what.role,
        "Handler": what.handler,
        "CodeSize": what.code_size,
        "Description": what.description,
        "Timeout": what.timeout,
        "MemorySize": what.memory_size,
        "LastModified": version.last_modified,
        "CodeSha256": what.code_sha256,
        "Version": version.number,
        "VpcConfig": _vpc(what),
        "DeadLetterConfig": {"TargetArn": what.dead_letter_target} if what.dead_letter_target else None,
        "Environment": None if what.variables is None else {"Variables": what.variables},
        "KMSKeyArn": what.kms_key_arn,
        "TracingConfig": {"Mode": what.tracing_mode},
        "RevisionId": version.revision_id,
        "Layers": [layers.shown(call.api.store, arn) for arn in what.layers] or None,
        "PackageType": "Zip",
        "Architectures": [what.architecture],
        "EphemeralStorage": {"Size": what.ephemeral_storage},
        "LoggingConfig": {
            "LogFormat": what.logging.log_format,
            "ApplicationLogLevel": what.logging.application_log_level,
            "SystemLogLevel": what.logging.system_log_level,
            "LogGroup": what.logging.log_group,
        },
    }


def _vpc(what: Configuration) -> dict[str, Any] | None:
    """As it was sent. The VPC's id would come from EC2; here it is made from the subnets' ids."""
    if what.vpc is None:
        return None
    subnets = what.vpc.get("SubnetIds", [])
    digest = hashlib.sha256(" ".join(subnets).encode()).hexdigest()
    return {
        "SubnetIds": subnets,
        "SecurityGroupIds": what.vpc.get("SecurityGroupIds", []),
        "VpcId": f"vpc-{digest[:17]}" if subnets else "",
        "Ipv6AllowedForDualStack": what.vpc.get("Ipv6AllowedForDualStack", False),
    }


def alias_configuration(function: Function, alias: Alias) -> dict[str, Any]:
    """The output AliasConfiguration."""
    return {
        "AliasArn": function_arn(function.region, function.name, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RoutingConfig": {"AdditionalVersionWeights": alias.weights} if alias.weights else None,
        "RevisionId": alias.revision_id,
    }
