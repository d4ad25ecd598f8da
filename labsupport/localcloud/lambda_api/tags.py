"""Tags of functions.

Source: Lambda Developer Guide, "Using tags on Lambda functions": at most 50 a resource, on functions and not on their
versions and aliases.
"""

from __future__ import annotations

from typing import Any

from . import errors
from .operations import Call, operation
from .store import Function, new_revision_id

_TAGS_MAXIMUM = 50


def check_number(before: dict[str, str], added: dict[str, str]) -> None:
    """Raises LambdaError when there would be too many."""
    if len(before | added) > _TAGS_MAXIMUM:
        raise errors.invalid_parameter("Number of tags exceeds resource tag limit.")


@operation("TagResource")
async def tag_resource(call: Call) -> dict[str, Any]:
    added = call.parameters["Tags"]
    function = _tagged(call)
    if not added:
        raise errors.invalid_parameter("An error occurred and the request cannot be processed.")
    check_number(function.tags, added)
    function.tags = function.tags | added
    function.latest.revision_id = new_revision_id()
    return {}


@operation("UntagResource")
async def untag_resource(call: Call) -> dict[str, Any]:
    function = _tagged(call)
    function.tags = {key: value for key, value in function.tags.items() if key not in call.parameters["TagKeys"]}
    function.latest.revision_id = new_revision_id()
    return {}


@operation("ListTags")
async def list_tags(call: Call) -> dict[str, Any]:
    return {"Tags": _tagged(call).tags}


def _tagged(call: Call) -> Function:
    """The function of the ARN in ``Resource``."""
    arn = call.parameters["Resource"]
    if ":function:" not in arn:
        raise errors.not_in_this_lab(f"what {arn} names")
    if call.named("Resource").qualifier:
        raise errors.invalid_parameter(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    found = call.region.functions.get(call.named("Resource").name)
    if found is None:
        raise errors.function_not_found(arn)
    return found
