"""Where asynchronous invocations leave what became of them: invocation records and dead letters.

Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations". Everything is sent as an AWS
request with the execution role's credentials, as Lambda does it.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from . import limits
from .asynchronous import Ended
from .invocation_record import dead_letter_attributes, invocation_record
from .specification import FunctionNotFound, FunctionSpecification

RoleAllows = Callable[[str, str, str], Awaitable[bool]]

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


class AwsServices(Protocol):
    """Requests to other services of AWS."""

    async def credentials(self, region: str, role: str, session_name: str) -> dict[str, str]:
        """Temporary credentials of a role."""

    async def service_request(
        self,
        service: str,
        region: str,
        credentials: dict[str, str],
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
    ) -> tuple[int, bytes]:
        """Status and body of the answer."""


class EventAcceptor(Protocol):
    """Lambda's own way to invoke a function asynchronously (the engine)."""

    async def accept(self, region: str, name: str, qualifier: str | None, payload: bytes, trace: str | None) -> str:
        """Raises FunctionNotFound."""


class DeliveryFailed(Exception):
    """A target refused; the text is the service's."""


@dataclass(frozen=True)
class Target:
    """An ARN taken apart. ``resource`` is all after the account."""

    arn: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def of(cls, arn: str) -> Target:
        parts = [*arn.split(":", 5), "", "", "", "", ""]
        return cls(arn, parts[2], parts[3], parts[4], parts[5])


class Deliveries:
    """Sends the records and dead letters of one cloud. A failed delivery is a line in the function's log."""

    def __init__(
        self,
        services: AwsServices,
        functions: EventAcceptor,
        note: Callable[[FunctionSpecification, str, str], None],
        role_allows: RoleAllows = always_allowed,
    ) -> None:
        self._services = services
        self._functions = functions
        self._note = note
        self._role_allows = role_allows
        self._credentials: dict[tuple[str, str, str], dict[str, str]] = {}
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
        role = ended.specification.role
        action = _ACTIONS.get(target.service)
        try:
            if action is None:
                raise DeliveryFailed(f"Lambda cannot send to {target.service or 'this ARN'}")
            resource = f"{arn}/{_s3_prefix(ended)}*" if target.service == "s3" else arn
            if not await self._role_allows(role, action, resource):
                raise DeliveryFailed(f"the execution role {role} is not allowed {action} there")
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
        body = _compact(record)
        if target.service == "sqs":
            await self._send_sqs(ended, target, body, {})
        elif target.service == "sns":
            if len(body.encode()) > limits.SNS_MESSAGE_BYTES:
                # "Lambda will drop the payload when sending OnFailure event to the destination" (API OnFailure)
                body = _compact({k: v for k, v in record.items() if k not in ("requestPayload", "responsePayload")})
            await self._send_sns(ended, target, body, {})
        elif target.service == "events":
            await self._send_event(ended, target, body)
        elif target.service == "lambda":
            await self._send_invocation(ended, target, body.encode())
        else:
            now = datetime.now(UTC)
            key = f"{_s3_prefix(ended)}{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
            path = f"/{quote(target.resource)}/{quote(key)}"
            await self._request(ended, target, "PUT", path, {"Content-Type": "application/json"}, body.encode())

    async def _send_dead_letter(self, ended: Ended, target: Target) -> None:
        body = ended.event.invocation.payload.decode()
        if target.service == "sqs":
            await self._send_sqs(ended, target, body, dead_letter_attributes(ended))
        elif target.service == "sns":
            await self._send_sns(ended, target, body, dead_letter_attributes(ended))
        else:
            raise DeliveryFailed("a dead-letter queue is an SQS queue or an SNS topic")

    # --- one method for each service -----------------------------------------------------------------------------

    async def _send_sqs(self, ended: Ended, target: Target, body: str, attributes: dict[str, dict[str, str]]) -> None:
        message: dict[str, Any] = {
            "QueueUrl": f"https://sqs.{target.region}.amazonaws.com/{target.account}/{target.resource}",
            "MessageBody": body,
        }
        if attributes:
            message["MessageAttributes"] = attributes
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage"}
        await self._request(ended, target, "POST", "/", headers, _compact(message).encode())

    async def _send_sns(self, ended: Ended, target: Target, body: str, attributes: dict[str, dict[str, str]]) -> None:
        form = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": target.arn, "Message": body}
        for number, (name, value) in enumerate(attributes.items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            form[f"{entry}.Name"] = name
            form |= {f"{entry}.Value.{key}": text for key, text in value.items()}
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        await self._request(ended, target, "POST", "/", headers, urlencode(form).encode())

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
        answer = await self._request(ended, target, "POST", "/", headers, _compact({"Entries": [entry]}).encode())
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

    async def _request(
        self, ended: Ended, target: Target, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> bytes:
        specification = ended.specification
        session = (specification.region, specification.role, specification.name)
        if session not in self._credentials:
            self._credentials[session] = await self._services.credentials(*session)
        # The chain of requests goes on in what the record starts: a destination can close a loop, too.
        headers = headers | {"X-Amzn-Trace-Id": ended.event.invocation.trace_id}
        status, answer = await self._services.service_request(
            target.service,
            target.region or specification.region,
            self._credentials[session],
            method,
            path,
            headers,
            body,
        )
        if status >= 300:
            raise DeliveryFailed(_error_text(status, answer.decode(errors="replace")))
        return answer


def _s3_prefix(ended: Ended) -> str:
    return f"aws/lambda/async/{ended.specification.name}/"


def _error_text(status: int, answer: str) -> str:
    """Code and message of an error of either protocol, without the full stop."""
    try:
        document = json.loads(answer)
        code, message = str(document.get("__type", status)).rpartition("#")[2], str(document.get("message", ""))
    except (ValueError, AttributeError):
        code, message = _element(answer, "Code") or str(status), _element(answer, "Message")
    return f"{code}: {message}".rstrip(": .")


def _element(xml: str, name: str) -> str:
    match = re.search(f"<{name}>(.*?)</{name}>", xml, re.S)
    return match[1] if match else ""


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
