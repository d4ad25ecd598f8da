"""The part of the seam for DynamoDB Streams: the records of a table's changes, and the API that reads them.

moto's own records have a size, version and region of their own, come twice for an item that UpdateItem makes, also when
nothing changed, and end every write with an error once a stream is disabled. Its stream belongs to the table and goes
with it; on AWS it can be read for 24 hours more. ``tests/localcloud/test_moto_seam_streams.py`` names each function.

Source: DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"; API reference, "Amazon DynamoDB Streams".
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import moto_notices
from .dynamodb_units import item_size
from .moto_seam_dynamodb import Write, listeners, lock, plain_item, plain_value

#: "All data in DynamoDB Streams is subject to a 24-hour lifetime."
RETENTION_SECONDS = 24 * 3600.0
#: One answer holds at most so many records and bytes (API reference, GetRecords).
RECORDS_AT_ONCE = 1000
BYTES_AT_ONCE = 1024 * 1024
_REMOVED_BY_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_ALREADY = "Table already has an enabled stream: TableName: {}"
_NONE_TO_DISABLE = "Table has no stream to disable: TableName: {}"
_VIEW_TYPE_MISSING = (
    "One or more parameter values were invalid: If stream is being enabled then UpdateViewType is required"
)
_VIEW_TYPE_TOO_MUCH = (
    "One or more parameter values were invalid: If stream is being disabled, then UpdateViewType must not be specified"
)


@dataclass(frozen=True)
class Record:
    """One change. ``number`` is its sequence number, ``text`` the record as Lambda's event has it, without the ARN, as
    JSON: a day's records take a fourth of the memory that way."""

    number: int
    created: float
    text: str

    @property
    def wire(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.text)
        return record


@dataclass(eq=False)
class Stream:
    """One stream with one shard. ``ended`` is None while the stream is enabled."""

    arn: str
    label: str
    table_name: str
    region: str
    view_type: str
    key_schema: list[dict[str, str]]
    created: float
    shard_id: str
    first_number: int
    last_number: int
    records: deque[Record] = field(default_factory=deque)
    ended: float | None = None
    #: Somebody has read to the end and wants to be told of what comes next.
    watched: bool = False

    def trim(self) -> None:
        """Forget what is older than a day."""
        oldest = time.time() - RETENTION_SECONDS
        while self.records and self.records[0].created < oldest:
            self.records.popleft()

    def after(self, number: int, count: int, size: int = BYTES_AT_ONCE) -> list[Record]:
        """Records after this number in their order, at least one if there is one."""
        self.trim()
        found: list[Record] = []
        if not self.records or self.last_number <= number:
            return found
        start = max(0, number + 1 - self.records[0].number)  # numbers have no gaps
        for position in range(start, min(start + count, len(self.records))):
            record = self.records[position]
            size -= len(record.text)
            if found and size < 0:
                break
            found.append(record)
        return found

    def tell(self) -> None:
        """Wake whoever waits: something came, or the stream has ended. One notice, however much comes at once."""
        if self.watched:
            self.watched = False
            moto_notices.tell("stream", arn=self.arn)


def keep_streams() -> None:
    """Patch ``moto.dynamodb.models``; called when it has been imported."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table

    listeners.append(_record)
    Table.set_stream_specification = _set_stream_specification  # type: ignore[method-assign]
    DynamoDBBackend.update_table_streams = _update_table_streams  # type: ignore[method-assign]
    original_delete = DynamoDBBackend.delete_table

    def delete_table(self: Any, name: str) -> Any:
        table = original_delete(self, name)
        _end_stream(table)
        return table

    DynamoDBBackend.delete_table = delete_table  # type: ignore[method-assign]


def streams_of(region: str) -> dict[str, Stream]:
    """By ARN, oldest first. They are kept with the tables, so that what resets moto resets them."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    streams: dict[str, Stream] = vars(dynamodb_backends[DEFAULT_ACCOUNT_ID][region]).setdefault("lab_streams", {})
    for arn in [
        arn for arn, stream in streams.items() if (stream.ended or time.time()) < time.time() - RETENTION_SECONDS
    ]:
        del streams[arn]
    return streams


def _set_stream_specification(self: Any, streams: dict[str, Any] | None) -> None:
    """``Table.set_stream_specification``. The table's ``stream_shard`` stays None: moto then neither makes records of its
    own nor pushes them to functions."""
    _end_stream(self)
    if not streams or not (streams.get("StreamEnabled") or streams.get("StreamViewType")):
        self.stream_specification = {"StreamEnabled": False}
        return
    if not streams.get("StreamViewType"):
        raise _invalid(_VIEW_TYPE_MISSING)
    now = time.time()
    known = streams_of(self.region_name)
    while True:  # a label is unique among the streams of a table
        label = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "")
        if f"{self.table_arn}/stream/{label}" not in known:
            break
        now += 0.001
    self.stream_specification = {"StreamEnabled": True, "StreamViewType": streams["StreamViewType"]}
    self.latest_stream_label = label
    # Numbers as long as AWS's (21 to 40 digits), later streams with larger ones.
    number = int(now) * 10**17 + secrets.randbelow(10**6) * 10**9
    arn = f"{self.table_arn}/stream/{label}"
    known[arn] = Stream(
        arn=arn,
        label=label,
        table_name=self.name,
        region=self.region_name,
        view_type=streams["StreamViewType"],
        key_schema=self.schema,
        created=now,
        shard_id=f"shardId-{int(now * 1000):020d}-{secrets.token_hex(4)}",
        first_number=number,
        last_number=number - 1,
    )


def _update_table_streams(self: Any, table: Any, stream_specification: dict[str, Any]) -> None:
    enabled = table.stream_specification["StreamEnabled"]
    view_type = stream_specification.get("StreamViewType")
    if stream_specification.get("StreamEnabled"):
        if not view_type:
            raise _invalid(_VIEW_TYPE_MISSING)
        if enabled:
            raise _invalid(_ALREADY.format(table.name))
    else:
        if view_type:
            raise _invalid(_VIEW_TYPE_TOO_MUCH)
        if not enabled:
            raise _invalid(_NONE_TO_DISABLE.format(table.name))
    table.set_stream_specification(stream_specification)


def _invalid(message: str) -> Exception:
    from moto.dynamodb.exceptions import MockValidationException

    return MockValidationException(message)


def stream_of(table: Any) -> Stream | None:
    """The enabled stream of a table."""
    if not (table.stream_specification or {}).get("StreamEnabled"):
        return None
    return streams_of(table.region_name).get(f"{table.table_arn}/stream/{table.latest_stream_label}")


def _end_stream(table: Any) -> None:
    stream = stream_of(table)
    if stream is not None:
        stream.ended = time.time()
        stream.tell()


# --- records -----------------------------------------------------------------------------------------------------


def _record(write: Write) -> None:
    stream = stream_of(write.table)
    if stream is None:
        return
    before = plain_item(write.before) if write.before is not None else None
    after = plain_item(write.after) if write.after is not None else None
    if _same(before, after):
        return  # "does not change any data in an item": no record is written
    image = after if before is None else before
    assert image is not None
    keys = {key["AttributeName"]: image[key["AttributeName"]] for key in write.table.schema}
    created = time.time()
    number = stream.last_number + 1
    change: dict[str, Any] = {"ApproximateCreationDateTime": float(int(created)), "Keys": keys}
    if stream.view_type in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES") and after is not None:
        change["NewImage"] = after
    if stream.view_type in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES") and before is not None:
        change["OldImage"] = before
    size = sum(item_size(change[name]) for name in ("Keys", "NewImage", "OldImage") if name in change)
    change |= {"SequenceNumber": str(number), "SizeBytes": size, "StreamViewType": stream.view_type}
    wire: dict[str, Any] = {
        "eventID": uuid.uuid4().hex,
        "eventName": "INSERT" if before is None else "REMOVE" if after is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.region,
        "dynamodb": change,
    }
    if write.by_ttl:
        wire["userIdentity"] = _REMOVED_BY_TTL
    text = json.dumps(wire, separators=(",", ":"), ensure_ascii=False)
    stream.records.append(Record(number, created, text))
    stream.last_number = number
    stream.trim()
    stream.tell()


def _same(before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.keys() == after.keys() and all(_same_value(before[name], after[name]) for name in before)


def _same_value(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one.keys() != other.keys():
        return False
    ((kind, content),) = one.items()
    if kind in ("SS", "NS", "BS"):
        return set(content) == set(other[kind])
    return one == plain_value(other)


# --- for the pollers of event source mappings: inner calls --------------------------------------------------------


def open_stream(arn: str, position: str, timestamp: float | None = None) -> dict[str, Any] | None:
    """Where to begin: ``after`` is the number before the first record wanted, ``shard`` the shard's id. None: there is no
    stream of this ARN."""
    with lock:
        stream = find(arn)
        if stream is None:
            return None
        if position == "LATEST":
            after = stream.last_number
        elif position == "AT_TIMESTAMP":
            after = _before_timestamp(stream, timestamp or 0.0)
        else:
            after = stream.first_number - 1
        return {"shard": stream.shard_id, "after": after, "last": stream.last_number}


def read_stream(arn: str, after: int, limit: int = RECORDS_AT_ONCE) -> dict[str, Any] | None:
    """Records after a number, as Lambda's events have them. When they are the last, the next one is told as notice
    ``stream``. ``more``: there are others already; ``ended``: none will come. None: there is no stream of this ARN."""
    with lock:
        stream = find(arn)
        if stream is None:
            return None
        found = stream.after(after, min(limit, RECORDS_AT_ONCE))
        after = found[-1].number if found else max(after, stream.last_number)
        at_end = after >= stream.last_number
        stream.watched = stream.watched or at_end
        return {
            "records": [record.wire | {"eventSourceARN": arn} for record in found],
            "created": [record.created for record in found],
            "after": after,
            "more": not at_end,
            "ended": at_end and stream.ended is not None,
        }


def find(arn: str) -> Stream | None:
    """The stream of an ARN, also one that is disabled or whose table is gone."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    parts = arn.split(":")
    if (
        len(parts) < 6
        or parts[4] != DEFAULT_ACCOUNT_ID
        or parts[3] not in dynamodb_backends[DEFAULT_ACCOUNT_ID].regions
    ):
        return None
    return streams_of(parts[3]).get(arn)


def _before_timestamp(stream: Stream, timestamp: float) -> int:
    return next((record.number for record in stream.records if record.created >= timestamp), stream.last_number + 1) - 1


def shard_of(stream: Stream) -> dict[str, Any]:
    """The shard as DescribeStream has it; a closed one has an ending number."""
    numbers = {"StartingSequenceNumber": str(stream.first_number)}
    if stream.ended is not None:
        numbers["EndingSequenceNumber"] = str(max(stream.last_number, stream.first_number))
    return {"ShardId": stream.shard_id, "SequenceNumberRange": numbers}


def api_records(records: Iterable[Record]) -> str:
    """Records as GetRecords has them: the identity's members begin with a capital there. JSON text."""
    answers = []
    for record in records:
        wire = record.wire
        identity = wire.pop("userIdentity", None)
        if identity:
            wire["userIdentity"] = {"PrincipalId": identity["principalId"], "Type": identity["type"]}
        answers.append(wire)
    return json.dumps(answers)
