"""The part of the seam that services of the lab use to deliver: into moto's queues and topics.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_delivery.py``. A service of
moto is imported when it is first needed.
"""

from __future__ import annotations

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID


def log_group_exists(region: str, group: str) -> bool:
    """Whether there is a log group of this name."""
    return group in get_backend("logs")[DEFAULT_ACCOUNT_ID][region].groups


def send_to_queue(
    region: str,
    queue: str,
    body: str,
    group: str | None = None,
    attributes: dict[str, str] | None = None,
) -> str | None:
    """Send a message from EventBridge to the queue of an ARN, of a ``group`` when it is a FIFO queue. None when it is in
    the queue, otherwise what is wrong."""
    backend, name = get_backend("sqs")[DEFAULT_ACCOUNT_ID][queue.split(":")[3]], queue.rpartition(":")[2]
    if name not in backend.queues:
        return "the queue does not exist"
    deduplicates = str(backend.queues[name].attributes.get("ContentBasedDeduplication")).lower() == "true"
    if name.endswith(".fifo") and not deduplicates:
        # Amazon EventBridge User Guide, "Amazon SQS FIFO queue": content-based deduplication must be enabled.
        return "a FIFO queue must have ContentBasedDeduplication enabled"
    wanted = {key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()}
    backend.send_message(name, body, message_attributes=wanted, group_id=group)
    return None


def publish(region: str, topic: str, message: str) -> str | None:
    """Publish to the topic of an ARN. None when it is published, otherwise what is wrong."""
    backend = get_backend("sns")[DEFAULT_ACCOUNT_ID][topic.split(":")[3]]
    if topic not in backend.topics:
        return "the topic does not exist"
    try:
        backend.publish(message, topic)
    except Exception as problem:  # moto's refusals have many classes
        return str(getattr(problem, "message", "") or problem)
    return None
