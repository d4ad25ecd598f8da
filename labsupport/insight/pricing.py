"""AWS's prices: from what is used to what it costs. The figures themselves, with page and date, are in ``facts``.

Prices are those of one region and of the first tier, in US dollars; ``REGION`` says which region.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..facts import Fact, fact
from .usage import Usage

#: Every price is this region's.
REGION = "us-east-1"
REGION_NAME = "US East (N. Virginia)"
_GB = 1024**3
#: Of a FIFO queue's requests only these have its price; the others have a standard queue's.
_FIFO_OPERATIONS = ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")


@dataclass(frozen=True)
class Price:
    """``fact`` is the price of ``per`` units. ``unit`` is what a quantity is counted in, ``each`` how ``per`` reads.

    ``free`` is how many units are free each month (None: there is no such allowance).
    """

    service: str
    what: str
    fact: Fact
    per: int
    unit: str
    each: str
    free: Fact | None = None

    @property
    def dollars_each(self) -> float:
        return float(self.fact.value) / self.per

    def __str__(self) -> str:
        return f"${self.fact.text} per {self.each}"


def _price(service: str, what: str, name: str, per: int, unit: str, each: str, free: str | None = None) -> Price:
    return Price(service, what, fact(name), per, unit, each, fact(free) if free else None)


_MILLION = 1_000_000
PRICES = {
    "lambda-requests": _price(
        "Lambda", "requests", "price_per_million_requests", _MILLION, "", "million", "free_requests"
    ),
    "lambda-x86_64": _price("Lambda", "duration", "price_per_gb_second", 1, "GB-s", "GB-s", "free_gb_seconds"),
    "lambda-arm64": _price("Lambda", "duration, Arm", "price_per_gb_second_arm", 1, "GB-s", "GB-s", "free_gb_seconds"),
    "s3-put": _price("S3", "PUT, COPY, POST and LIST requests", "price_s3_put", 1000, "", "1,000"),
    "s3-get": _price("S3", "GET and other requests", "price_s3_get", 1000, "", "1,000"),
    "dynamodb-write": _price("DynamoDB", "write request units", "price_dynamodb_write", _MILLION, "", "million"),
    "dynamodb-read": _price("DynamoDB", "read request units", "price_dynamodb_read", _MILLION, "", "million"),
    "sqs": _price("SQS", "requests", "price_sqs_standard", _MILLION, "", "million", "free_sqs_requests"),
    "sqs-fifo": _price("SQS", "requests, FIFO", "price_sqs_fifo", _MILLION, "", "million", "free_sqs_requests"),
    "sns": _price("SNS", "publish requests", "price_sns_publish", _MILLION, "", "million", "free_sns_requests"),
    "eventbridge": _price("EventBridge", "custom events", "price_eventbridge_event", _MILLION, "", "million"),
    "logs": _price("CloudWatch Logs", "log taken in", "price_logs_gb", 1, "GB", "GB", "free_logs_gb"),
}


def quantities(usage: Usage) -> dict[str, float]:
    """How many units of each price (by its name in ``PRICES``) were used; what costs nothing is not there, nor
    what the lab itself asked for its checks and displays."""
    found = dict.fromkeys(PRICES, 0.0)
    for (_name, memory_mb, architecture), used in usage.functions.items():
        found["lambda-requests"] += used.invocations
        found[f"lambda-{architecture}"] += gb_seconds(used.billed_ms, memory_mb)
    for (service, operation, caller), requests in usage.requests.items():
        name = _price_of_request(service, operation)
        if name and caller != "lab":
            found[name] += requests.units
    found["dynamodb-write"] = usage.write_units
    found["dynamodb-read"] = usage.read_units
    found["logs"] = usage.log_bytes / _GB
    return {name: quantity for name, quantity in found.items() if quantity}


def gb_seconds(billed_ms: float, memory_mb: int) -> float:
    """The product Lambda charges for: seconds times the memory that is configured, in GB."""
    return billed_ms / 1000 * memory_mb / 1024


def _price_of_request(service: str, operation: str) -> str | None:
    if service == "s3":
        # "DELETE and CANCEL requests are free" (Amazon S3 pricing).
        if operation.startswith(("Delete", "Abort")):
            return None
        return "s3-get" if operation.startswith(("Get", "Head")) else "s3-put"
    if service == "sqs-fifo":
        return "sqs-fifo" if operation.startswith(_FIFO_OPERATIONS) else "sqs"
    if service == "sqs":
        return "sqs"
    if service == "sns":
        return "sns" if operation.startswith("Publish") else None
    if service == "events":
        return "eventbridge" if operation == "PutEvents" else None
    return None
