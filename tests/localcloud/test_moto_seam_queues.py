"""What a poller asks of a queue: the inner call that hands back and takes."""

from __future__ import annotations

import json
import time

from labsupport.localcloud import moto_seam_queues, moto_seam_sqs

from .righted_sqs import REGION, arn, fifo, make, make_visible, plain, queue, receive, send, sqs

__all__ = ["plain", "sqs"]  # fixtures

SIZE = 6 * 1024 * 1024


def exchange(*counts, name="jobs", delete=(), give_back=(), size=SIZE):
    return moto_seam_queues.exchange_messages(
        REGION, name, list(delete), list(give_back), [[count, size] for count in counts]
    )


def bodies(answer):
    return [[message["body"] for message in batch["messages"]] for batch in answer["batches"]]


def handles(answer):
    return [message["receipt_handle"] for batch in answer["batches"] for message in batch["messages"]]


def test_batches_are_filled_one_after_the_other(sqs):
    url = make(sqs)
    for number in range(7):
        send(sqs, url, str(number))
    answer = exchange(3, 3)
    assert bodies(answer) == [["0", "1", "2"], ["3", "4", "5"]]
    assert answer["full"]
    answer = exchange(3, 3)
    assert bodies(answer) == [["6"]]
    assert not answer["full"]


def test_all_of_a_message_is_in_the_answer(sqs):
    url = make(sqs)
    sent = send(
        sqs,
        url,
        '{"a": 1}',
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "photo"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-a"}},
    )
    ((message,),) = (batch["messages"] for batch in exchange(10)["batches"])
    times = (
        message["system_attributes"].pop("SentTimestamp"),
        message["system_attributes"].pop("ApproximateFirstReceiveTimestamp"),
    )
    assert all(abs(int(moment) / 1000 - time.time()) < 60 for moment in times)
    assert message.pop("receipt_handle").startswith("AQEB")
    assert message.pop("size") > len('{"a": 1}')
    assert message == {
        "id": sent["MessageId"],
        "body": '{"a": 1}',
        "body_md5": sent["MD5OfMessageBody"],
        "system_attributes": {
            "ApproximateReceiveCount": "1",
            "AWSTraceHeader": "Root=1-a",
            "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
        },
        "attributes": {
            "kind": {"DataType": "String", "StringValue": "photo"},
            "raw": {"DataType": "Binary", "BinaryValue": "AP8="},
        },
        "attributes_md5": sent["MD5OfMessageAttributes"],
    }


def test_taken_messages_are_in_flight_for_the_queues_visibility_timeout(sqs):
    url = make(sqs, VisibilityTimeout="7")
    send(sqs, url)
    answer = exchange(10)
    assert answer["visibility_timeout"] == 7
    assert 6 < answer["next_change"] - time.time() < 8
    assert receive(sqs, url) == []
    make_visible()
    assert len(receive(sqs, url)) == 1


def test_the_next_change_is_that_of_the_message_that_is_receivable_first(sqs):
    url = make(sqs, VisibilityTimeout="60")
    assert exchange(10)["next_change"] is None
    send(sqs, url, "later", DelaySeconds=30)
    send(sqs, url, "sooner", DelaySeconds=20)
    assert 18 < exchange(10)["next_change"] - time.time() < 22


def test_done_messages_are_deleted_and_those_of_others_are_passed_over(sqs):
    url = make(sqs)
    for body in "ab":
        send(sqs, url, body)
    first = exchange(10)
    make_visible()
    receive(sqs, url, 1)  # somebody else has the first one now
    answer = exchange(10, delete=[*handles(first), "of a message that is gone"])
    assert answer["exists"]
    assert [message.body for message in queue()._messages] == ["a"]


def test_messages_given_back_are_as_if_they_had_not_been_received(sqs):
    url = make(sqs)
    send(sqs, url)
    taken = exchange(10)
    moto_seam_sqs.watch(arn())
    exchange(give_back=handles(taken))
    assert sqs.told == [("queue", arn())]
    (message,) = receive(sqs, url)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_batch_ends_before_its_event_would_be_too_large(sqs):
    url = make(sqs)
    for number in range(8):
        send(sqs, url, f"{number}" * 1024 * 1000)
    answer = exchange(10)
    (batch,) = answer["batches"]
    assert (len(batch["messages"]), batch["next_does_not_fit"], answer["full"]) == (6, True, True)
    (batch,) = exchange(10)["batches"]
    assert (len(batch["messages"]), batch["next_does_not_fit"]) == (2, False)


def test_a_message_too_large_for_a_batch_comes_alone(sqs):
    url = make(sqs)
    send(sqs, url, "x" * 5000)
    assert bodies(exchange(10, size=100)) == [["x" * 5000]]


def test_batches_of_a_fifo_queue_do_not_share_a_group(sqs):
    url = fifo(sqs, ContentBasedDeduplication="true")
    for body in ("g1", "h1", "g2", "h2", "g3"):
        send(sqs, url, body, MessageGroupId=body[0])
    answer = exchange(3, 3, name="jobs.fifo")
    assert answer["fifo"]
    assert bodies(answer) == [["g1", "h1", "g2"]]
    assert bodies(exchange(3, name="jobs.fifo", delete=handles(answer))) == [["h2", "g3"]]


def test_an_answer_that_is_not_full_is_followed_by_a_notice(sqs):
    url = make(sqs)
    exchange()
    send(sqs, url)
    assert sqs.told == []  # nothing was asked for
    exchange(1)
    send(sqs, url)
    assert sqs.told == []  # there may be more: it is asked again anyway
    exchange(5)
    send(sqs, url)
    assert sqs.told == [("queue", arn())]


def test_whether_there_is_a_dead_letter_queue_is_in_the_answer(sqs):
    make(sqs, "letters")
    make(sqs)
    make(sqs, "other", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn("letters"), "maxReceiveCount": 1}))
    assert not exchange()["dead_letters"]
    assert exchange(name="other")["dead_letters"]


def test_a_queue_that_is_not_there_is_told_of_when_it_is_made(sqs):
    assert exchange(10) == {"exists": False}
    make(sqs)
    assert sqs.told == [("queue", arn())]
