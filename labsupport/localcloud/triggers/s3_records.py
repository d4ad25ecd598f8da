"""What S3 sends when something happened to an object.

Source: Amazon S3 User Guide, "Event message structure"; the forms without size and entity tag were recorded from AWS.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from .s3_errors import Ids

#: Since July 2026; one version for all kinds of events.
EVENT_VERSION = "2.5"
#: The bucket's owner: S3 names an account by its canonical user id. The lab's account has this one.
OWNER = "A2LABSUPPORTEX"
#: The unique id of the learner, who calls with dummy credentials: an IAM user on AWS.
LEARNER = "AIDALABSUPPORTLEARNER"


@dataclass(frozen=True)
class ObjectEvent:
    """As the moto process tells it. ``name`` has no ``s3:``, ``key`` is not encoded, ``time`` is an epoch second, ``size``
    in bytes; ``version`` only where the bucket is versioned; ``trace`` is the X-Ray header of the request;
    ``generated_tags`` are the tags of the bucket whose keys begin with ``aws:``."""

    name: str
    bucket: str
    region: str
    key: str
    sequencer: str
    time: float
    version: str | None = None
    etag: str | None = None
    size: int | None = None
    access_key: str = ""
    request_id: str = ""
    host_id: str = ""
    trace: str | None = None
    generated_tags: dict[str, str] = field(default_factory=dict)

    @property
    def bucket_arn(self) -> str:
        return f"arn:aws:s3:::{self.bucket}"


def record(event: ObjectEvent, configuration_id: str, user_id: str) -> dict[str, Any]:
    """The message for a function, queue or topic: one record. ``user_id`` is the caller's unique id."""
    bucket: dict[str, Any] = {
        "name": event.bucket,
        "ownerIdentity": {"principalId": OWNER},
        "arn": event.bucket_arn,
    }
    if event.generated_tags:
        bucket["awsGeneratedTags"] = event.generated_tags
    return {
        "Records": [
            {
                "eventVersion": EVENT_VERSION,
                "eventSource": "aws:s3",
                "awsRegion": event.region,
                "eventTime": moment(event.time),
                "eventName": event.name,
                "userIdentity": {"principalId": f"AWS:{user_id}"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {"x-amz-request-id": event.request_id, "x-amz-id-2": event.host_id},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": configuration_id,
                    "bucket": bucket,
                    "object": _object(event),
                },
            }
        ]
    }


def moment(seconds: float) -> str:
    """``2026-01-01T00:00:00.000Z``"""
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def _object(event: ObjectEvent) -> dict[str, Any]:
    kind = event.name.partition(":")[0]
    described: dict[str, Any] = {"key": quote_plus(event.key, safe="/")}
    if event.size is not None and kind not in ("ObjectTagging", "ObjectAcl"):
        described["size"] = event.size
    if event.etag is not None:
        described["eTag"] = event.etag
    if event.version is not None:
        described["versionId"] = event.version
    if kind not in ("ObjectTagging", "ObjectAcl"):
        described["sequencer"] = event.sequencer
    return described


#: "Using EventBridge" and "Amazon EventBridge mapping": the detail type of an event by the first part of its name.
_DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectAcl": "Object ACL Updated",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Delete": "Object Restore Expired",
}
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}


def event_bridge_entry(event: ObjectEvent, account: str) -> dict[str, Any] | None:
    """The entry of PutEvents for the default event bus; None when EventBridge gets no such event. The key is not encoded
    here. Source: Amazon S3 User Guide, "EventBridge event message structure"."""
    kind = event.name.partition(":")[0]
    detail_type = _DETAIL_TYPES.get(event.name) or _DETAIL_TYPES.get(kind)
    if detail_type is None:
        return None
    described: dict[str, Any] = {"key": event.key}
    if kind in ("ObjectCreated", "ObjectRestore"):
        described["size"] = event.size
    if event.etag is not None:
        described["etag"] = event.etag
    if event.version is not None:
        described["version-id"] = event.version
    if kind in ("ObjectCreated", "ObjectRemoved"):
        described["sequencer"] = event.sequencer
    bucket: dict[str, Any] = {"name": event.bucket}
    if event.generated_tags:
        bucket["aws-generated-tags"] = event.generated_tags
    detail: dict[str, Any] = {
        "version": "0",
        "event-version": "1.1",
        "bucket": bucket,
        "object": described,
        "request-id": event.request_id,
        "requester": account,
        "source-ip-address": "127.0.0.1",
    }
    if event.name in _REASONS:
        detail["reason"] = _REASONS[event.name]
    if kind == "ObjectRemoved":
        marker = event.name.endswith(":DeleteMarkerCreated")
        detail["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
    return {
        "Source": "aws.s3",
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": [event.bucket_arn],
        "Time": event.time,
    }


def test_event(bucket: str, ids: Ids, seconds: float) -> str:
    """What a queue or topic gets when it becomes a destination: ``s3:TestEvent``."""
    return json.dumps(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": moment(seconds),
            "Bucket": bucket,
            "RequestId": ids.request_id,
            "HostId": ids.host_id,
        }
    )
