"""CreateFunction, the reading operations, UpdateFunctionConfiguration, UpdateFunctionCode, DeleteFunction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import documents, errors, layers, provisioned, settings, states, tags
from .names import is_version
from .operations import Call, operation
from .packages import Package
from .pages import page
from .store import LATEST, Function, Version, now
from .versions import publish

_NAME_MAXIMUM = 64


@operation("CreateFunction")
async def create_function(call: Call) -> dict[str, Any]:
    name = call.named().name
    if len(name) > _NAME_MAXIMUM:
        # AWS words this as its validator does and answers with another error.
        raise errors.invalid_parameter(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_NAME_MAXIMUM}"
        )
    _check_package_type(call)
    tags.check_number({}, call.get("Tags", {}))
    checked = await settings.new_configuration(call, name, Package("", 0))
    await settings.check(call, checked)
    _refuse_taken(call, name)
    package = await _package(call, call.parameters["Code"])
    _refuse_taken(call, name)  # somebody else may have been faster while the package was unpacked
    layers.check_total_size(call, checked.layers, package.sha256)
    configuration = replace(checked, code_sha256=package.sha256, code_size=package.size)
    latest = Version(LATEST, configuration, now())
    function = Function(name, call.region_name, {LATEST: latest}, tags=dict(call.get("Tags", {})))
    call.region.functions[name] = function
    versions = [latest]
    if call.get("Publish"):
        versions.append(publish(function, None))
    states.begin_creation(call, function, versions)
    return documents.function_configuration(call, function, versions[-1])


def _refuse_taken(call: Call, name: str) -> None:
    if name in call.region.functions:
        raise errors.conflict(f"Function already exist: {name}")


def _check_package_type(call: Call) -> None:
    code = call.parameters["Code"]
    if call.get("PackageType") == "Image" or "ImageUri" in code:
        raise errors.not_in_this_lab("functions from container images (PackageType Image)")
    if not call.get("Runtime") or not call.get("Handler"):
        raise errors.invalid_parameter(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )


async def _package(call: Call, code: Mapping[str, Any]) -> Package:
    bucket, key, zip_file = code.get("S3Bucket"), code.get("S3Key"), code.get("ZipFile")
    if zip_file is None and not (bucket and key):
        raise errors.invalid_parameter("Please provide a source for function code.")
    if zip_file is not None and (bucket or key):
        raise errors.invalid_parameter("Please do not provide other FunctionCode parameters when providing a ZipFile.")
    if code.get("S3ObjectStorageMode") == "REFERENCE" or code.get("SourceKMSKeyArn"):
        raise errors.not_in_this_lab("the settings S3ObjectStorageMode=REFERENCE and SourceKMSKeyArn of code in S3")
    return await call.api.packages.add(
        call.region_name, zip_file=zip_file, bucket=bucket, key=key, object_version=code.get("S3ObjectVersion")
    )


@operation("GetFunction")
async def get_function(call: Call) -> dict[str, Any]:
    function, version = call.version()
    reserved = function.reserved_concurrency
    return {
        "Configuration": documents.function_configuration(call, function, version, call.named().qualifier),
        "Code": {
            "RepositoryType": "S3",
            "Location": call.api.packages.url(version.configuration.code_sha256),
        },
        "Tags": function.tags or None,
        "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }


@operation("GetFunctionConfiguration")
async def get_function_configuration(call: Call) -> dict[str, Any]:
    function, version = call.version()
    return documents.function_configuration(call, function, version, call.named().qualifier)


@operation("ListFunctions")
async def list_functions(call: Call) -> dict[str, Any]:
    functions = sorted(call.region.functions.values(), key=lambda one: one.name)
    if call.get("FunctionVersion") == "ALL":
        everything: list[tuple[Function, Version, str | None]] = [
            (one, version, version.number) for one in functions for version in one.versions.values()
        ]
    else:
        everything = [(one, one.latest, None) for one in functions]
    shown, marker = page(call, everything, lambda one: f"{one[0].name}:{one[1].number}")
    return {
        "Functions": [documents.listed_configuration(call, *one) for one in shown],
        "NextMarker": marker,
    }


@operation("UpdateFunctionConfiguration")
async def update_function_configuration(call: Call) -> dict[str, Any]:
    function = _to_update(call)
    wanted = settings.changed(call, function.latest.configuration)
    await settings.check(call, wanted)
    layers.check_total_size(call, wanted.layers, wanted.code_sha256)
    _to_update(call)  # again: checks ask other services meanwhile
    states.begin_update(call, function, wanted)
    return documents.function_configuration(call, function, function.latest)


@operation("UpdateFunctionCode")
async def update_function_code(call: Call) -> dict[str, Any]:
    function = _to_update(call)
    settings.refuse_what_is_not_here(call)
    if call.get("ImageUri") is not None:
        raise errors.invalid_parameter("Please don't provide ImageUri when updating a function with packageType Zip.")
    package = await _package(call, call.parameters)
    architecture = call.get("Architectures", [function.latest.configuration.architecture])[0]
    wanted = replace(
        function.latest.configuration,
        code_sha256=package.sha256,
        code_size=package.size,
        architecture=architecture,
    )
    layers.check_total_size(call, wanted.layers, package.sha256)
    if call.get("DryRun"):
        return documents.function_configuration(call, function, replace(function.latest, configuration=wanted))
    _to_update(call)
    states.begin_update(call, function, wanted)
    if call.get("Publish"):
        version = publish(function, None)
        return documents.function_configuration(call, function, version, version.number)
    return documents.function_configuration(call, function, function.latest)


def _to_update(call: Call) -> Function:
    """The function that an update names, when nothing forbids to change it."""
    function = call.function()
    wanted = call.get("RevisionId")
    if wanted and wanted != function.latest.revision_id:
        raise errors.precondition_failed()
    states.refuse_change_while_busy(function)
    return function


@operation("DeleteFunction")
async def delete_function(call: Call) -> dict[str, Any]:
    qualifier = call.named().qualifier
    if qualifier == LATEST:
        raise errors.invalid_parameter("$LATEST version cannot be deleted without deleting the function.")
    if qualifier and not is_version(qualifier):
        raise errors.invalid_parameter("Deletion of aliases is not currently supported.")
    function = call.function()
    if qualifier is None:
        del call.region.functions[function.name]
        if call.api.environments is not None:
            await call.api.environments.forget_function(function.region, function.name)
    else:
        _delete_version(call, function, qualifier)
    return {"StatusCode": 204}


def _delete_version(call: Call, function: Function, number: str) -> None:
    pointing = [alias.name for alias in function.aliases.values() if number in (alias.version, *alias.weights)]
    if pointing:
        raise errors.conflict(
            f"Unable to delete version because the following aliases reference it: [{', '.join(pointing)}]"
        )
    provisioned.let_go(call, function, number)
    function.versions.pop(number, None)
    for settings_of in (function.event_invoke, function.policies, function.urls):
        settings_of.pop(number, None)
    function.forget_specifications()
