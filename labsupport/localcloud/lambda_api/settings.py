"""From the parameters of CreateFunction and UpdateFunctionConfiguration to a Configuration, with the checks that the
service model does not hold.

Sources: Lambda API Reference, "CreateFunction"; Lambda Developer Guide, "Working with Lambda environment variables",
"Configuring JSON and plain text log formats", "Lambda quotas".
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ...facts import FACTS
from . import destinations, errors, layers, roles, runtimes
from .operations import Call
from .packages import Package
from .store import Configuration, Logging

_ENVIRONMENT_BYTES = int(FACTS["environment_variables_maximum"].value) * 1024
_MEMORY_MAXIMUM = int(FACTS["function_memory_maximum"].value)
#: "Defined runtime environment variables", the reserved ones: their names cannot be used.
_RESERVED_VARIABLES = frozenset(
    (
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    )
)
_LEVEL_NEEDS_JSON = (
    'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the '
    'LogFormat to "JSON" and try again.'
)
#: Settings of AWS that would change how a function runs and that the local cloud cannot follow.
_NOT_HERE = {
    "FileSystemConfigs": "file systems for functions (FileSystemConfigs)",
    "ImageConfig": "functions from container images (ImageConfig)",
    "CodeSigningConfigArn": "code signing (CodeSigningConfigArn)",
    "CapacityProviderConfig": "functions on managed instances (CapacityProviderConfig)",
    "AcceleratorConfig": "accelerators (AcceleratorConfig)",
    "DurableConfig": "durable functions (DurableConfig)",
    "TenancyConfig": "tenant isolation (TenancyConfig)",
    "RuntimeConfig": "the parameter RuntimeConfig",
    "PublishTo": "functions on managed instances (PublishTo)",
    "SourceKMSKeyArn": "packages encrypted with a key of yours (SourceKMSKeyArn)",
}


def refuse_what_is_not_here(call: Call) -> None:
    """Raises LambdaError for a setting that would be without effect here although it matters."""
    for parameter, what in _NOT_HERE.items():
        if call.get(parameter):
            raise errors.not_in_this_lab(what)


async def new_configuration(call: Call, name: str, package: Package) -> Configuration:
    """The configuration that CreateFunction's parameters describe, defaults filled in."""
    start = Configuration(
        runtime=call.parameters["Runtime"],
        handler=call.parameters["Handler"],
        role=call.parameters["Role"],
        description="",
        timeout=int(FACTS["function_timeout_default"].value),
        memory_size=int(FACTS["function_memory_default"].value),
        ephemeral_storage=int(FACTS["tmp_storage_default"].value),
        variables=None,
        layers=(),
        code_sha256=package.sha256,
        code_size=package.size,
        architecture=call.get("Architectures", ["x86_64"])[0],
        tracing_mode="PassThrough",
        logging=Logging("Text", f"/aws/lambda/{name}"),
    )
    return changed(call, start)


def changed(call: Call, before: Configuration) -> Configuration:
    """``before`` with the parameters that were sent. Nothing is checked here: see ``check``."""
    plain = {
        field: call.parameters[parameter]
        for field, parameter in (
            ("runtime", "Runtime"),
            ("handler", "Handler"),
            ("role", "Role"),
            ("description", "Description"),
            ("timeout", "Timeout"),
            ("memory_size", "MemorySize"),
        )
        if call.get(parameter) is not None
    }
    if (environment := call.get("Environment")) is not None:
        plain["variables"] = environment.get("Variables", {})
    if (wanted := call.get("Layers")) is not None:
        plain["layers"] = tuple(wanted)
    if (storage := call.get("EphemeralStorage")) is not None:
        plain["ephemeral_storage"] = storage["Size"]
    if (tracing := call.get("TracingConfig")) is not None:
        plain["tracing_mode"] = tracing.get("Mode", before.tracing_mode)
    if (dead_letters := call.get("DeadLetterConfig")) is not None:
        plain["dead_letter_target"] = dead_letters.get("TargetArn") or None
    if (key := call.get("KMSKeyArn")) is not None:
        plain["kms_key_arn"] = key or None
    if (snap_start := call.get("SnapStart")) is not None:
        plain["snap_start"] = snap_start.get("ApplyOn", "None")
    if (vpc := call.get("VpcConfig")) is not None:
        plain["vpc"] = vpc
    if (logging := call.get("LoggingConfig")) is not None:
        plain["logging"] = _logging(before.logging, logging)
    return replace(before, **plain)


async def check(call: Call, wanted: Configuration) -> None:
    """Raises LambdaError where Lambda's own code, beyond the model's constraints, refuses what was sent."""
    refuse_what_is_not_here(call)
    if call.get("Runtime") is not None:
        runtimes.check_runtime(wanted.runtime)
    if wanted.memory_size > _MEMORY_MAXIMUM:
        raise errors.invalid_parameter(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to "
            f"{_MEMORY_MAXIMUM}"
        )
    if call.get("Environment") is not None:
        _check_variables(wanted.variables or {})
    if wanted.snap_start != "None" and (call.get("SnapStart") or call.get("Runtime")):
        runtimes.check_snap_start(wanted.runtime)
    if call.get("Layers"):
        await layers.check_layers(call, list(wanted.layers))
    if call.get("Role") is not None:
        await roles.check_role(call, wanted.role)
    if call.get("DeadLetterConfig") is not None and wanted.dead_letter_target:
        await destinations.check_dead_letter_target(call, wanted.role, wanted.dead_letter_target)


def _check_variables(variables: dict[str, str]) -> None:
    reserved = [name for name in variables if name in _RESERVED_VARIABLES]
    if reserved:
        raise errors.invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > _ENVIRONMENT_BYTES:
        raise errors.invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the {_ENVIRONMENT_BYTES // 1024}KB limit. String measured: {measured}"
        )


def _logging(before: Logging, sent: dict[str, Any]) -> Logging:
    """A LoggingConfig changes what it names. Levels come with the JSON format and go with it."""
    log_format = sent.get("LogFormat", before.log_format)
    group = sent.get("LogGroup", before.log_group)
    levels = (sent.get("ApplicationLogLevel"), sent.get("SystemLogLevel"))
    if log_format == "Text":
        if any(levels):
            raise errors.invalid_parameter(_LEVEL_NEEDS_JSON)
        return Logging(log_format, group)
    return Logging(
        log_format,
        group,
        levels[0] or before.application_log_level or "INFO",
        levels[1] or before.system_log_level or "INFO",
    )
