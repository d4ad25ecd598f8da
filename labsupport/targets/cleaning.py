"""Removes what a learner made, through boto3 alone, and says what it removed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from . import api_cleaning

#: How long a change of an event source mapping, or a batch that runs, is waited for.
_MAPPING_SECONDS = 10.0


@dataclass(frozen=True)
class Removed:
    """Names by kind ("function", "role", ...) in the order they were removed; ``kept`` are lines about what stayed."""

    names: tuple[tuple[str, tuple[str, ...]], ...]
    kept: tuple[str, ...]

    @property
    def text(self) -> str:
        """One line a kind, and one for each thing that stayed."""
        lines = [
            f"{len(names)} {kind if len(names) == 1 else _plural(kind)}: {', '.join(names)}"
            for kind, names in self.names
            if names
        ]
        if not lines and not self.kept:
            return "Nothing to remove: the local cloud is empty."
        removed = ["Removed from the local cloud:", *(f"  {line}" for line in lines)] if lines else []
        return "\n".join([*removed, *(f"Kept {line}" for line in self.kept)])


def remove_all(client: Callable[[str], Any]) -> Removed:
    """Remove every event source mapping, REST API (with keys and usage plans), function (with its versions, aliases and
    settings), layer, bucket (with all objects), queue, table, log group, role and policy of one's own.

    ``client(service)`` gives boto3 clients. What cannot be removed stays and is named. Raises botocore's exceptions
    when nothing can be listed.
    """
    lambda_, iam, logs, sqs = client("lambda"), client("iam"), client("logs"), client("sqs")
    dynamodb, s3 = client("dynamodb"), client("s3")
    kept: list[str] = []
    mappings = dict(_mappings(lambda_))
    apigateway = client("apigateway")
    plans, keys = api_cleaning.usage_plans(apigateway), api_cleaning.api_keys(apigateway)
    apis = api_cleaning.rest_apis(apigateway)

    def remove(kind: str, names: Iterator[str], delete: Callable[[str], object]) -> tuple[str, tuple[str, ...]]:
        from botocore.exceptions import ClientError

        gone = []
        for name in sorted(names):
            try:
                delete(name)
            except ClientError as problem:
                kept.append(f"{kind} {name}: {problem.response['Error'].get('Message', problem)}")
            else:
                gone.append(name)
        return kind, tuple(gone)

    removed = (
        # Before the functions: a bucket's rules name them, and the objects that go are events for them, too.
        remove("bucket", _buckets(s3), lambda name: _delete_bucket(s3, name)),
        remove(
            "event source mapping",
            iter(mappings),
            lambda name: _delete_mapping(lambda_, mappings[name]),
        ),
        remove("usage plan", iter(plans), lambda name: api_cleaning.delete_usage_plan(apigateway, plans[name])),
        remove("API key", iter(keys), lambda name: apigateway.delete_api_key(apiKey=keys[name])),
        remove("REST API", iter(apis), lambda name: apigateway.delete_rest_api(restApiId=apis[name])),
        remove(
            "function",
            _listed(lambda_, "list_functions", "Functions", "FunctionName"),
            lambda name: lambda_.delete_function(FunctionName=name),
        ),
        remove(
            "layer",
            _listed(lambda_, "list_layers", "Layers", "LayerName"),
            lambda name: _delete_layer(lambda_, name),
        ),
        remove(
            "queue",
            _queues(sqs),
            lambda name: sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"]),
        ),
        remove("table", _tables(dynamodb), lambda name: _delete_table(dynamodb, name)),
        remove(
            "log group",
            _listed(logs, "describe_log_groups", "logGroups", "logGroupName"),
            lambda name: logs.delete_log_group(logGroupName=name),
        ),
        remove("role", _own_roles(iam), lambda name: _delete_role(iam, name)),
        remove(
            "policy",
            _listed(iam, "list_policies", "Policies", "Arn", Scope="Local"),
            lambda arn: _delete_policy(iam, arn),
        ),
    )
    return Removed(removed, tuple(kept))


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("cy") else f"{kind}s"


def _listed(client: Any, operation: str, key: str, field: str, **arguments: Any) -> Iterator[str]:
    for page in client.get_paginator(operation).paginate(**arguments):
        for entry in page[key]:
            yield str(entry[field])


def _mappings(lambda_: Any) -> Iterator[tuple[str, str]]:
    """What each event source mapping connects, by the names a learner gave ("jobs → print"), and its UUID."""
    for page in lambda_.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            source = mapping.get("EventSourceArn", "").split(":", 5)[-1]
            if "/stream/" in source:  # table/NAME/stream/TIME; the time differs each time the stream is switched on
                source = source.split("/")[1] if source.startswith("table/") else source
            function = mapping.get("FunctionArn", "").partition(":function:")[2]
            yield f"{source} → {function}" if source and function else mapping["UUID"], mapping["UUID"]


def _buckets(s3: Any) -> Iterator[str]:
    for bucket in s3.list_buckets()["Buckets"]:
        yield str(bucket["Name"])


def _delete_bucket(s3: Any, name: str) -> None:
    """A bucket must be empty first, of old versions and delete markers as well (S3 User Guide, "Deleting a general
    purpose bucket"). Its rules go before the objects: nobody needs to hear of this."""
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={})
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        objects = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for kind in ("Versions", "DeleteMarkers")
            for one in page.get(kind, ())
        ]
        if objects:
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", ()):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.delete_bucket(Bucket=name)


def _queues(sqs: Any) -> Iterator[str]:
    for page in sqs.get_paginator("list_queues").paginate():
        for url in page.get("QueueUrls", ()):
            yield str(url).rpartition("/")[2]


def _tables(dynamodb: Any) -> Iterator[str]:
    for page in dynamodb.get_paginator("list_tables").paginate():
        yield from page["TableNames"]


def _delete_table(dynamodb: Any, name: str) -> None:
    """DeleteTable answers while the table is still there; whoever makes it anew would be refused."""
    dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _own_roles(iam: Any) -> Iterator[str]:
    """Roles below /aws-service-role/ belong to services and can only be removed through them."""
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if not str(role["Path"]).startswith("/aws-service-role/"):
                yield str(role["RoleName"])


def _delete_mapping(client: Any, uuid: str) -> None:
    """A mapping in the middle of a change is in use; a deleted one lasts until its batches that run have ended."""
    from botocore.exceptions import ClientError

    deadline = time.monotonic() + _MAPPING_SECONDS
    asked = False
    while time.monotonic() < deadline:
        try:
            state = client.get_event_source_mapping(UUID=uuid)["State"]
        except client.exceptions.ResourceNotFoundException:
            return
        if not asked and state in ("Enabled", "Disabled"):
            with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                client.delete_event_source_mapping(UUID=uuid)
            asked = True
        time.sleep(0.05)
    if not asked:
        message = f"it is {state}. Try again in a moment."
        raise ClientError({"Error": {"Code": "ResourceInUseException", "Message": message}}, "DeleteEventSourceMapping")


def _delete_layer(client: Any, name: str) -> None:
    for version in client.list_layer_versions(LayerName=name)["LayerVersions"]:
        client.delete_layer_version(LayerName=name, VersionNumber=version["Version"])


def _delete_role(iam: Any, name: str) -> None:
    """A role must be empty first (IAM User Guide, "Delete roles or instance profiles")."""
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy_name in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(RoleName=name, InstanceProfileName=profile["InstanceProfileName"])
    iam.delete_role(RoleName=name)


def _delete_policy(iam: Any, arn: str) -> None:
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)
