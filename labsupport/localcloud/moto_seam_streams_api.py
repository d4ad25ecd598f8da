"""The part of the seam that answers for the service dynamodbstreams, over the streams of ``moto_seam_streams``.

moto's own API knows one stream for a table, keeps every iterator for ever, and ends with an error 500 for what AWS
refuses in words. ``tests/fidelity/test_dynamodb_streams.py`` tests what is answered.
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

from .moto_seam_dynamodb import lock
from .moto_seam_streams import RECORDS_AT_ONCE, Stream, _before_timestamp, api_records, find, shard_of, streams_of

#: "A shard iterator expires 15 minutes after it is retrieved using the GetShardIterator action."
_ITERATOR_SECONDS = 15 * 60.0
_LONGEST_LIST = 100
_PREFIX = "com.amazonaws.dynamodb.v20120810#"
_TYPES = ("TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP")
_SEQUENCE_NUMBER = re.compile(r"\d{21,40}")


def answer_for_streams() -> None:
    """Patch ``moto.dynamodbstreams.responses``; called when it has been imported."""
    from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

    for name, operation in (
        ("describe_stream", _describe_stream),
        ("list_streams", _list_streams),
        ("get_shard_iterator", _get_shard_iterator),
        ("get_records", _get_records),
    ):
        setattr(DynamoDBStreamsHandler, name, _locked(operation))


def _locked(operation: Any) -> Any:
    def answer(self: Any) -> str:
        with lock:
            result = operation(self, json.loads(self.body or "{}"))
            self.response_headers["Content-Type"] = "application/x-amz-json-1.0"
            return result if isinstance(result, str) else json.dumps(result)

    return answer


def _describe_stream(self: Any, body: dict[str, Any]) -> dict[str, Any]:
    stream = _stream(body)
    shown = body.get("ExclusiveStartShardId") != stream.shard_id
    return {
        "StreamDescription": {
            "StreamArn": stream.arn,
            "StreamLabel": stream.label,
            "StreamStatus": "ENABLED" if stream.ended is None else "DISABLED",
            "StreamViewType": stream.view_type,
            "CreationRequestDateTime": stream.created,
            "TableName": stream.table_name,
            "KeySchema": stream.key_schema,
            "Shards": [shard_of(stream)] if shown else [],
        }
    }


def _list_streams(self: Any, body: dict[str, Any]) -> dict[str, Any]:
    found = [one for one in streams_of(self.region).values() if body.get("TableName") in (None, one.table_name)]
    start = body.get("ExclusiveStartStreamArn")
    if start is not None:
        arns = [one.arn for one in found]
        found = found[arns.index(start) + 1 :] if start in arns else []
    limit = min(int(body.get("Limit") or _LONGEST_LIST), _LONGEST_LIST)
    page = [{"StreamArn": one.arn, "TableName": one.table_name, "StreamLabel": one.label} for one in found[:limit]]
    return {"Streams": page} | ({"LastEvaluatedStreamArn": page[-1]["StreamArn"]} if len(found) > limit else {})


def _get_shard_iterator(self: Any, body: dict[str, Any]) -> dict[str, Any]:
    stream = _stream(body)
    if body.get("ShardId") != stream.shard_id:
        raise _refusal(
            "ResourceNotFoundException",
            f"Requested resource not found: Shard: {body.get('ShardId')} in Stream: {stream.arn} not found",
        )
    kind = body.get("ShardIteratorType")
    if kind not in _TYPES:
        raise _refusal(
            "ValidationException",
            f"1 validation error detected: Value '{kind}' at 'shardIteratorType' failed to satisfy constraint: Member must "
            "satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]",
        )
    if kind == "TRIM_HORIZON":
        after = stream.first_number - 1
    elif kind == "LATEST":
        after = stream.last_number
    elif kind == "AT_TIMESTAMP":
        after = _before_timestamp(stream, float(body.get("Timestamp") or 0.0))
    else:
        after = _sequence_number(stream, body.get("SequenceNumber")) - (kind == "AT_SEQUENCE_NUMBER")
    return {"ShardIterator": _iterator(stream, after)}


def _sequence_number(stream: Stream, text: str | None) -> int:
    if text is None or not _SEQUENCE_NUMBER.fullmatch(text):
        raise _refusal("ValidationException", "Invalid SequenceNumber")
    number = int(text)
    stream.trim()
    oldest = stream.records[0].number if stream.records else stream.last_number + 1
    if number < oldest and number >= stream.first_number:
        raise _refusal(
            "TrimmedDataAccessException", "The operation attempted to read past the oldest stream record in a shard"
        )
    return number


def _get_records(self: Any, body: dict[str, Any]) -> str:
    stream, after = _place(body.get("ShardIterator"))
    limit = body.get("Limit", RECORDS_AT_ONCE)
    if not 1 <= limit <= RECORDS_AT_ONCE:
        side = "less than or equal to 1000" if limit > RECORDS_AT_ONCE else "greater than or equal to 1"
        raise _refusal(
            "ValidationException",
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have "
            f"value {side}",
        )
    records = stream.after(after, limit)
    after = records[-1].number if records else after
    closed = stream.ended is not None and after >= stream.last_number
    following = "" if closed else f', "NextShardIterator": {json.dumps(_iterator(stream, after))}'
    return f'{{"Records": {api_records(records)}{following}}}'


def _iterator(stream: Stream, after: int) -> str:
    """The ARN, a bar and where to go on: nothing is kept for an iterator."""
    place = json.dumps([stream.shard_id, after, time.time()]).encode()
    return f"{stream.arn}|1|{base64.b64encode(place).decode()}"


def _place(iterator: str | None) -> tuple[Stream, int]:
    try:
        arn, _one, place = str(iterator).split("|")
        shard, after, made = json.loads(base64.b64decode(place, validate=True))
    except ValueError:
        raise _refusal("ValidationException", "Invalid ShardIterator") from None
    stream = find(arn)
    if stream is None or stream.shard_id != shard:
        raise _not_found(arn)
    if made + _ITERATOR_SECONDS < time.time():
        raise _refusal("ExpiredIteratorException", "Iterator expired")
    return stream, int(after)


def _stream(body: dict[str, Any]) -> Stream:
    arn = str(body.get("StreamArn"))
    stream = find(arn)
    if stream is None:
        raise _not_found(arn)
    return stream


def _not_found(arn: str) -> Exception:
    return _refusal("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")


def _refusal(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError(_PREFIX + code, message)
