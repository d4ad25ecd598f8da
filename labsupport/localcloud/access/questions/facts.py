"""What must be known about a resource before a question about it can be put."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ..patterns import Keys
from ..policy import Policy

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Facts:
    """A resource that exists. ``keys`` of a table: partition key by index name, "" for the table itself."""

    arn: str | None = None
    policy: Policy | None = None
    tags: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)


#: ``await lookup(kind, region, name)``: None when there is no such resource. Kinds are the services' names, and "role".
Lookup = Callable[[str, str, str], Awaitable[Facts | None]]


def tag_keys(facts: Facts | None) -> Keys:
    """aws:ResourceTag/… of a resource."""
    return {f"aws:resourcetag/{key.lower()}": (value,) for key, value in (facts.tags if facts else {}).items()}


def request_tags(parameters: dict[str, Any]) -> Keys:
    """aws:RequestTag/… and aws:TagKeys from a request's parameters: a list of Key and Value, or a map."""
    given = parameters.get("Tags", parameters.get("tags", parameters.get("TagKeys")))
    tags: dict[str, str | None] = {}
    if isinstance(given, dict):
        tags = {str(key): str(value) for key, value in given.items()}
    elif isinstance(given, list):
        for one in given:
            if isinstance(one, dict):
                key = one.get("Key", one.get("key", one.get("TagKey")))
                tags[str(key)] = str(one.get("Value", one.get("value", one.get("TagValue", ""))))
            else:
                tags[str(one)] = None
    else:  # the query protocol
        number = 1
        while (key := parameters.get(f"Tags.member.{number}.Key")) is not None:
            tags[str(key)] = str(parameters.get(f"Tags.member.{number}.Value", ""))
            number += 1
    if not tags:
        return {}
    context: Keys = {"aws:tagkeys": tuple(tags)}
    context.update({f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items() if value is not None})
    return context
