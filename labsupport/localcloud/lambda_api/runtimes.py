"""Runtime identifiers: which Lambda takes for new functions and which no longer; runtime management.

Source: Lambda Developer Guide, "Lambda runtimes" and "Runtime version updates"; the wording and the list are those of
CreateFunction's errors (seen in 2026). Runtimes of other languages are accepted, as on AWS; the engine says at the
invocation that it runs Python.
"""

from __future__ import annotations

import hashlib
from typing import Any

from . import errors
from .names import function_arn
from .operations import Call, operation
from .store import LATEST

#: In the order in which AWS lists them in its error.
SUPPORTED = (
    "nodejs20.x",
    "python3.14",
    "provided.al2023",
    "python3.12",
    "python3.13",
    "nodejs24.x",
    "nodejs22.x",
    "java25",
    "python3.10",
    "python3.11",
    "java21",
    "ruby3.3",
    "ruby3.4",
    "ruby3.2",
    "python3.8",
    "python3.9",
    "java17",
    "nodejs16.x",
    "dotnet10",
    "dotnet8",
    "java11",
    "dotnet6",
    "nodejs18.x",
    "provided.al2",
    "java8.al2",
)
#: In the service model, newer than the list above.
_NEWER = ("python3.15", "nodejs26.x", "ruby4.0", "java8.al2023", "java11.al2023", "java17.al2023")
_NO_LONGER_SUPPORTED = frozenset(
    (
        "nodejs",
        "nodejs4.3",
        "nodejs4.3-edge",
        "nodejs6.10",
        "nodejs8.10",
        "nodejs10.x",
        "nodejs12.x",
        "nodejs14.x",
        "java8",
        "python2.7",
        "python3.6",
        "python3.7",
        "dotnetcore1.0",
        "dotnetcore2.0",
        "dotnetcore2.1",
        "dotnetcore3.1",
        "go1.x",
        "ruby2.5",
        "ruby2.7",
        "provided",
    )
)
_SNAP_START = frozenset(
    ("java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10")
)


def check_runtime(runtime: str) -> None:
    """Raises LambdaError for an identifier that is unknown or no longer to be used."""
    if runtime in _NO_LONGER_SUPPORTED:
        raise errors.invalid_parameter(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in SUPPORTED and runtime not in _NEWER:
        raise errors.invalid_parameter(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(SUPPORTED)}] or be a valid ARN"
        )


def check_snap_start(runtime: str) -> None:
    """Raises LambdaError when AWS takes no snapshots of this runtime."""
    if runtime not in _SNAP_START:
        raise errors.invalid_parameter(f"{runtime} is not supported for SnapStart enabled functions.")


def runtime_version_arn(region: str, runtime: str) -> str:
    """An ARN as AWS gives each version of a runtime; here always the same one for a runtime."""
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"


@operation("GetRuntimeManagementConfig")
async def get_runtime_management_config(call: Call) -> dict[str, Any]:
    function, version = call.version()
    qualifier = call.named().qualifier or LATEST
    return {
        "UpdateRuntimeOn": version.update_runtime_on,
        "RuntimeVersionArn": version.pinned_runtime_version_arn,
        "FunctionArn": function_arn(function.region, function.name, qualifier),
    }


@operation("PutRuntimeManagementConfig")
async def put_runtime_management_config(call: Call) -> dict[str, Any]:
    function, version = call.version()
    when, arn = call.parameters["UpdateRuntimeOn"], call.get("RuntimeVersionArn")
    if when == "Manual" and arn is None:
        raise errors.invalid_parameter("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")
    if when != "Manual" and arn is not None:
        raise errors.invalid_parameter(f"RuntimeVersionArn can't be set when UpdateRuntimeOn is {when}.")
    version.update_runtime_on, version.pinned_runtime_version_arn = when, arn
    return await get_runtime_management_config(call)
