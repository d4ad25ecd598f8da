"""moto's SQS API, righted: receives, deletions and changes of visibility go to ``moto_seam_sqs``.

Each touch has a test in ``tests/localcloud/test_moto_seam_sqs.py``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.utils import unix_time_millis
from moto.sqs import models as sqs_models
from moto.sqs.constants import MAXIMUM_VISIBILITY_TIMEOUT
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid, SQSException
from moto.sqs.responses import SQSResponse

from .moto_seam_sqs import add_message, changed, delete_message, state_of, take, tell


def right_queues() -> None:
    """Replace moto's handling of messages, in the moto process."""
    queue, backend = sqs_models.Queue, sqs_models.SQSBackend
    queue.add_message = add_message  # type: ignore[method-assign,assignment]
    queue.delete_message = delete_message  # type: ignore[method-assign,assignment]
    backend.receive_message = _receive_message  # type: ignore[method-assign,assignment]
    backend.change_message_visibility = _change_message_visibility  # type: ignore[method-assign,assignment]
    backend.change_message_visibility_batch = _change_message_visibility_batch  # type: ignore[method-assign,assignment]
    backend.delete_message_batch = _delete_message_batch  # type: ignore[method-assign,assignment]
    backend.purge_queue = _under_lock(backend.purge_queue)  # type: ignore[method-assign]
    backend.create_queue = _telling_of_creation(backend.create_queue)  # type: ignore[method-assign]
    backend.delete_queue = _telling_of_deletion(backend.delete_queue)  # type: ignore[method-assign]
    SQSResponse.receive_message = _with_source_of_dead_letters(SQSResponse.receive_message)  # type: ignore[method-assign]


def _receive_message(
    backend: Any,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Any]:
    queue = backend.get_queue(queue_name)
    over = unix_time_millis() + wait_seconds_timeout * 1000
    while True:
        changes = state_of(queue).changes
        taken = take(queue, count, visibility_timeout)
        now = unix_time_millis()
        if taken.messages or now >= over:
            return [_shown(message, message_attribute_names or []) for message in taken.messages]
        until = over if taken.next_change is None else min(over, taken.next_change * 1000 + 1)
        with queue._messages_lock:
            if state_of(queue).changes == changes:
                queue._messages_lock.wait(max(until - now, 1) / 1000)


def _shown(message: Any, attribute_names: Iterable[str]) -> Any:
    copied = copy.copy(message)
    sqs_models._filter_message_attributes(copied, list(attribute_names))
    return copied


def _change_message_visibility(backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
    queue = backend.get_queue(queue_name)
    with queue._messages_lock:
        message = state_of(queue).handles.get(receipt_handle)
        if message is None and receipt_handle not in queue.deleted_messages:
            raise ReceiptHandleIsInvalid()
        if message is None or message.receipt_handle != receipt_handle or message.visible:
            raise InvalidParameterValue(
                f"Value {receipt_handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is "
                "not available for visibility timeout change."
            )
        until = unix_time_millis() + int(visibility_timeout) * 1000
        if until - message.sent_timestamp > MAXIMUM_VISIBILITY_TIMEOUT * 1000 and int(visibility_timeout):
            raise InvalidParameterValue(
                f"Value {visibility_timeout} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout "
                "for the message is beyond the limit [43200 seconds]"
            )
        message.visible_at = until if int(visibility_timeout) else 0.0
        if not int(visibility_timeout):
            queue._pending_messages.discard(message)
        changed(queue)
    tell(queue.queue_arn)


def _change_message_visibility_batch(backend: Any, queue_name: str, entries: list[dict[str, Any]]) -> Any:
    def change(entry: dict[str, Any]) -> None:
        seconds = entry["VisibilityTimeout"]
        if not 0 <= int(seconds) <= MAXIMUM_VISIBILITY_TIMEOUT:
            raise InvalidParameterValue(
                f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and "
                f"{MAXIMUM_VISIBILITY_TIMEOUT}, if provided."
            )
        _change_message_visibility(backend, queue_name, entry["ReceiptHandle"], seconds)

    return _each(entries, change)


def _delete_message_batch(backend: Any, queue_name: str, receipts: list[dict[str, Any]]) -> Any:
    return _each(receipts, lambda entry: backend.delete_message(queue_name, entry["ReceiptHandle"]))


def _each(
    entries: list[dict[str, Any]], action: Callable[[dict[str, Any]], None]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Ids of the entries that went well, and what went wrong with the others."""
    successful: list[str] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            action(entry)
        except SQSException as problem:
            failed.append({"Id": entry["Id"], "SenderFault": True, "Code": problem.code, "Message": problem.message})
        else:
            successful.append(entry["Id"])
    return successful, failed


def _under_lock(original: Callable[..., None]) -> Callable[..., None]:
    def purge_queue(backend: Any, queue_name: str) -> None:
        queue = backend.get_queue(queue_name)
        with queue._messages_lock:
            original(backend, queue_name)
            state = state_of(queue)
            queue.deleted_messages.update(state.handles)
            state.handles.clear()

    return purge_queue


def _telling_of_creation(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_queue(backend: Any, *args: Any, **kwargs: Any) -> Any:
        queue = original(backend, *args, **kwargs)
        tell(queue.queue_arn)
        return queue

    return create_queue


def _telling_of_deletion(original: Callable[..., None]) -> Callable[..., None]:
    def delete_queue(backend: Any, queue_name: str) -> None:
        arn = backend.get_queue(queue_name).queue_arn
        original(backend, queue_name)
        tell(arn)

    return delete_queue


def _with_source_of_dead_letters(original: Callable[..., Any]) -> Callable[..., Any]:
    def receive_message(response: Any) -> Any:
        answer = original(response)
        asked = {*response._get_param("AttributeNames", []), *response._get_param("MessageSystemAttributeNames", [])}
        if asked & {"All", "DeadLetterQueueSourceArn"}:
            queue = response.sqs_backend.queues.get(response._get_queue_name())
            for shown in answer.result.get("Messages", ()) if queue is not None else ():
                message = state_of(queue).handles.get(shown["ReceiptHandle"])
                if source := getattr(message, "dead_letter_queue_source_arn", None):
                    shown.setdefault("Attributes", {})["DeadLetterQueueSourceArn"] = source
        return answer

    return receive_message
