"""Whether S3 accepts a notification configuration: form, events, filters, overlaps, and then its destinations.

Sources: Amazon S3 API Reference, "PutBucketNotificationConfiguration"; Amazon S3 User Guide, "Configuring event
notifications using object key name filtering" (overlaps) and "Granting permissions to publish event notification
messages to a destination". The wording was recorded from AWS, where a comment does not say otherwise.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable

from .s3_configuration import Configuration, Rule, covers, service_of
from .s3_errors import invalid

#: In the order of the service model of botocore 1.43.
SUPPORTED_EVENTS = (
    "s3:ReducedRedundancyLostObject",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:ObjectRestore:Delete",
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ObjectAcl:Put",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:ObjectAnnotation:*",
    "s3:ObjectAnnotation:Put",
    "s3:ObjectAnnotation:Delete",
    "s3:ObjectRetention:Put",
)
#: S3 API Reference, "FilterRule": the maximum length is 1,024 characters.
_FILTER_VALUE_LENGTH = 1024
_ARN = re.compile(r"arn:aws[a-z-]*:([^:]*):([^:]*):([^:]*):(.+)")

#: ``await problem_of(rule)``: what keeps S3 from sending to a rule's destination, None when nothing does.
ProblemOf = Callable[[Rule], Awaitable[str | None]]


def check(configuration: Configuration, region: str) -> None:
    """Everything that can be seen without looking at a destination. Raises S3Error; ``region`` is the bucket's."""
    for rule in configuration.rules:
        _check_arn(rule, region)
    for rule in configuration.rules:
        _check_events(rule)
        _check_filter(rule)
    identifiers = [rule.id for rule in configuration.rules if rule.id]
    for identifier in identifiers:
        if identifiers.count(identifier) > 1:
            raise invalid("Same ID used for multiple configurations. IDs must be unique", ("Id", identifier))
    for one, other in itertools.combinations(configuration.rules, 2):
        if _overlap(one, other):
            raise invalid(
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes "
                "are overlapping for the same event type."
            )


async def check_destinations(configuration: Configuration, problem_of: ProblemOf) -> None:
    """Raises S3Error that names every destination S3 cannot send to."""
    problems = [(rule, await problem_of(rule)) for rule in configuration.rules]
    # A function's name is followed by its (absent) invocation role, which configurations of 2014 had.
    named = [
        (f"{rule.arn}, null" if rule.kind == "CloudFunction" else rule.arn, problem)
        for rule, problem in problems
        if problem is not None
    ]
    if named:
        raise invalid("Unable to validate the following destination configurations", *named, numbered=True)


def _check_arn(rule: Rule, region: str) -> None:
    match = _ARN.fullmatch(rule.arn)
    if match is None:
        raise invalid("The ARN could not be parsed", (rule.kind, rule.arn))
    if match[1] != service_of(rule.kind):
        raise invalid("The ARN is not well formed", (rule.kind, rule.arn))
    if match[2] != region:
        raise invalid(
            "The notification destination service region is not valid for the bucket location constraint",
            (rule.kind, rule.arn),
        )


def _check_events(rule: Rule) -> None:
    for event in rule.events:
        if event not in SUPPORTED_EVENTS:
            raise invalid(
                f"The event '{event}' is not supported for notifications. "
                f"Supported events are as follows: [{', '.join(SUPPORTED_EVENTS)}]",
                ("Event", event),
            )


def _check_filter(rule: Rule) -> None:
    names = [name for name, _value in rule.filters]
    for name, value in rule.filters:
        if name.lower() not in ("prefix", "suffix"):
            raise invalid("filter rule name must be either prefix or suffix", ("FilterRule.Name", name))
        if len(value) > _FILTER_VALUE_LENGTH:
            raise invalid(
                "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
                ("FilterRule.Value", value),
            )
    for kind in ("prefix", "suffix"):
        if sum(name.lower() == kind for name in names) > 1:
            raise invalid(
                f"Cannot specify more than one {kind} rule in a filter.",
                ("FilterRule.Name", kind),
            )


def _overlap(one: Rule, other: Rule) -> bool:
    """Whether one event can fit both: S3 would not know whom to tell."""
    if not any(covers(a, b) or covers(b, a) for a in one.events for b in other.events):
        return False
    prefixes, suffixes = (one.prefix or "", other.prefix or ""), (one.suffix or "", other.suffix or "")
    return (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])) and (
        suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0])
    )
