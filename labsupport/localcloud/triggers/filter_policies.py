"""Filter policies of SNS subscriptions: event patterns on a message's attributes or on its body.

Source: Amazon SNS Developer Guide, "Amazon SNS subscription filter policies", "String value matching" and "Numeric value
matching".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .filter_criteria import Filter

BODY = "MessageBody"


def fits(policy: Filter, scope: str, attributes: Mapping[str, Mapping[str, Any]], body: str) -> bool:
    """Whether a message passes. ``attributes`` have SNS's own names: ``{"kind": {"Type": "String", "Value": "order"}}``."""
    if scope != BODY:
        return policy.matches({name: _value(attribute) for name, attribute in attributes.items()})
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and policy.matches(document)


def _value(attribute: Mapping[str, Any]) -> Any:
    """What policies compare with: the elements of a String.Array, the number of a Number, else the text."""
    kind, value = str(attribute["Type"]), attribute["Value"]
    if kind == "String.Array" or kind.startswith("Number"):
        try:
            return json.loads(value)
        except (ValueError, TypeError):
            return value
    return value
