"""AWS's figures (limits, defaults, prices), each with the page it comes from and the day it was looked up.

The lessons and the exercises take every figure from here. A lesson's source writes ``{{ facts.NAME }}``, and the
builder puts ``text`` in its place.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from types import MappingProxyType

_QUOTAS = ("Lambda quotas", "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html")
_TIMEOUT = (
    "Configure Lambda function timeout",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html",
)
_MEMORY = ("Configure Lambda function memory", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html")
_INVOKE = ("Invoke", "https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html")
_CREATE = ("CreateFunction", "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html")
_STORAGE = ("EphemeralStorage", "https://docs.aws.amazon.com/lambda/latest/api/API_EphemeralStorage.html")
_LIFECYCLE = (
    "Understanding the Lambda execution environment lifecycle",
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
)
_LOGS = (
    "Sending Lambda function logs to CloudWatch Logs",
    "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
)
_ASYNCHRONOUS = (
    "How Lambda handles errors and retries with asynchronous invocation",
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html",
)
_PYTHON = ("Building Lambda functions with Python", "https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html")
_PRICING = ("AWS Lambda Pricing", "https://aws.amazon.com/lambda/pricing/")

#: The day the pages of version 0.1 were read.
_FIRST_LOOK = datetime.date(2026, 11, 25)


@dataclass(frozen=True)
class Fact:
    """One figure. ``text`` is what a lesson shows; ``value`` is what code calculates with, in ``unit``."""

    name: str
    value: int | float | str
    unit: str
    text: str
    source: str
    url: str
    looked_up: datetime.date

    def __str__(self) -> str:
        return self.text


def _fact(name: str, value: int | float | str, unit: str, text: str, page: tuple[str, str]) -> Fact:
    return Fact(name, value, unit, text, *page, looked_up=_FIRST_LOOK)


_ALL = (
    # The runtime the course deploys with. One place, because AWS retires runtimes.
    _fact("python_runtime", "python3.13", "runtime identifier", "python3.13", _PYTHON),
    _fact("function_timeout_default", 3, "seconds", "3 seconds", _TIMEOUT),
    _fact("function_timeout_maximum", 900, "seconds", "900 seconds (15 minutes)", _TIMEOUT),
    _fact("function_memory_default", 128, "MB", "128 MB", _CREATE),
    _fact("function_memory_minimum", 128, "MB", "128 MB", _MEMORY),
    _fact("function_memory_maximum", 10_240, "MB", "10,240 MB", _MEMORY),
    # With so much memory a function has the equivalent of one virtual processor.
    _fact("memory_of_one_processor", 1_769, "MB", "1,769 MB", _MEMORY),
    _fact("function_name_maximum", 64, "characters", "64 characters", _CREATE),
    _fact("synchronous_payload_maximum", 6, "MB", "6 MB", _INVOKE),
    _fact("asynchronous_payload_maximum", 1, "MB", "1 MB", _INVOKE),
    _fact("asynchronous_retries_default", 2, "retries", "2", _ASYNCHRONOUS),
    _fact("asynchronous_first_retry_wait", 1, "minutes", "1 minute", _ASYNCHRONOUS),
    _fact("asynchronous_second_retry_wait", 2, "minutes", "2 minutes", _ASYNCHRONOUS),
    _fact("asynchronous_event_age_maximum", 6, "hours", "6 hours", _ASYNCHRONOUS),
    _fact("log_tail_maximum", 4, "KB", "4 KB", _INVOKE),
    _fact("zip_upload_maximum", 50, "MB", "50 MB", _QUOTAS),
    _fact("unzipped_package_maximum", 250, "MB", "250 MB", _QUOTAS),
    _fact("environment_variables_maximum", 4, "KB", "4 KB", _QUOTAS),
    _fact("tmp_storage_default", 512, "MB", "512 MB", _STORAGE),
    _fact("tmp_storage_maximum", 10_240, "MB", "10,240 MB", _STORAGE),
    _fact("init_phase_maximum", 10, "seconds", "10 seconds", _LIFECYCLE),
    _fact("log_delay", 10, "minutes", "5 to 10 minutes", _LOGS),
    _fact("billing_step", 1, "milliseconds", "1 millisecond", _PRICING),
    _fact("free_requests", 1_000_000, "requests a month", "1 million requests a month", _PRICING),
    _fact("free_gb_seconds", 400_000, "GB-seconds a month", "400,000 GB-seconds a month", _PRICING),
    # Both prices: US East (N. Virginia), x86, first tier.
    _fact("price_per_million_requests", 0.20, "US dollars per million requests", "0.20", _PRICING),
    _fact("price_per_gb_second", 0.0000166667, "US dollars per GB-second", "0.0000166667", _PRICING),
)

#: Every fact by its name.
FACTS = MappingProxyType({fact.name: fact for fact in _ALL})


def fact(name: str) -> Fact:
    """The fact of this name. Raises KeyError with a line that lists the names."""
    try:
        return FACTS[name]
    except KeyError:
        raise KeyError(f"There is no fact {name!r}. There is: {', '.join(FACTS)}.") from None
