"""PublishVersion and ListVersionsByFunction.

Source: Lambda Developer Guide, "Manage Lambda function versions": nothing is published when code and configuration are
those of the version published last; numbers are never used again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import documents, errors, states
from .operations import Call, operation
from .pages import page
from .store import Function, Version, new_revision_id, now

_NOT_ON_QUALIFIERS = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)


@operation("PublishVersion")
async def publish_version(call: Call) -> dict[str, Any]:
    if call.get("PublishTo"):
        raise errors.not_in_this_lab("functions on managed instances (PublishTo)")
    function = call.unqualified_function(_NOT_ON_QUALIFIERS)
    latest = function.latest
    states.refuse_change_while_busy(function)
    if (wanted := call.get("RevisionId")) and wanted != latest.revision_id:
        raise errors.precondition_failed()
    sha256 = call.get("CodeSha256")
    if sha256 and sha256 != latest.configuration.code_sha256:
        raise errors.invalid_parameter(
            f"CodeSHA256 ({sha256}) is different from current CodeSHA256 in $LATEST "
            f"({latest.configuration.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    version = publish(function, call.get("Description"))
    return documents.function_configuration(call, function, version, version.number)


def publish(function: Function, description: str | None) -> Version:
    """A new version of what ``$LATEST`` is, or the last one when nothing has changed since."""
    configuration = function.latest.configuration
    if function.last_published is not None:
        published, number = function.last_published
        if published == configuration and number in function.versions:
            return function.versions[number]
    number = str(function.next_version)
    function.next_version += 1
    function.last_published = (configuration, number)
    version = Version(number, replace(configuration, description=description or configuration.description), now())
    function.versions[number] = version
    function.latest.revision_id = new_revision_id()
    function.forget_specifications()
    return version


@operation("ListVersionsByFunction")
async def list_versions_by_function(call: Call) -> dict[str, Any]:
    function = call.function()
    shown, marker = page(call, list(function.versions.values()), lambda one: one.number)
    return {
        "Versions": [documents.listed_configuration(call, function, version, version.number) for version in shown],
        "NextMarker": marker,
    }
