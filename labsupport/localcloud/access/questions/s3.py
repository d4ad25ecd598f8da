"""S3: the action follows from method, bucket, key, the query's subresource and some headers.

Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"; Service Authorization Reference,
"Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree import ElementTree

from ..evaluation import Question
from ..patterns import Keys
from ..policy import Policy
from ..request import AwsRequest
from .facts import Lookup

_VIRTUAL_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]+)\.s3(?:[.-][a-z0-9-]+)*\.(?:amazonaws\.com|localhost)(?::\d+)?$"
)

#: Subresource of a bucket: the action's noun for GET, and for PUT and DELETE where it differs.
_BUCKET = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "AnalyticsConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "metrics": "MetricsConfiguration",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
#: Only these have an action Delete…; the others are deleted with the right to put.
_DELETED_BY_NAME = frozenset(("policy", "website"))
_OBJECT = {
    "acl": "ObjectAcl",
    "tagging": "ObjectTagging",
    "retention": "ObjectRetention",
    "legal-hold": "ObjectLegalHold",
    "torrent": "ObjectTorrent",
}
_WITH_VERSION = frozenset(("acl", "tagging", "torrent"))


@dataclass(frozen=True)
class Place:
    """Bucket and decoded key of a request; empty when there is none."""

    bucket: str
    key: str


def place_of(path: str, host: str) -> Place:
    """From a virtual-hosted or a path-style address. ``path`` as sent."""
    match = _VIRTUAL_HOST.match(host)
    if match:
        return Place(match["bucket"], unquote(path.removeprefix("/")))
    bucket, _, key = path.removeprefix("/").partition("/")
    return Place(unquote(bucket), unquote(key))


async def ask(request: AwsRequest, lookup: Lookup) -> list[Question]:
    place = place_of(request.path, request.headers.get("Host", ""))
    query = dict(request.query)
    if not place.bucket:
        return [Question("s3:ListAllMyBuckets", ("arn:aws:s3:::*",), shown=None)]
    policy = await _policy(place.bucket, lookup)
    if not place.key:
        return _ask_bucket(request, place.bucket, query, policy)
    questions = []
    source = request.headers.get("x-amz-copy-source")
    if source and request.method == "PUT":
        name, _, version = source.partition("?versionId=")
        origin = place_of("/" + name.removeprefix("/"), "")
        action = "s3:GetObjectVersion" if version else "s3:GetObject"
        policy_of_origin = await _policy(origin.bucket, lookup)
        questions.append(Question(action, (_object_arn(origin),), _context(request, query), "", policy_of_origin))
    for action in _object_actions(request, query):
        questions.append(Question(f"s3:{action}", (_object_arn(place),), _context(request, query), "", policy))
    return questions


async def missing_object_question(request: AwsRequest, lookup: Lookup) -> Question:
    """Who may not list a bucket is not told that an object is missing (S3 API Reference, "GetObject": 403, not 404)."""
    place = place_of(request.path, request.headers.get("Host", ""))
    return Question(
        "s3:ListBucket",
        (f"arn:aws:s3:::{place.bucket}",),
        resource_policy=await _policy(place.bucket, lookup),
    )


def keys_to_delete(body: bytes) -> list[tuple[str, str | None]]:
    """Keys and version ids of a DeleteObjects body; none when it cannot be read."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    found = []
    for one in root.iter():
        if one.tag.rpartition("}")[2] == "Object":
            values = {child.tag.rpartition("}")[2]: child.text or "" for child in one}
            found.append((values.get("Key", ""), values.get("VersionId") or None))
    return found


def delete_questions(request: AwsRequest, bucket: str, policy: Policy | None) -> list[Question]:
    return [
        Question(
            "s3:DeleteObjectVersion" if version else "s3:DeleteObject",
            (_object_arn(Place(bucket, key)),),
            _context(request, {}),
            "",
            policy,
        )
        for key, version in keys_to_delete(request.body)
    ]


async def _policy(bucket: str, lookup: Lookup) -> Policy | None:
    facts = await lookup("s3", "", bucket)
    return facts.policy if facts else None


def _object_arn(place: Place) -> str:
    return f"arn:aws:s3:::{place.bucket}/{place.key}"


def _ask_bucket(request: AwsRequest, bucket: str, query: dict[str, str], policy: Policy | None) -> list[Question]:
    method = request.method
    subresource = next((name for name in _BUCKET if name in query), None)
    if method == "POST" and "delete" in query:
        return delete_questions(request, bucket, policy)
    if method == "POST":  # a form upload; the key is one of the form's fields
        place = Place(bucket, str(request.parameters.get("key", "")))
        return [Question("s3:PutObject", (_object_arn(place),), _context(request, query), "", policy)]
    if subresource:
        noun = _BUCKET[subresource]
        verb = "Get" if method in ("GET", "HEAD") else "Put"
        if method == "DELETE" and subresource in _DELETED_BY_NAME:
            verb = "Delete"
        action = f"{verb}{noun}"
    elif method == "PUT":
        action = "CreateBucket"
    elif method == "DELETE":
        action = "DeleteBucket"
    elif "versions" in query:
        action = "ListBucketVersions"
    elif "uploads" in query:
        action = "ListBucketMultipartUploads"
    else:
        action = "ListBucket"
    return [Question(f"s3:{action}", (f"arn:aws:s3:::{bucket}",), _context(request, query), "", policy)]


def _object_actions(request: AwsRequest, query: dict[str, str]) -> list[str]:
    method = request.method
    version = "Version" if "versionId" in query else ""
    subresource = next((name for name in _OBJECT if name in query), None)
    if subresource:
        verb = {"GET": "Get", "HEAD": "Get", "DELETE": "Delete"}.get(method, "Put")
        noun = _OBJECT[subresource]
        return [
            verb + (noun.replace("Object", "ObjectVersion", 1) if version and subresource in _WITH_VERSION else noun)
        ]
    if method in ("GET", "HEAD"):
        if "uploadId" in query:
            return ["ListMultipartUploadParts"]
        if "attributes" in query:
            return [f"GetObject{version}", f"GetObject{version}Attributes"]
        return [f"GetObject{version}"]
    if method == "DELETE":
        return ["AbortMultipartUpload" if "uploadId" in query else f"DeleteObject{version}"]
    if method == "POST" and "restore" in query:
        return ["RestoreObject"]
    if method == "POST" and "select" in query:
        return ["GetObject"]
    actions = ["PutObject"]
    headers = request.headers
    if "x-amz-tagging" in headers:
        actions.append("PutObjectTagging")
    if "x-amz-acl" in headers or any(name.lower().startswith("x-amz-grant-") for name in headers):
        actions.append("PutObjectAcl")
    if "x-amz-object-lock-mode" in headers:
        actions.append("PutObjectRetention")
    if "x-amz-object-lock-legal-hold" in headers:
        actions.append("PutObjectLegalHold")
    return actions


def _context(request: AwsRequest, query: dict[str, str]) -> Keys:
    context: Keys = {}
    for name in ("prefix", "delimiter", "max-keys", "versionId"):
        if name in query:
            context[f"s3:{name.lower()}"] = (query[name],)
    for name, value in request.headers.items():
        lower = name.lower()
        if lower == "x-amz-tagging":
            pairs = [pair.partition("=") for pair in value.split("&") if pair]
            context["s3:requestobjecttagkeys"] = tuple(unquote(key) for key, _, _value in pairs)
            context |= {f"s3:requestobjecttag/{unquote(key).lower()}": (unquote(text),) for key, _, text in pairs}
        elif lower.startswith("x-amz-") and lower != "x-amz-security-token":
            context[f"s3:{lower}"] = (value,)
    context["s3:signatureversion"] = ("AWS4-HMAC-SHA256" if request.credential.version == 4 else "AWS",)
    context["s3:authtype"] = ("REST-QUERY-STRING" if request.credential.presigned else "REST-HEADER",)
    return context
