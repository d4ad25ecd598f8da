"""Requests that Lambda itself makes with an execution role: messages for queues and topics, objects for buckets.

On-failure destinations of asynchronous invocations and of event source mappings are such targets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from .specification import FunctionSpecification

RoleAllows = Callable[[str, str, str], Awaitable[bool]]


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


@dataclass(frozen=True)
class Origin:
    """On whose behalf something is sent: the function, and the X-Ray header of the chain it belongs to, if any."""

    specification: FunctionSpecification
    trace: str | None = None


class TargetRequests:
    """Sends with the credentials of the origin's execution role. Every method raises DeliveryFailed; whether the role may
    is asked before (``check_role``), because these requests go past the front door."""

    def __init__(self, services: AwsServices, role_allows: RoleAllows) -> None:
        self._services = services
        self._role_allows = role_allows
        self._credentials: dict[tuple[str, str, str], dict[str, str]] = {}

    async def check_role(self, origin: Origin, action: str, resource: str) -> None:
        """Whether the execution role may do it."""
        role = origin.specification.role
        if not await self._role_allows(role, action, resource):
            raise DeliveryFailed(f"the execution role {role} is not allowed {action} there")

    async def send_message(
        self, origin: Origin, target: Target, body: str, attributes: dict[str, dict[str, str]] | None = None
    ) -> None:
        """To an SQS queue."""
        message: dict[str, Any] = {
            "QueueUrl": f"https://sqs.{target.region}.amazonaws.com/{target.account}/{target.resource}",
            "MessageBody": body,
        }
        if attributes:
            message["MessageAttributes"] = attributes
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage"}
        await self.request(origin, target, "POST", "/", headers, compact(message).encode())

    async def publish(
        self, origin: Origin, target: Target, body: str, attributes: dict[str, dict[str, str]] | None = None
    ) -> None:
        """To an SNS topic."""
        form = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": target.arn, "Message": body}
        for number, (name, value) in enumerate((attributes or {}).items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            form[f"{entry}.Name"] = name
            form |= {f"{entry}.Value.{key}": text for key, text in value.items()}
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        await self.request(origin, target, "POST", "/", headers, urlencode(form).encode())

    async def put_object(self, origin: Origin, target: Target, key: str, body: str) -> None:
        """A JSON document into a bucket."""
        path = f"/{quote(target.resource)}/{quote(key)}"
        await self.request(origin, target, "PUT", path, {"Content-Type": "application/json"}, body.encode())

    async def request(
        self, origin: Origin, target: Target, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> bytes:
        """Any request to the target's service: the answer's body."""
        specification = origin.specification
        session = (specification.region, specification.role, specification.name)
        if session not in self._credentials:
            self._credentials[session] = await self._services.credentials(*session)
        # The chain of requests goes on in what is sent: a destination can close a loop, too.
        trace = {"X-Amzn-Trace-Id": origin.trace} if origin.trace else {}
        status, answer = await self._services.service_request(
            target.service,
            target.region or specification.region,
            self._credentials[session],
            method,
            path,
            headers | trace,
            body,
        )
        if status >= 300:
            raise DeliveryFailed(_error_text(status, answer.decode(errors="replace")))
        return answer


def compact(document: dict[str, Any]) -> str:
    """JSON without spaces."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


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
