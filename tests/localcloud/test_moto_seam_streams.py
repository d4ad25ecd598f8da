"""Stream records and streams in the seam. A test named ``moto_still_…`` fails when moto has mended what it rights."""

from __future__ import annotations

import re
import time

import pytest
from botocore.exceptions import ClientError

from labsupport.localcloud import moto_notices, moto_seam_streams

from .dynamodb_seam import make_table, moto_clients, records, seam


@pytest.fixture
def client():
    with seam(), moto_clients() as clients:
        yield clients("dynamodb")


@pytest.fixture
def told(monkeypatch):
    notices = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **fields: notices.append((kind, fields)))
    return notices


def put(client, key="a", **attributes):
    client.put_item(TableName="orders", Item={"id": {"S": key}} | attributes)


def changes(stream_arn):
    return [one["eventName"] for one in records(stream_arn)]


def test_a_record_has_size_version_and_region_of_aws(client):
    arn = make_table(client)["LatestStreamArn"]
    put(client, "order-1", total={"N": "12.50"}, paid={"BOOL": False}, raw={"B": b"abc"})
    (record,) = records(arn)
    change = record["dynamodb"]
    assert re.fullmatch(r"[0-9a-f]{32}", record.pop("eventID"))
    assert record.pop("dynamodb") == change
    assert record == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
    }
    assert re.fullmatch(r"\d{21,40}", change.pop("SequenceNumber"))
    created = change.pop("ApproximateCreationDateTime")
    assert isinstance(created, float) and created.is_integer() and abs(created - time.time()) < 60
    assert change == {
        "Keys": {"id": {"S": "order-1"}},
        "NewImage": {
            "id": {"S": "order-1"},
            "total": {"N": "12.5"},
            "paid": {"BOOL": False},
            "raw": {"B": "YWJj"},
        },
        "SizeBytes": 37,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", [set(), set(), set()]),
        ("NEW_IMAGE", [{"NewImage"}, {"NewImage"}, set()]),
        ("OLD_IMAGE", [set(), {"OldImage"}, {"OldImage"}]),
        ("NEW_AND_OLD_IMAGES", [{"NewImage"}, {"NewImage", "OldImage"}, {"OldImage"}]),
    ],
)
def test_each_view_type_has_its_images(client, view, images):
    arn = make_table(client, view=view)["LatestStreamArn"]
    put(client, n={"N": "1"})
    put(client, n={"N": "2"})
    client.delete_item(TableName="orders", Key={"id": {"S": "a"}})
    found = records(arn)
    assert [one["eventName"] for one in found] == ["INSERT", "MODIFY", "REMOVE"]
    assert [set(one["dynamodb"]) & {"NewImage", "OldImage"} for one in found] == images
    assert {one["dynamodb"]["StreamViewType"] for one in found} == {view}


def test_what_changes_nothing_leaves_no_record(client):
    """ "If you perform a PutItem or UpdateItem operation that does not change any data in an item …\""""
    arn = make_table(client)["LatestStreamArn"]
    put(client, n={"N": "1"}, names={"SS": ["a", "b"]})
    put(client, n={"N": "1.0"}, names={"SS": ["b", "a"]})
    client.update_item(
        TableName="orders",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    client.delete_item(TableName="orders", Key={"id": {"S": "nothing"}})
    assert changes(arn) == ["INSERT"]


def test_an_update_that_makes_an_item_is_one_insert(client):
    arn = make_table(client)["LatestStreamArn"]
    client.update_item(
        TableName="orders",
        Key={"id": {"S": "a"}},
        UpdateExpression="ADD n :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    (record,) = records(arn)
    assert (record["eventName"], record["dynamodb"]["NewImage"]["n"]) == ("INSERT", {"N": "1"})


def test_moto_still_makes_two_records_of_it_and_has_a_size_of_its_own():
    from moto.dynamodb.models import dynamodb_backends

    with moto_clients() as clients:
        client = clients("dynamodb")
        make_table(client)
        client.update_item(
            TableName="orders",
            Key={"id": {"S": "a"}},
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues={":n": {"N": "1"}},
        )
        shard = dynamodb_backends["123456789012"]["us-east-1"].tables["orders"].stream_shard
        found = [item.record for item in shard.items]
    assert len(found) == 2
    assert found[1]["dynamodb"]["SizeBytes"] > 100
    assert found[1]["eventVersion"] == "1.0"


def test_moto_still_refuses_every_write_after_a_stream_was_disabled():
    with moto_clients() as clients:
        client = clients("dynamodb")
        make_table(client)
        client.update_table(TableName="orders", StreamSpecification={"StreamEnabled": False})
        with pytest.raises(KeyError, match="StreamViewType"):
            put(client)


def test_keep_streams_ends_a_stream_that_is_disabled_and_a_new_one_begins(client):
    old = make_table(client)["LatestStreamArn"]
    put(client, "1")
    off = client.update_table(TableName="orders", StreamSpecification={"StreamEnabled": False})["TableDescription"]
    assert "StreamSpecification" not in off
    assert off["LatestStreamArn"] == old
    put(client, "2")
    on = client.update_table(
        TableName="orders", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    )["TableDescription"]
    assert on["LatestStreamArn"] != old
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", on["LatestStreamLabel"])
    put(client, "3")
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in records(old)] == ["1"]
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in records(on["LatestStreamArn"])] == ["3"]


@pytest.mark.parametrize(
    ("view", "change", "message"),
    [
        (
            "NEW_IMAGE",
            {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            "Table already has an enabled stream: TableName: orders",
        ),
        (None, {"StreamEnabled": False}, "Table has no stream to disable: TableName: orders"),
        (None, {"StreamEnabled": True}, "If stream is being enabled then UpdateViewType is required"),
        (
            "NEW_IMAGE",
            {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"},
            "If stream is being disabled, then UpdateViewType must not be specified",
        ),
    ],
)
def test_a_change_of_a_stream_that_cannot_be_is_refused_as_seen_on_aws(client, view, change, message):
    make_table(client, view=view)
    with pytest.raises(ClientError, match=f"ValidationException.*{message}"):
        client.update_table(TableName="orders", StreamSpecification=change)


def test_a_stream_outlives_its_table_for_a_day(client, monkeypatch):
    arn = make_table(client)["LatestStreamArn"]
    put(client)
    client.delete_table(TableName="orders")
    assert changes(arn) == ["INSERT"]
    now = time.time()
    monkeypatch.setattr(moto_seam_streams.time, "time", lambda: now + 24 * 3600 + 1)
    assert moto_seam_streams.find(arn) is None


def test_records_are_kept_for_a_day(client, monkeypatch):
    arn = make_table(client)["LatestStreamArn"]
    put(client, "1")
    now = time.time()
    monkeypatch.setattr(moto_seam_streams.time, "time", lambda: now + 24 * 3600 + 1)
    put(client, "2")
    answer = moto_seam_streams.read_stream(arn, moto_seam_streams.open_stream(arn, "TRIM_HORIZON")["after"])
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in answer["records"]] == ["2"]


# --- inner calls ----------------------------------------------------------------------------------------------------


def test_open_stream_begins_at_the_oldest_record_after_the_latest_or_at_a_time(client):
    arn = make_table(client)["LatestStreamArn"]
    put(client, "1")
    put(client, "2")
    oldest = moto_seam_streams.open_stream(arn, "TRIM_HORIZON")
    latest = moto_seam_streams.open_stream(arn, "LATEST")
    assert latest["after"] - oldest["after"] == 2
    assert moto_seam_streams.open_stream(arn, "AT_TIMESTAMP", time.time() + 60) == latest
    assert moto_seam_streams.open_stream(arn, "AT_TIMESTAMP", time.time() - 60) == oldest
    assert re.fullmatch(r"shardId-\d{20}-[0-9a-f]{8}", oldest["shard"])
    assert moto_seam_streams.open_stream(arn + "1", "LATEST") is None
    assert moto_seam_streams.open_stream("arn:aws:sqs:us-east-1:123456789012:q", "LATEST") is None


def test_read_stream_gives_records_in_order_and_says_where_it_stands(client):
    arn = make_table(client)["LatestStreamArn"]
    for number in range(5):
        put(client, str(number))
    place = moto_seam_streams.open_stream(arn, "TRIM_HORIZON")["after"]
    found = []
    while True:
        answer = moto_seam_streams.read_stream(arn, place, limit=2)
        if not answer["records"]:
            break
        assert {one["eventSourceARN"] for one in answer["records"]} == {arn}
        assert len(answer["created"]) == len(answer["records"])
        found += [one["dynamodb"]["Keys"]["id"]["S"] for one in answer["records"]]
        place = answer["after"]
    assert found == list("01234")
    assert not answer["ended"]
    client.delete_table(TableName="orders")
    ended = {"records": [], "created": [], "after": place, "more": False, "ended": True}
    assert moto_seam_streams.read_stream(arn, place) == ended


def test_read_stream_gives_no_more_than_a_megabyte_at_once(client):
    arn = make_table(client)["LatestStreamArn"]
    for number in range(5):
        put(client, str(number), text={"S": "x" * 300_000})
    answer = moto_seam_streams.read_stream(arn, 0)
    assert len(answer["records"]) == 3


def test_one_notice_tells_a_reader_that_has_read_all_of_whatever_comes(client, told):
    arn = make_table(client)["LatestStreamArn"]
    put(client, "1")
    assert told == []  # nobody reads
    place = moto_seam_streams.read_stream(arn, 0)["after"]
    put(client, "2")
    put(client, "3")
    assert told == [("stream", {"arn": arn})]
    moto_seam_streams.read_stream(arn, place, limit=1)
    put(client, "4")
    assert len(told) == 1  # it has not read all yet
    moto_seam_streams.read_stream(arn, place)
    client.delete_table(TableName="orders")
    assert told == [("stream", {"arn": arn})] * 2


def test_moto_s_own_push_to_functions_is_off(client):
    from moto.dynamodb.models import dynamodb_backends

    make_table(client)
    assert dynamodb_backends["123456789012"]["us-east-1"].tables["orders"].stream_shard is None
