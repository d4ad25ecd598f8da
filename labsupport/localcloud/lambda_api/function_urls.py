"""Configuration of function URLs: of the function, or of an alias. Versions and ``$LATEST`` cannot have one.

Sources: Lambda API Reference, "CreateFunctionUrlConfig" and its neighbours; Lambda Developer Guide, "Creating and
managing Lambda function URLs". What answers at them is ``gateway.function_urls``.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field, replace
from typing import Any

from . import errors
from .names import function_arn
from .operations import Call, operation
from .pages import page
from .store import LATEST, Function, now

_ID_CHARACTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class FunctionUrl:
    """The URL of one function or alias. ``cors`` as it was sent; None when never, or taken away."""

    function_arn: str
    region: str
    auth_type: str
    cors: dict[str, Any] | None
    invoke_mode: str
    url_id: str = field(default_factory=lambda: "".join(secrets.choice(_ID_CHARACTERS) for _ in range(32)))
    created: str = field(default_factory=now)
    modified: str = ""

    @property
    def address(self) -> str:
        return f"https://{self.url_id}.lambda-url.{self.region}.on.aws/"

    def shown(self) -> dict[str, Any]:
        """As GetFunctionUrlConfig shows it."""
        return {
            "FunctionUrl": self.address,
            "FunctionArn": self.function_arn,
            "AuthType": self.auth_type,
            "Cors": self.cors,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified or self.created,
            "InvokeMode": self.invoke_mode,
        }


@operation("CreateFunctionUrlConfig")
async def create_function_url_config(call: Call) -> dict[str, Any]:
    function, key = _target(call)
    arn = function_arn(function.region, function.name, None if key == LATEST else key)
    if key in function.urls:
        raise errors.conflict(
            f"Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig exists "
            "for this Lambda function"
        )
    made = function.urls[key] = FunctionUrl(
        function_arn=arn,
        region=function.region,
        auth_type=call.parameters["AuthType"],
        cors=call.get("Cors") or None,
        invoke_mode=call.get("InvokeMode", "BUFFERED"),
    )
    call.api.store.url_ids.add(made.url_id)
    answer = _mode_if_sent(call, made)
    del answer["LastModifiedTime"]
    return answer


@operation("GetFunctionUrlConfig")
async def get_function_url_config(call: Call) -> dict[str, Any]:
    function, key = _existing(call)
    found: FunctionUrl = function.urls[key]
    return found.shown()


@operation("UpdateFunctionUrlConfig")
async def update_function_url_config(call: Call) -> dict[str, Any]:
    function, key = _target(call)
    before: FunctionUrl | None = function.urls.get(key)
    if before is None:
        raise _missing()
    changed = function.urls[key] = replace(
        before,
        auth_type=call.get("AuthType", before.auth_type),
        cors=(call.get("Cors") or None) if "Cors" in call.parameters else before.cors,
        invoke_mode=call.get("InvokeMode", before.invoke_mode),
        modified=now(),
    )
    return _mode_if_sent(call, changed)


@operation("DeleteFunctionUrlConfig")
async def delete_function_url_config(call: Call) -> dict[str, Any]:
    function, key = _existing(call)
    del function.urls[key]
    return {}


@operation("ListFunctionUrlConfigs")
async def list_function_url_configs(call: Call) -> dict[str, Any]:
    function = call.region.functions.get(call.named().name)
    if function is None:
        raise _no_function()
    urls: list[FunctionUrl] = list(function.urls.values())
    found, marker = page(call, urls, lambda url: url.function_arn)
    return {"FunctionUrlConfigs": [url.shown() for url in found], "NextMarker": marker}


def _mode_if_sent(call: Call, url: FunctionUrl) -> dict[str, Any]:
    """Create and Update answer with InvokeMode only when the request had it."""
    return url.shown() | {"InvokeMode": call.get("InvokeMode")}


def _target(call: Call) -> tuple[Function, str]:
    """The function and the key of its URL: an alias, or ``$LATEST`` for the function's own."""
    named = call.named()
    function = call.region.functions.get(named.name)
    if function is None or (named.qualifier and named.qualifier not in function.aliases):
        raise _no_function()
    return function, named.qualifier or LATEST


def _existing(call: Call) -> tuple[Function, str]:
    named = call.named()
    function = call.region.functions.get(named.name)
    key = named.qualifier or LATEST
    if function is None or key not in function.urls:
        raise _missing()
    return function, key


def _no_function() -> errors.LambdaError:
    return errors.not_found("Function does not exist")


def _missing() -> errors.LambdaError:
    return errors.not_found("The resource you requested does not exist.")
