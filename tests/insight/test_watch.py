"""Watching: real buckets, queues, tables and functions, and an invented one for how it is shown and ends."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime

import pytest

from labsupport.insight.watch import Followed, Watch
from labsupport.insight.watch_choice import NotWatchable, watch
from labsupport.insight.watched import Look, WatchedBucket, WatchedFunction, WatchedQueue, WatchedTable

SOON = 0.3


def eventually(condition, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


# --- what is looked at -------------------------------------------------------------------------------------------


def test_objects_that_come_change_and_go(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="watched-uploads")
    s3.put_object(Bucket="watched-uploads", Key="old.jpg", Body=b"12345")
    s3.put_object(Bucket="watched-uploads", Key="gone.jpg", Body=b"1")
    one = Followed(WatchedBucket(s3, "watched-uploads"))
    assert one.first.words == "2 objects"
    assert one.look() == (False, [])
    s3.put_object(Bucket="watched-uploads", Key="größe/ß+1.jpg", Body=b"x" * 2048)
    s3.put_object(Bucket="watched-uploads", Key="old.jpg", Body=b"54321")
    s3.delete_object(Bucket="watched-uploads", Key="gone.jpg")
    moved, news = one.look()
    assert moved and {text for _moment, _where, text in news} == {
        "größe/ß+1.jpg came (2,048 bytes)",
        "old.jpg changed (5 bytes)",
        "gone.jpg went",
    }
    assert {where for _moment, where, _text in news} == {"bucket watched-uploads"}
    s3.put_object(Bucket="watched-uploads", Key="one.jpg", Body=b"x")
    assert one.look()[1][0][2] == "one.jpg came (1 byte)"
    assert one.levels == [2, 3]


def test_messages_are_counted_and_not_received(cloud):
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="watched-orders", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    one = Followed(WatchedQueue(sqs, url))
    assert (one.name, one.first.words) == ("queue watched-orders", "0 waiting, 0 in flight")
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=60)
    assert one.look()[0] and one.last.words == "3 waiting, 0 in flight, 1 delayed"
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert one.look()[0] and one.last.words == "2 waiting, 1 in flight, 1 delayed"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert one.look()[0] and one.levels == [0, 4, 3]


def test_items_are_named_by_their_key(cloud):
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="watched-orders",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "no", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "no", "AttributeType": "N"},
        ],
    )
    one = Followed(WatchedTable(dynamodb, "watched-orders"))
    item = {"customer": {"S": "ada"}, "no": {"N": "7"}}
    dynamodb.put_item(TableName="watched-orders", Item=item)
    assert [text for _moment, _where, text in one.look()[1]] == ["customer ada, no 7 came"]
    dynamodb.put_item(TableName="watched-orders", Item=item | {"state": {"S": "paid"}})
    assert [text for _moment, _where, text in one.look()[1]] == ["customer ada, no 7 changed"]
    dynamodb.delete_item(TableName="watched-orders", Key=item)
    assert [text for _moment, _where, text in one.look()[1]] == ["customer ada, no 7 went"]
    assert (one.first.words, one.last.words, one.levels) == ("0 items", "0 items", [0, 1, 0])


CODE = """
import time
def handler(event, context):
    if event.get("fail"):
        raise KeyError("no")
    time.sleep(event.get("sleep", 0))
"""


def test_invocations_are_told_once_with_start_duration_and_outcome(cloud, deploy):
    name = deploy(CODE, Timeout=1)
    client = cloud.client("lambda")
    client.invoke(FunctionName=name)
    # The clock of the log is whole milliseconds.
    time.sleep(0.01)
    one = Followed(WatchedFunction(client, cloud.client("logs"), name, datetime.now(UTC)))
    assert one.first.words == "0 invocations" and one.look() == (False, [])
    ids = []
    for event in ({}, {"fail": True}, {"sleep": 5}):
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
        ids.append(answer["ResponseMetadata"]["RequestId"][:8])
    moved, news = one.look()
    texts = [text for _moment, _where, text in news]
    assert moved and [text.split()[1].rstrip(":") for text in texts] == ids
    assert [text.rpartition(", ")[2] for text in texts] == ["success", "KeyError", "timeout"]
    assert all(": warm, " in text and " ms, " in text for text in texts)
    assert one.last.words == "3 invocations, 2 failed"
    assert one.look() == (False, [])


def test_an_invocation_that_runs_keeps_the_watch_going(cloud, deploy):
    name = deploy(CODE, Timeout=30)
    client = cloud.client("lambda")
    one = Followed(WatchedFunction(client, cloud.client("logs"), name, datetime.now(UTC)))
    client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"sleep": 3}))
    assert eventually(lambda: one.look()[0] and one.last.words == "0 invocations, 1 running")
    assert one.look()[0], "a running invocation is something that happens"
    assert eventually(lambda: one.look() and one.last.words == "1 invocation")


# --- which ones --------------------------------------------------------------------------------------------------


def test_functions_wired_to_what_is_named_are_watched_too(module_cloud, module_role):
    cloud = module_cloud
    with pytest.raises(NotWatchable, match="no bucket, queue, table or function to watch yet"):
        watch(cloud.client, "us-east-1", (), seconds=SOON, quiet=SOON, live=False)
    cloud.client("s3").create_bucket(Bucket="uploads")
    cloud.client("sqs").create_queue(QueueName="orders")
    cloud.client("s3").create_bucket(Bucket="thumbs")
    cloud.client("lambda").create_function(
        FunctionName="thumbnail",
        Role=module_role,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": _package()},
        Environment={"Variables": {"BUCKET": "thumbs"}},
    )

    def names(*wanted: str) -> list[str]:
        begun = watch(cloud.client, "us-east-1", wanted, seconds=SOON, quiet=SOON, live=False)
        begun.stop()
        return [one.name for one in begun.followed]

    assert names("thumbs") == ["bucket thumbs", "function thumbnail"]
    assert names("uploads", "orders") == ["bucket uploads", "queue orders"]
    assert names() == ["bucket thumbs", "bucket uploads", "queue orders", "function thumbnail"]
    for wrong, words in (("thumb", "Did you mean 'thumbs'"), ("zzz", "There is: bucket thumbs, bucket uploads, queue")):
        with pytest.raises(NotWatchable, match=words):
            names(wrong)


def _package() -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", CODE)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def module_role(module_cloud) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = module_cloud.client("iam")
    return iam.create_role(RoleName="watch", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


# --- how it goes on and ends -------------------------------------------------------------------------------------


class Box:
    """Something to watch that a test fills."""

    kind, name = "bucket", "box"

    def __init__(self) -> None:
        self.things: dict[str, str] = {}
        self.looks = 0
        self.problem: Exception | None = None

    def look(self) -> Look:
        self.looks += 1
        if self.problem:
            raise self.problem
        entries = {name: (mark, "") for name, mark in self.things.items()}
        return Look(len(entries), f"{len(entries)} objects", entries)


@pytest.fixture
def box() -> Box:
    return Box()


def begin(box: Box, *, seconds: float = 60, quiet: float = SOON) -> Watch:
    begun = Watch([Followed(box)], seconds=seconds, quiet=quiet, live=False)
    begun.begin()
    return begun


def test_with_shows_once_and_at_its_end_what_happened_within(box, capsys):
    with begin(box):
        for number in range(3):
            box.things[f"{number}.jpg"] = "x"
        assert capsys.readouterr().out == ""
    shown = capsys.readouterr().out
    assert shown.startswith("Watched bucket box (nothing happened for 0.3 seconds)\n")
    assert "bucket  box   0 objects     3 objects" in shown
    assert shown.count(" came") == 3 and shown.count("Watched") == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "lab-watch" and thread.is_alive()]


def test_the_body_of_with_may_take_longer_than_the_watch_would_without(box, capsys):
    with begin(box, seconds=0.1, quiet=0.1):
        before = box.looks
        assert eventually(lambda: box.looks > before + 2)
        box.things["late.jpg"] = "x"
    assert "late.jpg came" in capsys.readouterr().out


def test_a_body_that_raises_ends_the_watch_at_once_and_its_exception_passes(box, capsys):
    with pytest.raises(ZeroDivisionError), begin(box, quiet=60):
        box.things["a.jpg"] = "x"
        _ = 1 / 0
    shown = capsys.readouterr().out
    assert "(stopped)" in shown and "a.jpg came" in shown


def test_it_waits_for_a_first_change_and_then_ends_by_itself(box):
    begun = begin(box)
    looks = box.looks
    assert eventually(lambda: box.looks > looks + 2) and not begun.ended
    assert begun.title == "Watching bucket box (it ends by itself)"
    box.things["a.jpg"] = "x"
    assert eventually(lambda: begun.ended)
    assert begun.ended == "nothing happened for 0.3 seconds"


def test_it_ends_after_its_seconds_when_nothing_happens_at_all(box):
    begun = begin(box, seconds=0.5, quiet=60)
    assert eventually(lambda: begun.ended)
    assert begun.ended == "after 0.5 seconds"


def test_waiting_needs_no_first_change(box, capsys):
    begin(box).wait()
    assert "(nothing happened for 0.3 seconds)" in capsys.readouterr().out


def test_what_goes_wrong_while_it_looks_is_a_line_and_no_traceback(box, capsys):
    begun = begin(box)
    box.problem = OSError("the bucket burnt")
    begun.wait()
    shown = capsys.readouterr()
    assert "(it could not go on: the bucket burnt)" in shown.out and shown.err == ""


def test_text_and_table_say_the_same(box, capsys):
    with begin(box) as begun:
        box.things["<b>.jpg"] = "x"
    text, html = repr(begun), begun._repr_html_()
    assert text == capsys.readouterr().out.removesuffix("\n")
    for words in ("0 objects", "1 objects", "0 → 1", "Watched bucket box"):
        assert words in text and words in html
    assert "<b>.jpg came" in text and "<b>" not in html


def test_of_many_things_the_last_are_shown_and_the_others_counted(box, capsys):
    with begin(box) as begun:
        box.things = {f"{number:03d}.jpg": "x" for number in range(100)}
    text = repr(begun)
    assert "… 85 earlier" in text and text.count(" came") == 15 and len(begun.news) == 100
