"""Functions and invocations for tests of the engine's parts."""

from __future__ import annotations

import json
import uuid
from typing import Any

from labsupport.localcloud.functions.recursion import next_trace
from labsupport.localcloud.functions.specification import FunctionSpecification, Invocation, InvocationOutcome

REGION = "us-east-1"


def specification(name: str = "f", **settings: Any) -> FunctionSpecification:
    """A function with defaults; ``settings`` replace single fields."""
    values: dict[str, Any] = {
        "account_id": "123456789012", "region": REGION, "name": name, "version": "$LATEST",
        "runtime": "python3.13", "handler": "app.handler", "role": "arn:aws:iam::123456789012:role/worker", "timeout": 3,
        "memory_size": 128, "ephemeral_storage": 512, "variables": {}, "layers": (),
        "code_sha256": "digest", "architecture": "x86_64", "log_format": "Text",
        "application_log_level": None, "system_log_level": None, "log_group": f"/aws/lambda/{name}",
        "reserved_concurrency": None, "retry_attempts": None, "maximum_event_age": None,
        "revision": "digest",
    }  # fmt: skip
    return FunctionSpecification(**(values | settings))


def invocation(
    payload: Any = None, function: FunctionSpecification | None = None, trace: str | None = None
) -> Invocation:
    """An invocation with an id of its own."""
    arn = (function or specification()).arn
    return Invocation(str(uuid.uuid4()), arn, json.dumps(payload).encode(), next_trace(trace, arn))


def outcome(payload: Any = None, error: bool = False, **settings: Any) -> InvocationOutcome:
    """What a run answered; with ``error`` the payload is the error document's message."""
    document = {"errorMessage": payload, "errorType": "Exception"} if error else payload
    values: dict[str, Any] = {
        "payload": json.dumps(document).encode(),
        "content_type": "application/json",
        "function_error": "Unhandled" if error else None,
        "executed_version": "$LATEST",
        "log_tail": b"",
    }
    return InvocationOutcome(**(values | settings))
