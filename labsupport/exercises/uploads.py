"""What a check does with S3: it puts objects into a bucket of its own, writes events as S3 does, and reads what a
function made of them. Nothing of it stays."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from ..insight.invocation import InvocationResult
from . import mistakes
from .messages import Message, shown
from .outcomes import CheckStop, NotDeployed, NotYet, YourCodeRaised
from .probe import Probe

#: Letters that keys have in real life and that an event encodes. Each holds the place of a word nobody can guess.
AWKWARD_KEYS = ("sale {}+1.jpg", "größe/{}ß.jpg", "100% {} & more.jpg", "{} (1)=a+b.jpg", "São Paulo/{}#2?.jpg")
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class StoredObject:
    """An object in S3: its bytes and the content type it was stored with."""

    key: str
    body: bytes
    content_type: str

    @property
    def json(self) -> Any:
        """The parsed JSON of the object; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def shop_bucket(probe: Probe, name: str) -> str:
    """The learner's bucket kestrel-NAME-ACCOUNT. Raises NotDeployed when there is none."""
    account = probe.client("sts").get_caller_identity()["Account"]
    bucket = f"kestrel-{name}-{account}"
    if bucket not in [one["Name"] for one in probe.client("s3").list_buckets()["Buckets"]]:
        raise NotDeployed(
            Message(
                did=f"We looked for the bucket {bucket}.",
                came_back="there is no bucket of that name",
                expected="the bucket that the lesson's cells make",
                look="the cells above the exercise: run them, then check again",
            )
        )
    return bucket


def stored(probe: Probe, bucket: str, key: str) -> StoredObject | None:
    """The object; None when it is not there."""
    s3 = probe.client("s3")
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    return StoredObject(key, answer["Body"].read(), answer.get("ContentType", ""))


def wait_until_stored(probe: Probe, bucket: str, key: str, seconds: float) -> StoredObject | None:
    """The object as soon as it is there; None when it does not come within so many seconds."""
    deadline = time.monotonic() + seconds
    while (found := stored(probe, bucket, key)) is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return found


def wait_until_gone(probe: Probe, bucket: str, key: str, seconds: float) -> bool:
    """Whether the object is gone within so many seconds."""
    deadline = time.monotonic() + seconds
    while (there := stored(probe, bucket, key) is not None) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return not there


def record(bucket: str, key: str, *, size: int = 0, etag: str = "", event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """A record of an event as S3 writes it. The key is encoded as in a web form, slashes stay (S3 User Guide, "Event
    message structure")."""
    return {
        "eventVersion": "2.5",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "eventName": event,
        "userIdentity": {"principalId": "AWS:AIDACHECKCHECKCHECK1"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "CHECK0000000000", "x-amz-id-2": "check"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "check",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A1CHECK2CHECK"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {"key": encoded(key), "size": size, "eTag": etag, "sequencer": f"{time.time_ns():018X}"},
        },
    }


def encoded(key: str) -> str:
    """A key as an event has it."""
    return quote_plus(key, safe="/")


class Trial:
    """A function tried on objects in a bucket that calls nobody. ``word`` is in every key, so that results are found."""

    def __init__(self, probe: Probe, function_name: str, source: str, results: str) -> None:
        self.probe = probe
        self.function_name = function_name
        self.source = source
        self.results = results
        self.word = probe.word(7)

    def key(self, pattern: str) -> str:
        """A key with the trial's word in place of ``{}``."""
        return pattern.format(self.word)

    def put(self, key: str, body: bytes, content_type: str = "image/jpeg") -> dict[str, Any]:
        """Put an object; returns the record S3 would send about it."""
        answer = self.probe.client("s3").put_object(Bucket=self.source, Key=key, Body=body, ContentType=content_type)
        return record(self.source, key, size=len(body), etag=answer["ETag"].strip('"'))

    def remove(self, key: str) -> dict[str, Any]:
        """Delete an object; returns the record S3 would send about it."""
        self.probe.client("s3").delete_object(Bucket=self.source, Key=key)
        return record(self.source, key, event="ObjectRemoved:Delete")

    def run(self, *records: dict[str, Any]) -> InvocationResult:
        """Invoke the function with these records. Raises NotYet or YourCodeRaised when it fails."""
        result = self.try_run(*records)
        if result.failed:
            raise failure(result)
        return result

    def try_run(self, *records: dict[str, Any]) -> InvocationResult:
        """Like ``run``, but a failed function is a result as well."""
        return self.probe.invoke(self.function_name, {"Records": list(records)}, may_fail=True)

    def found(self, key: str) -> StoredObject | None:
        """What the function stored under this key; None when it stored nothing there."""
        return stored(self.probe, self.results, key)

    def made(self, key: str, source_key: str) -> StoredObject:
        """What the function stored under this key. Raises NotYet that says what is there in its place."""
        found = self.found(key)
        if found is None:
            raise self._not_made(key, source_key)
        return found

    def others(self, bucket: str) -> list[str]:
        """Keys of this trial in a bucket."""
        pages = self.probe.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [one["Key"] for page in pages for one in page.get("Contents", ()) if self.word in one["Key"]]

    def did(self, source_key: str) -> str:
        return f"We put {source_key} into a bucket and invoked {self.function_name} with its event."

    def _not_made(self, key: str, source_key: str) -> NotYet:
        there = self.others(self.results)
        beside = [one for one in self.others(self.source) if one != source_key]
        came_back = f"no object {key} in {self.results}"
        look = "the put_object at the end of your handler: its Bucket, its Key, and whether it is reached"
        if encoded(source_key) != source_key and any(encoded(source_key) in one for one in there):
            came_back = f"{came_back}; there is {there[0]}"
            look = "the key: in the event it is encoded, and so it is in the key of your result"
        elif there:
            came_back = f"{came_back}; there is {there[0]}"
            look = "the Key of your put_object: the task says which one"
        elif beside or key in (source_key, *beside):
            came_back = f"{came_back}; there is {beside[0] if beside else key} in the bucket of the photo"
            look = "writing to the bucket that triggers: the result would call the function again, and again"
        return NotYet(Message(did=self.did(source_key), came_back=came_back, expected=f"{key} there", look=look))


@contextlib.contextmanager
def trial(probe: Probe, function_name: str, results: str = "thumbnails") -> Iterator[Trial]:
    """A trial with a new bucket, which is gone afterwards with all in it, as are the results. Raises NotDeployed when
    the function or the shop's bucket for results is not there."""
    probe.function(function_name)
    target = shop_bucket(probe, results)
    s3 = probe.client("s3")
    source = f"kestrel-check-{probe.word(12)}-{target.rpartition('-')[2]}"
    s3.create_bucket(Bucket=source)
    one = Trial(probe, function_name, source, target)
    try:
        yield one
    finally:
        for bucket in (source, target):
            for key in one.others(bucket):
                s3.delete_object(Bucket=bucket, Key=key)
        s3.delete_bucket(Bucket=source)


def failure(result: InvocationResult) -> CheckStop:
    """The stop for a function that failed on an event of S3: the message of a mistake many make, or its own error."""
    records = result.event.get("Records", []) if isinstance(result.event, dict) else []
    key = records[0]["s3"]["object"]["key"] if records else ""
    look = _look_at(result, key)
    if not look:
        return mistakes.failure(result)
    place = f"; {result.frames[-1].file}, line {result.frames[-1].line}" if result.frames else ""
    stop = YourCodeRaised if result.frames else NotYet
    return stop(
        Message(
            did=f"We invoked {result.function_name} with an event about {shown(key, 60)}.",
            came_back=f"{result.error_type}: {result.error_message}",
            expected="a function that gets through",
            look=look + place,
        ),
        result.traceback if result.frames else "",
    )


def _look_at(result: InvocationResult, key: str) -> str:
    kind, text = result.error_type, result.error_message
    if "No module named 'PIL'" in text:
        return "the layer: Pillow is in none of the layers of this function; Layers=[layer_arn] in the call that deploys it"
    if kind == "NoSuchKey" or (kind == "ClientError" and "(404)" in text):
        if "%" in key or "+" in key:
            return "the key: in the event it is encoded; urllib.parse.unquote_plus gives the object's own key"
        return "the bucket and the key: take both from the record of the event, and decode the key once"
    if kind == "NoSuchBucket":
        return "the bucket: its name is in the record of the event"
    if "AccessDenied" in (kind, *text.replace("(", " ").replace(")", " ").split()):
        return "which bucket and key the call names: the role may use the shop's buckets and nothing else"
    if "as JPEG" in text and "cannot write mode" in text:
        return "the picture's mode: JPEG knows neither transparency nor palettes; convert the picture to RGB first"
    return ""
