"""Layers: publishing, reading and deleting their versions; and what functions may reference.

Sources: Lambda API Reference, "PublishLayerVersion" and its neighbours; Lambda Developer Guide, "Managing Lambda
dependencies with layers" and "Lambda quotas".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ...facts import FACTS
from . import errors
from .names import ACCOUNT_ID
from .operations import Call, operation
from .pages import page
from .resource_policy import ResourcePolicy
from .store import Store, now

_LAYER_ARN = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[a-zA-Z0-9-_]+)"
    r"(?::(?P<version>\d+))?"
)
_NO_RESOURCE = "The resource you requested does not exist."
#: Lambda quotas: "Function layers: five layers".
_LAYERS_OF_A_FUNCTION = 5
_UNZIPPED_BYTES = int(FACTS["unzipped_package_maximum"].value) * 1024 * 1024


@dataclass
class LayerVersion:
    """One published version. A deleted one is kept for the functions that have it; nobody else sees it."""

    arn: str
    number: int
    description: str
    code_sha256: str
    code_size: int
    license_info: str | None = None
    #: None when the parameter was not sent: then it is not shown either.
    runtimes: list[str] | None = None
    architectures: list[str] | None = None
    created: str = field(default_factory=now)
    policy: ResourcePolicy | None = None
    deleted: bool = False

    def fits(self, runtime: str | None, architecture: str | None) -> bool:
        """Whether it names the runtime and the architecture that a list is narrowed to (None: any)."""
        return (runtime is None or runtime in (self.runtimes or ())) and (
            architecture is None or architecture in (self.architectures or ())
        )


@dataclass
class Layer:
    """A layer with all versions ever published; the number of the next is one more than there are."""

    name: str
    arn: str
    versions: list[LayerVersion] = field(default_factory=list)

    def version(self, number: int) -> LayerVersion | None:
        """A version that has not been deleted, or None."""
        found = self.versions[number - 1] if 0 < number <= len(self.versions) else None
        return None if found is None or found.deleted else found

    @property
    def current(self) -> list[LayerVersion]:
        """Versions that have not been deleted, newest first."""
        return [version for version in reversed(self.versions) if not version.deleted]


# --- operations ----------------------------------------------------------------------------------------------------


@operation("PublishLayerVersion")
async def publish_layer_version(call: Call) -> dict[str, Any]:
    name = _named(call)
    content = call.parameters["Content"]
    package = await call.api.packages.add(
        call.region_name,
        zip_file=content.get("ZipFile"),
        bucket=content.get("S3Bucket"),
        key=content.get("S3Key"),
        object_version=content.get("S3ObjectVersion"),
        for_layer=True,
    )
    arn = _layer_arn(call.region_name, name)
    layer = call.region.layers.setdefault(name, Layer(name, arn))
    number = len(layer.versions) + 1
    version = LayerVersion(
        arn=f"{arn}:{number}",
        number=number,
        description=call.get("Description", ""),
        code_sha256=package.sha256,
        code_size=package.size,
        license_info=call.get("LicenseInfo"),
        runtimes=call.get("CompatibleRuntimes"),
        architectures=call.get("CompatibleArchitectures"),
    )
    layer.versions.append(version)
    return _with_content(call, layer, version)


@operation("GetLayerVersion")
async def get_layer_version(call: Call) -> dict[str, Any]:
    name = _named(call)
    number = checked_number(call)
    layer = call.region.layers.get(name)
    version = layer.version(number) if layer else None
    if layer is None or version is None:
        raise errors.not_found(_NO_RESOURCE)
    return _with_content(call, layer, version)


@operation("GetLayerVersionByArn")
async def get_layer_version_by_arn(call: Call) -> dict[str, Any]:
    layer, version = _find(call.api.store, call.parameters["Arn"])
    if layer is None or version is None or version.deleted:
        raise errors.not_found(_NO_RESOURCE)
    return _with_content(call, layer, version)


@operation("ListLayerVersions")
async def list_layer_versions(call: Call) -> dict[str, Any]:
    name = _named(call)
    layer = call.region.layers.get(name)
    versions, marker = page(call, _fitting(call, layer) if layer else [], lambda version: version.arn)
    return {"LayerVersions": [_description(version) for version in versions], "NextMarker": marker}


@operation("ListLayers")
async def list_layers(call: Call) -> dict[str, Any]:
    found = [(layer, fitting[0]) for layer in call.region.layers.values() if (fitting := _fitting(call, layer))]
    layers, marker = page(call, found, lambda entry: str(entry[0].name))
    return {
        "Layers": [
            {"LayerName": layer.name, "LayerArn": layer.arn, "LatestMatchingVersion": _description(newest)}
            for layer, newest in layers
        ],
        "NextMarker": marker,
    }


@operation("DeleteLayerVersion")
async def delete_layer_version(call: Call) -> dict[str, Any]:
    name = _named(call)
    number = checked_number(call)
    layer = call.region.layers.get(name)
    version = layer.version(number) if layer else None
    if version is not None:
        version.deleted = True
        version.policy = None
    return {}


# --- for functions -------------------------------------------------------------------------------------------------


async def check_layers(call: Call, arns: list[str]) -> None:
    """Raises LambdaError unless a function of the call's region may use these layer versions, in this order."""
    if len(arns) > _LAYERS_OF_A_FUNCTION:
        raise errors.invalid_parameter(f"Cannot reference more than {_LAYERS_OF_A_FUNCTION} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        match = _LAYER_ARN.fullmatch(arn)
        if match is None:
            raise _does_not_exist(arn)
        if match["region"] != call.region_name:
            raise errors.invalid_parameter(
                "Layers are not in the same region as the function. Layers are expected to be in region "
                f"{call.region_name}."
            )
        if match["account"] != ACCOUNT_ID:
            raise errors.not_in_this_lab(f"layers of other accounts, such as {arn}")
        layer_arn = arn.rpartition(":")[0]
        if layer_arn in seen:
            raise errors.invalid_parameter(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{seen[layer_arn]} and {arn} are versions of the same layer."
            )
        seen[layer_arn] = arn
        _layer, version = _find(call.api.store, arn)
        if version is None or version.deleted:
            raise _does_not_exist(arn)


def check_total_size(call: Call, arns: tuple[str, ...], code_sha256: str) -> None:
    """Raises LambdaError when a function's code and its layers unpack to more than 250 MB together."""
    layers = [sha256 for arn in arns if (sha256 := package_of(call.api.store, arn))]
    if not layers:
        return
    total = sum(call.api.packages.unzipped_size(sha256) for sha256 in (code_sha256, *layers))
    if total > _UNZIPPED_BYTES:
        raise errors.invalid_parameter(
            f"Function code combined with layers exceeds the maximum allowed size of {_UNZIPPED_BYTES} bytes. The "
            f"actual size is {total} bytes."
        )


def shown(store: Store, arn: str) -> dict[str, Any]:
    """A layer version as a function's configuration shows it (``Arn``, ``CodeSize``)."""
    _layer, version = _find(store, arn)
    return {"Arn": arn, "CodeSize": version.code_size if version else 0}


def package_of(store: Store, arn: str) -> str | None:
    """The CodeSha256 under which ``Packages`` keeps a layer version; None when there never was such a version."""
    _layer, version = _find(store, arn)
    return version.code_sha256 if version else None


# --- names ---------------------------------------------------------------------------------------------------------


def _layer_arn(region: str, name: str) -> str:
    return f"arn:aws:lambda:{region}:{ACCOUNT_ID}:layer:{name}"


def _does_not_exist(arn: str) -> errors.LambdaError:
    return errors.invalid_parameter(f"Layer version {arn} does not exist.")


def checked_number(call: Call) -> int:
    """VersionNumber, which must be at least 1."""
    number = int(call.parameters["VersionNumber"])
    if number < 1:
        raise errors.invalid_parameter("Layer Version Cannot be less than 1")
    return number


def named_version(call: Call) -> tuple[str, LayerVersion | None]:
    """The ARN that LayerName and VersionNumber make, and the version when it is there."""
    name = _named(call)
    number = checked_number(call)
    layer = call.region.layers.get(name)
    return f"{_layer_arn(call.region_name, name)}:{number}", layer.version(number) if layer else None


def _named(call: Call) -> str:
    """The layer's name; LayerName may be its ARN."""
    text = call.parameters["LayerName"]
    match = _LAYER_ARN.fullmatch(text)
    if match is None:
        return text
    if match["region"] != call.region_name or match["account"] != ACCOUNT_ID:
        raise errors.not_found(_NO_RESOURCE)
    return match["name"]


def _find(store: Store, arn: str) -> tuple[Layer | None, LayerVersion | None]:
    """Layer and version of an ARN, deleted ones included; None for what never was."""
    match = _LAYER_ARN.fullmatch(arn)
    layer = store.region(match["region"]).layers.get(match["name"]) if match else None
    if layer is None or match is None or match["account"] != ACCOUNT_ID:
        return None, None
    number = int(match["version"] or 0)
    return layer, layer.versions[number - 1] if 0 < number <= len(layer.versions) else None


def _fitting(call: Call, layer: Layer) -> list[LayerVersion]:
    wanted = call.get("CompatibleRuntime"), call.get("CompatibleArchitecture")
    return [version for version in layer.current if version.fits(*wanted)]


def _description(version: LayerVersion) -> dict[str, Any]:
    return {
        "LayerVersionArn": version.arn,
        "Version": version.number,
        "Description": version.description,
        "CreatedDate": version.created,
        "CompatibleArchitectures": version.architectures,
        "CompatibleRuntimes": version.runtimes,
        "LicenseInfo": version.license_info,
    }


def _with_content(call: Call, layer: Layer, version: LayerVersion) -> dict[str, Any]:
    return _description(version) | {
        "LayerArn": layer.arn,
        "Content": {
            "Location": call.api.packages.url(version.code_sha256),
            "CodeSha256": version.code_sha256,
            "CodeSize": version.code_size,
        },
    }
