"""Redrive of dead-letter queues, which the seam gives moto."""

from __future__ import annotations

import base64
import json
import time

import pytest
from moto.sqs.responses import SQSResponse

from labsupport.localcloud import moto_seam_sqs

from .righted_sqs import arn, fifo, make, make_visible, plain, queue, receive, refused, send, sqs

__all__ = ["plain", "sqs"]  # fixtures


def dead_letters(sqs, *bodies, name="jobs"):
    """A queue whose messages are all in its dead-letter queue ``letters``: the URLs of both."""
    letters = make(sqs, "letters")
    policy = json.dumps({"deadLetterTargetArn": arn("letters"), "maxReceiveCount": 1})
    url = make(sqs, name, RedrivePolicy=policy)
    for body in bodies:
        send(sqs, url, body)
    for _ in range(2):
        receive(sqs, url)
        make_visible(name)
    return url, letters


def finished(sqs, count=1):
    """The task, when it does not run any more."""
    for _ in range(500):
        (task, *_others) = sqs.list_message_move_tasks(SourceArn=arn("letters"), MaxResults=count)["Results"]
        if task["Status"] != "RUNNING":
            return task
        time.sleep(0.02)
    raise AssertionError(f"the task still runs: {task}")


def test_messages_go_back_to_where_they_came_from(sqs):
    """New messages with new ids and counts: Developer Guide, "… configure a dead-letter queue redrive"."""
    url, letters = dead_letters(sqs, "a", "b")
    other, _ = dead_letters(sqs, "c", name="other")
    before = {message.id for message in queue("letters")._messages}
    assert len(before) == 3
    moto_seam_sqs.watch(arn())
    sqs.start_message_move_task(SourceArn=arn("letters"))
    task = finished(sqs)
    started = task.pop("StartedTimestamp")
    assert abs(started / 1000 - time.time()) < 60
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": arn("letters"),
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 3,
    }
    back = receive(sqs, url) + receive(sqs, other)
    assert sorted(message["Body"] for message in back) == ["a", "b", "c"]
    assert not before & {message["MessageId"] for message in back}
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in back} == {"1"}
    assert all("DeadLetterQueueSourceArn" not in message["Attributes"] for message in back)
    assert receive(sqs, letters) == []
    assert sqs.told == [("queue", arn())]


def test_messages_go_to_a_queue_that_is_named(sqs):
    dead_letters(sqs, "a")
    repair = make(sqs, "repair")
    sqs.start_message_move_task(SourceArn=arn("letters"), DestinationArn=arn("repair"))
    assert finished(sqs)["DestinationArn"] == arn("repair")
    assert [message["Body"] for message in receive(sqs, repair)] == ["a"]


def test_a_message_that_is_in_flight_stays(sqs):
    _, letters = dead_letters(sqs, "a")
    receive(sqs, letters)
    sqs.start_message_move_task(SourceArn=arn("letters"))
    assert finished(sqs)["ApproximateNumberOfMessagesMoved"] == 0
    assert len(queue("letters")._messages) == 1


def test_a_task_with_a_rate_runs_and_is_cancelled(sqs):
    dead_letters(sqs, *"abcdefgh")
    handle = sqs.start_message_move_task(SourceArn=arn("letters"), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    assert json.loads(base64.b64decode(handle))["sourceArn"] == arn("letters")
    (task,) = sqs.list_message_move_tasks(SourceArn=arn("letters"))["Results"]
    assert (task["Status"], task["TaskHandle"], task["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", handle, 1)
    assert refused(sqs.start_message_move_task, SourceArn=arn("letters")) == (
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    )
    sqs.cancel_message_move_task(TaskHandle=handle)
    task = finished(sqs)
    assert task["Status"] == "CANCELLED"
    assert "TaskHandle" not in task
    assert queue("letters")._messages


def test_a_destination_that_disappears_fails_the_task(sqs):
    url, _ = dead_letters(sqs, "a")
    sqs.delete_queue(QueueUrl=url)
    make(sqs, "new", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn("letters"), "maxReceiveCount": 1}))
    sqs.start_message_move_task(SourceArn=arn("letters"))
    task = finished(sqs)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "AWS.SimpleQueueService.NonExistentQueue")
    assert [message.body for message in queue("letters")._messages] == ["a"]


def test_a_message_that_was_sent_to_the_dead_letter_queue_has_no_source(sqs):
    _, letters = dead_letters(sqs)
    send(sqs, letters, "by hand")
    sqs.start_message_move_task(SourceArn=arn("letters"))
    assert finished(sqs)["FailureReason"] == "CouldNotDetermineMessageSource"
    assert [message.body for message in queue("letters")._messages] == ["by hand"]


def test_a_fifo_queue_keeps_messages_with_the_same_deduplication_id_apart_in_its_dead_letter_queue(sqs):
    fifo(sqs, "letters.fifo")
    policy = json.dumps({"deadLetterTargetArn": arn("letters.fifo"), "maxReceiveCount": 1})
    url = fifo(sqs, RedrivePolicy=policy)
    sent = send(sqs, url, "a", MessageGroupId="g", MessageDeduplicationId="d")["MessageId"]
    for _ in range(2):
        receive(sqs, url)
        make_visible("jobs.fifo")
    (letter,) = queue("letters.fifo")._messages
    assert letter.deduplication_id == letter.id == sent


@pytest.mark.parametrize(
    ("parameters", "code", "text"),
    [
        (
            {"SourceArn": arn("nowhere")},
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
        ),
        (
            {"SourceArn": arn("letters"), "DestinationArn": arn("nowhere")},
            "ResourceNotFoundException",
            "The resource that you specified for the DestinationArn parameter doesn't exist.",
        ),
        (
            {"SourceArn": arn(), "DestinationArn": arn("letters")},
            "InvalidParameterValue",
            "Source queue must be configured as a Dead Letter Queue.",
        ),
        (
            {"SourceArn": arn("letters"), "DestinationArn": arn("letters")},
            "InvalidParameterValue",
            "Source queue arn and destination queue arn cannot be the same.",
        ),
        (
            {"SourceArn": arn("letters"), "MaxNumberOfMessagesPerSecond": 501},
            "InvalidParameterValue",
            "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 "
            "and 500.",
        ),
    ],
)
def test_what_start_message_move_task_refuses(sqs, parameters, code, text):
    dead_letters(sqs, "a")
    assert refused(sqs.start_message_move_task, **parameters) == (code, text)


def handle_of(task_id, source_arn):
    return base64.b64encode(json.dumps({"taskId": task_id, "sourceArn": source_arn}).encode()).decode()


@pytest.mark.parametrize(
    ("handle", "code", "text"),
    [
        ("foobared", "InvalidParameterValue", "Value for parameter TaskHandle is invalid."),
        (
            handle_of("10f57157-fc38-4da9-a113-4de7e12d05dd", arn("nowhere")),
            "ResourceNotFoundException",
            "The resource that you specified for the SourceArn parameter doesn't exist.",
        ),
        (
            handle_of("10f57157-fc38-4da9-a113-4de7e12d05dd", arn("letters")),
            "ResourceNotFoundException",
            "Task does not exist.",
        ),
    ],
)
def test_what_cancel_message_move_task_refuses(sqs, handle, code, text):
    dead_letters(sqs)
    assert refused(sqs.cancel_message_move_task, TaskHandle=handle) == (code, text)


def test_moto_still_has_no_redrive():
    """``moto_seam_sqs_moves.add_message_moves`` can go when it has."""
    assert not hasattr(SQSResponse, "start_message_move_task")
