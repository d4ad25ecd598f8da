"""What is wrong with a document, in the words that API Gateway puts into ``$context.error.validationErrorString``.

API Gateway reports what its JSON schema library says; the forms below are those seen in answers of APIs and in that
library's own reports. A keyword without a form of its own is reported in jsonschema's words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol


class SchemaError(Protocol):
    """What this needs of ``jsonschema.ValidationError``."""

    validator: Any
    validator_value: Any
    instance: Any
    schema: Any
    message: str


def text_of(error: SchemaError) -> str:
    """One problem as one sentence, without the place it is at: API Gateway does not tell it."""
    form = _FORMS.get(str(error.validator))
    return form(error) if form else error.message


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "null"


def _required(error: SchemaError) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else []
    return (
        f"object has missing required properties ({_json(sorted(one for one in wanted if one not in error.instance))})"
    )


def _type(error: SchemaError) -> str:
    allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return (
        f"instance type ({_type_name(error.instance)}) does not match any allowed primitive type "
        f"(allowed: {_json(sorted(allowed))})"
    )


def _enum(error: SchemaError) -> str:
    return (
        f"instance value ({_json(error.instance)}) not found in enum (possible values: {_json(error.validator_value)})"
    )


def _minimum(error: SchemaError) -> str:
    if error.schema.get("exclusiveMinimum") is True and error.instance == error.validator_value:
        return f"numeric instance is not strictly greater than the required minimum {error.validator_value}"
    return (
        f"numeric instance is lower than the required minimum "
        f"(minimum: {error.validator_value}, found: {_json(error.instance)})"
    )


def _maximum(error: SchemaError) -> str:
    if error.schema.get("exclusiveMaximum") is True and error.instance == error.validator_value:
        return f"numeric instance is not strictly lower than the required maximum {error.validator_value}"
    return (
        f"numeric instance is greater than the required maximum "
        f"(maximum: {error.validator_value}, found: {_json(error.instance)})"
    )


def _min_length(error: SchemaError) -> str:
    return (
        f"string {_json(error.instance)} is too short "
        f"(length: {len(error.instance)}, required minimum: {error.validator_value})"
    )


def _max_length(error: SchemaError) -> str:
    return (
        f"string {_json(error.instance)} is too long "
        f"(length: {len(error.instance)}, maximum allowed: {error.validator_value})"
    )


def _pattern(error: SchemaError) -> str:
    return f"ECMA 262 regex {_json(error.validator_value)} does not match input string {_json(error.instance)}"


def _additional(error: SchemaError) -> str:
    known = error.schema.get("properties") or {}
    extra = sorted(name for name in error.instance if name not in known)
    return f"object instance has properties which are not allowed by the schema: {_json(extra)}"


def _min_items(error: SchemaError) -> str:
    return (
        f"array is too short: must have at least {error.validator_value} elements "
        f"but instance has {len(error.instance)} elements"
    )


def _max_items(error: SchemaError) -> str:
    return (
        f"array is too long: must have at most {error.validator_value} elements "
        f"but instance has {len(error.instance)} elements"
    )


def _unique(error: SchemaError) -> str:
    return "array must not contain duplicate elements"


_FORMS: dict[str, Callable[[SchemaError], str]] = {
    "required": _required,
    "type": _type,
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "additionalProperties": _additional,
    "minItems": _min_items,
    "maxItems": _max_items,
    "uniqueItems": _unique,
}
