"""moto's SQS, righted: what a queue does with its messages is done here, under one lock for each queue.

moto 5.2.5 loses a message that is sent while another is deleted, lets an outdated receipt handle delete, forgets a
deduplication id when its message is deleted, draws sequence numbers by lot, looks at every message several times for one
received, and calls functions from within ``SendMessage``. ``moto_seam_sqs_api`` puts these functions in moto's place. Each
touch has a test in ``tests/localcloud/test_moto_seam_sqs.py``.

Sources: Amazon SQS Developer Guide, "Amazon SQS visibility timeout", "Using dead-letter queues in Amazon SQS", "FIFO queue
key terms" and "Exactly-once processing in Amazon SQS"; API Reference, "DeleteMessage" and "ReceiveMessage".
"""

from __future__ import annotations

import base64
import itertools
import os
from dataclasses import dataclass, field
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.utils import unix_time_millis
from moto.sqs import models as sqs_models
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid

from . import moto_notices

_DEDUPLICATION_MILLISECONDS = 300_000
#: What a message takes in an event beside its body and attributes: names, ids, the receipt handle.
_FRAME_BYTES = 1_000
#: AWS's sequence numbers have 20 digits and grow.
_sequence_numbers = itertools.count(18_849_496_460_467_696_128, 256)
#: ARNs of queues whose next message the front door wants to be told of, once.
_watched: set[str] = set()


@dataclass
class State:
    """What is kept of a queue beside moto's own attributes."""

    #: Every receipt handle given out for the messages that are in the queue.
    handles: dict[str, Any] = field(default_factory=dict)
    #: FIFO: deduplication id (after its scope) to when, id and sequence number of its message, oldest first.
    recent: dict[tuple[str, str], tuple[float, str, str]] = field(default_factory=dict)
    #: Grows with everything that may make a message receivable.
    changes: int = 0
    #: A dead-letter queue: its redrives, see ``moto_seam_sqs_moves``.
    move_tasks: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Taken:
    """Messages received at once. ``full``: as many as were asked for, or the next did not fit any more; if not, the next
    message becomes receivable by itself at ``next_change`` (epoch second; None: at no time)."""

    messages: list[Any]
    full: bool
    next_change: float | None


def find_queue(region: str, name: str) -> Any | None:
    """moto's queue, or None."""
    return sqs_models.sqs_backends[DEFAULT_ACCOUNT_ID][region].queues.get(name)


def watch(arn: str) -> None:
    """Tell the front door (notice ``queue``, with ``arn``) of the next thing that may make a message receivable."""
    _watched.add(arn)


def tell(arn: str) -> None:
    """Something may have made a message of this queue receivable."""
    if arn in _watched:
        _watched.discard(arn)
        moto_notices.tell("queue", arn=arn)


# --- messages come ---------------------------------------------------------------------------------------------------


def add_message(queue: Any, message: Any) -> None:
    """A message is sent. A FIFO queue accepts a duplicate and answers with id and number of the first, but does not
    deliver it, also when the first has been received and deleted."""
    with queue._messages_lock:
        if queue.fifo_queue:
            if earlier := _earlier(queue, message):
                _sent, message.id, message.sequence_number = earlier
                return
            message.sequence_number = str(next(_sequence_numbers))
            state_of(queue).recent[_deduplication_key(queue, message)] = (
                message.sent_timestamp,
                message.id,
                message.sequence_number,
            )
        queue._messages.append(message)
        changed(queue)
    tell(queue.queue_arn)


def _earlier(queue: Any, message: Any) -> tuple[float, str, str] | None:
    """The message of the last five minutes that this one is a duplicate of."""
    recent = state_of(queue).recent
    oldest = message.sent_timestamp - _DEDUPLICATION_MILLISECONDS
    while recent and next(iter(recent.values()))[0] <= oldest:
        del recent[next(iter(recent))]
    return recent.get(_deduplication_key(queue, message))


def _deduplication_key(queue: Any, message: Any) -> tuple[str, str]:
    scope = message.group_id if queue.deduplication_scope == "messageGroup" else ""
    return scope, message.deduplication_id


# --- messages are received -------------------------------------------------------------------------------------------


def take(
    queue: Any, count: int, visibility_timeout: int, size: int | None = None, *, then_watch: bool = False
) -> Taken:
    """Receive up to ``count`` messages that together take at most ``size`` bytes in an event (at least one), for
    ``visibility_timeout`` seconds. They are moto's own objects, not copies.

    A message received as often as its queue's redrive policy allows goes to the dead-letter queue instead.
    ``then_watch``: when there are no more, the front door wants to be told of the next.
    """
    taken: list[Any] = []
    expired: list[Any] = []
    dead: list[Any] = []
    full = False
    soonest: float | None = None
    with queue._messages_lock:
        now = unix_time_millis()
        letters = dead_letter_queue(queue)
        locked = _locked_groups(queue, now)
        oldest = now - queue.message_retention_period * 1000
        for message in queue._messages:
            if message.sent_timestamp <= oldest:
                expired.append(message)
            elif (change := max(message.visible_at, message.delayed_until)) >= now:
                soonest = change if soonest is None else min(soonest, change)
            elif message.group_id in locked:
                continue
            elif letters is not None and _receives(message) >= queue.redrive_policy["maxReceiveCount"]:
                dead.append(message)
            else:
                size = None if size is None else size - event_bytes(message)
                if taken and size is not None and size < 0:
                    full = True
                    break
                taken.append(message)
                if len(taken) == count:
                    full = True
                    break
        for message in (*expired, *dead):
            _remove(queue, message)
        for message in taken:
            _mark_received(queue, message, now, visibility_timeout)
            soonest = message.visible_at if soonest is None else min(soonest, message.visible_at)
        if then_watch and not full:
            _watched.add(queue.queue_arn)
    for message in dead:  # after the lock: two queues may be each other's dead-letter queue
        _move(queue, message, letters)
    return Taken(taken, full, None if soonest is None else soonest / 1000)


def _locked_groups(queue: Any, now: float) -> set[str]:
    """FIFO: groups with a message that is in flight. Nothing more of them is given out until it is deleted or visible."""
    if not queue.fifo_queue:
        return set()
    queue._pending_messages = {one for one in queue._pending_messages if one.visible_at >= now}
    return {one.group_id for one in queue._pending_messages}


def _mark_received(queue: Any, message: Any, now: float, visibility_timeout: int) -> None:
    handle = "AQEB" + base64.b64encode(os.urandom(108)).decode()
    if message.receipt_handle is not None:
        message._old_receipt_handles.append(message.receipt_handle)
    message.receipt_handle = handle
    state_of(queue).handles[handle] = message
    message.approximate_receive_count += 1
    if not message.approximate_first_receive_timestamp:
        message.approximate_first_receive_timestamp = int(now)
    if visibility_timeout:
        message.visible_at = now + visibility_timeout * 1000
        queue._pending_messages.add(message)


def unreceive(queue: Any, handle: str) -> None:
    """A message was received and given to nobody: it is as if it had not been received."""
    with queue._messages_lock:
        message = state_of(queue).handles.get(handle)
        if message is not None and message.receipt_handle == handle:
            message.approximate_receive_count -= 1
            message.visible_at = 0.0
            queue._pending_messages.discard(message)
            changed(queue)
    tell(queue.queue_arn)


def event_bytes(message: Any) -> int:
    """At most so much of an event does the message take, in JSON: a quote in its body counts twice."""
    body = len(message.body.encode()) + sum(message.body.count(one) for one in '"\\\n\r\t')
    for name, value in message.message_attributes.items():
        text = value.get("StringValue") or ""
        body += len(name) + 2 * len(text.encode()) + 2 * len(value.get("BinaryValue") or b"") + 150
    return body + _FRAME_BYTES


# --- messages go -----------------------------------------------------------------------------------------------------


def delete_message(queue: Any, receipt_handle: str) -> None:
    """Only the newest receipt handle deletes. An older one is accepted without effect by a standard queue, and refused
    by a FIFO queue, as is one whose visibility timeout is over. Raises ReceiptHandleIsInvalid for one never given out."""
    with queue._messages_lock:
        message = state_of(queue).handles.get(receipt_handle)
        if message is None:
            if receipt_handle in queue.deleted_messages:
                return
            raise ReceiptHandleIsInvalid()
        outdated = message.receipt_handle != receipt_handle
        if queue.fifo_queue and (outdated or message.visible):
            raise InvalidParameterValue(
                f"Value {receipt_handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
            )
        if outdated:
            return
        _remove(queue, message)
        changed(queue)
    if queue.fifo_queue:  # the next one of its group
        tell(queue.queue_arn)


def _remove(queue: Any, message: Any) -> None:
    queue._messages.remove(message)
    queue._pending_messages.discard(message)
    handles = state_of(queue).handles
    for handle in message.all_receipt_handles:
        if handles.pop(handle, None) is not None:
            queue.deleted_messages.add(handle)


def dead_letter_queue(queue: Any) -> Any | None:
    """Where messages received too often go; None without a redrive policy, or when the queue it names was deleted."""
    named = queue.dead_letter_queue
    if named is None or not queue.redrive_policy:
        return None
    return find_queue(named.region, named.name)


def _receives(message: Any) -> int:
    """In this queue; ApproximateReceiveCount goes on counting in a dead-letter queue."""
    count: int = message.approximate_receive_count - getattr(message, "received_elsewhere", 0)
    return count


def _move(queue: Any, message: Any, target: Any) -> None:
    message.dead_letter_queue_source_arn = queue.queue_arn
    message.received_elsewhere = message.approximate_receive_count
    if queue.fifo_queue:
        # "the enqueue timestamp resets", and "the original message's deduplication ID will be replaced with the original
        # message's ID" (Developer Guide, "Learn how to configure a dead-letter queue redrive in Amazon SQS")
        message.sent_timestamp = int(unix_time_millis())
        message.deduplication_id = message.id
    redeliver(target, message)


def redeliver(queue: Any, message: Any) -> None:
    """Put a message that was taken out of a queue into this one, to be received at once."""
    message.visible_at = message.delayed_until = 0.0
    with queue._messages_lock:
        if queue.fifo_queue:
            message.sequence_number = str(next(_sequence_numbers))
        queue._messages.append(message)
        changed(queue)
    tell(queue.queue_arn)


def take_out_oldest(queue: Any) -> Any | None:
    """Remove the oldest message that is not in flight, without receiving it; None when there is none."""
    with queue._messages_lock:
        message = next((one for one in queue._messages if one.visible and not one.delayed), None)
        if message is not None:
            _remove(queue, message)
            message.receipt_handle = None
            message._old_receipt_handles = []
        return message


def state_of(queue: Any) -> State:
    if not hasattr(queue, "labsupport_state"):
        queue.labsupport_state = State()
    state: State = queue.labsupport_state
    return state


def changed(queue: Any) -> None:
    """Wake whoever waits for messages in ReceiveMessage; call it with the queue's lock held."""
    state_of(queue).changes += 1
    queue._messages_lock.notify_all()
