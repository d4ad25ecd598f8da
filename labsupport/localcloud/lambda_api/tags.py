"""Tags of functions and event source mappings.

Source: Lambda Developer Guide, "Using tags on Lambda functions": at most 50 a resource, on functions and not on their
versions and aliases.
"""

from __future__ import annotations

from typing import Any, Protocol

from . import errors
from .mapping_records import Mapping
from .operations import Call, operation
from .store import Function, new_revision_id

_TAGS_MAXIMUM = 50


class _Tagged(Protocol):
    tags: dict[str, str]


def check_number(before: dict[str, str], added: dict[str, str]) -> None:
    """Raises LambdaError when there would be too many."""
    if len(before | added) > _TAGS_MAXIMUM:
        raise errors.invalid_parameter("Number of tags exceeds resource tag limit.")


@operation("TagResource")
async def tag_resource(call: Call) -> dict[str, Any]:
    added = call.parameters["Tags"]
    tagged = _tagged(call)
    if not added:
        raise errors.invalid_parameter("An error occurred and the request cannot be processed.")
    check_number(tagged.tags, added)
    _set(tagged, tagged.tags | added)
    return {}


@operation("UntagResource")
async def untag_resource(call: Call) -> dict[str, Any]:
    tagged = _tagged(call)
    _set(tagged, {key: value for key, value in tagged.tags.items() if key not in call.parameters["TagKeys"]})
    return {}


@operation("ListTags")
async def list_tags(call: Call) -> dict[str, Any]:
    return {"Tags": _tagged(call).tags}


def _set(tagged: _Tagged, tags: dict[str, str]) -> None:
    tagged.tags = tags
    if isinstance(tagged, Function):
        tagged.latest.revision_id = new_revision_id()


def _tagged(call: Call) -> _Tagged:
    """What the ARN in ``Resource`` names."""
    arn = call.parameters["Resource"]
    if ":event-source-mapping:" in arn:
        return _mapping(call, arn)
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


def _mapping(call: Call, arn: str) -> _Tagged:
    found: Mapping | None = call.region.mappings.get(arn.rpartition(":")[2])
    if found is None or found.arn != arn:
        raise errors.not_found(f"Event source mapping not found: {arn}")
    return found
