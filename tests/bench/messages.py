"""Messages of a queue that call a function in batches: each must end deleted or in the dead-letter queue."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from .contender import CannotMeasure, Contender
from .run import Run, Samples, no_garbage_collection, no_samples
from .uploads import Ear

_WITH_QUEUES = ("lab", "ministack")
_QUEUE, _LETTERS = "bench-orders", "bench-letters"
_MESSAGES, _QUICK_MESSAGES, _SENDERS = 10_000, 500, 8
#: One message in fifty is poison.
_POISON_EACH = 50
_VISIBILITY_SECONDS = 5
_ENABLED_SECONDS = 60.0
#: So long after the last batch the rest is taken for lost: several visibility timeouts.
_SILENCE_SECONDS = 30.0

#: Reports its poison messages as failed and tells the bench, by one datagram, which others it had.
_CONSUMER = """import json
import socket
import time

TELL = ("127.0.0.1", {port})


def handler(event, context):
    good, failed = [], []
    for record in event["Records"]:
        if int(record["body"]) % {poison_each} == 0:
            failed.append({{"itemIdentifier": record["messageId"]}})
        else:
            good.append(record["body"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(json.dumps([",".join(good), time.time()]).encode(), TELL)
    return {{"batchItemFailures": failed}}
"""


def messages(run: Run) -> Samples:
    """10,000 messages by 8 senders, in batches of ten, two in a hundred failing twice: until the last is done; how many
    were neither handled nor found in the dead-letter queue, and how many are still in the queue."""
    samples = no_samples()
    count = run.times(_MESSAGES, _QUICK_MESSAGES)
    with closing(Ear()) as ear:
        source = _CONSUMER.format(port=ear.port, poison_each=_POISON_EACH)
        with run.running(_WITH_QUEUES, {"consumer": source}) as contenders:
            ready = [one for one in contenders if _prepare(run, one)]
            for _number, contender in run.turns(ready, 1):
                with run.trying(contender, "messages"), no_garbage_collection():
                    started = time.monotonic()
                    _send(contender, count)
                    good, last = _handled(ear, count)
                    dead, last = _dead(contender, count, last)
                    poison = set(range(0, count, _POISON_EACH))
                    lost = len(set(range(count)) - poison - good) + len(poison - dead)
                    samples["messages"][contender.key].append([(last - started) * 1000])
                    samples["messages_lost"][contender.key].append([float(lost)])
                    samples["messages_left"][contender.key].append([float(_left(contender))])
    return samples


def _prepare(run: Run, contender: Contender) -> bool:
    """The two queues and the mapping; False when the contender cannot do it."""
    with run.trying(contender, "messages"):
        statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
        contender.client("iam").put_role_policy(
            RoleName="bench",
            PolicyName="queue",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        letters = _arn(contender, _make(contender, _LETTERS))
        policy = json.dumps({"deadLetterTargetArn": letters, "maxReceiveCount": "2"})
        url = _make(contender, _QUEUE, VisibilityTimeout=str(_VISIBILITY_SECONDS), RedrivePolicy=policy)
        contender.client().update_function_configuration(FunctionName="consumer", Timeout=_VISIBILITY_SECONDS)
        contender.client().get_waiter("function_updated_v2").wait(FunctionName="consumer")
        made = contender.client().create_event_source_mapping(
            EventSourceArn=_arn(contender, url),
            FunctionName="consumer",
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        over = time.monotonic() + _ENABLED_SECONDS
        while contender.client().get_event_source_mapping(UUID=made["UUID"])["State"] != "Enabled":
            if time.monotonic() > over:
                raise CannotMeasure("the event source mapping does not become Enabled")
            time.sleep(0.1)
        return True
    return False


def _make(contender: Contender, name: str, **attributes: str) -> str:
    return str(contender.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def _arn(contender: Contender, url: str) -> str:
    found = contender.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def _url(contender: Contender, name: str) -> str:
    return str(contender.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def _send(contender: Contender, count: int) -> None:
    url = _url(contender, _QUEUE)

    def send(start: int) -> None:
        entries = [{"Id": str(one), "MessageBody": str(one)} for one in range(start, min(start + 10, count))]
        failed = contender.client("sqs").send_message_batch(QueueUrl=url, Entries=entries).get("Failed")
        if failed:
            raise CannotMeasure(f"messages were refused: {failed[0]}")

    with ThreadPoolExecutor(_SENDERS) as senders:
        list(senders.map(send, range(0, count, 10)))


def _handled(ear: Ear, count: int) -> tuple[set[int], float]:
    """Which messages the function said it handled, and when (monotonic clock) it last spoke."""
    expected = count - len(range(0, count, _POISON_EACH))
    good: set[int] = set()
    last = time.monotonic()
    while len(good) < expected and (heard := ear.next(_SILENCE_SECONDS)) is not None:
        good.update(int(body) for body in heard.key.split(",") if body)
        last = time.monotonic()
    return good, last


def _dead(contender: Contender, count: int, last: float) -> tuple[set[int], float]:
    """Which messages came to the dead-letter queue, and when (monotonic clock) the last of all was done."""
    sqs, url = contender.client("sqs"), _url(contender, _LETTERS)
    expected = len(range(0, count, _POISON_EACH))
    dead: set[int] = set()
    silent_since = time.monotonic()
    while len(dead) < expected and time.monotonic() - silent_since < _SILENCE_SECONDS:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for letter in received:
            dead.add(int(letter["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
            silent_since = last = time.monotonic()
    return dead, last


def _left(contender: Contender) -> int:
    """Messages in the queue, visible or in flight; the last deletions may take a moment."""
    sqs, url = contender.client("sqs"), _url(contender, _QUEUE)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    over = time.monotonic() + _VISIBILITY_SECONDS
    while True:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        left = sum(int(found[name]) for name in names)
        if not left or time.monotonic() > over:
            return left
        time.sleep(0.1)
