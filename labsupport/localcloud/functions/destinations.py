"""Where asynchronous invocations leave what became of them: invocation records and dead letters.

Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations". Everything is sent as an AWS
request with the execution role's credentials, as Lambda does it.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from . import limits
from .asynchronous import Ended
from .invocation_record import dead_letter_attributes, invocation_record
from .specification import FunctionNotFound, FunctionSpecification
from .target_requests import AwsServices, DeliveryFailed, Origin, RoleAllows, Target, TargetRequests, compact

#: Deliveries under way at once; more wait. moto serves them beside the learner's own requests.
_AT_ONCE = 8
_ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}


async def always_allowed(_role: str, _action: str, _resource: str) -> bool:
    """A role that may do everything: for a cloud without access control."""
    return True


class EventAcceptor(Protocol):
    """Lambda's own way to invoke a function asynchronously (the engine)."""

    async def accept(self, region: str, name: str, qualifier: str | None, payload: bytes, trace: str | None) -> str:
        """Raises FunctionNotFound."""


class Deliveries:
    """Sends the records and dead letters of one cloud. A failed delivery is a line in the function's log."""

    def __init__(
        self,
        services: AwsServices,
        functions: EventAcceptor,
        note: Callable[[FunctionSpecification, str, str], None],
        role_allows: RoleAllows = always_allowed,
    ) -> None:
        self._requests = TargetRequests(services, role_allows)
        self._functions = functions
        self._note = note
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def deliver(self, ended: Ended) -> None:
        """Send what this end calls for: a record to its destination, the event to the dead-letter queue; both if
        both are configured."""
        specification = ended.specification
        success = ended.condition == "Success"
        destination = specification.on_success if success else specification.on_failure
        async with self._at_once:
            if destination:
                kind = "on-success" if success else "on-failure"
                await self._try(
                    ended, destination, self._send_record, f"the {kind} record", "DestinationDeliveryFailures"
                )
            if not success and specification.dead_letter_target:
                await self._try(
                    ended, specification.dead_letter_target, self._send_dead_letter, "the event", "DeadLetterErrors"
                )

    async def _try(
        self,
        ended: Ended,
        arn: str,
        send: Callable[[Ended, Target], Awaitable[None]],
        what: str,
        metric: str,
    ) -> None:
        target = Target.of(arn)
        action = _ACTIONS.get(target.service)
        try:
            if action is None:
                raise DeliveryFailed(f"Lambda cannot send to {target.service or 'this ARN'}")
            resource = f"{arn}/{_s3_prefix(ended)}*" if target.service == "s3" else arn
            await self._requests.check_role(_origin(ended), action, resource)
            await send(ended, target)
        except DeliveryFailed as problem:
            stream = ended.event.outcome.log_stream if ended.event.outcome else ""
            self._note(
                ended.specification,
                f"LAB NOTE: {what} of request {ended.event.invocation.request_id} ({ended.condition}) could not be sent "
                f"to {arn}: {problem}. It is lost. On AWS this log would say nothing; the metric {metric} counts it.\n",
                stream,
            )

    async def _send_record(self, ended: Ended, target: Target) -> None:
        record = invocation_record(ended)
        body = compact(record)
        if target.service == "sqs":
            await self._requests.send_message(_origin(ended), target, body)
        elif target.service == "sns":
            if len(body.encode()) > limits.SNS_MESSAGE_BYTES:
                # "Lambda will drop the payload when sending OnFailure event to the destination" (API OnFailure)
                body = compact({k: v for k, v in record.items() if k not in ("requestPayload", "responsePayload")})
            await self._requests.publish(_origin(ended), target, body)
        elif target.service == "events":
            await self._send_event(ended, target, body)
        elif target.service == "lambda":
            await self._send_invocation(ended, target, body.encode())
        else:
            now = datetime.now(UTC)
            key = f"{_s3_prefix(ended)}{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
            await self._requests.put_object(_origin(ended), target, key, body)

    async def _send_dead_letter(self, ended: Ended, target: Target) -> None:
        body = ended.event.invocation.payload.decode()
        if target.service == "sqs":
            await self._requests.send_message(_origin(ended), target, body, dead_letter_attributes(ended))
        elif target.service == "sns":
            await self._requests.publish(_origin(ended), target, body, dead_letter_attributes(ended))
        else:
            raise DeliveryFailed("a dead-letter queue is an SQS queue or an SNS topic")

    async def _send_event(self, ended: Ended, target: Target, body: str) -> None:
        result = "Success" if ended.condition == "Success" else "Failure"
        entry = {
            # Recorded from AWS; the page says aws.lambda.
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {result}",
            "Detail": body,
            "EventBusName": target.arn,
            "Resources": [target.arn, f"{ended.specification.arn}:{ended.event.qualifier or '$LATEST'}"],
        }
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.PutEvents"}
        body = compact({"Entries": [entry]})
        answer = await self._requests.request(_origin(ended), target, "POST", "/", headers, body.encode())
        for one in json.loads(answer).get("Entries", []):
            if one.get("ErrorCode"):
                raise DeliveryFailed(f"{one['ErrorCode']}: {one.get('ErrorMessage', '')}".rstrip(". "))

    async def _send_invocation(self, ended: Ended, target: Target, body: bytes) -> None:
        name, _, qualifier = target.resource.removeprefix("function:").partition(":")
        if len(body) > limits.ASYNCHRONOUS_PAYLOAD_BYTES:
            raise DeliveryFailed(f"the record is larger than {limits.ASYNCHRONOUS_PAYLOAD_BYTES} bytes")
        try:
            await self._functions.accept(target.region, name, qualifier or None, body, ended.event.invocation.trace_id)
        except FunctionNotFound as problem:
            raise DeliveryFailed(str(problem)) from None


def _origin(ended: Ended) -> Origin:
    return Origin(ended.specification, ended.event.invocation.trace_id)


def _s3_prefix(ended: Ended) -> str:
    return f"aws/lambda/async/{ended.specification.name}/"
