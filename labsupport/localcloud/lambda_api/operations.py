"""The register of operations. Each is a coroutine function in a module on its topic:

    @operation("GetAlias")
    async def get_alias(call: Call) -> dict[str, Any]: ...

It takes the parameters as the model types them (blobs are bytes) and answers with the output's members; members that
are None are left out on the wire. It raises ``errors.LambdaError``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import errors
from .names import ACCOUNT_ID, FunctionName, function_arn, is_version, parse_function_name

if TYPE_CHECKING:
    from .api import LambdaApi
    from .store import Function, Region, Version

_QUALIFIERS_DISAGREE = "The derived qualifier from the function name does not match the specified qualifier."

Handler = Callable[["Call"], Awaitable[dict[str, Any]]]
OPERATIONS: dict[str, Handler] = {}


def operation(name: str) -> Callable[[Handler], Handler]:
    """Register a coroutine function as the operation of this name in Lambda's service model."""

    def register(handler: Handler) -> Handler:
        if name in OPERATIONS:
            raise ValueError(f"{name} is registered twice")
        OPERATIONS[name] = handler
        return handler

    return register


@dataclass(frozen=True)
class Call:
    """One request to an operation: parameters are parsed and fulfil the model's constraints."""

    api: LambdaApi
    operation: str
    region_name: str
    parameters: dict[str, Any]
    request_id: str

    @property
    def region(self) -> Region:
        """The functions and layers of the request's region."""
        return self.api.store.region(self.region_name)

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or ``default`` when it was not sent."""
        return self.parameters.get(name, default)

    def named(self, parameter: str = "FunctionName") -> FunctionName:
        """The function's name and the qualifier it is asked with (from the name or from ``Qualifier``), checked:
        region, account, and that both qualifiers agree."""
        text = str(self.parameters[parameter])
        parsed = parse_function_name(text)
        if parsed is None:
            raise errors.function_not_found(function_arn(self.region_name, text))
        if parsed.region and parsed.region != self.region_name:
            raise errors.not_found(
                f"Functions from '{parsed.region}' are not reachable in this region ('{self.region_name}')"
            )
        if parsed.account and parsed.account != ACCOUNT_ID:
            arn = f"arn:aws:lambda:{self.region_name}:{parsed.account}:function:{parsed.name}"
            raise errors.access_denied(
                f"User: arn:aws:iam::{ACCOUNT_ID}:root is not authorized to perform: lambda:{self.operation} on "
                f"resource: {arn} because no resource-based policy allows the lambda:{self.operation} action"
            )
        wanted = self.parameters.get("Qualifier")
        if wanted and parsed.qualifier and wanted != parsed.qualifier:
            raise errors.invalid_parameter(_QUALIFIERS_DISAGREE)
        return FunctionName(parsed.name, parsed.qualifier or wanted, parsed.region, parsed.account)

    def function(self, *, qualified_error: bool = False) -> Function:
        """The function that is named; 404 otherwise, with ``$LATEST`` in the ARN where the operation says so."""
        named = self.named()
        found = self.region.functions.get(named.name)
        if found is None:
            qualifier = "$LATEST" if qualified_error else None
            raise errors.function_not_found(function_arn(self.region_name, named.name, qualifier))
        return found

    def unqualified_function(self, message: str, *, qualified_error: bool = False) -> Function:
        """The function that is named; InvalidParameterValueException ``message`` when a qualifier came with it."""
        if self.named().qualifier:
            raise errors.invalid_parameter(message)
        return self.function(qualified_error=qualified_error)

    def version(self) -> tuple[Function, Version]:
        """The function and the version that name and qualifier lead to (through an alias, too); 404 otherwise."""
        named = self.named()
        found = self.region.functions.get(named.name)
        version = found.resolve(named.qualifier) if found else None
        if found is None or version is None:
            raise errors.function_not_found(function_arn(self.region_name, named.name, named.qualifier))
        return found, version

    def published_or_alias(self) -> tuple[Function, str]:
        """For operations on an alias or version: the function and the qualifier, which must exist.

        AWS's 404 differs by the qualifier's kind: ``Cannot find alias arn`` or ``Function not found``."""
        named = self.named()
        qualifier = named.qualifier or "$LATEST"
        found = self.region.functions.get(named.name)
        if found is None or found.resolve(qualifier) is None:
            arn = function_arn(self.region_name, named.name, qualifier)
            if is_version(qualifier) or qualifier == "$LATEST":
                raise errors.function_not_found(arn)
            raise errors.not_found(f"Cannot find alias arn: {arn}")
        return found, qualifier
