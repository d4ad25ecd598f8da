"""What a check reads from and writes to DynamoDB tables: plain Python values, and nothing of its own left behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from .messages import Message
from .outcomes import NotDeployed
from .probe import Probe

Item = dict[str, Any]


def description(probe: Probe, table: str) -> dict[str, Any] | None:
    """What DescribeTable says; None when there is no table of this name."""
    dynamodb = probe.client("dynamodb")
    try:
        return dict(dynamodb.describe_table(TableName=table)["Table"])
    except dynamodb.exceptions.ResourceNotFoundException:
        return None


def needed(probe: Probe, table: str) -> dict[str, Any]:
    """What DescribeTable says. Raises NotDeployed when the lesson's cell that makes the table has not been run."""
    found = description(probe, table)
    if found is None:
        raise NotDeployed(
            Message(
                did=f"We looked for the table {table}.",
                came_back="there is no table of that name",
                look="the cell of the lesson that makes it: run the notebook from its top, then check again",
            )
        )
    return found


def put(probe: Probe, table: str, item: Item) -> None:
    probe.client("dynamodb").put_item(TableName=table, Item=_wire(item))


def put_together(probe: Probe, table: str, items: Iterable[Item]) -> None:
    """Put up to 25 items of different keys in one request, so that they are side by side in the table's stream."""
    requests = [{"PutRequest": {"Item": _wire(item)}} for item in items]
    while requests:
        answer = probe.client("dynamodb").batch_write_item(RequestItems={table: requests})
        requests = answer.get("UnprocessedItems", {}).get(table, [])


def delete(probe: Probe, table: str, key: Item) -> None:
    probe.client("dynamodb").delete_item(TableName=table, Key=_wire(key))


def item_of(probe: Probe, table: str, key: Item) -> Item | None:
    """The item under this key as it is now, whole numbers as int; None when there is none."""
    answer = probe.client("dynamodb").get_item(TableName=table, Key=_wire(key), ConsistentRead=True)
    return _plain(answer["Item"]) if "Item" in answer else None


def query(probe: Probe, table: str, index: str | None, partition_key: str, value: str) -> list[Item]:
    """Every item with this partition key, in the order of the sort key."""
    arguments: dict[str, Any] = {"IndexName": index} if index else {}
    pages = (
        probe.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": partition_key},
            ExpressionAttributeValues=_wire({":value": value}),
            **arguments,
        )
    )
    return [_plain(item) for page in pages for item in page["Items"]]


def scan(probe: Probe, table: str) -> Iterator[Item]:
    """Every item of a (small) table."""
    for page in probe.client("dynamodb").get_paginator("scan").paginate(TableName=table):
        yield from (_plain(item) for item in page["Items"])


@contextlib.contextmanager
def cleared(probe: Probe, table: str, keys: Iterable[Item]) -> Iterator[None]:
    """Afterwards there is no item under these keys, whatever happened."""
    try:
        yield
    finally:
        for key in keys:
            delete(probe, table, key)


def _wire(values: Item) -> dict[str, Any]:
    from boto3.dynamodb.types import TypeSerializer

    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in values.items()}


def _plain(item: dict[str, Any]) -> Item:
    from boto3.dynamodb.types import TypeDeserializer

    deserializer = TypeDeserializer()
    return {name: _number(deserializer.deserialize(value)) for name, value in item.items()}


def _number(value: Any) -> Any:
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return int(value) if whole else value
