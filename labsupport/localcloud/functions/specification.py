"""What the engine is told about a function, and what it answers about an invocation."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class FunctionSpecification:
    """One version of a function as it must run. Two with the same ``revision`` may share environments."""

    account_id: str
    region: str
    name: str
    version: str
    runtime: str
    handler: str
    role: str
    timeout: int
    memory_size: int
    ephemeral_storage: int
    variables: dict[str, str]
    layers: tuple[str, ...]
    code_sha256: str
    architecture: str
    log_format: str
    application_log_level: str | None
    system_log_level: str | None
    log_group: str
    reserved_concurrency: int | None
    retry_attempts: int | None
    maximum_event_age: int | None
    revision: str
    alias_weights: dict[str, float] = field(default_factory=dict)
    #: ARNs of where asynchronous invocations leave their events and records; None when not configured.
    dead_letter_target: str | None = None
    on_success: str | None = None
    on_failure: str | None = None
    #: "Terminate" or "Allow": what happens when the function turns out to be part of a loop.
    recursive_loop: str = "Terminate"

    @property
    def arn(self) -> str:
        """Unqualified function ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"


@dataclass(frozen=True)
class Invocation:
    """One event on its way to a function. Times are seconds; ``trace_id`` has the X-Ray header's form."""

    request_id: str
    invoked_function_arn: str
    payload: bytes
    trace_id: str
    client_context: str | None = None


@dataclass(frozen=True)
class InvocationOutcome:
    """How an invocation ended: the runtime's bytes, and ``function_error`` ("Unhandled") when it is an error
    document. ``log_tail`` is at most the last 4 KB of the invocation's log, ``billed_duration`` whole milliseconds."""

    payload: bytes
    content_type: str
    function_error: str | None
    executed_version: str
    log_tail: bytes
    billed_duration: int = 0
    log_stream: str = ""


class FunctionNotFound(Exception):
    """No function, version or alias of that name. ``arn`` is the qualified ARN that was looked for."""

    def __init__(self, arn: str) -> None:
        super().__init__(f"Function not found: {arn}")


class FunctionNotReady(Exception):
    """The function is still being created. ``state`` is AWS's State."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "The operation cannot be performed at this time. The function is currently in the following state: " + state
        )
        self.state = state


class Throttled(Exception):
    """No environment may start now. ``reason`` is a value of AWS's ThrottleReason."""

    def __init__(self, reason: str) -> None:
        super().__init__("Rate Exceeded.")
        self.reason = reason


class CodeUnusable(Exception):
    """The deployment package cannot be unpacked; the text is AWS's."""
