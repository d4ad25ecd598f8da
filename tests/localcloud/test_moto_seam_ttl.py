"""Expired items in the seam."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError

from labsupport.localcloud import moto_seam_ttl

from .dynamodb_seam import make_table, moto_clients, records, seam

SETTING = {"Enabled": True, "AttributeName": "until"}


@pytest.fixture
def client():
    with seam(time_scale=0.0), moto_clients() as clients:
        yield clients("dynamodb")


def put(client, key, until):
    client.put_item(TableName="orders", Item={"id": {"S": key}, "until": until})


def number(seconds_from_now):
    return {"N": str(int(time.time() + seconds_from_now))}


def keys(client):
    return {item["id"]["S"] for item in client.scan(TableName="orders")["Items"]}


def until_only(client, wanted):
    deadline = time.monotonic() + 30
    while keys(client) != wanted:
        assert time.monotonic() < deadline, keys(client)
        time.sleep(0.05)


def test_remove_expired_items_takes_what_is_over_and_leaves_the_rest(client):
    """Only a number of seconds, and none of more than five years ago. Developer Guide, TTL."""
    arn = make_table(client)["LatestStreamArn"]
    put(client, "before the setting", number(-10))
    client.update_time_to_live(TableName="orders", TimeToLiveSpecification=SETTING)
    put(client, "over", number(-1))
    put(client, "later", number(3600))
    put(client, "text", {"S": str(int(time.time()) - 10)})
    put(client, "six years", number(-6 * 366 * 24 * 3600))
    until_only(client, {"later", "text", "six years"})
    removed = [one for one in records(arn) if one["eventName"] == "REMOVE"]
    assert {one["dynamodb"]["OldImage"]["id"]["S"] for one in removed} == {"before the setting", "over"}
    for one in removed:
        assert one["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_a_delete_of_somebody_has_no_user_identity(client):
    arn = make_table(client)["LatestStreamArn"]
    put(client, "a", number(10))
    client.delete_item(TableName="orders", Key={"id": {"S": "a"}})
    assert "userIdentity" not in records(arn)[-1]


def test_remove_all_expired_waits_for_the_delay_and_heeds_what_was_written_since(client):
    make_table(client)
    client.update_time_to_live(TableName="orders", TimeToLiveSpecification=SETTING)
    moto_seam_ttl.reaper.delay = 3600
    put(client, "over", number(-10))
    moto_seam_ttl.remove_all_expired(3600)
    assert keys(client) == {"over"}
    put(client, "over", number(1000))
    moto_seam_ttl.remove_all_expired(0)
    assert keys(client) == {"over"}
    put(client, "over", number(-10))
    moto_seam_ttl.remove_all_expired(0)
    assert keys(client) == set()


def test_settings_that_are_there_already_are_refused(client):
    make_table(client)
    change = client.update_time_to_live
    with pytest.raises(ClientError, match="ValidationException.*TimeToLive is already disabled"):
        change(TableName="orders", TimeToLiveSpecification=SETTING | {"Enabled": False})
    change(TableName="orders", TimeToLiveSpecification=SETTING)
    with pytest.raises(ClientError, match="ValidationException.*TimeToLive is already enabled"):
        change(TableName="orders", TimeToLiveSpecification=SETTING)
    with pytest.raises(ClientError, match="different AttributeName: current AttributeName is until"):
        change(TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "other"})
    change(TableName="orders", TimeToLiveSpecification=SETTING | {"Enabled": False})
    described = client.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "DISABLED"}


def test_moto_still_takes_any_setting_twice():
    with moto_clients() as clients:
        client = clients("dynamodb")
        make_table(client)
        for _ in range(2):
            client.update_time_to_live(TableName="orders", TimeToLiveSpecification=SETTING)
