"""What a check reads of the wiring between a bucket and a function: rules of the bucket, permissions of the function."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .probe import Probe

_S3 = "s3.amazonaws.com"


@dataclass(frozen=True)
class Rule:
    """A rule of a bucket's notification configuration that calls one function. ``target`` is the ARN it names, perhaps
    with a version or an alias."""

    target: str
    events: tuple[str, ...]
    prefix: str
    suffix: str

    def calls(self, event: str, key: str) -> bool:
        """Whether S3 would call for this event (such as "ObjectCreated:Put") and key. Case counts (S3 User Guide,
        "Configuring event notifications using object key name filtering")."""
        return any(_covers(wanted, event) for wanted in self.events) and (
            key.startswith(self.prefix) and key.endswith(self.suffix)
        )


def rules(probe: Probe, bucket: str, function_arn: str) -> tuple[Rule, ...]:
    """The bucket's rules that call this function (any of its qualifiers)."""
    answer = probe.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return tuple(
        _rule(entry)
        for entry in answer.get("LambdaFunctionConfigurations", ())
        if entry["LambdaFunctionArn"] == function_arn or entry["LambdaFunctionArn"].startswith(f"{function_arn}:")
    )


def permissions_of_s3(probe: Probe, function_arn: str, rules: tuple[Rule, ...] = ()) -> tuple[dict[str, Any], ...]:
    """The statements that let S3 invoke the function, or the version or alias that a rule calls: each has a policy of its
    own (Lambda API Reference, "GetPolicy")."""
    client = probe.client("lambda")
    found = []
    for target in sorted({rule.target for rule in rules} or {function_arn}):
        try:
            policy = json.loads(client.get_policy(FunctionName=target)["Policy"])
        except client.exceptions.ResourceNotFoundException:
            continue
        found += [one for one in policy["Statement"] if _is_s3(one.get("Principal")) and one.get("Effect") == "Allow"]
    return tuple(found)


def conditions(statement: dict[str, Any]) -> dict[str, str]:
    """The statement's conditions, key in lower case to value: {"aws:sourcearn": "arn:aws:s3:::photos"}."""
    return {
        name.lower(): str(value)
        for entries in statement.get("Condition", {}).values()
        for name, value in entries.items()
    }


def _rule(entry: dict[str, Any]) -> Rule:
    filters = {
        one["Name"].lower(): one["Value"] for one in entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    }
    return Rule(
        entry["LambdaFunctionArn"], tuple(entry["Events"]), filters.get("prefix", ""), filters.get("suffix", "")
    )


def _covers(wanted: str, event: str) -> bool:
    wanted = wanted.removeprefix("s3:")
    return event.startswith(wanted[:-1]) if wanted.endswith("*") else event == wanted


def _is_s3(principal: Any) -> bool:
    return principal == _S3 or (isinstance(principal, dict) and principal.get("Service") == _S3)
