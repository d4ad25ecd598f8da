"""GetAccountSettings, and the recursion setting of a function."""

from __future__ import annotations

from typing import Any

from ...facts import FACTS
from . import concurrency
from .operations import Call, operation

_MB = 1024 * 1024
#: Lambda quotas: "Storage for uploaded functions … 75 GB".
_CODE_STORAGE_BYTES = 75 * 1024 * _MB


@operation("GetAccountSettings")
async def get_account_settings(call: Call) -> dict[str, Any]:
    functions = call.region.functions.values()
    layers = sum(
        version.code_size for layer in call.region.layers.values() for version in getattr(layer, "versions", ())
    )
    code = sum(version.configuration.code_size for one in functions for version in one.versions.values())
    return {
        "AccountLimit": {
            "TotalCodeSize": _CODE_STORAGE_BYTES,
            "CodeSizeUnzipped": int(FACTS["unzipped_package_maximum"].value) * _MB,
            "CodeSizeZipped": int(FACTS["zip_upload_maximum"].value) * _MB,
            "ConcurrentExecutions": call.api.concurrency,
            "UnreservedConcurrentExecutions": concurrency.unreserved(call),
        },
        "AccountUsage": {"TotalCodeSize": code + layers, "FunctionCount": len(functions)},
    }


@operation("GetFunctionRecursionConfig")
async def get_function_recursion_config(call: Call) -> dict[str, Any]:
    return {"RecursiveLoop": call.function().recursive_loop}


@operation("PutFunctionRecursionConfig")
async def put_function_recursion_config(call: Call) -> dict[str, Any]:
    function = call.function()
    function.recursive_loop = call.parameters["RecursiveLoop"]
    function.forget_specifications()
    return {"RecursiveLoop": function.recursive_loop}
