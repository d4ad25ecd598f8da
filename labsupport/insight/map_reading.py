"""Reads a map of what is deployed, service by service, with plain boto3 calls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from .deployment_map import DeploymentMap
from .map_findings import Found, key_of, with_qualifier

Client = Callable[[str], Any]

_FUNCTION_IN_URI = re.compile(r"arn:[^/]+:lambda:[^/]+:function:[^/]+")


def read_map(client: Client, region: str) -> DeploymentMap:
    """Look at everything the course uses. ``client(service)`` gives boto3 clients of ``region``.

    A service that refuses or does not answer is named in ``unseen``; the others are shown all the same.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    found = Found()
    for service, kinds, read in _SERVICES:
        try:
            read(client(service), found)
        except (ClientError, BotoCoreError) as problem:
            code = problem.response["Error"].get("Code", "") if isinstance(problem, ClientError) else ""
            found.unseen.append(f"Not looked at: {', '.join(kinds)} ({code or type(problem).__name__}).")
            found.unseen_kinds.update(kinds)
    return found.map(region)


def pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """Every entry of a list that comes in pages."""
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, ())


# --- service by service ------------------------------------------------------------------------------------------


def _functions(client: Any, found: Found) -> None:
    for one in list(pages(client, "list_functions", "Functions")):
        name, arn = one["FunctionName"], one["FunctionArn"]
        details = [one.get("Runtime", ""), f"{one['MemorySize']} MB", f"timeout {one['Timeout']} s"]
        key = found.add("function", name, details, called=[arn])
        found.has_variables(key, one.get("Environment", {}).get("Variables", {}))
        if target := one.get("DeadLetterConfig", {}).get("TargetArn"):
            found.connect(key, key_of(target), "dead-letter queue")
        for settings in pages(
            client, "list_function_event_invoke_configs", "FunctionEventInvokeConfigs", FunctionName=name
        ):
            for outcome, how in (("OnSuccess", "on success"), ("OnFailure", "on failure")):
                if target := settings.get("DestinationConfig", {}).get(outcome, {}).get("Destination"):
                    found.connect(key, key_of(target), how)
        for qualifier in (
            "",
            *(alias["Name"] for alias in pages(client, "list_aliases", "Aliases", FunctionName=name)),
        ):
            try:
                policy = client.get_policy(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
            except client.exceptions.ResourceNotFoundException:
                continue
            found.has_policy(arn, policy["Policy"])
    for mapping in pages(client, "list_event_source_mappings", "EventSourceMappings"):
        target = mapping["FunctionArn"]
        how = with_qualifier(_mapping_words(mapping), target)
        result = str(mapping.get("LastProcessingResult", ""))
        problem = result.removeprefix("PROBLEM: ") if result.startswith("PROBLEM") else ""
        found.connect(key_of(mapping.get("EventSourceArn", "self-managed source")), key_of(target), how, problem)
        if failed := mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
            found.connect(key_of(target), key_of(failed), "on failure of a batch")


def _mapping_words(mapping: dict[str, Any]) -> str:
    words = [f"batches of {mapping.get('BatchSize', '?')}"]
    if window := mapping.get("MaximumBatchingWindowInSeconds"):
        words.append(f"window {window} s")
    if position := mapping.get("StartingPosition"):
        words.append(f"from {position}")
    if filters := mapping.get("FilterCriteria", {}).get("Filters"):
        words.append("1 filter" if len(filters) == 1 else f"{len(filters)} filters")
    # On its way to Enabled it works in a moment; that would only make two maps of the same thing differ.
    if (state := str(mapping.get("State", ""))) in ("Disabled", "Disabling", "Deleting"):
        words.append(state)
    return ", ".join(words)


def _buckets(client: Any, found: Found) -> None:
    for bucket in client.list_buckets()["Buckets"]:
        name, arn = bucket["Name"], f"arn:aws:s3:::{bucket['Name']}"
        settings = client.get_bucket_notification_configuration(Bucket=name)
        key = found.add("bucket", name, called=[arn])
        for one in settings.get("LambdaFunctionConfigurations", ()):
            found.calls(key, one["LambdaFunctionArn"], _notification_words(one), "s3.amazonaws.com", arn)
        for kind in ("Queue", "Topic"):
            for one in settings.get(f"{kind}Configurations", ()):
                found.connect(key, key_of(one[f"{kind}Arn"]), _notification_words(one))
        if "EventBridgeConfiguration" in settings:
            found.connect(key, ("event bus", "default"), "all its events")


def _notification_words(one: dict[str, Any]) -> str:
    words = list(one["Events"])
    for rule in one.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        words.append(f"{rule['Name'].lower()} {rule['Value']}")
    return ", ".join(words)


def _tables(client: Any, found: Found) -> None:
    for name in pages(client, "list_tables", "TableNames"):
        table = client.describe_table(TableName=name)["Table"]
        keys = " and ".join(part["AttributeName"] for part in table["KeySchema"])
        stream = table.get("StreamSpecification", {})
        details = [f"key {keys}"]
        if indexes := table.get("GlobalSecondaryIndexes"):
            details.append("1 index" if len(indexes) == 1 else f"{len(indexes)} indexes")
        if stream.get("StreamEnabled"):
            details.append(f"stream {stream['StreamViewType']}")
        found.add("table", name, details, called=[table["TableArn"]])


def _queues(client: Any, found: Found) -> None:
    for url in pages(client, "list_queues", "QueueUrls"):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        details = [f"visibility timeout {attributes.get('VisibilityTimeout', '30')} s"]
        if attributes.get("FifoQueue") == "true":
            details.insert(0, "FIFO")
        key = found.add("queue", url.rpartition("/")[2], details, called=[url, attributes["QueueArn"]])
        if "RedrivePolicy" in attributes:
            redrive = json.loads(attributes["RedrivePolicy"])
            count = int(redrive["maxReceiveCount"])
            how = f"after {count} {'receive' if count == 1 else 'receives'}"
            found.connect(key, key_of(redrive["deadLetterTargetArn"]), how)


def _topics(client: Any, found: Found) -> None:
    for topic in pages(client, "list_topics", "Topics"):
        arn = topic["TopicArn"]
        key = found.add("topic", key_of(arn)[1], called=[arn])
        for one in pages(client, "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn):
            how = "subscription"
            if one["SubscriptionArn"].startswith("arn:"):
                attributes = client.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
                how += ", with a filter policy" if attributes.get("FilterPolicy", "{}") != "{}" else ""
            if one["Protocol"] == "lambda":
                found.calls(key, one["Endpoint"], how, "sns.amazonaws.com", arn)
            else:
                # An e-mail address or a telephone number is nobody's business.
                known = one["Endpoint"].startswith("arn:")
                found.connect(key, key_of(one["Endpoint"]) if known else ("other", one["Protocol"]), how)


def _rules(client: Any, found: Found) -> None:
    for bus in client.list_event_buses()["EventBuses"]:
        if bus["Name"] != "default":  # every account has that one
            found.add("event bus", bus["Name"], called=[bus["Arn"]])
        for rule in pages(client, "list_rules", "Rules", EventBusName=bus["Name"]):
            details = [rule.get("ScheduleExpression", ""), "disabled" if rule["State"] == "DISABLED" else ""]
            key = found.add("rule", rule["Name"], details, called=[rule["Arn"]])
            if "EventPattern" in rule:
                found.connect(("event bus", bus["Name"]), key, "events that match its pattern")
            for target in pages(client, "list_targets_by_rule", "Targets", Rule=rule["Name"], EventBusName=bus["Name"]):
                how = "changed input" if {"Input", "InputPath", "InputTransformer"} & set(target) else "event"
                if key_of(target["Arn"])[0] == "function":
                    found.calls(key, target["Arn"], how, "events.amazonaws.com", rule["Arn"])
                else:
                    found.connect(key, key_of(target["Arn"]), how)


def _schedules(client: Any, found: Found) -> None:
    for entry in list(pages(client, "list_schedules", "Schedules")):
        one = client.get_schedule(Name=entry["Name"], GroupName=entry["GroupName"])
        disabled = "disabled" if one.get("State") == "DISABLED" else ""
        key = found.add("schedule", one["Name"], [one["ScheduleExpression"], disabled])
        # A schedule invokes with a role, so the function's own policy need not allow it.
        found.connect(key, key_of(one["Target"]["Arn"]), "event")


def _log_groups(client: Any, found: Found) -> None:
    for group in list(pages(client, "describe_log_groups", "logGroups")):
        name = group["logGroupName"]
        for one in pages(client, "describe_subscription_filters", "subscriptionFilters", logGroupName=name):
            key = found.add("log group", name, called=[group["arn"]])
            how = f"log lines that match {one['filterPattern']}" if one.get("filterPattern") else "all log lines"
            if key_of(one["destinationArn"])[0] == "function":
                found.calls(
                    key, one["destinationArn"], how, "logs.amazonaws.com", group["arn"].removesuffix(":*") + ":*"
                )
            else:
                found.connect(key, key_of(one["destinationArn"]), how)


def _rest_apis(client: Any, found: Found) -> None:
    if not found.is_allowed_at_all("apigateway.amazonaws.com"):
        return  # no API calls a function; the local cloud then need not load API Gateway at all
    for api in list(pages(client, "get_rest_apis", "items")):
        key = found.add("API", api["name"], ["REST"], called=[api["id"]])
        for resource in pages(client, "get_resources", "items", restApiId=api["id"], embed=["methods"]):
            for method, settings in resource.get("resourceMethods", {}).items():
                uri = settings.get("methodIntegration", {}).get("uri", "")
                if function := _FUNCTION_IN_URI.search(uri):
                    found.connect(key, key_of(function.group()), f"{method} {resource['path']}")


def _http_apis(client: Any, found: Found) -> None:
    if not found.is_allowed_at_all("apigateway.amazonaws.com"):
        return
    for api in list(pages(client, "get_apis", "Items")):
        key = found.add("API", api["Name"], [api["ProtocolType"]], called=[api["ApiId"], api.get("ApiEndpoint", "")])
        integrations = {
            one["IntegrationId"]: one.get("IntegrationUri", "")
            for one in pages(client, "get_integrations", "Items", ApiId=api["ApiId"])
        }
        for route in pages(client, "get_routes", "Items", ApiId=api["ApiId"]):
            uri = integrations.get(route.get("Target", "").removeprefix("integrations/"), "")
            if function := _FUNCTION_IN_URI.search(uri):
                found.connect(key, key_of(function.group()), route["RouteKey"])


_SERVICES: tuple[tuple[str, tuple[str, ...], Callable[[Any, Found], None]], ...] = (
    ("lambda", ("function",), _functions),
    ("s3", ("bucket",), _buckets),
    ("dynamodb", ("table",), _tables),
    ("sqs", ("queue",), _queues),
    ("sns", ("topic",), _topics),
    ("events", ("rule",), _rules),
    ("scheduler", ("schedule",), _schedules),
    ("logs", ("log group",), _log_groups),
    ("apigateway", ("API",), _rest_apis),
    ("apigatewayv2", ("API",), _http_apis),
)
