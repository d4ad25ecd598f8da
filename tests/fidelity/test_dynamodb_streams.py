"""The service dynamodbstreams: what a client reads of a table's changes. DynamoDB API reference, "Amazon DynamoDB Streams"."""

from __future__ import annotations

import re

import pytest

from .deployment import ACCOUNT, REGION, refusal
from .tables import Table, keys
from .targets import until


@pytest.fixture(scope="module")
def cloud(cloud_of):
    """No function runs here: one cloud is enough."""
    return cloud_of("fallback")


@pytest.fixture
def table(cloud):
    return Table(cloud)


def test_describe_stream_names_table_view_keys_and_shard(table):
    described = table.streams.describe_stream(StreamArn=table.stream_arn)["StreamDescription"]
    assert (
        table.stream_arn == f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table.name}/stream/{described['StreamLabel']}"
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", described["StreamLabel"])
    assert described["StreamStatus"] == "ENABLED"
    assert described["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert described["TableName"] == table.name
    assert described["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    (shard,) = described["Shards"]
    assert re.fullmatch(r"shardId-\d{20}-[0-9a-f]{8}", shard["ShardId"])
    assert list(shard["SequenceNumberRange"]) == ["StartingSequenceNumber"]
    after = table.streams.describe_stream(StreamArn=table.stream_arn, ExclusiveStartShardId=shard["ShardId"])
    assert after["StreamDescription"]["Shards"] == []


def test_F134_F136_the_records_of_an_item_s_life(table):
    table.put("a", price={"N": "12.50"}, photo={"B": b"\x00\xff"})
    table.update("a", "SET price = :p", p={"N": "13"})
    table.delete("a")
    inserted, modified, removed = table.records()
    assert [one["eventName"] for one in (inserted, modified, removed)] == ["INSERT", "MODIFY", "REMOVE"]
    new = {"id": {"S": "a"}, "price": {"N": "12.5"}, "photo": {"B": b"\x00\xff"}}
    assert inserted["dynamodb"]["NewImage"] == new
    assert "OldImage" not in inserted["dynamodb"]
    assert modified["dynamodb"]["OldImage"] == new
    assert modified["dynamodb"]["NewImage"] == new | {"price": {"N": "13"}}
    assert "NewImage" not in removed["dynamodb"]
    assert "userIdentity" not in removed
    assert inserted["eventVersion"] == "1.1"
    assert inserted["awsRegion"] == REGION
    numbers = [int(one["dynamodb"]["SequenceNumber"]) for one in (inserted, modified, removed)]
    assert numbers == sorted(set(numbers))


def test_a_record_of_an_expired_item_names_who_removed_it(cloud):
    """Developer Guide, "DynamoDB Streams and Time to Live"."""
    table = Table(cloud, "KEYS_ONLY")
    table.client.update_time_to_live(
        TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    table.put("a", until={"N": "1790000000"})
    removed = until(lambda: table.records()[1:], "the item was not removed")
    assert removed[0]["eventName"] == "REMOVE"
    assert removed[0]["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def test_iterators_begin_where_they_say(table):
    for key in "abc":
        table.put(key)
    numbers = [record["dynamodb"]["SequenceNumber"] for record in table.records()]
    assert keys(table.records("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1])) == ["b", "c"]
    assert keys(table.records("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1])) == ["c"]
    latest = table.iterator("LATEST")
    table.put("d")
    assert keys(table.streams.get_records(ShardIterator=latest)["Records"]) == ["d"]


def test_next_iterators_lead_through_all_records_and_on(table):
    for number in range(5):
        table.put(str(number))
    iterator, found = table.iterator(), []
    for _ in range(4):
        page = table.streams.get_records(ShardIterator=iterator, Limit=2)
        found += keys(page["Records"])
        iterator = page["NextShardIterator"]
    assert found == list("01234")
    table.put("5")
    assert keys(table.streams.get_records(ShardIterator=iterator)["Records"]) == ["5"]


def test_a_disabled_stream_can_be_read_to_its_end(table):
    table.put("a")
    iterator = table.iterator()
    table.set_stream(None)
    table.put("b")
    described = table.streams.describe_stream(StreamArn=table.stream_arn)["StreamDescription"]
    assert described["StreamStatus"] == "DISABLED"
    assert set(described["Shards"][0]["SequenceNumberRange"]) == {"StartingSequenceNumber", "EndingSequenceNumber"}
    page = table.streams.get_records(ShardIterator=iterator)
    assert keys(page["Records"]) == ["a"]
    assert "NextShardIterator" not in page
    assert table.item("b") is not None


def test_list_streams_has_those_of_a_table_also_the_disabled_ones(cloud, table):
    table.set_stream(None)
    second = table.set_stream("KEYS_ONLY")["LatestStreamArn"]
    Table(cloud)
    listed = table.streams.list_streams(TableName=table.name)["Streams"]
    assert [one["StreamArn"] for one in listed] == [table.stream_arn, second]
    assert {one["TableName"] for one in listed} == {table.name}
    first = table.streams.list_streams(TableName=table.name, Limit=1)
    assert first["LastEvaluatedStreamArn"] == table.stream_arn
    rest = table.streams.list_streams(TableName=table.name, ExclusiveStartStreamArn=table.stream_arn)
    assert [one["StreamArn"] for one in rest["Streams"]] == [second]
    assert "LastEvaluatedStreamArn" not in rest


def test_what_is_not_there_is_refused_in_words(table):
    missing = table.stream_arn[:-1] + ("0" if table.stream_arn[-1] != "0" else "1")
    assert refusal(table.streams.describe_stream, StreamArn=missing) == (
        "ResourceNotFoundException",
        400,
        f"Requested resource not found: Stream: {missing} not found",
    )
    shard = "shardId-00000000000000000000-00000000"
    code, status, _message = refusal(
        table.streams.get_shard_iterator, StreamArn=table.stream_arn, ShardId=shard, ShardIteratorType="LATEST"
    )
    assert (code, status) == ("ResourceNotFoundException", 400)
    assert refusal(table.streams.get_records, ShardIterator="nonsense") == (
        "ValidationException",
        400,
        "Invalid ShardIterator",
    )
    code, status, message = refusal(table.streams.get_records, ShardIterator=table.iterator(), Limit=1001)
    assert (code, status) == ("ValidationException", 400)
    assert message.endswith(
        "at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000"
    )
