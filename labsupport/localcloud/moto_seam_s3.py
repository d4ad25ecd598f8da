"""What happens to objects in moto's S3 is told to the front door, which sends the notifications (``triggers.s3``).

moto raises some events itself, in the middle of a request: before an object has its content type, with a tagging event
for each upload, and without most of the deletions. Here a request's events are collected and told when its answer is
ready. Each touch has a test in ``tests/localcloud/test_moto_seam_s3.py``.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import unquote

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from . import moto_notices, moto_seam

_ACCESS_KEY = re.compile(r"Credential=([^/&]+)/")
#: The front door gives each request of S3 its id and tells it in these headers.
_REQUEST_ID, _HOST_ID = "HTTP_X_LABSUPPORT_REQUEST_ID", "HTTP_X_LABSUPPORT_HOST_ID"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class _Event:
    """What happened to one object. ``name`` has no ``s3:``; ``size`` in bytes; ``version`` only in a versioned bucket."""

    name: str
    bucket: str
    region: str
    key: str
    sequencer: str
    version: str | None = None
    etag: str | None = None
    size: int | None = None


@dataclass
class _Request:
    access_key: str
    request_id: str
    host_id: str
    events: list[_Event] = field(default_factory=list)


_request: ContextVar[_Request | None] = ContextVar("s3_request", default=None)
_sequencer_lock = threading.Lock()
_last_sequencer = 0


def with_events(app: Application) -> Application:
    """``app`` with the events of each request told when its answer is ready: ``s3_event`` notices."""

    def telling(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        signature = environ.get("HTTP_AUTHORIZATION") or unquote(environ.get("QUERY_STRING", ""))
        match = _ACCESS_KEY.search(signature)
        request = _Request(match[1] if match else "", environ.get(_REQUEST_ID, ""), environ.get(_HOST_ID, ""))
        status = "500"

        def started(status_line: str, *more: Any) -> Any:
            nonlocal status
            status = status_line
            return start_response(status_line, *more)

        token = _request.set(request)
        try:
            answer = app(environ, started)
        finally:
            _request.reset(token)
        if request.events and status < "4":
            for event in _that_count(request.events):
                moto_notices.tell(
                    "s3_event",
                    **asdict(event),
                    time=time.time(),
                    access_key=request.access_key,
                    request_id=request.request_id,
                    host_id=request.host_id,
                    trace=environ.get("HTTP_X_AMZN_TRACE_ID"),
                )
        return answer

    return telling


def replace_events() -> None:
    """Collect events instead of sending them from within moto, and raise those that moto does not raise."""
    from moto.s3 import models, notifications

    def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name)).removeprefix("s3:")
        if key is not None and not name.startswith("ObjectRemoved:"):
            version = str(key.version_id) if bucket.is_versioned else None
            # Read at once: the next upload of this key throws the content away.
            _note(name, bucket, key.name, version=version, etag=key.etag.strip('"'), size=key.size)

    notifications.send_event = send_event
    backend = models.S3Backend
    delete_object, delete_bucket = backend.delete_object, backend.delete_bucket
    put_object_acl = backend.put_object_acl

    def delete_and_note(
        self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> Any:
        bucket = self.get_bucket(bucket_name)
        versions = {str(one.version_id) for one in bucket.keys.getlist(key_name, [])}
        answer = delete_object(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        if version_id is None and "version-id" in answer[1]:
            # The entity tag is that of nothing (recorded from AWS).
            version, etag = str(answer[1]["version-id"]), "d41d8cd98f00b204e9800998ecf8427e"
            _note("ObjectRemoved:DeleteMarkerCreated", bucket, key_name, version=version, etag=etag)
        elif version_id is not None and version_id in versions:
            _note("ObjectRemoved:Delete", bucket, key_name, version=version_id)
        elif version_id is None and versions:
            _note("ObjectRemoved:Delete", bucket, key_name)
        return answer

    def put_acl(self: Any, bucket_name: str, key_name: str, acl: Any, disable_notification: bool = False) -> None:
        key = self.get_object(bucket_name, key_name)
        # "An event is not generated when a request results in no change to an object's ACL" ("Event notification types").
        unchanged = key is not None and repr(key.acl) == repr(acl)
        put_object_acl(self, bucket_name, key_name, acl, disable_notification=disable_notification or unchanged)

    def delete_bucket_and_tell(self: Any, bucket_name: str) -> Any:
        answer = delete_bucket(self, bucket_name)
        if answer:
            moto_notices.tell("s3_bucket_deleted", bucket=bucket_name)
        return answer

    backend.delete_object = delete_and_note  # type: ignore[method-assign]
    backend.put_object_acl = put_acl  # type: ignore[method-assign, assignment]
    backend.delete_bucket = delete_bucket_and_tell  # type: ignore[method-assign]


def region_of_bucket(bucket: str) -> str | None:
    """None when the bucket does not exist."""
    found: Any = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].buckets.get(bucket)
    return None if found is None else str(found.region_name)


def watch_bucket(bucket: str, watched: bool) -> None:
    """From now on tell what happens in ``bucket``, or no longer."""
    found: Any = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].buckets.get(bucket)
    if found is not None:
        found.events_are_told = watched  # on the bucket: one made anew under this name has no notifications


def _note(name: str, bucket: Any, key_name: str, **more: Any) -> None:
    request = _request.get()
    if request is not None and getattr(bucket, "events_are_told", False):
        request.events.append(_Event(name, bucket.name, bucket.region_name, key_name, _next_sequencer(), **more))


def _that_count(events: list[_Event]) -> list[_Event]:
    """moto makes an object of parts with a put, and tags every object; S3 sends one event for a new object."""
    created = [event for event in events if event.name.startswith("ObjectCreated:")]
    return created[-1:] or events


def _next_sequencer() -> str:
    """Hexadecimal text that grows with each event: two zeros, seconds since 1970, and 32 bits of the second."""
    global _last_sequencer
    with _sequencer_lock:
        _last_sequencer = max((time.time_ns() << 32) // 1_000_000_000, _last_sequencer + 1)
        return f"00{_last_sequencer:016X}"


def deliver(messages: list[dict[str, Any]]) -> list[str | None]:
    """Send messages of S3 (``triggers.s3_destinations.Message``): for each what went wrong, or None."""
    return [_deliver(message) for message in messages]


def _deliver(message: dict[str, Any]) -> str | None:
    _arn, _partition, service, region, account, name = message["arn"].split(":", 5)
    try:
        with moto_seam.traced(message["trace"]):
            if service == "sqs":
                get_backend("sqs")[account][region].send_message(queue_name=name, message_body=message["body"])
            elif service == "sns":
                get_backend("sns")[account][region].publish(
                    message["body"], subject="Amazon S3 Notification", arn=message["arn"]
                )
            else:
                get_backend("events")[account][region].put_events([message["entry"]])
    except Exception as problem:  # whatever the other service complains of, the upload has long succeeded
        return f"{type(problem).__name__}: {problem}"
    return None
