"""What a poller asks of a queue, answered from moto's queue itself: one call hands back what is done and takes more.

Each function has a test in ``tests/localcloud/test_moto_seam_queues.py``.
"""

from __future__ import annotations

import base64
import contextlib
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.exceptions import SQSException

from .moto_seam_sqs import dead_letter_queue, delete_message, event_bytes, find_queue, take, unreceive, watch

#: One answer holds no more than this, however many batches were asked for: the rest is a matter of the next.
_ANSWER_BYTES = 12 * 1024 * 1024


def exchange_messages(
    region: str, name: str, delete: list[str], give_back: list[str], take_batches: list[list[int]]
) -> dict[str, Any]:
    """Delete messages and make others visible again (both by receipt handle), then receive.

    ``take_batches`` has for each batch how many messages and how many bytes of an event it may have. The answer's
    ``batches`` are those that are not empty; ``next_does_not_fit`` says that the queue had one more but it was too
    large. ``full``: all were filled. If not, the next message becomes receivable at ``next_change`` (epoch second or
    None) or when the notice ``queue`` comes. ``dead_letters``: whether the queue has a dead-letter queue. ``exists`` is
    false when there is no such queue; the notice comes when it is made.
    """
    queue = find_queue(region, name)
    if queue is None:
        watch(f"arn:aws:sqs:{region}:{DEFAULT_ACCOUNT_ID}:{name}")
        queue = find_queue(region, name)  # made between the look and the watch
        if queue is None:
            return {"exists": False}
    for handle in delete:
        with contextlib.suppress(SQSException):  # received by somebody else meanwhile, or deleted: not ours any more
            delete_message(queue, handle)
    for handle in give_back:
        unreceive(queue, handle)
    answer: dict[str, Any] = {
        "exists": True,
        "fifo": queue.fifo_queue,
        "visibility_timeout": queue.visibility_timeout,
        "dead_letters": dead_letter_queue(queue) is not None,
        "batches": [],
        "full": True,
        "next_change": None,
    }
    size = 0
    for count, batch_size in take_batches:
        taken = take(queue, count, queue.visibility_timeout, batch_size, then_watch=True)
        if taken.messages:
            batch = [_message(message) for message in taken.messages]
            crowded = taken.full and len(batch) < count
            answer["batches"].append({"messages": batch, "next_does_not_fit": crowded})
            size += sum(len(message["body"]) for message in batch)
        if not taken.full:
            answer["full"] = False
            answer["next_change"] = taken.next_change
            break
        if size > _ANSWER_BYTES:
            break
    return answer


def _message(message: Any) -> dict[str, Any]:
    """A message as JSON: system attributes in AWS's order, binary values as base64 text."""
    system = {
        "DeadLetterQueueSourceArn": getattr(message, "dead_letter_queue_source_arn", None),
        "ApproximateReceiveCount": message.approximate_receive_count,
        "AWSTraceHeader": (message.system_attributes.get("AWSTraceHeader") or {}).get("StringValue"),
        "SentTimestamp": message.sent_timestamp,
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
        "SenderId": message.sender_id,
        "MessageDeduplicationId": message.deduplication_id,
        "ApproximateFirstReceiveTimestamp": message.approximate_first_receive_timestamp,
    }
    return {
        "id": message.id,
        "receipt_handle": message.receipt_handle,
        "body": message.body,
        "body_md5": message.body_md5,
        "system_attributes": {name: str(value) for name, value in system.items() if value is not None},
        "attributes": {
            name: {
                "DataType": value["DataType"],
                **({"StringValue": value["StringValue"]} if value.get("StringValue") is not None else {}),
                **(
                    {"BinaryValue": base64.b64encode(value["BinaryValue"]).decode()} if value.get("BinaryValue") else {}
                ),
            }
            for name, value in message.message_attributes.items()
        },
        "attributes_md5": message.attribute_md5 if message.message_attributes else None,
        "size": event_bytes(message),
    }
