from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest

from labsupport.exercises import tables
from labsupport.exercises.outcomes import NotDeployed, Outcome


@pytest.fixture
def table(cloud) -> Iterator[str]:
    """The name of a new table: customer, then order; an index by state."""
    name, dynamodb = f"t-{uuid.uuid4().hex[:8]}", cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("customer", "order", "state")],
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "order", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-state",
                "KeySchema": [
                    {"AttributeName": "state", "KeyType": "HASH"},
                    {"AttributeName": "order", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    yield name
    dynamodb.delete_table(TableName=name)


def key(customer: str, order: str) -> tables.Item:
    return {"customer": customer, "order": order}


def test_a_table_is_described_or_it_is_not_there(probe, table):
    assert tables.needed(probe, table)["TableName"] == table
    assert tables.description(probe, "no-such-table") is None
    with pytest.raises(NotDeployed) as caught:
        tables.needed(probe, "no-such-table")
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED
    assert caught.value.message.did == "We looked for the table no-such-table."


def test_items_come_back_as_plain_values(probe, table):
    item = key("ada", "1") | {"cents": 990, "share": Decimal("0.5"), "tags": ["a", 2], "gone": None, "new": True}
    tables.put(probe, table, item)
    found = tables.item_of(probe, table, key("ada", "1"))
    assert found == item
    assert type(found["cents"]) is int and type(found["share"]) is Decimal
    tables.delete(probe, table, key("ada", "1"))
    assert tables.item_of(probe, table, key("ada", "1")) is None


def test_a_query_gives_all_of_one_partition_key_in_the_order_of_the_sort_key(probe, table):
    tables.put_together(probe, table, [key("ada", order) | {"state": "new"} for order in "3142"])
    tables.put(probe, table, key("grace", "0") | {"state": "new"})
    assert [item["order"] for item in tables.query(probe, table, None, "customer", "ada")] == list("1234")
    assert [item["order"] for item in tables.query(probe, table, "by-state", "state", "new")] == list("01234")
    assert tables.query(probe, table, None, "customer", "nobody") == []
    assert len(list(tables.scan(probe, table))) == 5


def test_a_query_of_many_large_items_reads_every_page(probe, table):
    for number in range(5):
        tables.put(probe, table, key("ada", str(number)) | {"large": "x" * 390_000})
    assert len(tables.query(probe, table, None, "customer", "ada")) == 5


def test_nothing_is_left_whatever_happened(probe, table):
    with pytest.raises(ZeroDivisionError), tables.cleared(probe, table, [key("ada", "1"), key("ada", "2")]):
        tables.put(probe, table, key("ada", "1"))
        raise ZeroDivisionError
    assert list(tables.scan(probe, table)) == []
