"""Where records of asynchronous invocations and of event source mappings may go, and dead letters: checked when it is
configured.

Sources: Lambda API Reference, "DestinationConfig" and "FunctionEventInvokeConfig" (standard queues and topics only;
buckets for failures only); Lambda Developer Guide, "Adding a destination" and "Adding a dead-letter queue" (which
permission the execution role needs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import errors
from .names import parse_function_name
from .operations import Call
from .store import Function

#: By the ARN's service: the action that the execution role needs, and the service's name in AWS's sentences.
_ACTIONS = {
    "sqs": ("sqs:SendMessage", "SQS"),
    "sns": ("sns:Publish", "SNS"),
    "lambda": ("lambda:InvokeFunction", "Lambda"),
    "events": ("events:PutEvents", "EventBridge"),
    "s3": ("s3:PutObject", "S3"),
}
_FOR_DEAD_LETTERS = ("sqs", "sns")


@dataclass(frozen=True)
class Destinations:
    """ARNs of a DestinationConfig; None where there is none (an empty ARN counts as none)."""

    on_success: str | None
    on_failure: str | None

    @classmethod
    def of(cls, config: dict[str, Any]) -> Destinations:
        """From the parameter as it was sent."""
        on_success, on_failure = (config.get(kind, {}).get("Destination") for kind in ("OnSuccess", "OnFailure"))
        return cls(on_success or None, on_failure or None)

    def in_java(self) -> str:
        """As AWS shows it in an error."""
        shown = [
            f"{name}={f'{kind}(destination={arn})' if arn else 'null'}"
            for name, kind, arn in (
                ("onSuccess", "OnSuccess", self.on_success),
                ("onFailure", "OnFailure", self.on_failure),
            )
        ]
        return f"DestinationConfig({', '.join(shown)})"


async def check_destinations(call: Call, function: Function, qualifier: str, wanted: Destinations) -> None:
    """Raises LambdaError unless the function may have these destinations: kind, existence, then the role's right."""
    for arn, services in (
        (wanted.on_success, ("sqs", "sns", "lambda", "events")),
        (wanted.on_failure, ("sqs", "sns", "lambda", "events", "s3")),
    ):
        if arn is not None and _service(arn) not in services:
            raise errors.invalid_parameter(f"The provided destination config {wanted.in_java()} is invalid.")
    version = function.resolve(qualifier)
    assert version is not None
    for arn in filter(None, (wanted.on_success, wanted.on_failure)):
        if _service(arn) == "lambda" and _same_function(function, arn):
            raise errors.invalid_parameter("You can't specify the function as a destination for itself.")
        if arn.endswith(".fifo") or not await _exists(call, arn):
            raise errors.invalid_parameter(f"The destination ARN {arn} is invalid.")
        action, _name = _ACTIONS[_service(arn)]
        resource = f"{arn}/*" if action == "s3:PutObject" else arn
        if not await _role_allows(call, version.configuration.role, action, resource):
            raise errors.invalid_parameter(
                f"The function's execution role does not have permissions to call {action.partition(':')[2]} on {arn}"
            )


async def check_dead_letter_target(call: Call, role: str, target: str) -> None:
    """Raises LambdaError unless a function with this role may have the queue or topic ``target`` for dead letters."""
    service = _service(target)
    if service not in _FOR_DEAD_LETTERS or target.endswith(".fifo"):
        raise errors.invalid_parameter(
            f"The provided dead letter config DeadLetterConfig(targetArn={target}) is invalid."
        )
    action, name = _ACTIONS[service]
    if not await _role_allows(call, role, action, target):
        raise errors.invalid_parameter(
            f"The provided execution role does not have permissions to call {action.partition(':')[2]} on {name}"
        )


async def check_failure_destination(call: Call, role: str, wanted: Destinations) -> None:
    """Raises LambdaError unless an event source mapping may tell this destination of batches that it gave up: a
    standard queue, a standard topic or a bucket, which the function's role may write to."""
    arn = wanted.on_failure
    if arn is None:
        return
    service = _service(arn)
    if service not in ("sqs", "sns", "s3"):
        raise errors.invalid_parameter(f"The provided destination config {wanted.in_java()} is invalid.")
    if arn.endswith(".fifo") or not await _exists(call, arn):
        raise errors.invalid_parameter(f"The destination ARN {arn} is invalid.")
    action, name = _ACTIONS[service]
    if not await _role_allows(call, role, action, f"{arn}/*" if service == "s3" else arn):
        raise errors.invalid_parameter(
            f"The function execution role does not have permissions to call {action.partition(':')[2]} on {name}"
        )


def _service(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def _same_function(function: Function, arn: str) -> bool:
    named = parse_function_name(arn)
    return named is not None and (named.name, named.region) == (function.name, function.region)


async def _exists(call: Call, arn: str) -> bool:
    if _service(arn) != "lambda":
        return await call.api.neighbours.resource_exists(arn)
    named = parse_function_name(arn)
    found = call.api.store.region(named.region or call.region_name).functions.get(named.name) if named else None
    return named is not None and found is not None and found.resolve(named.qualifier) is not None


async def _role_allows(call: Call, role: str, action: str, resource: str) -> bool:
    access = call.api.access
    return access is None or await access.role_allows(role, action, resource)
