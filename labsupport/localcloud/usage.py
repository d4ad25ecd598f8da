"""Counts what AWS would charge for since the cloud started. What it costs is no business of the cloud's: it tells
quantities, in the units of AWS's price list, and names no price.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from .access.credential import is_aws_key
from .access.questions.s3 import place_of
from .access.request import split
from .functions.specification import FunctionSpecification, InvocationOutcome

#: Only these charge for requests one by one. DynamoDB's are counted too, but it charges for units.
_SERVICES = frozenset(("s3", "sqs", "sns", "events", "dynamodb"))
#: What the lab itself signs with: its checks and displays are not the learner's work.
_LAB_KEY = "lab"
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]*/([^/]+)/aws4_request")
_PRESIGNED = re.compile(r"[?&](?:X-Amz-Credential|AWSAccessKeyId)=([^/%&]+)")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_FIFO = re.compile(rb'QueueUrl"?\s*[:=]\s*"?[^"&]*\.fifo')
#: "Every 64 KB chunk of a payload is billed as 1 request" (pricing pages of SQS, SNS and EventBridge).
_CHUNK_BYTES = 64 * 1024


@dataclass
class _Requests:
    count: int = 0
    units: int = 0


@dataclass
class _Billed:
    invocations: int = 0
    milliseconds: int = 0


@dataclass
class Usage:
    """The counters of one cloud. ``units`` of a request are its chunks of 64 KB where a service charges by them, else 1."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    _requests: dict[tuple[str, str, str], _Requests] = field(default_factory=lambda: defaultdict(_Requests))
    _functions: dict[tuple[str, str, int, str], _Billed] = field(default_factory=lambda: defaultdict(_Billed))

    def request(
        self, method: str, raw_path: str, headers: Mapping[str, str], body: bytes, status: int, answer: bytes
    ) -> None:
        """A request that was served. Nobody pays for a failure of AWS's own (5xx)."""
        found = _CREDENTIAL.search(headers.get("Authorization", ""))
        if found:
            key, service = found[1], found[2]
        else:
            # A presigned URL or a browser's form; both are S3's.
            presigned = _PRESIGNED.search(raw_path)
            if presigned is None and not headers.get("Content-Type", "").startswith("multipart/form-data"):
                return
            key, service = unquote(presigned[1]) if presigned else "", "s3"
        if service not in _SERVICES or status >= 500:
            return
        caller = "function" if is_aws_key(key) else "lab" if key == _LAB_KEY else "you"
        if service == "s3":
            self.add("s3", _s3_operation(method, raw_path, headers), caller)
            return
        operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
        if not operation:
            action = _ACTION.search(body)
            operation = action[1].decode() if action else ""
        if service == "sqs":
            if _FIFO.search(body):
                service = "sqs-fifo"
            self.add(service, operation, caller, units=_chunks(max(len(body), len(answer))))
        elif service == "sns":
            self.add(service, operation, caller, units=_chunks(len(body)))
        elif service == "events" and operation == "PutEvents":
            self.add(service, operation, caller, units=_events(body))
        else:
            self.add(service, operation, caller)

    def add(self, service: str, operation: str, caller: str, *, count: int = 1, units: int | None = None) -> None:
        """``count`` requests. ``caller`` is "you", "function", "lab" or "trigger" (a poller of Lambda's own)."""
        entry = self._requests[service, operation, caller]
        entry.count += count
        entry.units += count if units is None else units

    def polled(self, queue: str, batches: Iterable[list[int]], deleted: int) -> None:
        """What Lambda asked of a queue for its batches (each the bytes of its messages), and how many it deleted.

        SQS hands over and deletes at most ten messages in one request (SQS API Reference, "ReceiveMessage",
        "DeleteMessageBatch").
        """
        service = "sqs-fifo" if queue.endswith(".fifo") else "sqs"
        for sizes in batches:
            tens = [sum(sizes[start : start + 10]) for start in range(0, len(sizes), 10)]
            units = sum(map(_chunks, tens))
            self.add(service, "ReceiveMessage", "trigger", count=len(tens), units=units)
        if deleted:
            self.add(service, "DeleteMessageBatch", "trigger", count=-(-deleted // 10))

    def invocation(self, specification: FunctionSpecification, outcome: InvocationOutcome) -> None:
        """An invocation that ran, with what its REPORT line says is billed (the init phase included)."""
        key = (specification.region, specification.name, specification.memory_size, specification.architecture)
        entry = self._functions[key]
        entry.invocations += 1
        entry.milliseconds += outcome.billed_duration

    def document(self, dynamodb: Mapping[str, float], log_bytes: int) -> dict[str, Any]:
        """What ``/_labsupport/usage`` tells. Capacity units and stored logs come from who knows of them."""
        return {
            "since": self.since.isoformat(),
            "functions": [
                {
                    "region": region,
                    "name": name,
                    "memory_mb": memory,
                    "architecture": architecture,
                    "invocations": entry.invocations,
                    "billed_ms": entry.milliseconds,
                }
                for (region, name, memory, architecture), entry in sorted(self._functions.items())
            ],
            "requests": [
                {
                    "service": service,
                    "operation": operation,
                    "caller": caller,
                    "count": entry.count,
                    "units": entry.units,
                }
                for (service, operation, caller), entry in sorted(self._requests.items())
            ],
            "log_bytes": log_bytes,
            "dynamodb": dict(dynamodb),
        }

    def has_seen(self, service: str) -> bool:
        """Whether anybody has called this service."""
        return any(key[0] == service for key in self._requests)


def _chunks(size: int) -> int:
    return max(1, -(-size // _CHUNK_BYTES))


def _events(body: bytes) -> int:
    """Each event of a PutEvents counts by itself."""
    try:
        return sum(_chunks(len(json.dumps(entry))) for entry in json.loads(body)["Entries"])
    except (ValueError, KeyError, TypeError):
        return 1


def _s3_operation(method: str, raw_path: str, headers: Mapping[str, str]) -> str:
    """The operation by its name in the S3 API Reference, as far as prices differ: of subresources only the verb counts."""
    path, pairs = split(raw_path)
    query = dict(pairs)
    place = place_of(path, headers.get("Host", ""))
    if method == "GET" and not place.key:
        return _s3_listing(place.bucket, query)
    if method == "PUT" and place.key:
        copied = "x-amz-copy-source" in headers
        if "partNumber" in query:
            return "UploadPartCopy" if copied else "UploadPart"
        subresource = {"tagging", "acl", "retention", "legal-hold"} & query.keys()
        return "CopyObject" if copied else "PutObjectSettings" if subresource else "PutObject"
    if method == "POST":
        if "delete" in query:
            return "DeleteObjects"
        if "uploads" in query:
            return "CreateMultipartUpload"
        return "CompleteMultipartUpload" if "uploadId" in query else "PostObject"
    if method == "DELETE":
        return "AbortMultipartUpload" if "uploadId" in query else f"Delete{'Object' if place.key else 'Bucket'}"
    verb = {"GET": "Get", "HEAD": "Head", "PUT": "Put"}.get(method, method.capitalize())
    return f"{verb}{'Object' if place.key else 'Bucket'}"


def _s3_listing(bucket: str, query: Mapping[str, str]) -> str:
    if not bucket:
        return "ListBuckets"
    if "versions" in query:
        return "ListObjectVersions"
    if "uploads" in query:
        return "ListMultipartUploads"
    settings = query.keys() - {"list-type", "prefix", "delimiter", "marker", "max-keys", "encoding-type", "x-id"}
    if settings & {"location", "notification", "versioning", "policy", "acl", "tagging", "cors", "encryption"}:
        return "GetBucket"
    return "ListObjects"
