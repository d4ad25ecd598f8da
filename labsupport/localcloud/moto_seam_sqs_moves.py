"""Dead-letter queue redrive, which moto 5.2.5 does not have: StartMessageMoveTask and its two neighbours.

Each has a test in ``tests/localcloud/test_moto_seam_sqs_moves.py``, and one there tells when moto has them.

Sources: Amazon SQS API Reference, "StartMessageMoveTask", "ListMessageMoveTasks" and "CancelMessageMoveTask"; Developer
Guide, "Learn how to configure a dead-letter queue redrive in Amazon SQS". Errors as recorded from AWS.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import unix_time_millis
from moto.sqs.exceptions import InvalidParameterValue, SQSException
from moto.sqs.responses import SQSResponse

from .moto_seam_sqs import find_queue, redeliver, state_of, take_out_oldest

_MOST_EACH_SECOND = 500
_MOST_SHOWN = 10


@dataclass(eq=False)
class _Task:
    """One move. ``destination`` None: back to where each message came from."""

    source: str
    destination: str | None
    each_second: int | None
    to_move: int
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: int = field(default_factory=lambda: int(unix_time_millis()))
    moved: int = 0
    status: str = "RUNNING"
    failure: str | None = None

    @property
    def handle(self) -> str:
        return base64.b64encode(json.dumps({"taskId": self.identifier, "sourceArn": self.source}).encode()).decode()

    def shown(self) -> dict[str, Any]:
        members = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source,
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.each_second,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "FailureReason": self.failure,
            "StartedTimestamp": self.started,
        }
        return {name: value for name, value in members.items() if value is not None}


class _NotFound(SQSException):
    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)


def add_message_moves() -> None:
    """Give moto's SQS the three operations, in the moto process."""
    for operation in (start_message_move_task, list_message_move_tasks, cancel_message_move_task):
        setattr(SQSResponse, operation.__name__, operation)


def start_message_move_task(response: Any) -> ActionResult:
    """The messages are moved beside the request, at the rate that it asks for."""
    source_arn, destination_arn = response._get_param("SourceArn"), response._get_param("DestinationArn")
    each_second = response._get_param("MaxNumberOfMessagesPerSecond")
    if each_second is not None and not 1 <= each_second <= _MOST_EACH_SECOND:
        raise InvalidParameterValue(
            "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between "
            f"1 and {_MOST_EACH_SECOND}."
        )
    if source_arn == destination_arn:
        raise InvalidParameterValue("Source queue arn and destination queue arn cannot be the same.")
    source = _existing(source_arn, "SourceArn")
    if destination_arn:
        _existing(destination_arn, "DestinationArn")
    if not response.sqs_backend.list_dead_letter_source_queues(source.name):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    with source._messages_lock:
        tasks = _tasks(source)
        if any(task.status == "RUNNING" for task in tasks):
            raise InvalidParameterValue(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
            )
        task = _Task(source_arn, destination_arn, each_second, len(source.messages))
        tasks.append(task)
    threading.Thread(target=_run, args=(task, source), daemon=True, name="message-move").start()
    return ActionResult({"TaskHandle": task.handle})


def list_message_move_tasks(response: Any) -> ActionResult:
    """The newest first; one, unless the request asks for more."""
    source = _existing(response._get_param("SourceArn"), "SourceArn")
    count = min(response._get_param("MaxResults") or 1, _MOST_SHOWN)
    return ActionResult({"Results": [task.shown() for task in reversed(_tasks(source))][:count]})


def cancel_message_move_task(response: Any) -> ActionResult:
    """What was moved stays where it is now."""
    try:
        named = json.loads(base64.b64decode(response._get_param("TaskHandle"), validate=True))
        source_arn, identifier = named["sourceArn"], named["taskId"]
    except (ValueError, KeyError, TypeError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
    source = _existing(source_arn, "SourceArn")
    task = next((one for one in _tasks(source) if one.identifier == identifier), None)
    if task is None:
        raise _NotFound("Task does not exist.")
    if task.status == "RUNNING":
        task.status = "CANCELLED"
    return ActionResult({"ApproximateNumberOfMessagesMoved": task.moved})


def _run(task: _Task, source: Any) -> None:
    while task.status == "RUNNING" and task.moved < task.to_move:
        message = take_out_oldest(source)
        if message is None:
            break
        origin = task.destination or getattr(message, "dead_letter_queue_source_arn", None)
        target = _queue(origin) if origin else None
        if target is None:
            redeliver(source, message)
            task.failure = "AWS.SimpleQueueService.NonExistentQueue" if origin else "CouldNotDetermineMessageSource"
            task.status = "FAILED"
            return
        message.id = str(uuid.uuid4())  # "All redriven messages are considered new messages"
        message.sent_timestamp = int(unix_time_millis())
        message.approximate_receive_count = message.received_elsewhere = 0
        message.approximate_first_receive_timestamp = None
        message.dead_letter_queue_source_arn = None
        redeliver(target, message)
        task.moved += 1
        if task.each_second:
            time.sleep(1 / task.each_second)
    if task.status == "RUNNING":
        task.status = "COMPLETED"


def _existing(arn: str, parameter: str) -> Any:
    queue = _queue(arn)
    if queue is None:
        raise _NotFound(f"The resource that you specified for the {parameter} parameter doesn't exist.")
    return queue


def _queue(arn: str) -> Any | None:
    parts = str(arn).split(":")
    return find_queue(parts[3], parts[5]) if len(parts) == 6 and parts[2] == "sqs" else None


def _tasks(queue: Any) -> list[_Task]:
    tasks: list[_Task] = state_of(queue).move_tasks
    return tasks
