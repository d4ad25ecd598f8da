"""DynamoDB's capacity units as the cloud counts them for the bill, through real clients."""

from __future__ import annotations

import json
import urllib.request

import boto3
import pytest


@pytest.fixture(scope="module")
def table(module_cloud):
    client = module_cloud.client("dynamodb")
    client.create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    client.put_item(TableName="orders", Item=item("large", 5000))
    return client


@pytest.fixture
def took(module_cloud):
    """``took()``: read and write units since the test began, or since it was asked last."""

    def units() -> tuple[float, float]:
        with urllib.request.urlopen(f"{module_cloud.endpoint}/_labsupport/usage") as answer:
            document = json.load(answer)["dynamodb"]
        return document.get("read_units", 0.0), document.get("write_units", 0.0)

    before = [units()]

    def since() -> tuple[float, float]:
        now, (read, write) = units(), before[0]
        before[0] = now
        return now[0] - read, now[1] - write

    return since


def item(name: str, size: int = 0) -> dict:
    return {"id": {"S": name}, "text": {"S": "x" * size}}


def test_writes_are_counted_by_the_kilobyte_whether_or_not_their_units_were_asked_for(table, took):
    table.put_item(TableName="orders", Item=item("a"))
    assert took() == (0, 1)
    table.put_item(TableName="orders", Item=item("b", 3000), ReturnConsumedCapacity="TOTAL")
    assert took() == (0, 3)
    table.update_item(
        TableName="orders",
        Key={"id": {"S": "b"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    table.delete_item(TableName="orders", Key={"id": {"S": "a"}})
    assert took() == (0, 4)


def test_reads_are_counted_by_four_kilobytes_and_consistency(table, took):
    table.get_item(TableName="orders", Key={"id": {"S": "large"}})
    assert took() == (1, 0)
    table.get_item(TableName="orders", Key={"id": {"S": "large"}}, ConsistentRead=True)
    assert took() == (2, 0)
    table.get_item(TableName="orders", Key={"id": {"S": "nobody"}})
    assert took() == (0.5, 0)


def test_a_transaction_counts_twice(table, took):
    table.transact_write_items(TransactItems=[{"Put": {"TableName": "orders", "Item": item("t")}}])
    assert took() == (0, 2)


def test_a_write_whose_condition_was_false_costs_what_the_larger_item_would(table, took):
    with pytest.raises(table.exceptions.ConditionalCheckFailedException):
        table.put_item(TableName="orders", Item=item("large"), ConditionExpression="attribute_not_exists(id)")
    assert took() == (0, 5)
    with pytest.raises(table.exceptions.ConditionalCheckFailedException):
        table.delete_item(TableName="orders", Key={"id": {"S": "nobody"}}, ConditionExpression="attribute_exists(id)")
    assert took() == (0, 1)


def test_a_request_that_is_refused_for_its_form_costs_nothing(table, took):
    with pytest.raises(table.exceptions.ClientError):
        table.put_item(TableName="orders", Item={"no": {"S": "key"}})
    with pytest.raises(table.exceptions.ResourceNotFoundException):
        table.get_item(TableName="nowhere", Key={"id": {"S": "a"}})
    assert took() == (0, 0)


def test_what_the_lab_itself_reads_is_not_counted(table, took, module_cloud):
    lab = boto3.Session(aws_access_key_id="lab", aws_secret_access_key="lab", region_name="us-east-1")
    lab.client("dynamodb", endpoint_url=module_cloud.endpoint).scan(TableName="orders")
    assert took() == (0, 0)
    table.scan(TableName="orders")
    assert took()[0] > 0
