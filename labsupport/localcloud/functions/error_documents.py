"""Error documents that the platform (not the runtime) answers with, in AWS's wording."""

from __future__ import annotations

import json
import signal

from . import limits

_SIGNAL_WORDS = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
}


def timed_out(request_id: str, seconds: float) -> bytes:
    """The function's timeout passed. Two decimals, as AWS writes it."""
    return _document("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, status: int) -> bytes:
    """The runtime process ended by itself. ``status`` is an exit status, or minus a signal's number."""
    return _document("Runtime.ExitError", f"RequestId: {request_id} Error: {exit_words(status)}")


def exit_words(status: int) -> str:
    """How AWS names an end of the runtime process."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status < 0:
        number = -status
        word = _SIGNAL_WORDS.get(signal.Signals(number)) if number in set(signal.Signals) else None
        return f"Runtime exited with error: signal: {word or number}"
    return f"Runtime exited with error: exit status {status}"


def response_too_large() -> bytes:
    """The handler's answer is over 6 MB."""
    return _document(
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size "
        f"({limits.RESPONSE_PAYLOAD_BYTES_IN_MESSAGE} bytes).",
    )


def code_unusable(request_id: str, text: str) -> bytes:
    """The deployment package is not a zip: a function of this kind cannot exist on AWS (CreateFunction refuses)."""
    return _document("Runtime.InvalidPackage", f"RequestId: {request_id} Error: {text}")


def _document(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
