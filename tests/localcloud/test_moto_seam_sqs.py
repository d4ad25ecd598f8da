"""moto's SQS as righted by the seam. A test that says so tells when moto itself is right, and the seam may shrink."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from labsupport.localcloud import moto_seam_sqs

from .righted_sqs import REGION, arn, fifo, make, make_visible, plain, queue, receive, refused, send, sqs

__all__ = ["plain", "sqs"]  # fixtures


# --- nothing is lost ---------------------------------------------------------------------------------------------------


def test_messages_sent_while_others_are_deleted_are_not_lost(sqs):
    """Queue.delete_message and Queue.add_message: one builds a new list without a lock."""
    url = make(sqs)
    total = 400

    def consume():
        deleted = 0
        while deleted < total:
            for message in receive(sqs, url):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                deleted += 1
        return deleted

    with ThreadPoolExecutor(4) as threads:
        consumer = threads.submit(consume)
        list(threads.map(lambda number: send(sqs, url, str(number)), range(total)))
        assert consumer.result(60) == total
    assert queue()._messages == []


def test_a_message_is_received_once_by_threads_that_receive_together(sqs):
    url = make(sqs)
    for number in range(60):
        send(sqs, url, str(number))
    with ThreadPoolExecutor(6) as threads:
        batches = list(threads.map(lambda _: receive(sqs, url), range(12)))
    bodies = [message["Body"] for batch in batches for message in batch]
    assert sorted(bodies, key=int) == [str(number) for number in range(60)]


def test_two_queues_may_be_each_others_dead_letter_queue(sqs):
    one, other = make(sqs, "one"), make(sqs, "other")
    for url, target in ((one, "other"), (other, "one")):
        policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:123456789012:{target}", "maxReceiveCount": 1}
        sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "0"}
        )
    for number in range(20):
        send(sqs, one, str(number))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: receive(sqs, one if number % 2 else other), range(100)))
    bodies = [message.body for name in ("one", "other") for message in queue(name)._messages]
    assert sorted(bodies, key=int) == [str(number) for number in range(20)]


# --- receipt handles and visibility ------------------------------------------------------------------------------------


def test_an_outdated_receipt_handle_deletes_nothing(sqs):
    """Queue.delete_message: any handle the message ever had deletes it in moto."""
    url = make(sqs)
    send(sqs, url)
    (first,) = receive(sqs, url)
    make_visible()
    (second,) = receive(sqs, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert len(queue()._messages) == 1
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])  # again: no error
    assert queue()._messages == []


def test_a_message_that_is_visible_again_is_deleted_with_its_newest_handle(sqs):
    url = make(sqs)
    send(sqs, url)
    (message,) = receive(sqs, url)
    make_visible()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert queue()._messages == []


def test_a_fifo_queue_refuses_a_handle_whose_visibility_timeout_is_over(sqs):
    url = fifo(sqs)
    send(sqs, url, MessageGroupId="g", MessageDeduplicationId="d")
    (message,) = receive(sqs, url)
    make_visible("jobs.fifo")
    handle = message["ReceiptHandle"]
    expired = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    assert refused(sqs.delete_message, QueueUrl=url, ReceiptHandle=handle) == ("InvalidParameterValue", expired)
    entries = [{"Id": "a", "ReceiptHandle": handle}]
    (failed,) = sqs.delete_message_batch(QueueUrl=url, Entries=entries)["Failed"]
    assert failed == {"Id": "a", "SenderFault": True, "Code": "InvalidParameterValue", "Message": expired}


def test_a_handle_never_given_out_is_invalid(sqs):
    url = make(sqs)
    code, _ = refused(sqs.delete_message, QueueUrl=url, ReceiptHandle="nonsense")
    assert code == "ReceiptHandleIsInvalid"


def test_visibility_of_a_message_that_is_not_in_flight_cannot_be_changed(sqs):
    """SQSBackend.change_message_visibility: moto accepts any handle at any time."""
    url = make(sqs)
    send(sqs, url)
    (message,) = receive(sqs, url)
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    not_available = (
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for "
        "visibility timeout change."
    )
    change = sqs.change_message_visibility
    assert refused(change, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=9) == (
        "InvalidParameterValue",
        not_available,
    )
    entries = [{"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 9}]
    (failed,) = sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)["Failed"]
    assert failed["Message"] == not_available
    (again,) = receive(sqs, url)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_purged_queue_is_empty_and_its_handles_are_accepted(sqs):
    url = make(sqs)
    send(sqs, url)
    (message,) = receive(sqs, url)
    sqs.purge_queue(QueueUrl=url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert receive(sqs, url) == []


def test_a_message_older_than_the_retention_period_is_gone(sqs):
    url = make(sqs, MessageRetentionPeriod="60")
    send(sqs, url, "old")
    send(sqs, url, "young")
    queue()._messages[0].sent_timestamp -= 61_000
    assert [message["Body"] for message in receive(sqs, url)] == ["young"]
    assert [message.body for message in queue()._messages] == ["young"]


def test_long_polling_ends_with_a_message_that_comes_and_with_one_that_becomes_visible(sqs):
    """SQSBackend.receive_message: moto looks again every second."""
    url = make(sqs)
    timer = threading.Timer(0.1, lambda: send(sqs, url))
    timer.start()
    (message,) = receive(sqs, url, WaitTimeSeconds=20)
    timer.join()
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1)
    began = time.monotonic()
    (again,) = receive(sqs, url, WaitTimeSeconds=20)
    assert again["MessageId"] == message["MessageId"]
    assert time.monotonic() - began < 15


# --- dead letters ------------------------------------------------------------------------------------------------------


def with_dead_letters(sqs, count=2, **attributes):
    letters = make(sqs, "letters")
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:123456789012:letters", "maxReceiveCount": count}
    return make(sqs, RedrivePolicy=json.dumps(policy), **attributes), letters


def test_a_dead_letter_keeps_its_id_and_its_count_and_says_where_it_comes_from(sqs):
    """As recorded from AWS: the count goes on. SQSResponse.receive_message: moto does not know the attribute."""
    url, letters = with_dead_letters(sqs)
    sent = send(sqs, url)["MessageId"]
    for _ in range(3):
        receive(sqs, url)
        make_visible()
    (letter,) = receive(sqs, letters)
    assert letter["MessageId"] == sent
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == f"arn:aws:sqs:{REGION}:123456789012:jobs"


def test_a_dead_letter_queue_with_a_redrive_policy_of_its_own_delivers_first(sqs):
    """SQSBackend.receive_message: moto compares the count of all queues."""
    url, letters = with_dead_letters(sqs)
    last = make(sqs, "last")
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:123456789012:last", "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=letters, Attributes={"RedrivePolicy": json.dumps(policy)})
    send(sqs, url)
    for _ in range(3):
        receive(sqs, url)
        make_visible()
    assert len(receive(sqs, letters)) == 1
    make_visible("letters")
    assert receive(sqs, letters) == []
    assert len(receive(sqs, last)) == 1


def test_without_its_dead_letter_queue_a_queue_goes_on_delivering(sqs):
    url, letters = with_dead_letters(sqs, 1)
    send(sqs, url)
    receive(sqs, url)
    sqs.delete_queue(QueueUrl=letters)
    make_visible()
    assert len(receive(sqs, url)) == 1


# --- FIFO --------------------------------------------------------------------------------------------------------------


def test_a_duplicate_is_not_delivered_even_after_the_first_was_deleted(sqs):
    """Queue.add_message: "Amazon SQS continues tracking the deduplication ID even after the message has been received
    and deleted" (Developer Guide, "FIFO queue key terms"); moto looks at what is in the queue."""
    url = fifo(sqs)
    first = send(sqs, url, "one", MessageGroupId="g", MessageDeduplicationId="d")
    (message,) = receive(sqs, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    second = send(sqs, url, "two", MessageGroupId="h", MessageDeduplicationId="d")
    assert (second["MessageId"], second["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert receive(sqs, url) == []


def test_five_minutes_later_it_is_no_duplicate_any_more(sqs):
    url = fifo(sqs, ContentBasedDeduplication="true")
    first = send(sqs, url, MessageGroupId="g")
    state = moto_seam_sqs.state_of(queue("jobs.fifo"))
    state.recent = {key: (sent - 300_001, *rest) for key, (sent, *rest) in state.recent.items()}
    second = send(sqs, url, MessageGroupId="g")
    assert second["MessageId"] != first["MessageId"]
    assert len(state.recent) == 1


def test_with_the_scope_of_a_message_group_another_group_is_no_duplicate(sqs):
    url = fifo(
        sqs,
        ContentBasedDeduplication="true",
        DeduplicationScope="messageGroup",
        FifoThroughputLimit="perMessageGroupId",
    )
    for group in ("g", "h", "g"):
        send(sqs, url, MessageGroupId=group)
    assert [message["Attributes"]["MessageGroupId"] for message in receive(sqs, url)] == ["g", "h"]


def test_sequence_numbers_have_twenty_digits_and_grow(sqs):
    """SQSBackend.send_message: moto draws them by lot, and not at all with content-based deduplication."""
    url = fifo(sqs, ContentBasedDeduplication="true")
    numbers = [send(sqs, url, str(number), MessageGroupId="g")["SequenceNumber"] for number in range(5)]
    assert numbers == sorted(set(numbers))
    assert {len(number) for number in numbers} == {20}
    assert [message["Attributes"]["SequenceNumber"] for message in receive(sqs, url)] == numbers


def test_a_group_in_flight_gives_out_nothing_until_it_is_deleted_or_visible(sqs):
    url = fifo(sqs, ContentBasedDeduplication="true")
    for body in ("g1", "g2", "h1"):
        send(sqs, url, body, MessageGroupId=body[0])
    (first,) = receive(sqs, url, 1)
    assert [message["Body"] for message in receive(sqs, url)] == ["h1"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert [message["Body"] for message in receive(sqs, url)] == ["g2"]
    make_visible("jobs.fifo")
    assert [message["Body"] for message in receive(sqs, url)] == ["g2", "h1"]


# --- notices -----------------------------------------------------------------------------------------------------------


def test_a_watched_queue_is_told_of_once(sqs):
    url = make(sqs)
    send(sqs, url)
    assert sqs.told == []
    moto_seam_sqs.watch(arn())
    send(sqs, url)
    send(sqs, url)
    assert sqs.told == [("queue", arn())]


def test_what_makes_a_message_receivable_is_told(sqs):
    url, _letters = with_dead_letters(sqs, 1)
    send(sqs, url)
    (message,) = receive(sqs, url)
    moto_seam_sqs.watch(arn())
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert sqs.told == [("queue", arn())]
    moto_seam_sqs.watch(arn("letters"))
    receive(sqs, url)  # it goes to the dead-letter queue
    assert sqs.told[1:] == [("queue", arn("letters"))]


def test_the_end_of_a_message_of_a_group_is_told(sqs):
    url = fifo(sqs, ContentBasedDeduplication="true")
    send(sqs, url, MessageGroupId="g")
    (message,) = receive(sqs, url)
    moto_seam_sqs.watch(arn("jobs.fifo"))
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sqs.told == [("queue", arn("jobs.fifo"))]


def test_a_queue_that_is_made_or_deleted_is_told_of(sqs):
    moto_seam_sqs.watch(arn())
    url = make(sqs)
    moto_seam_sqs.watch(arn())
    sqs.delete_queue(QueueUrl=url)
    assert sqs.told == [("queue", arn())] * 2


# --- what moto is wrong about: when one of these fails, moto was righted -------------------------------------------------


def test_moto_still_deletes_with_an_outdated_receipt_handle(plain):
    url = make(plain)
    send(plain, url)
    (first,) = receive(plain, url, VisibilityTimeout=0)
    receive(plain, url, VisibilityTimeout=0)
    plain.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert queue()._messages == []


def test_moto_still_forgets_the_deduplication_id_of_a_deleted_message(plain):
    url = fifo(plain)
    first = send(plain, url, MessageGroupId="g", MessageDeduplicationId="d")
    (message,) = receive(plain, url)
    plain.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert send(plain, url, MessageGroupId="g", MessageDeduplicationId="d")["MessageId"] != first["MessageId"]


def test_moto_still_knows_no_source_of_a_dead_letter(plain):
    url, letters = with_dead_letters(plain, 1, VisibilityTimeout="0")
    send(plain, url)
    receive(plain, url)
    receive(plain, url)
    (letter,) = receive(plain, letters)
    assert "DeadLetterQueueSourceArn" not in letter["Attributes"]
