"""moto's DynamoDB with and without the seam, in the process of the tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3
import moto.dynamodb.models as models
import moto.dynamodb.models.dynamo_type as types
import moto.dynamodb.models.table as tables
import moto.dynamodb.responses as responses
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from labsupport.localcloud import (
    moto_seam_dynamodb,
    moto_seam_dynamodb_requests,
    moto_seam_streams,
    moto_seam_streams_api,
    moto_seam_ttl,
)

_PATCHED = (
    models.DynamoDBBackend,
    types.DynamoType,
    types.Item,
    types.LimitedSizeDict,
    tables.Table,
    tables,
    responses,
    DynamoHandler,
    DynamoDBStreamsHandler,
)


@contextlib.contextmanager
def seam(time_scale: float = 1.0) -> Iterator[None]:
    """The patches of the moto process, taken back in the end."""
    before = [dict(vars(one)) for one in _PATCHED]
    moto_seam_dynamodb.make_writes_whole()
    moto_seam_streams.keep_streams()
    moto_seam_ttl.remove_expired_items(time_scale)
    moto_seam_dynamodb_requests.serve_requests_as_aws_does()
    moto_seam_streams_api.answer_for_streams()
    try:
        yield
    finally:
        moto_seam_dynamodb.listeners.clear()
        for patched, names in zip(_PATCHED, before, strict=True):
            for name in set(vars(patched)) - set(names):
                delattr(patched, name)
            for name, value in names.items():
                if vars(patched)[name] is not value:
                    setattr(patched, name, value)


@contextlib.contextmanager
def moto_clients() -> Iterator[Any]:
    """``clients("dynamodb")`` against a fresh moto."""
    with mock_aws():
        yield lambda service: boto3.client(
            service, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )


def make_table(client: Any, name: str = "orders", view: str | None = "NEW_AND_OLD_IMAGES", **more: Any) -> Any:
    """A table with the partition key ``id``; ``view`` is its stream's type, None for no stream."""
    if view:
        more["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    return client.create_table(
        **{
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            **more,
        }
    )["TableDescription"]


def records(stream_arn: str) -> list[dict[str, Any]]:
    """All records of a stream, as Lambda's events have them."""
    stream = moto_seam_streams.find(stream_arn)
    assert stream is not None, stream_arn
    return [record.wire for record in stream.records]
