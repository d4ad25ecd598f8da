"""Requests and answers of Lambda's REST-JSON protocol, read and written by the shapes of the service model."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..functions.request_payload import PayloadNotJson, check_json
from .errors import LambdaError, unreadable
from .service_model import Matched, Operation, ServiceModel

_KINDS = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}
_WANTED = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "double": "a Double",
    "float": "a Float",
    "boolean": "a Boolean",
    "blob": "a ByteBuffer",
    "timestamp": "a Date",
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; ``headers`` without the request id."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def read_request(
    model: ServiceModel,
    matched: Matched,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, Any]:
    """The parameters of a request, typed by the model. Members sent as JSON null count as not sent.

    Raises LambdaError for a body that is not JSON or has values of the wrong kind.
    """
    operation = matched.operation
    if operation.input_shape is None:
        return {}
    shape = model.shape(operation.input_shape)
    parameters: dict[str, Any] = {}
    in_body: dict[str, str] = {}
    for name, member in shape["members"].items():
        place, key = member.get("location"), member.get("locationName", name)
        if place == "uri":
            parameters[name] = _from_text(model, member["shape"], matched.path_parameters[key])
        elif place == "querystring":
            values = [value for given, value in query if given == key]
            if values and model.shape(member["shape"])["type"] == "list":
                inner = model.shape(member["shape"])["member"]["shape"]
                parameters[name] = [_from_text(model, inner, value) for value in values]
            elif values:
                parameters[name] = _from_text(model, member["shape"], values[-1])
        elif place == "header":
            if key in headers:
                parameters[name] = _from_text(model, member["shape"], headers[key])
        elif name != shape.get("payload"):
            in_body[key] = name
    if "payload" in shape:
        parameters[shape["payload"]] = body
    elif in_body and body.strip():
        document = _json_object(body)
        for key, name in in_body.items():
            value = document.get(key)
            if value is not None:
                parameters[name] = _from_json(model, shape["members"][name]["shape"], value)
    return parameters


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        check_json(body)
    except PayloadNotJson as problem:
        message = str(problem).replace("Could not parse payload into json: ", "", 1)
        raise LambdaError(400, "InvalidRequestContentException", message) from None
    document = json.loads(body)
    if isinstance(document, list):
        raise unreadable("Start of list found where not expected")
    if not isinstance(document, dict):
        raise unreadable(f"Unexpected field type: {_kind(document)}")
    return document


def _kind(value: Any) -> str:
    if value is True:
        return "TRUE_VALUE"
    if value is False:
        return "FALSE_VALUE"
    return _KINDS.get(type(value), "NULL_VALUE")


def _from_text(model: ServiceModel, name: str, text: str) -> Any:
    kind = model.shape(name)["type"]
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("double", "float"):
            return float(text)
    except ValueError:
        raise unreadable(f"STRING_VALUE can not be converted to {_WANTED[kind]}") from None
    if kind == "boolean":
        return text.lower() == "true"
    return text


def _from_json(model: ServiceModel, name: str, value: Any) -> Any:
    shape = model.shape(name)
    kind = shape["type"]
    if kind in ("structure", "map", "list"):
        _check_container(kind, value)
    if kind == "structure":
        return {
            member: _from_json(model, entry["shape"], value[key])
            for member, entry in shape["members"].items()
            if value.get(key := entry.get("locationName", member)) is not None
        }
    if kind == "map":
        inner = shape["value"]["shape"]
        return {key: None if one is None else _from_json(model, inner, one) for key, one in value.items()}
    if kind == "list":
        inner = shape["member"]["shape"]
        return [None if one is None else _from_json(model, inner, one) for one in value]
    return _scalar(kind, value)


def _check_container(kind: str, value: Any) -> None:
    if isinstance(value, list) != (kind == "list") or not isinstance(value, (list, dict)):
        if isinstance(value, list):
            raise unreadable("Start of list found where not expected")
        if isinstance(value, dict):
            raise unreadable("Start of structure or map found where not expected.")
        raise unreadable(f"Unexpected field type: {_kind(value)}")


def _scalar(kind: str, value: Any) -> Any:
    if isinstance(value, list):
        raise unreadable("Start of list found where not expected")
    if isinstance(value, dict):
        raise unreadable("Start of structure or map found where not expected.")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("integer", "long") and is_number:
        return int(value)
    if kind in ("double", "float") and is_number:
        return float(value)
    if kind == "timestamp" and is_number:
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in ("string", "timestamp") and isinstance(value, str):
        return value
    if kind == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise unreadable("Unable to parse Base64 encoded value") from None
    raise unreadable(f"{_kind(value)} can not be converted to {_WANTED[kind]}")


def write_answer(model: ServiceModel, operation: Operation, members: dict[str, Any]) -> Answer:
    """The answer of an operation. A ``statusCode`` member decides the status, header members become headers, members
    that are None are left out."""
    status, headers, document = operation.status, {}, {}
    if operation.output_shape is None:
        return Answer(status)
    shape = model.shape(operation.output_shape)
    for name, value in members.items():
        member = shape["members"][name]
        if value is None:
            continue
        place, key = member.get("location"), member.get("locationName", name)
        if place == "statusCode":
            status = int(value)
        elif place == "header":
            headers[key] = str(value)
        else:
            document[key] = _to_json(model, member["shape"], value)
    if status == 204:
        return Answer(status, b"", headers)
    return Answer(status, json.dumps(document).encode(), headers | {"Content-Type": "application/json"})


def _to_json(model: ServiceModel, name: str, value: Any) -> Any:
    shape = model.shape(name)
    kind = shape["type"]
    if kind == "structure":
        return {
            shape["members"][key].get("locationName", key): _to_json(model, shape["members"][key]["shape"], one)
            for key, one in value.items()
            if one is not None
        }
    if kind == "map":
        return {key: _to_json(model, shape["value"]["shape"], one) for key, one in value.items()}
    if kind == "list":
        return [_to_json(model, shape["member"]["shape"], one) for one in value]
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "timestamp" and isinstance(value, datetime):
        return value.timestamp()
    return value
