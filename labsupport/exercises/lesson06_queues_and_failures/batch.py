"""A batch as a queue's event source mapping hands it over, and what the function's answer says about its messages."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from ...insight.invocation import InvocationResult
from .. import mistakes
from ..messages import Message, shown
from ..outcomes import CheckStop, NotYet
from ..probe import Probe

_ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Sent:
    """One message of a batch. ``body`` is a job, or text that is sent as it is; ``good``: it can be processed."""

    body: Any
    good: bool
    id: str

    @classmethod
    def of(cls, body: Any, good: bool = True) -> Sent:
        return cls(body, good, str(uuid.uuid4()))

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


@dataclass(frozen=True)
class Batch:
    """The messages of one invocation, and what came of it."""

    function: str
    messages: tuple[Sent, ...]
    result: InvocationResult

    @property
    def did(self) -> str:
        bad = sum(not message.good for message in self.messages)
        count = len(self.messages)
        size = f"{count} message" if count == 1 else f"{count} messages"
        return f"We invoked {self.function} with a batch of {size}, {bad or 'none'} of them bad."

    def wrong(self, came_back: str, expected: str, look: str) -> NotYet:
        return NotYet(Message(did=self.did, came_back=came_back, expected=expected, look=look))


def event_of(queue: str, messages: tuple[Sent, ...], received: int = 1) -> dict[str, Any]:
    """The event for these messages (Lambda Developer Guide, "Using Lambda with Amazon SQS")."""
    now = str(int(time.time() * 1000))
    return {
        "Records": [
            {
                "messageId": message.id,
                "receiptHandle": f"AQEB{hashlib.sha256(message.id.encode()).hexdigest()}",
                "body": message.text,
                "attributes": {
                    "ApproximateReceiveCount": str(received),
                    "SentTimestamp": now,
                    "SenderId": _ACCOUNT,
                    "ApproximateFirstReceiveTimestamp": now,
                },
                "messageAttributes": {},
                "md5OfBody": hashlib.md5(message.text.encode(), usedforsecurity=False).hexdigest(),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:{_ACCOUNT}:{queue}",
                "awsRegion": "us-east-1",
            }
            for message in messages
        ]
    }


def hand_over(probe: Probe, function: str, *messages: Sent, received: int = 1) -> Batch:
    """Invoke the function with a batch of these messages, as Lambda does for a queue. Raises as ``Probe.invoke``."""
    event = event_of("kestrel-check", messages, received)
    return Batch(function, messages, probe.invoke(function, event, may_fail=True))


def judge(batch: Batch) -> None:
    """The answer names the bad messages and no others. Raises NotYet with what Lambda would make of the answer."""
    result, bad = batch.result, [message for message in batch.messages if not message.good]
    if result.failed:
        if bad and len(bad) == len(batch.messages) and result.error_type == "BatchProcessingError":
            return  # Powertools fails when all of a batch failed, which is the same to Lambda
        raise _raised(batch)
    reported = _reported(batch)
    names = {message.id for message in batch.messages}
    if unknown := [name for name in reported if name not in names]:
        raise batch.wrong(f"itemIdentifier {shown(unknown[0], 60)}", _STRICT, _look_at_name(batch, unknown[0]))
    good = {message.id for message in batch.messages if message.good}
    if set(reported) & good:
        count = len(set(reported) & good)
        raise batch.wrong(
            f"{count} good {'message is' if count == 1 else 'messages are'} reported as failed",
            "the bad messages and no others: what is reported comes again",
            "which messages are added to the list: those that raised",
        )
    if missing := [message for message in bad if message.id not in reported]:
        raise batch.wrong(
            f"{shown(result.payload, 60)}: {len(missing)} of the bad ones not in it",
            "each bad message reported: Lambda deletes all others, and these would be lost",
            "except: does it add the messageId to the list? And does it catch everything that may go wrong?",
        )


_STRICT = "messageIds of this batch: with any other name Lambda takes the whole batch for failed, the good ones too"


def _reported(batch: Batch) -> list[Any]:
    answer = batch.result.payload
    any_bad = any(not message.good for message in batch.messages)
    if answer is None and not any_bad:
        return []
    if not isinstance(answer, dict):
        look = "return: a handler without one answers null" if answer is None else "the type of the answer: an object"
        raise batch.wrong(
            shown(answer), "an object with the list batchItemFailures", f"{look}; then Lambda takes all for done"
        )
    if "batchItemFailures" not in answer and (answer or any_bad):
        raise batch.wrong(
            shown(answer),
            "an object with the list batchItemFailures",
            "the name of the list, letter by letter: without it Lambda takes the batch for done, and bad ones are lost",
        )
    failures = answer.get("batchItemFailures") or []
    if not isinstance(failures, list):
        raise batch.wrong(
            shown(answer), "a list under batchItemFailures", "batchItemFailures: one entry for each failure"
        )
    names = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    if None in names:
        raise batch.wrong(
            shown(failures[names.index(None)]),
            'entries of the form {"itemIdentifier": …}',
            "the entries of the list: objects with the key itemIdentifier",
        )
    return names


def _look_at_name(batch: Batch, name: Any) -> str:
    handles = {record["receiptHandle"] for record in event_of("", batch.messages)["Records"]}
    if name in handles:
        return "itemIdentifier: the receiptHandle is for deleting; the name of a message is its messageId"
    if isinstance(name, str) and len(name) == 36 and name.count("-") == 4:
        return "the list of failures: a name of an earlier batch is in it; a global variable keeps state"
    return "itemIdentifier: it is the messageId of the record, and nothing from its body"


def _raised(batch: Batch) -> CheckStop:
    result = batch.result
    if result.timed_out or result.error_type.startswith(("Runtime.", "Sandbox.", "Function.")) or not result.frames:
        return mistakes.failure(result)
    first = result.frames[0]  # where the handler let it pass, not where it came from
    return NotYet(
        Message(
            did=batch.did,
            came_back=f"{result.error_type}: {result.error_message}",
            expected="an answer: an exception that leaves the handler makes the whole batch come again",
            look=f"{first.file}, line {first.line}: try and except belong around the work on each message",
        ),
        result.traceback,
    )
