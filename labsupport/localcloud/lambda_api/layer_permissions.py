"""AddLayerVersionPermission, RemoveLayerVersionPermission, GetLayerVersionPolicy: who else may use a layer version.

The cloud has one account, which may use all of its layers: what is granted here is kept and shown.
"""

from __future__ import annotations

from typing import Any

from . import errors
from .layers import LayerVersion, named_version
from .operations import Call, operation
from .permissions import extended, no_policy, reduced
from .principals import principal_element
from .resource_policy import Grant


@operation("AddLayerVersionPermission")
async def add_layer_version_permission(call: Call) -> dict[str, Any]:
    version = _version(call)
    _check_revision(call, version)
    grant = Grant(
        statement_id=call.parameters["StatementId"],
        principal=principal_element(call.parameters["Principal"]) or "*",
        action=call.parameters["Action"],
        resource=version.arn,
        organization=call.get("OrganizationId"),
    )
    version.policy = extended(version.policy, grant)
    return {"Statement": grant.text(), "RevisionId": version.policy.revision_id}


@operation("RemoveLayerVersionPermission")
async def remove_layer_version_permission(call: Call) -> dict[str, Any]:
    version = _version(call)
    if version.policy is None:
        raise no_policy()
    _check_revision(call, version)
    version.policy = reduced(version.policy, call.parameters["StatementId"])
    return {}


@operation("GetLayerVersionPolicy")
async def get_layer_version_policy(call: Call) -> dict[str, Any]:
    version = _version(call)
    if version.policy is None:
        raise no_policy()
    return {"Policy": version.policy.text(), "RevisionId": version.policy.revision_id}


def _version(call: Call) -> LayerVersion:
    arn, version = named_version(call)
    if version is None:
        raise errors.not_found(f"Layer version {arn} does not exist.")
    return version


def _check_revision(call: Call, version: LayerVersion) -> None:
    wanted = call.get("RevisionId")
    if wanted is not None and (version.policy is None or wanted != version.policy.revision_id):
        # AWS names an operation that is not called so; the text is recorded.
        raise errors.precondition_failed("GetLayerPolicy")
