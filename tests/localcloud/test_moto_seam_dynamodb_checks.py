"""What DynamoDB refuses, in its words. A test named ``moto_still_…`` fails when moto has mended what the seam rights."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .dynamodb_seam import make_table, moto_clients, seam

ORDERS = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("customer", "order", "placed")],
    "KeySchema": [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "order", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-placed",
            "KeySchema": [{"AttributeName": "placed", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
KEY = {"customer": {"S": "kim"}, "order": {"S": "1"}}
#: "order" is a reserved word.
ORDER = {"#o": "order"}


@pytest.fixture
def table():
    with seam(), moto_clients() as clients:
        client = clients("dynamodb")
        make_table(client, view=None, **ORDERS)
        client.put_item(TableName="orders", Item=KEY | {"n": {"N": "1"}, "text": {"S": "a"}})
        yield client


@pytest.fixture
def unmended():
    with moto_clients() as clients:
        client = clients("dynamodb")
        make_table(client, view=None, **ORDERS)
        yield client


def refusal(call: Any, **parameters: Any) -> str:
    """The message of the ValidationException that ends this call."""
    with pytest.raises(ClientError) as caught:
        call(TableName="orders", **parameters)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "wrong",
    [{"customer": {"S": "kim"}}, {"customer": {"S": "kim"}, "order": {"N": "1"}}, KEY | {"x": {"S": "y"}}],
)
def test_check_key_refuses_half_a_key_and_a_key_of_the_wrong_type(table, wrong):
    message = "The provided key element does not match the schema"
    assert refusal(table.get_item, Key=wrong) == message
    assert refusal(table.delete_item, Key=wrong) == message
    assert refusal(table.update_item, Key=wrong) == message


def test_check_key_refuses_an_empty_key(table):
    empty = KEY | {"customer": {"S": ""}}
    message = (
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        "string value. Key: customer"
    )
    assert refusal(table.get_item, Key=empty) == message
    assert refusal(table.update_item, Key=empty) == message
    transaction = {"Update": {"TableName": "orders", "Key": empty, "UpdateExpression": "REMOVE n"}}
    with pytest.raises(ClientError) as caught:
        table.transact_write_items(TransactItems=[transaction])
    assert caught.value.response["Error"]["Message"] == message


def test_moto_still_updates_an_item_under_an_empty_key(unmended):
    unmended.update_item(
        TableName="orders",
        Key=KEY | {"customer": {"S": ""}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )


def test_moto_still_finds_nothing_for_a_key_of_the_wrong_type(unmended):
    assert "Item" not in unmended.get_item(TableName="orders", Key={"customer": {"S": "kim"}, "order": {"N": "1"}})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"customer": {"S": ""}},
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
            "string value. Key: customer",
        ),
        (
            {"placed": {"N": "1"}},
            "One or more parameter values were invalid: Type mismatch for Index Key placed Expected: S Actual: N "
            "IndexName: by-placed",
        ),
        (
            {"deep": {"M": {"a": {"L": [{"N": "1" * 39}]}}}},
            "Attempting to store more than 38 significant digits in a Number",
        ),
        (
            {"names": {"SS": ["a", "a"]}},
            "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
        ),
    ],
)
def test_check_item_refuses_what_no_put_may_store(table, more, message):
    assert refusal(table.put_item, Item=KEY | more) == message
    with pytest.raises(ClientError) as caught:
        table.batch_write_item(RequestItems={"orders": [{"PutRequest": {"Item": KEY | more}}]})
    assert caught.value.response["Error"]["Message"] == message


def test_zeroes_at_the_ends_of_a_number_are_no_digits(table):
    table.put_item(TableName="orders", Item=KEY | {"n": {"N": "1" + "0" * 60}})


def test_an_update_may_not_give_an_index_key_another_type(table):
    update = {
        "Key": KEY,
        "UpdateExpression": "SET #p = :v",
        "ExpressionAttributeNames": {"#p": "placed"},
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    }
    message = "The update expression attempted to update the secondary index key to unsupported type"
    assert refusal(table.update_item, **update) == message
    assert "placed" not in table.get_item(TableName="orders", Key=KEY)["Item"]


def test_moto_still_takes_index_keys_of_any_type(unmended):
    unmended.put_item(TableName="orders", Item=KEY | {"placed": {"N": "1"}})


def test_check_batch_write_refuses_a_batch_as_a_whole(table):
    writes = [
        {"PutRequest": {"Item": KEY | {"customer": {"S": "2"}}}},
        {"PutRequest": {"Item": KEY | {"customer": {"S": "3"}, "t": {"S": "x" * 409_600}}}},
    ]
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        table.batch_write_item(RequestItems={"orders": writes})
    many = [{"PutRequest": {"Item": KEY | {"customer": {"S": str(number)}}}} for number in range(26)]
    with pytest.raises(ClientError, match="Too many items requested for the BatchWriteItem call"):
        table.batch_write_item(RequestItems={"orders": many})
    with pytest.raises(ClientError, match="Provided list of item keys contains duplicates"):
        table.batch_write_item(
            RequestItems={"orders": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}
        )
    assert table.scan(TableName="orders")["Count"] == 1


VALUES = {":v": {"S": "kim"}}


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("FilterExpression", {"KeyConditionExpression": "customer = :v", "FilterExpression": "name = :v"}),
        ("KeyConditionExpression", {"KeyConditionExpression": "customer = :v AND order = :v"}),
        ("ProjectionExpression", {"KeyConditionExpression": "customer = :v", "ProjectionExpression": "n, name"}),
    ],
)
def test_a_reserved_word_is_refused_with_the_expression_it_stands_in(table, kind, parameters):
    word = "order" if kind.startswith("Key") else "name"
    assert refusal(table.query, **parameters, ExpressionAttributeValues=VALUES) == (
        f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {word}"
    )


@pytest.mark.parametrize(
    "expression",
    [
        "size(#o) > :n AND NOT contains(note, :v) OR n BETWEEN :n AND :n AND note = :v",
        "begins_with (#o, :v) and note IN (:v, :v) or n = :n",
        "#o.outside[0] <> :v AND attribute_type(note, :v) AND n = :n",
    ],
)
def test_functions_and_operators_are_no_attribute_names(table, expression):
    with pytest.raises(ClientError, match="The conditional request failed"):
        table.put_item(
            TableName="orders",
            Item=KEY,
            ConditionExpression=f"({expression}) AND attribute_not_exists(customer)",
            ExpressionAttributeNames=ORDER,
            ExpressionAttributeValues={":v": {"S": "S"}, ":n": {"N": "1"}},
        )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "n = :w",
            "An expression attribute value used in expression is not defined; attribute value: :w",
        ),
        (
            "#x = :v",
            "An expression attribute name used in the document path is not defined; attribute name: #x",
        ),
        ("n =", 'Syntax error; token: "<EOF>", near: "="'),
        ("attribute_not_exists(", 'Syntax error; token: "<EOF>", near: "("'),
    ],
)
def test_check_expressions_refuses_what_cannot_be_read(table, expression, message):
    found = refusal(
        table.put_item, Item=KEY, ConditionExpression=expression, ExpressionAttributeValues={":v": {"N": "1"}}
    )
    assert found == f"Invalid ConditionExpression: {message}"


def test_placeholders_that_are_not_used_are_refused(table):
    found = refusal(
        table.put_item,
        Item=KEY,
        ConditionExpression="attribute_exists(customer)",
        ExpressionAttributeValues={":v": {"N": "1"}},
    )
    assert found == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"
    found = refusal(
        table.query,
        KeyConditionExpression="customer = :v",
        ExpressionAttributeValues=VALUES,
        ExpressionAttributeNames=ORDER,
    )
    assert found == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#o}"


def test_a_sum_with_text_names_the_text(table):
    found = refusal(
        table.update_item,
        Key=KEY,
        UpdateExpression="SET n = n + :v",
        ExpressionAttributeValues={":v": {"S": "1"}},
    )
    assert found == (
        "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand "
        "type: S"
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"KeyConditionExpression": "customer = :n"},
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            {"KeyConditionExpression": "customer = :v AND #o BETWEEN :v AND :n"},
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            {"KeyConditionExpression": "customer = :v AND begins_with(#o, :n)"},
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            {"KeyConditionExpression": "customer = :v", "FilterExpression": "#o > :v"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: order",
        ),
        (
            {"KeyConditionExpression": "placed = :v", "IndexName": "by-day"},
            "The table does not have the specified index: by-day",
        ),
        ({"KeyConditionExpression": "n = :n"}, "Query condition missed key schema element: customer"),
    ],
)
def test_check_query_refuses_what_no_query_may_ask(table, parameters, message):
    text = " ".join(parameters.values())
    used = {name: value for name, value in {":v": {"S": "kim"}, ":n": {"N": "1"}}.items() if name in text}
    names = {"ExpressionAttributeNames": ORDER} if "#o" in text else {}
    assert refusal(table.query, **parameters, ExpressionAttributeValues=used, **names) == message


def test_moto_still_takes_a_filter_on_the_key(unmended):
    unmended.query(
        TableName="orders",
        KeyConditionExpression="customer = :v",
        FilterExpression="customer = :v",
        ExpressionAttributeValues=VALUES,
    )


def test_a_table_that_is_not_there_is_named(table):
    for call in (table.delete_table, table.describe_time_to_live):
        with pytest.raises(ClientError) as caught:
            call(TableName="none")
        assert caught.value.response["Error"] == {
            "Code": "ResourceNotFoundException",
            "Message": "Requested resource not found: Table: none not found",
        }
