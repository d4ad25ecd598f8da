"""The service model's constraints, checked and worded as AWS does: ``Value 'x' at 'role' failed to satisfy constraint:
Member must …``.

AWS's validator is Java code generated from the same model: values are rendered as Java renders them (``[a, b]``,
``{2=2.0}``, ``null``), members are named with a small first letter, and what a list or map holds is reported for the
whole list or map, with all constraints of its members.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from ...facts import FACTS
from . import errors
from .runtimes import SUPPORTED as SUPPORTED_RUNTIMES
from .service_model import Operation, ServiceModel, Shape

#: A whole zip of 50 MB in base64 and what else a request says.
_REQUEST_WITH_PACKAGE_BYTES = 70_167_211
#: Bytes of a request's body. AWS states these figures only in its error messages.
REQUEST_LIMITS = {
    "CreateFunction": _REQUEST_WITH_PACKAGE_BYTES,
    "UpdateFunctionCode": _REQUEST_WITH_PACKAGE_BYTES,
    "PublishLayerVersion": _REQUEST_WITH_PACKAGE_BYTES,
    "UpdateFunctionConfiguration": 5120,
}

#: Where AWS's own validator does not follow the public model. The model's wider limits are those of functions on
#: managed instances. None takes a constraint away: another check, with words of its own, has it.
_OVERRIDES: dict[str, dict[str, Any]] = {
    "Runtime": {"enum": None},
    "RecursiveLoop": {"enum": ["Terminate", "Allow"]},
    "EventSourcePosition": {"enum": ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]},  # AWS's order
    "Timeout": {"max": int(FACTS["function_timeout_maximum"].value)},
    "MemorySize": {"max": None},
    "EphemeralStorageSize": {"max": int(FACTS["tmp_storage_maximum"].value)},
}
#: Members of these kinds are listed without "Member must not be null".
_WITHOUT_NULL_RULE = frozenset(("SubnetId", "SecurityGroupId", "AdditionalVersion", "EnvironmentVariableName"))


def check_size(operation: str, size: int) -> None:
    """Raises RequestEntityTooLargeException when a request's body is larger than the operation takes."""
    limit = REQUEST_LIMITS.get(operation)
    if limit is not None and size >= limit:
        raise errors.too_large(f"Request must be smaller than {limit} bytes for the {operation} operation")


def check(model: ServiceModel, operation: Operation, parameters: dict[str, Any]) -> None:
    """Raises ValidationException that names every parameter outside the model's constraints."""
    if operation.input_shape is None:
        return
    failures = [
        *_layer_runtimes(model, parameters),
        *_structure(model, operation.input_shape, parameters, ""),
    ]
    if failures:
        raise errors.validation(failures)


def _layer_runtimes(model: ServiceModel, parameters: dict[str, Any]) -> Iterator[str]:
    """Runtimes that layers name: every one that ever was is taken. PublishLayerVersion's message stands first, has not
    the form of those for other lists, and names only the runtimes of today."""
    known = model.shape("Runtime")["enum"]
    several, one = parameters.get("CompatibleRuntimes"), parameters.get("CompatibleRuntime")
    if several is not None and not set(several) <= set(known):
        yield _not_in_set("compatibleRuntimes", several, SUPPORTED_RUNTIMES)
    if one is not None and one not in known:
        yield _not_in_set("compatibleRuntime", one, known)


def _not_in_set(at: str, value: Any, known: Sequence[str]) -> str:
    return (
        f"Value '{_java(value)}' at '{at}' failed to satisfy constraint: Member must satisfy enum value set: "
        f"{_java(list(known))}"
    )


def _structure(model: ServiceModel, name: str, value: dict[str, Any], path: str) -> Iterator[str]:
    shape = model.shape(name)
    required = shape.get("required", ())
    for member, entry in shape["members"].items():
        at = f"{path}{member[0].lower()}{member[1:]}"
        one = value.get(member)
        if one is not None:
            yield from _value(model, entry["shape"], one, at)
        elif member in required:
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"


def _value(model: ServiceModel, name: str, value: Any, at: str) -> Iterator[str]:
    shape = model.shape(name)
    kind = shape["type"]
    if kind == "structure":
        yield from _structure(model, name, value, f"{at}.")
        return
    shown = _shown(shape, value)
    for rule in _broken(name, shape, value):
        yield f"Value {shown}at '{at}' failed to satisfy constraint: {rule}"
    if kind == "list":
        inner = shape["member"]["shape"]
        if model.shape(inner)["type"] == "structure":
            for number, one in enumerate(value, start=1):
                yield from _structure(model, inner, one, f"{at}.{number}.member.")
        elif any(_breaks(model, inner, one) for one in value):
            rules = _all_rules(model, inner)
            yield f"Value {shown}at '{at}' failed to satisfy constraint: Member must satisfy constraint: {rules}"
    if kind == "map":
        for word, inner, ones in (
            ("keys", shape["key"]["shape"], list(value)),
            ("value", shape["value"]["shape"], list(value.values())),
        ):
            if any(_breaks(model, inner, one) for one in ones):
                rules = _all_rules(model, inner)
                yield f"Value {shown}at '{at}' failed to satisfy constraint: Map {word} must satisfy constraint: {rules}"


def _breaks(model: ServiceModel, name: str, value: Any) -> bool:
    return value is None or any(_broken(name, model.shape(name), value))


def _all_rules(model: ServiceModel, name: str) -> str:
    rules = [text for _kind, text in _rules(name, model.shape(name))]
    if name not in _WITHOUT_NULL_RULE:
        rules.append("Member must not be null")
    return f"[{', '.join(rules)}]"


def _broken(name: str, shape: Shape, value: Any) -> Iterator[str]:
    for kind, text in _rules(name, shape):
        limit = _setting(name, shape, kind)
        size = value if isinstance(value, (int, float)) else len(value)
        if (
            (kind == "max" and size > limit)
            or (kind == "min" and size < limit)
            or (kind == "pattern" and not _java_pattern(limit).fullmatch(value))
            or (kind == "enum" and value not in limit)
        ):
            yield text


def _rules(name: str, shape: Shape) -> list[tuple[str, str]]:
    """The constraints of a shape as pairs of kind and AWS's sentence, in AWS's order."""
    what = "have value" if shape["type"] in ("integer", "long", "double", "float") else "have length"
    rules = []
    for kind, text in (
        ("max", f"Member must {what} less than or equal to {{}}"),
        ("min", f"Member must {what} greater than or equal to {{}}"),
        ("pattern", "Member must satisfy regular expression pattern: {}"),
        ("enum", "Member must satisfy enum value set: {}"),
    ):
        limit = _setting(name, shape, kind)
        if limit is not None:
            rules.append((kind, text.format(_java(limit))))
    return rules


def _setting(name: str, shape: Shape, kind: str) -> Any:
    overrides = _OVERRIDES.get(name, {})
    return overrides[kind] if kind in overrides else shape.get(kind)


@cache
def _java_pattern(pattern: str) -> re.Pattern[str]:
    r"""Java knows Unicode classes that Python's ``re`` does not: ``\p{L}\p{N}`` are word characters, ``\p{Z}`` spaces."""
    return re.compile(pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", "").replace(r"\p{Z}", r"\s"))


def _shown(shape: Shape, value: Any) -> str:
    """The value as the message shows it, with a space after it; nothing where the model calls it sensitive."""
    return "" if shape.get("sensitive") else f"'{_java(value)}' "


def _java(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_java, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_java(key)}={_java(one)}' for key, one in value.items())}}}"
    return str(value)
