"""Writes of DynamoDB in the seam. A test named ``moto_still_…`` fails when moto has mended what the seam rights."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from labsupport.localcloud import moto_seam_dynamodb
from labsupport.localcloud.moto_seam_dynamodb import number, plain_value

from .dynamodb_seam import make_table, moto_clients, records, seam


@pytest.fixture
def clients():
    with seam(), moto_clients() as made:
        yield made


@pytest.fixture
def table(clients):
    client = clients("dynamodb")
    make_table(client)
    return client


@pytest.fixture
def unmended():
    with moto_clients() as made:
        yield made


def item(client, key):
    return client.get_item(TableName="orders", Key={"id": {"S": key}}).get("Item")


def put(client, key, **attributes):
    client.put_item(TableName="orders", Item={"id": {"S": key}} | attributes)


def test_make_writes_whole_takes_back_an_update_that_made_the_item_too_large(table):
    put(table, "a", n={"N": "1"})
    with pytest.raises(ClientError, match="Item size to update has exceeded the maximum allowed size"):
        table.update_item(
            TableName="orders",
            Key={"id": {"S": "a"}},
            UpdateExpression="SET n = :n, t = :t",
            ExpressionAttributeValues={":n": {"N": "2"}, ":t": {"S": "x" * 409_600}},
        )
    assert item(table, "a") == {"id": {"S": "a"}, "n": {"N": "1"}}


def test_make_writes_whole_counts_the_400_kb_with_the_names_and_to_the_byte(table):
    room = 400 * 1024 - len("id") - len("a") - len("t")
    put(table, "a", t={"S": "x" * room})
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        put(table, "a", t={"S": "x" * (room + 1)})


def test_moto_still_has_a_limit_of_405_000_bytes(unmended):
    client = unmended("dynamodb")
    make_table(client)
    with pytest.raises(ClientError, match="Item size has exceeded"):
        put(client, "a", t={"S": "x" * 406_000})


def test_an_update_that_fails_leaves_no_new_item(table):
    with pytest.raises(ClientError):
        table.update_item(
            TableName="orders",
            Key={"id": {"S": "new"}},
            UpdateExpression="SET t = :t",
            ExpressionAttributeValues={":t": {"S": "x" * 409_600}},
        )
    assert item(table, "new") is None


def test_one_write_inside_another_is_told_once(clients, table):
    """UpdateItem of an item that is not there stores an empty one first."""
    told = []
    moto_seam_dynamodb.listeners.append(told.append)
    table.update_item(
        TableName="orders",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    (write,) = told
    assert write.before is None
    assert moto_seam_dynamodb.plain_item(write.after) == {"id": {"S": "a"}, "n": {"N": "1"}}


def test_a_transaction_that_is_cancelled_changes_nothing_and_tells_nothing(clients, table):
    told = []
    put(table, "there", n={"N": "1"})
    put(table, "gone", n={"N": "1"})
    moto_seam_dynamodb.listeners.append(told.append)
    with pytest.raises(ClientError) as caught:
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "orders", "Item": {"id": {"S": "new"}}}},
                {
                    "Update": {
                        "TableName": "orders",
                        "Key": {"id": {"S": "there"}},
                        "UpdateExpression": "ADD n :n",
                        "ExpressionAttributeValues": {":n": {"N": "1"}},
                    }
                },
                {"Delete": {"TableName": "orders", "Key": {"id": {"S": "gone"}}}},
                {"Delete": {"TableName": "orders", "Key": {"id": {"S": "never"}}}},
                {
                    "ConditionCheck": {
                        "TableName": "orders",
                        "Key": {"id": {"S": "other"}},
                        "ConditionExpression": "attribute_exists(id)",
                    }
                },
            ]
        )
    assert caught.value.response["CancellationReasons"] == [{"Code": "None"}] * 4 + [
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    ]
    assert (item(table, "new"), item(table, "there")["n"], item(table, "gone")["n"]) == (None, {"N": "1"}, {"N": "1"})
    assert told == []


def test_a_transaction_tells_its_writes_in_order(clients, table):
    arn = table.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    table.transact_write_items(
        TransactItems=[{"Put": {"TableName": "orders", "Item": {"id": {"S": key}}}} for key in "cab"]
    )
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in records(arn)] == ["c", "a", "b"]


def test_a_transaction_names_what_is_wrong_with_an_item_as_its_reason(table):
    put(table, "a", n={"S": "text"})
    with pytest.raises(ClientError) as caught:
        table.transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": "orders",
                        "Key": {"id": {"S": "a"}},
                        "UpdateExpression": "ADD n :n",
                        "ExpressionAttributeValues": {":n": {"N": "1"}},
                    }
                }
            ]
        )
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "ValidationError", "Message": "An operand in the update expression has an incorrect data type"}
    ]


def test_moto_still_copies_whole_tables_for_a_transaction():
    """What others write meanwhile is lost when it puts them back."""
    import inspect

    from moto.dynamodb.models import DynamoDBBackend

    assert "copy.deepcopy(\n                    self.tables[table_name]" in inspect.getsource(
        DynamoDBBackend.transact_write_items
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("12.50", "12.5"),
        ("1.0", "1"),
        ("007", "7"),
        ("-0", "0"),
        ("0.0", "0"),
        ("100", "100"),
        ("1E3", "1000"),
        ("1.5e-3", "0.0015"),
        ("-1.20", "-1.2"),
        ("no number", "no number"),
        (" 1", " 1"),
        ("Infinity", "Infinity"),
    ],
)
def test_number_is_kept_without_zeroes_at_its_ends(given, kept):
    assert number(given) == kept


def test_a_number_comes_back_as_dynamodb_gives_it(table):
    put(table, "a", price={"N": "12.50"}, all={"NS": ["1.0", "2"]}, nested={"L": [{"N": "3.10"}]})
    found = item(table, "a")
    assert (found["price"], sorted(found["all"]["NS"])) == ({"N": "12.5"}, ["1", "2"])
    assert found["nested"] == {"L": [{"N": "3.1"}]}


def test_moto_still_keeps_numbers_as_they_were_sent(unmended):
    client = unmended("dynamodb")
    make_table(client)
    put(client, "a", price={"N": "12.50"})
    assert item(client, "a")["price"] == {"N": "12.50"}


def test_plain_value_has_binary_as_base64_text():
    nested = {"M": {"a": {"L": [{"B": b"abc"}]}, "b": {"BS": [b"abc"]}}}
    assert plain_value(nested) == {"M": {"a": {"L": [{"B": "YWJj"}]}, "b": {"BS": ["YWJj"]}}}
