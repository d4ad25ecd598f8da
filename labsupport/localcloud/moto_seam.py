"""Every touch of moto's insides. Each function here has a test in ``tests/localcloud/test_moto_seam.py`` that names it,
so that a moto release that changes an inside shows which function to mend.

moto is the store and the control plane of S3, IAM, CloudWatch Logs and the other services beside Lambda. Its own Lambda
is replaced: see ``moto_seam_lambda``.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
)
from moto.iam import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs import models as sqs_models

ACCOUNT_ID = DEFAULT_ACCOUNT_ID

#: The front door sends header names that contain an underscore (S3 user metadata may) in X-Labsupport-Underscored,
#: because a WSGI server drops them: WSGI cannot tell ``X_Foo`` from ``X-Foo``.
_UNDERSCORED_HEADERS = "HTTP_X_LABSUPPORT_UNDERSCORED"

_ROLE_NAME = re.compile(r"arn:aws[a-zA-Z-]*:iam::\d{12}:role/(?:.*/)?([^/]+)$")

#: Services that pass the X-Ray header of a request on to the functions they start (Lambda Developer Guide, "Use Lambda
#: recursive loop detection to prevent infinite loops"); a loop through any other is not seen.
_SERVICES_THAT_PASS_THE_TRACE_ON = frozenset(("s3", "sns", "sqs"))
_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_ACCESS_KEY = re.compile(r"Credential=([^/]+)/")

#: Hosts are made of service and region; who sends nonsense must not fill the memory.
_REMEMBERED_HOSTS = 1000

_logs_lock = threading.Lock()
_trace_header: ContextVar[str | None] = ContextVar("trace_header", default=None)
_authorization: ContextVar[str] = ContextVar("authorization", default="")


def application() -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """moto's WSGI application for all services, given what a production WSGI server leaves out of ``environ``."""
    moto_app = DomainDispatcherApplication(create_backend_app)

    def with_raw_request(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # moto reads the undecoded path from RAW_URI (werkzeug's own server sets it): S3 keys need it.
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")
        underscored = environ.pop(_UNDERSCORED_HEADERS, None)
        names: dict[str, str] = {}
        if underscored:
            for name, value in json.loads(underscored):
                key = environ_key_for_header(name)
                if key not in environ:
                    environ[key] = value
                    names[key] = name
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
        service = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
        passes_on = service is not None and service[1] in _SERVICES_THAT_PASS_THE_TRACE_ON
        token = _trace_header.set(environ.get("HTTP_X_AMZN_TRACE_ID") if passes_on else None)
        caller = _authorization.set(environ.get("HTTP_AUTHORIZATION", ""))
        try:
            return moto_app(environ, start_response)
        finally:
            _trace_header.reset(token)
            _authorization.reset(caller)

    return with_raw_request


def find_backends_once() -> None:
    """moto 5.2.5 lists its own folder, 180 calls of ``stat``, and tries all its patterns, twice for every request and
    with a lock held: a third of the time of an upload. What it finds for a host stays the same."""
    find = DomainDispatcherApplication.get_backend_for_host
    found: dict[str | None, Any] = {}

    def get_backend_for_host(self: Any, host: str | None) -> Any:
        if host not in found:
            if len(found) >= _REMEMBERED_HOSTS:
                found.clear()
            found[host] = find(self, host)
        return found[host]

    DomainDispatcherApplication.get_backend_for_host = get_backend_for_host  # type: ignore[method-assign]


def trace_header() -> str | None:
    """The X-Ray header of the request that moto serves in this thread, if what it starts carries it on."""
    return _trace_header.get()


def access_key() -> str:
    """The access key that signs the request that moto serves in this thread; empty when there is none."""
    match = _ACCESS_KEY.search(_authorization.get())
    return match[1] if match else ""


@contextlib.contextmanager
def traced(header: str | None) -> Iterator[None]:
    """Within it, ``trace_header`` is ``header``: for what moto sends without a request."""
    token = _trace_header.set(header)
    try:
        yield
    finally:
        _trace_header.reset(token)


def keep_trace_header_of_messages() -> None:
    """A message sent with an X-Ray header has it as its system attribute AWSTraceHeader (Amazon SQS Developer Guide,
    "Amazon SQS message metadata"), from where a poller passes it on."""
    message_class = sqs_models.Message
    original_init = message_class.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        header = trace_header()
        if header and "AWSTraceHeader" not in self.system_attributes:
            attribute = {"DataType": "String", "StringValue": header}
            self.system_attributes = self.system_attributes | {"AWSTraceHeader": attribute}

    message_class.__init__ = __init__  # type: ignore[method-assign]


def iam_role(role_arn: str) -> Any | None:
    """moto's role object, or None."""
    match = _ROLE_NAME.match(role_arn)
    if not match:
        return None
    try:
        return iam_backends[ACCOUNT_ID]["aws"].get_role(match.group(1))
    except Exception:  # moto raises its NoSuchEntity under several names
        return None


def role_trust_policy(role_arn: str) -> dict[str, Any] | None:
    """The trust policy of a role; None when there is no role of this ARN."""
    role = iam_role(role_arn)
    if role is None or role.arn != role_arn:
        return None
    document: dict[str, Any] = json.loads(role.assume_role_policy_document)
    return document


def resource_exists(arn: str) -> bool:
    """Whether the queue, topic, event bus or bucket of this ARN is there. Of other services nothing is known: False."""
    _arn, _partition, service, region, account, name = arn.split(":", 5)
    if service == "s3":
        return name in get_backend("s3")[ACCOUNT_ID]["aws"].buckets
    if account != ACCOUNT_ID or region not in get_backend("sqs")[ACCOUNT_ID].regions:
        return False
    if service == "sqs":
        return name in get_backend("sqs")[ACCOUNT_ID][region].queues
    if service == "sns":
        return arn in get_backend("sns")[ACCOUNT_ID][region].topics
    if service == "events":
        return name.removeprefix("event-bus/") in get_backend("events")[ACCOUNT_ID][region].event_buses
    return False


def event_source(arn: str) -> dict[str, Any] | None:
    """What a new event source mapping is checked against: for a queue its visibility timeout in seconds, for a stream
    of a table or of Kinesis nothing more than that it is there (``{}``); None when there is no such event source."""
    _arn, _partition, service, region, account, name = arn.split(":", 5)
    if account != ACCOUNT_ID or region not in get_backend("sqs")[ACCOUNT_ID].regions:
        return None
    if service == "sqs":
        queue: Any = get_backend("sqs")[ACCOUNT_ID][region].queues.get(name)
        return None if queue is None else {"visibility_timeout": int(queue.visibility_timeout)}
    if service == "dynamodb":
        table = get_backend("dynamodb")[ACCOUNT_ID][region].tables.get(name.partition("/stream/")[0].partition("/")[2])
        if table is None or not table.latest_stream_label:
            return None
        return {} if arn == f"{table.table_arn}/stream/{table.latest_stream_label}" else None
    if service == "kinesis":
        streams = get_backend("kinesis")[ACCOUNT_ID][region].streams.values()
        return {} if any(stream.arn == arn for stream in streams) else None
    return None


def put_log_batches(batches: list[dict[str, Any]]) -> None:
    """``put_log_events`` for several streams; each batch has its arguments by name."""
    for batch in batches:
        put_log_events(**batch)


def put_log_events(
    region: str,
    group: str,
    stream: str,
    events: list[dict[str, Any]],
    may_create_group: bool = True,
    may_create_stream: bool = True,
) -> None:
    """Append events (``timestamp`` in ms, ``message``) to a log stream; group and stream are made when missing. When
    they may not be made, the events are dropped, as on AWS."""
    logs = get_backend("logs")[ACCOUNT_ID][region]
    with _logs_lock:  # moto's own put_log_events is not thread safe
        if group not in logs.groups:
            if not may_create_group:
                return
            logs.create_log_group(group, {})
        if stream not in logs.groups[group].streams:
            if not may_create_stream:
                return
            logs.create_log_stream(group, stream)
        logs.put_log_events(group, stream, events)
