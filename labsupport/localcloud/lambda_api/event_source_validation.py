"""Which event source mappings AWS refuses, and in which words.

Sources: Lambda API Reference, "CreateEventSourceMapping"; the texts are as recorded from AWS.
"""

from __future__ import annotations

from . import errors
from .mapping_records import Mapping
from .operations import Call
from .store import Version

_SERVICES = ("sqs", "dynamodb")


async def check_creation(call: Call) -> str:
    """The ARN of the event source. Raises LambdaError for a mapping that AWS does not make."""
    source_arn = call.get("EventSourceArn")
    if not source_arn:
        raise errors.invalid_parameter("Unrecognized event source.")
    service = source_arn.split(":")[2]
    if service not in _SERVICES:
        raise errors.not_in_this_lab(f"event source mappings for {service}")
    _function(call)
    return str(source_arn)


async def check_update(call: Call, mapping: Mapping) -> None:
    """Raises LambdaError for a change that AWS does not make."""
    if call.get("FunctionName"):
        _function(call)


def _function(call: Call) -> Version:
    named = call.named()
    found = call.region.functions.get(named.name)
    version = found.resolve(named.qualifier) if found else None
    if version is None:
        raise errors.invalid_parameter("Function does not exist")
    return version
