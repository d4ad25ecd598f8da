"""How many batches of a queue run at a time, how large they are, and how a mapping is switched on and off."""

from __future__ import annotations

import json
import re
import time
from collections import Counter

import pytest

from .deployment import CloudUnderTest, Function, unique_name
from .queue_trigger import HANDLER, connect, depth, emptied, events, records, send, state
from .targets import Queue, deploy, log_text, until

#: Says how many of itself run: each environment appends to its own log.
SLOW = """
    import json
    import time

    def handler(event, context):
        began = time.time()
        time.sleep(0.3)
        print("ran", began, time.time())
        print(json.dumps(event))
"""


@pytest.fixture
def function(cloud: CloudUnderTest) -> Function:
    return deploy(cloud, HANDLER, Timeout=1)


@pytest.fixture
def slow(cloud: CloudUnderTest) -> Function:
    return deploy(cloud, SLOW, Timeout=3)


def most_at_a_time(function: Function) -> int:
    """How many runs of SLOW overlapped at most, by its own clock."""
    runs = [
        (float(one), float(other)) for one, other in re.findall(r"^ran ([\d.]+) ([\d.]+)$", log_text(function), re.M)
    ]
    return max(sum(began <= moment < ended for began, ended in runs) for moment, _ in runs)


def fill(cloud: CloudUnderTest, queue: Queue, bodies: list[str]) -> None:
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
        assert not cloud.client("sqs").send_message_batch(QueueUrl=queue.url, Entries=entries)["Failed"]


def once_each(function: Function, count: int) -> None:
    """Every one of ``count`` messages was delivered once."""
    assert Counter(record["body"] for record in records(function, count)) == {str(n): 1 for n in range(count)}


def test_maximum_concurrency_bounds_the_batches(cloud, slow):
    """Developer Guide, "Configuring scaling behavior for SQS event source mappings"."""
    queue = Queue(cloud)
    fill(cloud, queue, [str(n) for n in range(12)])
    connect(cloud, queue, slow, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    emptied(cloud, queue)
    once_each(slow, 12)
    assert most_at_a_time(slow) == 2


def test_five_batches_start_at_a_time(cloud, slow):
    queue = Queue(cloud)
    fill(cloud, queue, [str(n) for n in range(5)])
    connect(cloud, queue, slow, BatchSize=1)
    emptied(cloud, queue)
    once_each(slow, 5)
    assert 2 <= most_at_a_time(slow) <= 5


def test_throttled_batches_are_neither_lost_nor_delivered_twice(cloud, slow):
    """ "Lambda continues to retry the message until the message's timestamp exceeds your queue's visibility timeout"."""
    cloud.client("lambda").put_function_concurrency(FunctionName=slow.name, ReservedConcurrentExecutions=1)
    queue = Queue(cloud, VisibilityTimeout="30")
    fill(cloud, queue, [str(n) for n in range(15)])
    connect(cloud, queue, slow, BatchSize=1)
    emptied(cloud, queue, 60)
    once_each(slow, 15)
    assert most_at_a_time(slow) == 1
    assert {record["attributes"]["ApproximateReceiveCount"] for record in records(slow, 15)} == {"1"}


def test_without_any_concurrency_messages_wait_in_the_queue(cloud, function):
    client = cloud.client("lambda")
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    queue = Queue(cloud, VisibilityTimeout="1")
    connect(cloud, queue, function)
    send(cloud, queue, "patient")
    time.sleep(2.5)
    assert sum(depth(cloud, queue)) == 1
    assert events(function) == []
    client.delete_function_concurrency(FunctionName=function.name)
    counts = [int(record["attributes"]["ApproximateReceiveCount"]) for record in records(function)]
    assert min(counts) > 1
    emptied(cloud, queue)


def test_the_batching_window_gathers_messages(cloud, function):
    """Developer Guide, "Batching behavior": until the batch is full or the window is over."""
    queue = Queue(cloud)
    connect(cloud, queue, function, BatchSize=100, MaximumBatchingWindowInSeconds=100)  # two seconds at this time scale
    for number in range(4):
        send(cloud, queue, str(number))
    emptied(cloud, queue)
    once_each(function, 4)
    assert [len(event["Records"]) for event in events(function)] == [4]


def test_a_full_batch_does_not_wait_for_the_window(cloud, function):
    queue = Queue(cloud)
    connect(cloud, queue, function, BatchSize=3, MaximumBatchingWindowInSeconds=300)
    for number in range(7):
        send(cloud, queue, str(number))
    until(lambda: sum(len(event["Records"]) for event in events(function)) >= 6, "the full batches were not delivered")
    emptied(cloud, queue)
    once_each(function, 7)
    assert sorted(len(event["Records"]) for event in events(function)) == [1, 3, 3]


def test_messages_that_are_filtered_out_do_not_count_towards_a_batch(cloud, function):
    queue = Queue(cloud)
    fill(cloud, queue, [json.dumps({"n": n, "keep": n % 3 == 0}) for n in range(12)])
    pattern = json.dumps({"body": {"keep": [True]}})
    settings = {"BatchSize": 4, "MaximumBatchingWindowInSeconds": 300}
    connect(cloud, queue, function, FilterCriteria={"Filters": [{"Pattern": pattern}]}, **settings)
    emptied(cloud, queue)
    assert [len(event["Records"]) for event in events(function)] == [4]
    assert sorted(json.loads(record["body"])["n"] for record in records(function, 4)) == [0, 3, 6, 9]


def test_an_event_has_at_most_six_megabytes(cloud):
    """Developer Guide, "Batching behavior"; quotes count twice, because the event is JSON."""
    function = deploy(
        cloud,
        """
        import json

        def handler(event, context):
            print("got", len(event["Records"]), len(json.dumps(event, ensure_ascii=False).encode()))
        """,
        Timeout=10,
    )
    queue = Queue(cloud)
    for body in ("x", '"', "ä", "x", '"', "x", "x", "x"):
        send(cloud, queue, body * (1024 * 1000 // len(body.encode())))
    connect(cloud, queue, function)
    emptied(cloud, queue, 60)
    got = re.findall(r"^got (\d+) (\d+)$", until(lambda: log_text(function), "nothing is in the log"), re.M)
    assert sum(int(count) for count, _size in got) == 8
    assert all(int(size) <= 6 * 1024 * 1024 * 1.01 for _count, size in got)  # this dump has spaces, the event has none
    assert len(got) == 2


def test_a_disabled_mapping_leaves_messages_where_they_are(cloud, function):
    """F147: Enabled, Disabled, Enabled again."""
    queue = Queue(cloud)
    client = cloud.client("lambda")
    uuid = connect(cloud, queue, function)
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    until(lambda: state(cloud, uuid) == "Disabled", "the mapping did not become Disabled")
    send(cloud, queue, "0")
    time.sleep(0.5)
    assert depth(cloud, queue) == (1, 0)
    client.update_event_source_mapping(UUID=uuid, Enabled=True)
    once_each(function, 1)
    emptied(cloud, queue)


def test_a_mapping_that_is_deleted_lets_its_running_batch_end(cloud, function):
    queue = Queue(cloud)
    uuid = connect(cloud, queue, function, BatchSize=1)
    send(cloud, queue, "sleep 0.8")
    until(lambda: depth(cloud, queue) == (0, 1), "the message was not received")
    cloud.client("lambda").delete_event_source_mapping(UUID=uuid)
    until(lambda: not mappings(cloud, function), "the mapping was not deleted")
    assert depth(cloud, queue) == (0, 0)
    assert [record["body"] for record in records(function)] == ["sleep 0.8"]


def mappings(cloud: CloudUnderTest, function: Function) -> list[str]:
    found = cloud.client("lambda").list_event_source_mappings(FunctionName=function.name)
    return [one["UUID"] for one in found["EventSourceMappings"]]


def test_new_settings_are_obeyed_by_the_next_batch(cloud, function):
    queue = Queue(cloud)
    uuid = connect(cloud, queue, function, BatchSize=1)
    cloud.client("lambda").update_event_source_mapping(UUID=uuid, BatchSize=10, MaximumBatchingWindowInSeconds=50)
    until(lambda: state(cloud, uuid) == "Enabled", "the mapping was not updated")
    fill(cloud, queue, [str(n) for n in range(5)])
    once_each(function, 5)
    assert [len(event["Records"]) for event in events(function)] == [5]


def test_two_functions_share_a_queue(cloud, function, slow):
    """Each message goes to one of them."""
    queue = Queue(cloud)
    connect(cloud, queue, function, BatchSize=1)
    connect(cloud, queue, slow, BatchSize=1)
    fill(cloud, queue, [str(n) for n in range(20)])
    emptied(cloud, queue)

    def all_records() -> list[str]:
        got = [record["body"] for one in (function, slow) for event in events(one) for record in event["Records"]]
        return got if len(got) >= 20 else []

    assert Counter(until(all_records, "not all messages were delivered")) == {str(n): 1 for n in range(20)}


def test_an_alias_is_what_the_mapping_invokes(cloud, function):
    client = cloud.client("lambda")
    version = client.publish_version(FunctionName=function.name)["Version"]
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)
    queue = Queue(cloud)
    made = client.create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=f"{function.name}:live")
    assert made["FunctionArn"] == f"{function.arn}:live"
    send(cloud, queue, "0")
    once_each(function, 1)
    assert f"Version: {version}\n" in log_text(function)


def test_a_thousand_messages_end_deleted_or_in_the_dead_letter_queue(cloud):
    """The bar of the issue, smaller: batches of ten, two in a hundred fail."""
    function = deploy(
        cloud,
        """
        def handler(event, context):
            failed = [one for one in event["Records"] if int(one["body"]) % 50 == 0]
            return {"batchItemFailures": [{"itemIdentifier": one["messageId"]} for one in failed]}
        """,
        Timeout=1,
    )
    function.invoke({"Records": []})
    letters = Queue(cloud)
    policy = json.dumps({"deadLetterTargetArn": letters.arn, "maxReceiveCount": 2})
    queue = Queue(cloud, unique_name("orders"), VisibilityTimeout="5", RedrivePolicy=policy)
    connect(cloud, queue, function, FunctionResponseTypes=["ReportBatchItemFailures"])
    fill(cloud, queue, [str(n) for n in range(1000)])
    emptied(cloud, queue, 100)
    dead = letters.messages(20, 60)
    assert sorted(int(letter["Body"]) for letter in dead) == list(range(0, 1000, 50))
    assert {letter["Attributes"]["ApproximateReceiveCount"] for letter in dead} == {"3"}
