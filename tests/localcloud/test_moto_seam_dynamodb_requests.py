"""Requests of DynamoDB in the seam: pages, capacity units, tokens."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .dynamodb_seam import make_table, moto_clients, seam

ORDERS = {
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("customer", "order", "day", "state")
    ],
    "KeySchema": [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "order", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-day",
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "by-state",
            "KeySchema": [
                {"AttributeName": "customer", "KeyType": "HASH"},
                {"AttributeName": "state", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


@pytest.fixture
def table():
    with seam(), moto_clients() as clients:
        client = clients("dynamodb")
        make_table(client, view=None, **ORDERS)
        yield client


@pytest.fixture
def unmended():
    with moto_clients() as clients:
        client = clients("dynamodb")
        make_table(client, view=None, **ORDERS)
        yield client


def key(order: str, customer: str = "kim") -> dict:
    return {"customer": {"S": customer}, "order": {"S": order}}


def units(answer: dict) -> dict:
    consumed = answer["ConsumedCapacity"]
    return {name: part for name, part in consumed.items() if name != "TableName"}


def put(client, order: str, size: int = 0, **attributes: str) -> dict:
    more = {name: {"S": text} for name, text in attributes.items()} | ({"text": {"S": "x" * size}} if size else {})
    return client.put_item(TableName="orders", Item=key(order) | more, ReturnConsumedCapacity="INDEXES")


def test_a_write_costs_its_larger_image_and_each_index_it_changes(table):
    assert units(put(table, "1", size=1500)) == {"CapacityUnits": 2.0, "Table": {"CapacityUnits": 2.0}}
    assert units(put(table, "1")) == {"CapacityUnits": 2.0, "Table": {"CapacityUnits": 2.0}}
    answer = units(put(table, "1", size=1500, day="monday", state="new"))
    assert answer == {
        "CapacityUnits": 5.0,
        "Table": {"CapacityUnits": 2.0},
        "GlobalSecondaryIndexes": {"by-day": {"CapacityUnits": 1.0}},
        "LocalSecondaryIndexes": {"by-state": {"CapacityUnits": 2.0}},
    }
    moved = units(put(table, "1", size=1500, day="tuesday", state="new"))
    assert moved["GlobalSecondaryIndexes"] == {"by-day": {"CapacityUnits": 2.0}}
    deleted = table.delete_item(TableName="orders", Key=key("1"), ReturnConsumedCapacity="TOTAL")
    assert units(deleted) == {"CapacityUnits": 5.0}


def test_an_update_tells_its_units_only_when_asked(table):
    update = {
        "TableName": "orders",
        "Key": key("1"),
        "UpdateExpression": "SET t = :t",
        "ExpressionAttributeValues": {":t": {"S": "x" * 2000}},
    }
    assert "ConsumedCapacity" not in table.update_item(**update)
    assert units(table.update_item(**update, ReturnConsumedCapacity="TOTAL")) == {"CapacityUnits": 2.0}


@pytest.mark.parametrize(("consistent", "cost"), [(False, 1.0), (True, 2.0)])
def test_a_read_costs_the_size_of_the_item_also_when_little_of_it_is_wanted(table, consistent, cost):
    put(table, "1", size=5000)
    asked = {"TableName": "orders", "ConsistentRead": consistent, "ReturnConsumedCapacity": "TOTAL"}
    read = table.get_item(**asked, Key=key("1"), ProjectionExpression="customer")
    assert units(read) == {"CapacityUnits": cost}
    assert units(table.get_item(**asked, Key=key("none"))) == {"CapacityUnits": cost / 2}
    page = table.query(
        **asked,
        KeyConditionExpression="customer = :c",
        FilterExpression="attribute_exists(nothing)",
        ExpressionAttributeValues={":c": {"S": "kim"}},
    )
    assert (page["Count"], page["ScannedCount"], units(page)) == (0, 1, {"CapacityUnits": cost})
    assert units(table.scan(**asked)) == {"CapacityUnits": cost}


def test_a_query_of_an_index_costs_what_the_index_holds(table):
    put(table, "1", size=5000, day="monday")
    page = table.query(
        TableName="orders",
        IndexName="by-day",
        KeyConditionExpression="#d = :d",
        ExpressionAttributeNames={"#d": "day"},
        ExpressionAttributeValues={":d": {"S": "monday"}},
        ReturnConsumedCapacity="INDEXES",
    )
    assert units(page) == {
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"by-day": {"CapacityUnits": 0.5}},
    }


def test_batches_and_transactions_tell_the_units_of_each_table(table):
    items = [{"PutRequest": {"Item": key(str(number))}} for number in range(3)]
    written = table.batch_write_item(RequestItems={"orders": items}, ReturnConsumedCapacity="TOTAL")
    assert written["ConsumedCapacity"] == [{"TableName": "orders", "CapacityUnits": 3.0}]
    read = table.batch_get_item(
        RequestItems={"orders": {"Keys": [key("0"), key("1")], "ConsistentRead": True}}, ReturnConsumedCapacity="TOTAL"
    )
    assert read["ConsumedCapacity"] == [{"TableName": "orders", "CapacityUnits": 2.0}]
    check = {"TableName": "orders", "Key": key("1"), "ConditionExpression": "attribute_exists(customer)"}
    transaction = table.transact_write_items(
        TransactItems=[{"Put": {"TableName": "orders", "Item": key("7")}}, {"ConditionCheck": check}],
        ReturnConsumedCapacity="TOTAL",
    )
    assert transaction["ConsumedCapacity"] == [{"TableName": "orders", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}]
    got = table.transact_get_items(
        TransactItems=[{"Get": {"TableName": "orders", "Key": key("none")}}], ReturnConsumedCapacity="TOTAL"
    )
    assert got["ConsumedCapacity"] == [{"TableName": "orders", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_moto_still_tells_one_unit_for_every_write(unmended):
    assert units(put(unmended, "1", size=100_000))["CapacityUnits"] == 1.0


def test_a_page_as_long_as_limit_has_a_last_evaluated_key(table):
    """ "The only way to know when you have reached the end of the result set is when LastEvaluatedKey is empty.\""""
    for number in range(4):
        put(table, str(number))
    first = table.scan(TableName="orders", Limit=4)
    assert first["LastEvaluatedKey"] == key("3")
    rest = table.scan(TableName="orders", Limit=4, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert (rest["Count"], "LastEvaluatedKey" in rest) == (0, False)


def test_moto_still_knows_that_nothing_follows(unmended):
    put(unmended, "1")
    assert "LastEvaluatedKey" not in unmended.scan(TableName="orders", Limit=1)


def test_a_page_ends_at_1_mb_and_the_pages_together_have_every_item_once(table):
    for number in range(8):
        put(table, str(number), size=300 * 1024)
    found, pages, start = [], 0, {}
    while True:
        page = table.query(
            TableName="orders",
            KeyConditionExpression="customer = :c",
            ExpressionAttributeValues={":c": {"S": "kim"}},
            ReturnConsumedCapacity="TOTAL",
            **start,
        )
        pages += 1
        found += [item["order"]["S"] for item in page["Items"]]
        assert units(page)["CapacityUnits"] <= 128.0
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert (pages, found) == (3, [str(number) for number in range(8)])


def test_a_query_looks_at_its_partition_alone(table, monkeypatch):
    from moto.dynamodb.models.table import Table

    monkeypatch.setattr(Table, "all_items", lambda _self: pytest.fail("all items were looked at"))
    put(table, "2")
    put(table, "1", day="monday")
    table.put_item(TableName="orders", Item=key("9", customer="lee"))
    ask = {"TableName": "orders", "ExpressionAttributeValues": {":v": {"S": "kim"}}}
    page = table.query(**ask, KeyConditionExpression="customer = :v")
    assert [item["order"]["S"] for item in page["Items"]] == ["1", "2"]
    page = table.query(**ask, KeyConditionExpression="customer = :v", ScanIndexForward=False, Limit=1)
    assert [item["order"]["S"] for item in page["Items"]] == ["2"]
    assert (
        table.query(**ask | {"ExpressionAttributeValues": {":v": {"S": "x"}}}, KeyConditionExpression="customer = :v")[
            "Items"
        ]
        == []
    )
    page = table.query(
        TableName="orders",
        IndexName="by-day",
        KeyConditionExpression="#d = :d",
        ExpressionAttributeNames={"#d": "day"},
        ExpressionAttributeValues={":d": {"S": "monday"}},
    )
    assert [item["order"]["S"] for item in page["Items"]] == ["1"]


def test_a_hundred_items_can_be_got_in_one_transaction(table):
    gets = [{"Get": {"TableName": "orders", "Key": key(str(number))}} for number in range(100)]
    assert len(table.transact_get_items(TransactItems=gets)["Responses"]) == 100
    with pytest.raises(ClientError, match="Member must have length less than or equal to 100"):
        table.transact_get_items(TransactItems=[*gets, {"Get": {"TableName": "orders", "Key": key("more")}}])


def test_a_transaction_with_the_token_of_an_earlier_one_is_not_made_again(table):
    add = {
        "TableName": "orders",
        "Key": key("1"),
        "UpdateExpression": "ADD n :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    for _ in range(2):
        table.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="order-1")
    assert table.get_item(TableName="orders", Key=key("1"))["Item"]["n"] == {"N": "1"}
    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        table.transact_write_items(
            TransactItems=[{"Delete": {"TableName": "orders", "Key": key("1")}}], ClientRequestToken="order-1"
        )


def test_moto_still_makes_a_transaction_twice(unmended):
    add = {
        "TableName": "orders",
        "Key": key("1"),
        "UpdateExpression": "ADD n :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    for _ in range(2):
        unmended.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="order-1")
    assert unmended.get_item(TableName="orders", Key=key("1"))["Item"]["n"] == {"N": "2"}


INDEX = {
    "AttributeDefinitions": [{"AttributeName": "state", "AttributeType": "S"}],
    "GlobalSecondaryIndexUpdates": [
        {
            "Create": {
                "IndexName": "by-state",
                "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        }
    ],
}


def defined_after_an_index_was_added(client) -> list[str]:
    make_table(client, view=None)
    table = client.update_table(TableName="orders", **INDEX)["TableDescription"]
    return sorted(one["AttributeName"] for one in table["AttributeDefinitions"])


def test_an_index_that_is_added_leaves_the_table_s_own_key_defined():
    with seam(), moto_clients() as clients:
        client = clients("dynamodb")

        assert defined_after_an_index_was_added(client) == ["id", "state"]
        asked = {"KeyConditionExpression": "id = :a", "ExpressionAttributeValues": {":a": {"S": "1"}}}
        assert client.query(TableName="orders", **asked)["Count"] == 0


def test_moto_still_forgets_the_table_s_key_when_an_index_is_added():
    with moto_clients() as clients:
        assert defined_after_an_index_was_added(clients("dynamodb")) == ["state"]
