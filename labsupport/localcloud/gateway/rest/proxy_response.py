"""What a function's answer becomes behind a Lambda proxy integration of a REST API.

Source: API Gateway Developer Guide, "Output format of a Lambda function for proxy integration".
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from ..http_message import HttpResponse
from .errors import GatewayError
from .media_types import wants_binary

_KEYS = frozenset(("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"))
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: API Gateway Developer Guide, "Amazon API Gateway important notes": headers of a backend that reach the client under
#: another name.
_REMAPPED = frozenset(("connection", "content-length", "date", "server", "www-authenticate"))
_MALFORMED = "Execution failed due to configuration error: Malformed Lambda proxy response"


def proxy_response(payload: bytes, accept: str | None, binary_media_types: tuple[str, ...]) -> HttpResponse:
    """Raises GatewayError (502) when the answer has not the form that a proxy integration wants."""
    try:
        answer = json.loads(payload)
    except ValueError as problem:
        raise _malformed() from problem
    if answer is None or not isinstance(answer, dict) or not _KEYS.issuperset(answer):
        raise _malformed()
    headers = _headers(answer)
    body = answer.get("body")
    if body is None:
        content = b""
    elif isinstance(body, str):
        content = body.encode("utf-8", "surrogatepass")
    else:
        raise _malformed()
    if answer.get("isBase64Encoded") in (True, "true") and wants_binary(accept, binary_media_types):
        try:
            content = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as problem:
            raise _malformed() from problem
    return HttpResponse(_status(answer.get("statusCode")), tuple(headers), content)


def _status(value: Any) -> int:
    """A number or its text; without one it is 200."""
    if value is None:
        return 200
    if isinstance(value, bool) or not re.fullmatch(r"\d{3}", str(value)) or not 200 <= int(value) <= 599:
        raise _malformed()
    return int(value)


def _headers(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Those of ``multiValueHeaders`` go before one of the same name in ``headers``."""
    single, several = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(several, dict):
        raise _malformed()
    pairs: list[tuple[str, str]] = []
    for name, values in several.items():
        if not isinstance(values, list):
            raise _malformed()
        pairs += [(name, _text(value)) for value in values]
    named = {name.lower() for name, _ in pairs}
    pairs += [(name, _text(value)) for name, value in single.items() if name.lower() not in named]
    if not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.append(("Content-Type", "application/json"))
    for name, value in pairs:
        if not _HEADER_NAME.fullmatch(name) or any(character in value for character in "\r\n\0"):
            raise _malformed()
    return [
        (f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value)
        for name, value in pairs
        if name.lower() != "transfer-encoding"
    ]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return json.dumps(value)
    raise _malformed()


def _malformed() -> GatewayError:
    return GatewayError("DEFAULT_5XX", log=_MALFORMED)
