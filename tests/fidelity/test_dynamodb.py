"""DynamoDB as lesson 04 needs it, where a plain store would differ. DynamoDB Developer Guide and API reference."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError

from .deployment import refusal
from .tables import Table


@pytest.fixture(scope="module")
def cloud(cloud_of):
    """No function runs here: one cloud is enough."""
    return cloud_of("fallback")


@pytest.fixture
def table(cloud):
    return Table(cloud)


def at_once(call, count=24):
    """The results of ``call(number)`` from many threads; an error is its code."""

    def one(number):
        try:
            return call(number)
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(12) as pool:
        return list(pool.map(one, range(count)))


def test_of_conditional_puts_at_the_same_moment_one_succeeds(table):
    """ "Conditional writes": what makes a put idempotent."""

    def put(number):
        table.client.put_item(
            TableName=table.name,
            Item={"id": {"S": "order"}, "by": {"N": str(number)}},
            ConditionExpression="attribute_not_exists(id)",
        )
        return "stored"

    results = at_once(put)
    assert sorted(results) == ["ConditionalCheckFailedException"] * 23 + ["stored"]
    assert table.item("order")["by"] == {"N": str(results.index("stored"))}
    assert len(table.records()) == 1


def test_additions_at_the_same_moment_are_all_counted(table):
    """ "Atomic counters"."""
    at_once(lambda _number: table.update("total", "ADD n :n", n={"N": "0.1"}))
    assert table.item("total")["n"] == {"N": "2.4"}


def test_a_transaction_that_fails_leaves_the_writes_of_others(table):
    def write(number):
        if number % 2:
            return table.put(str(number)) and "stored"
        table.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table.name, "Item": {"id": {"S": f"never-{number}"}}}},
                {
                    "ConditionCheck": {
                        "TableName": table.name,
                        "Key": {"id": {"S": "nothing"}},
                        "ConditionExpression": "attribute_exists(id)",
                    }
                },
            ]
        )

    results = at_once(write)
    assert results == ["TransactionCanceledException", "stored"] * 12
    found = table.client.scan(TableName=table.name, ConsistentRead=True)["Items"]
    assert {item["id"]["S"] for item in found} == {str(number) for number in range(1, 24, 2)}


def test_a_failed_condition_gives_the_item_when_asked(table):
    table.put("order", state={"S": "paid"})
    for asked in ({}, {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}):
        with pytest.raises(ClientError) as caught:
            table.client.put_item(
                TableName=table.name,
                Item={"id": {"S": "order"}},
                ConditionExpression="attribute_not_exists(id)",
                **asked,
            )
        answer = caught.value.response
        assert answer["Error"]["Code"] == "ConditionalCheckFailedException"
        assert answer["Error"]["Message"] == "The conditional request failed"
        assert answer.get("Item") == ({"id": {"S": "order"}, "state": {"S": "paid"}} if asked else None)


def test_a_cancelled_transaction_gives_its_reasons(table):
    table.put("order", state={"S": "paid"})
    put = {
        "TableName": table.name,
        "Item": {"id": {"S": "order"}},
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    with pytest.raises(ClientError) as caught:
        table.client.transact_write_items(
            TransactItems=[{"Put": {"TableName": table.name, "Item": {"id": {"S": "new"}}}}, {"Put": put}]
        )
    answer = caught.value.response
    assert answer["Error"] == {
        "Code": "TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed]",
    }
    assert answer["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": {"id": {"S": "order"}, "state": {"S": "paid"}},
        },
    ]


@pytest.mark.parametrize("size", [409_600, 1_000_000])
def test_an_item_of_more_than_400_kb_is_refused(table, size):
    assert refusal(table.put, key="big", text={"S": "x" * size}) == (
        "ValidationException",
        400,
        "Item size has exceeded the maximum allowed size",
    )


def test_a_scan_shows_what_it_costs_beside_a_query(table):
    """The figures of the lesson: a page of up to 1 MB, half a unit for each 4 KB of all that was looked at."""
    for number in range(7):
        table.put(f"order-{number}", text={"S": "x" * 200_000})
    first = table.client.scan(TableName=table.name, ReturnConsumedCapacity="TOTAL")
    assert (first["Count"], first["ConsumedCapacity"]["CapacityUnits"]) == (5, 122.5)
    second = table.client.scan(
        TableName=table.name, ExclusiveStartKey=first["LastEvaluatedKey"], ReturnConsumedCapacity="TOTAL"
    )
    assert (second["Count"], second["ConsumedCapacity"]["CapacityUnits"]) == (2, 49.0)
    assert "LastEvaluatedKey" not in second
    query = table.client.query(
        TableName=table.name,
        KeyConditionExpression="id = :id",
        ExpressionAttributeValues={":id": {"S": "order-3"}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert query["ConsumedCapacity"] == {"TableName": table.name, "CapacityUnits": 24.5}


def test_decimals_keep_their_value_and_lose_their_zeroes(cloud, table):
    import boto3.dynamodb.types as types

    value = types.TypeSerializer().serialize(Decimal("12.50"))
    table.put("a", price=value)
    assert types.TypeDeserializer().deserialize(table.item("a")["price"]) == Decimal("12.5")
    assert str(types.TypeDeserializer().deserialize(table.item("a")["price"])) == "12.5"


def test_a_key_of_the_wrong_type_or_half_a_key_is_refused(table):
    assert refusal(table.client.get_item, TableName=table.name, Key={"id": {"N": "1"}}) == (
        "ValidationException",
        400,
        "The provided key element does not match the schema",
    )
