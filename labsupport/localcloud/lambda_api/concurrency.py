"""Reserved concurrency.

Source: Lambda Developer Guide, "Configuring reserved concurrency for a function": a part of the account's limit always
stays for functions without a reservation. That is 100 of AWS's 1,000 (10 of a new account's 10); a local cloud's limit
is what fits the machine, and the same tenth of it stays.
"""

from __future__ import annotations

from typing import Any

from . import errors
from .operations import Call, operation
from .store import Function

_NOT_ON_QUALIFIERS = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)


def unreserved(call: Call, without: Function | None = None) -> int:
    """What of the account's limit no function has reserved or provisioned (``without`` is not counted)."""
    taken = sum(_taken(one) for one in call.region.functions.values() if one is not without)
    return max(0, call.api.concurrency - taken)


def minimum_unreserved(call: Call) -> int:
    """What always has to stay unreserved."""
    return min(100, max(1, call.api.concurrency // 10))


def _taken(function: Function) -> int:
    if function.reserved_concurrency is not None:
        return function.reserved_concurrency
    return provisioned_total(function)


def provisioned_total(function: Function) -> int:
    """Provisioned concurrency of all versions and aliases of a function."""
    return sum(config.requested for config in function.provisioned.values())


@operation("PutFunctionConcurrency")
async def put_function_concurrency(call: Call) -> dict[str, Any]:
    function = call.unqualified_function(_NOT_ON_QUALIFIERS, qualified_error=True)
    wanted = call.parameters["ReservedConcurrentExecutions"]
    minimum = minimum_unreserved(call)
    if wanted and unreserved(call, without=function) - wanted < minimum:
        raise errors.invalid_parameter(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{minimum}]."
        )
    provisioned = provisioned_total(function)
    if provisioned > wanted:
        raise errors.invalid_parameter(
            f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
            f"concurrency [{provisioned}]."
        )
    _reserve(call, function, wanted)
    return {"ReservedConcurrentExecutions": wanted}


@operation("GetFunctionConcurrency")
async def get_function_concurrency(call: Call) -> dict[str, Any]:
    return {"ReservedConcurrentExecutions": call.function().reserved_concurrency}


@operation("DeleteFunctionConcurrency")
async def delete_function_concurrency(call: Call) -> dict[str, Any]:
    function = call.unqualified_function(_NOT_ON_QUALIFIERS)
    _reserve(call, function, None)
    return {}


def _reserve(call: Call, function: Function, amount: int | None) -> None:
    function.reserved_concurrency = amount
    function.forget_specifications()
    if call.api.environments:  # what is reserved is taken from all other functions at once
        call.api.environments.reserve(function.region, function.name, amount)
