"""Uploads to S3 that call a function: how soon its handler starts, and whether a thousand at once lose nothing."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .contender import CannotMeasure, Contender
from .run import Run, Samples, no_garbage_collection, no_samples

_WITH_NOTIFICATIONS = ("lab", "ministack")
_BUCKET, _TABLE = "bench-uploads", "bench-uploads"
_BODY = bytes(range(256)) * 8
_UPLOADS, _QUICK_UPLOADS, _CLIENTS = 1000, 100, 16
#: So long after the last handler the rest is taken for lost: longer than the first retry of either contender.
_SILENCE_SECONDS = 20.0

#: Tells the bench, by one datagram, when its handler started.
_REPORTER = """import json
import socket
import time

TELL = ("127.0.0.1", {port})


def handler(event, context):
    started = time.time()
    key = event["Records"][0]["s3"]["object"]["key"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(json.dumps([key, started]).encode(), TELL)
"""
#: Counts its runs for a key in one DynamoDB item, then tells the bench.
_WRITER = """import json
import socket
import time

import boto3

TELL = ("127.0.0.1", {port})
TABLE = boto3.resource("dynamodb").Table("{table}")


def handler(event, context):
    key = event["Records"][0]["s3"]["object"]["key"]
    TABLE.update_item(
        Key={{"id": key}}, UpdateExpression="ADD runs :one", ExpressionAttributeValues={{":one": 1}}
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(json.dumps([key, time.time()]).encode(), TELL)
"""


@dataclass(frozen=True)
class Heard:
    """One datagram: the key, and an epoch second of the function's clock."""

    key: str
    moment: float


class Ear:
    """Hears from functions. A socket's buffer holds only so much: a thread empties it at once."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            message = self._socket.recv(4096)
            if not message:
                self._socket.close()
                return
            self._heard.put(Heard(*json.loads(message)))

    def next(self, seconds: float) -> Heard | None:
        try:
            return self._heard.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(b"", ("127.0.0.1", self.port))


@contextmanager
def _ear() -> Iterator[Ear]:
    ear = Ear()
    try:
        yield ear
    finally:
        ear.close()


def upload_start(run: Run) -> Samples:
    """From the call of PutObject (boto3, 2 KB) to the first line of the handler, the environment warm."""
    samples = no_samples()
    with _ear() as ear, run.running(_WITH_NOTIFICATIONS, {"reporter": _REPORTER.format(port=ear.port)}) as contenders:
        ready = [one for one in contenders if _prepare(run, one, "reporter", "upload-start")]
        for number, contender in run.turns(ready, run.times(10, 3)):
            s3 = contender.client("s3")
            with run.trying(contender, "upload-start"):
                batch = []
                with no_garbage_collection():
                    for count in range(-3, 20):
                        key = f"{number}-{count}"
                        called = time.time()
                        s3.put_object(Bucket=_BUCKET, Key=key, Body=_BODY)
                        heard = ear.next(_SILENCE_SECONDS)
                        if heard is None or heard.key != key:
                            raise CannotMeasure(f"the upload of {key} did not start the function: {heard}")
                        if count >= 0:  # before, it warms up
                            batch.append((heard.moment - called) * 1000)
                samples["upload_start"][contender.key].append(batch)
    return samples


def uploads(run: Run) -> Samples:
    """1,000 uploads of 2 KB by 16 clients, each calling a function that writes one DynamoDB item: until the last item is
    there; how many items are missing, and how many were written more than once."""
    samples = no_samples()
    count = run.times(_UPLOADS, _QUICK_UPLOADS)
    with _ear() as ear:
        source = _WRITER.format(port=ear.port, table=_TABLE)
        with run.running(_WITH_NOTIFICATIONS, {"writer": source}) as contenders:
            ready = [one for one in contenders if _prepare(run, one, "writer", "uploads")]
            for number, contender in run.turns(ready, run.times(3, 1)):
                with run.trying(contender, "uploads"), no_garbage_collection():
                    _upload(contender, ear, [f"warm-{number}-{one}" for one in range(_CLIENTS)])
                    keys = [f"{number}-{one}" for one in range(count)]
                    seconds = _upload(contender, ear, keys)
                    runs = _runs(contender)
                    samples["uploads"][contender.key].append([seconds * 1000])
                    samples["uploads_lost"][contender.key].append([float(sum(key not in runs for key in keys))])
                    samples["uploads_twice"][contender.key].append([float(sum(runs.get(key, 1) > 1 for key in keys))])
    return samples


def _prepare(run: Run, contender: Contender, function: str, measure: str) -> bool:
    """A bucket that calls the function, and the table; False when the contender cannot do it."""
    with run.trying(contender, measure):
        contender.client("iam").put_role_policy(
            RoleName="bench",
            PolicyName="table",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": "*"}],
                }
            ),
        )
        contender.client("dynamodb").create_table(
            TableName=_TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        contender.client("s3").create_bucket(Bucket=_BUCKET)
        contender.client().add_permission(
            FunctionName=function,
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{_BUCKET}",
        )
        arn = contender.client().get_function_configuration(FunctionName=function)["FunctionArn"]
        rule = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
        contender.client("s3").put_bucket_notification_configuration(
            Bucket=_BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
        )
        return True
    return False


def _upload(contender: Contender, ear: Ear, keys: list[str]) -> float:
    """Seconds from the first upload until the last handler was heard of, or until nothing more comes."""
    s3 = contender.client("s3")
    missing = set(keys)
    started = last = time.monotonic()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        for key in keys:
            clients.submit(s3.put_object, Bucket=_BUCKET, Key=key, Body=_BODY)
        while missing and (heard := ear.next(_SILENCE_SECONDS)) is not None:
            if heard.key in missing:
                missing.discard(heard.key)
                last = time.monotonic()
    return last - started


def _runs(contender: Contender) -> dict[str, int]:
    """How often the function ran for each key, from the table."""
    pages: Any = contender.client("dynamodb").get_paginator("scan").paginate(TableName=_TABLE, ConsistentRead=True)
    return {item["id"]["S"]: int(item["runs"]["N"]) for page in pages for item in page["Items"]}
