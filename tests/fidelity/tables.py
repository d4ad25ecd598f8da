"""DynamoDB tables and their streams on a cloud under test."""

from __future__ import annotations

from typing import Any

from .deployment import CloudUnderTest, unique_name


class Table:
    """A table with the partition key ``id`` (a string). ``view`` is its stream's type, None for no stream."""

    def __init__(self, cloud: CloudUnderTest, view: str | None = "NEW_AND_OLD_IMAGES", **settings: Any) -> None:
        self.client = cloud.client("dynamodb")
        self.streams = cloud.client("dynamodbstreams")
        self.name = unique_name("orders")
        if view:
            settings["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
        made = self.client.create_table(
            **{
                "TableName": self.name,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                **settings,
            }
        )["TableDescription"]
        self.arn: str = made["TableArn"]
        self.stream_arn: str = made.get("LatestStreamArn", "")

    def put(self, key: str, **attributes: Any) -> dict[str, Any]:
        """Store an item; attributes are DynamoDB JSON."""
        return self.client.put_item(TableName=self.name, Item={"id": {"S": key}} | attributes)

    def put_together(self, *keys: str) -> None:
        """Store items in one transaction: their records come into the stream at one moment, in this order."""
        self.client.transact_write_items(
            TransactItems=[{"Put": {"TableName": self.name, "Item": {"id": {"S": key}}}} for key in keys]
        )

    def update(self, key: str, expression: str, **values: Any) -> dict[str, Any]:
        """``update("a", "ADD n :n", n={"N": "1"})``."""
        return self.client.update_item(
            TableName=self.name,
            Key={"id": {"S": key}},
            UpdateExpression=expression,
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )

    def delete(self, key: str) -> dict[str, Any]:
        return self.client.delete_item(TableName=self.name, Key={"id": {"S": key}})

    def item(self, key: str) -> dict[str, Any] | None:
        return self.client.get_item(TableName=self.name, Key={"id": {"S": key}}, ConsistentRead=True).get("Item")

    def set_stream(self, view: str | None) -> dict[str, Any]:
        change: dict[str, Any] = {"StreamEnabled": view is not None}
        if view:
            change["StreamViewType"] = view
        return self.client.update_table(TableName=self.name, StreamSpecification=change)["TableDescription"]

    def shard(self) -> dict[str, Any]:
        (shard,) = self.streams.describe_stream(StreamArn=self.stream_arn)["StreamDescription"]["Shards"]
        return shard

    def iterator(self, kind: str = "TRIM_HORIZON", **more: Any) -> str:
        return self.streams.get_shard_iterator(
            StreamArn=self.stream_arn, ShardId=self.shard()["ShardId"], ShardIteratorType=kind, **more
        )["ShardIterator"]

    def records(self, kind: str = "TRIM_HORIZON", **more: Any) -> list[dict[str, Any]]:
        return self.streams.get_records(ShardIterator=self.iterator(kind, **more))["Records"]


def keys(records: list[dict[str, Any]]) -> list[str]:
    """The ids of stream records, in order."""
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in records]
