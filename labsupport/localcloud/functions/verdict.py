"""What the end of an invocation means: the payload that the caller gets, and the status in the REPORT line."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from . import error_documents, limits
from .runtime_conversation import End, EndKind


@dataclass(frozen=True)
class Verdict:
    """``function_error`` is "Unhandled" when the payload is an error document; ``status`` and ``error_type`` are None
    when REPORT does not have them (an exception in the handler is no error of the environment)."""

    payload: bytes
    function_error: str | None = "Unhandled"
    status: str | None = None
    error_type: str | None = None


def verdict(end: End, request_id: str, timeout: float, killed_for_memory: bool) -> Verdict:
    """``timeout`` in seconds, as configured."""
    if end.kind is EndKind.ANSWERED:
        if len(end.payload) > limits.RESPONSE_PAYLOAD_BYTES:
            return Verdict(error_documents.response_too_large())
        return Verdict(end.payload, function_error=None)
    if end.kind is EndKind.INIT_ERROR:
        return Verdict(end.payload, status="error", error_type=end.error_type)
    if end.kind is EndKind.TIMED_OUT:
        return Verdict(error_documents.timed_out(request_id, timeout), status="timeout")
    if end.kind is EndKind.EXITED:
        exit_status = -signal.SIGKILL if killed_for_memory else end.exit_status
        error_type = "Runtime.OutOfMemory" if killed_for_memory else "Runtime.ExitError"
        return Verdict(error_documents.exited(request_id, exit_status), status="error", error_type=error_type)
    return Verdict(end.payload)


def init_verdict(end: End, killed_for_memory: bool) -> tuple[str, str | None]:
    """Status and error type of an init phase."""
    if end.kind is EndKind.READY:
        return "success", None
    if end.kind is EndKind.TIMED_OUT:
        return "timeout", None
    if killed_for_memory:
        return "error", "Runtime.OutOfMemory"
    return "error", end.error_type if end.kind is EndKind.INIT_ERROR else "Runtime.ExitError"
