"""moto's SendMessage, righted: its work does not grow with the queue, lengths are bytes, and characters are checked.

moto 5.2.5 counts all messages of the queue several times for each that is sent, and says of all that one user sent them.
Each touch has a test in
``tests/localcloud/test_moto_seam_sqs_send.py``.

Sources: Amazon SQS API Reference, "SendMessage" and "SendMessageBatch"; Developer Guide, "Amazon SQS message quotas": body
and attributes (name, type and value) count together. Wording as seen in published errors of AWS.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import uuid
from typing import Any

from moto.sqs import models as sqs_models
from moto.sqs.constants import MAXIMUM_MESSAGE_LENGTH
from moto.sqs.exceptions import BatchRequestTooLong, InvalidParameterValue, MissingParameter, SQSException

from .moto_seam import access_key
from .moto_seam_access import identity_of_key

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_DELAY_SECONDS = 900


def right_sending() -> None:
    """Replace moto's sending of messages, in the moto process."""
    backend = sqs_models.SQSBackend
    backend.send_message = _send_message  # type: ignore[method-assign,assignment]
    backend._validate_message = _validate_message  # type: ignore[method-assign,assignment]
    backend.send_message_batch = _with_length_in_bytes(backend.send_message_batch)  # type: ignore[method-assign]


def message_bytes(body: str, attributes: dict[str, Any] | None) -> int:
    """What counts towards the limit of a message."""
    size = len(body.encode(errors="surrogatepass"))
    for name, value in (attributes or {}).items():
        text = (value.get("StringValue") or "").encode(errors="surrogatepass")
        size += (
            len(name.encode())
            + len(value["DataType"].encode())
            + len(text or _with_bytes(value).get("BinaryValue") or b"")
        )
    return size


def _send_message(
    backend: Any,
    queue_name: str,
    message_body: str,
    message_attributes: dict[str, Any] | None = None,
    delay_seconds: int | None = None,
    deduplication_id: str | None = None,
    group_id: str | None = None,
    system_attributes: dict[str, Any] | None = None,
    validate_group_id: bool = True,
) -> Any:
    queue = backend.get_queue(queue_name)
    _validate_message(
        backend, queue, message_body, int(delay_seconds or 0), deduplication_id, group_id, validate_group_id
    )
    if message_bytes(message_body, message_attributes) > queue.maximum_message_size:
        raise _too_long(queue)
    message = sqs_models.Message(str(uuid.uuid4()), message_body, system_attributes)
    if queue.fifo_queue:
        content = hashlib.sha256(message_body.encode(errors="surrogatepass")).hexdigest()
        message.deduplication_id = content if deduplication_id is None else deduplication_id
    message.group_id = group_id
    message.message_attributes = {name: _with_bytes(value) for name, value in (message_attributes or {}).items()}
    message.sender_id = _sender_id(access_key()) or message.sender_id
    message.mark_sent(delay_seconds=queue.delay_seconds if delay_seconds is None else int(delay_seconds))
    queue.add_message(message)
    return message


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """SNS hands binary values over as base64 text."""
    binary = value.get("BinaryValue")
    return value | {"BinaryValue": base64.b64decode(binary)} if isinstance(binary, str) else value


@functools.lru_cache(1024)
def _sender_id(key: str) -> str:
    """SenderId: "For an IAM user, returns the IAM user ID … For an IAM role, returns the IAM role ID" (API Reference,
    "ReceiveMessage"), and the session's name after it. Empty for a key that nobody has: the lab's administrator."""
    identity = identity_of_key(key) if key else None
    return str(identity["user_id"]) if identity else ""


def _validate_message(
    backend: Any,
    queue: Any,
    message_body: str,
    delay_seconds: int,
    deduplication_id: str | None = None,
    group_id: str | None = None,
    validate_group_id: bool = True,
) -> None:
    if not message_body:
        raise MissingParameter("MessageBody")
    if forbidden := _FORBIDDEN.search(message_body):
        raise SQSException(
            "InvalidMessageContents",
            f"Invalid binary character '#x{ord(forbidden[0]):X}' was found in the message body, the set of allowed "
            "characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
        )
    if len(message_body.encode()) > queue.maximum_message_size:
        raise _too_long(queue)
    if not 0 <= delay_seconds <= _LONGEST_DELAY_SECONDS:
        raise InvalidParameterValue(
            f"Value {delay_seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        )
    if not queue.fifo_queue:
        return
    if not group_id:
        raise MissingParameter("MessageGroupId")
    if not deduplication_id and not queue.content_based_deduplication:
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
        )
    if delay_seconds:
        raise InvalidParameterValue(
            f"Value {delay_seconds} for parameter DelaySeconds is invalid. Reason: The request include parameter that is "
            "not valid for this queue type."
        )


def _too_long(queue: Any) -> SQSException:
    return InvalidParameterValue(
        f"One or more parameters are invalid. Reason: Message must be shorter than {queue.maximum_message_size} bytes."
    )


def _with_length_in_bytes(original: Any) -> Any:
    def send_message_batch(backend: Any, queue_name: str, entries: dict[str, dict[str, Any]]) -> Any:
        size = sum(message_bytes(one["MessageBody"], one.get("MessageAttributes")) for one in entries.values())
        if size > MAXIMUM_MESSAGE_LENGTH:
            raise BatchRequestTooLong(size)
        return original(backend, queue_name, entries)

    return send_message_batch
