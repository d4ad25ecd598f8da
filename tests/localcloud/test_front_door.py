"""What passes through the front door to moto arrives unchanged, over a real socket with plain boto3."""

from __future__ import annotations

import asyncio
import functools
import io
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from labsupport.localcloud.access import Access
from labsupport.localcloud.front_door import FrontDoor
from labsupport.localcloud.usage import Usage


@pytest.fixture(scope="module")
def endpoint():
    process = subprocess.Popen(
        [sys.executable, "-m", "labsupport.localcloud", "--owner-pid", str(os.getpid())], stdout=subprocess.PIPE
    )
    try:
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@pytest.fixture(scope="module")
def client(endpoint):
    session = boto3.session.Session()  # one for all: loading the service models takes longer than the tests

    @functools.cache
    def make(service, **config):
        return session.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    return make


AWKWARD_KEYS = [
    "plain.txt",
    "sale photo+1.jpg",
    "größe/ß.png",
    "a//b",
    "/leading",
    "dir/../x",
    "100%.txt",
    "a%2Fb",
    "q?x=1&y=2",
    "#hash",
    "日本語/キー",
    "quote'\"<>",
    "e" * 900,
]


@pytest.mark.parametrize("key", AWKWARD_KEYS, ids=lambda key: ascii(key[:20]))
def test_s3_keys_arrive_as_they_were_sent(client, key):
    s3 = client("s3")
    s3.create_bucket(Bucket="keys")
    s3.put_object(Bucket="keys", Key=key, Body=key.encode())
    assert s3.get_object(Bucket="keys", Key=key)["Body"].read() == key.encode()
    assert key in [entry["Key"] for entry in s3.list_objects_v2(Bucket="keys")["Contents"]]
    assert s3.head_object(Bucket="keys", Key=key)["ContentLength"] == len(key.encode())
    s3.delete_object(Bucket="keys", Key=key)


def test_metadata_names_with_an_underscore_are_kept(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="meta")
    s3.put_object(Bucket="meta", Key="k", Body=b"", Metadata={"order_id": "7", "plain": "8"})
    assert s3.head_object(Bucket="meta", Key="k")["Metadata"] == {"order_id": "7", "plain": "8"}


def test_large_and_binary_bodies_survive(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="large")
    body = os.urandom(1024) * (20 * 1024)
    s3.put_object(Bucket="large", Key="k", Body=body)
    assert s3.get_object(Bucket="large", Key="k")["Body"].read() == body
    assert s3.get_object(Bucket="large", Key="k", Range="bytes=10-19")["Body"].read() == body[10:20]


def test_expect_100_continue_is_answered_at_once(endpoint):
    """Regression: without the interim answer botocore waited one second before each S3 upload."""
    with socket.create_connection(urlsplit(endpoint).netloc.split(":"), timeout=5) as connection:
        connection.sendall(
            b"PUT /expect HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_multipart_upload(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="parts")
    s3.upload_fileobj(io.BytesIO(b"x" * (9 * 1024 * 1024)), "parts", "k")
    assert s3.head_object(Bucket="parts", Key="k")["ContentLength"] == 9 * 1024 * 1024


def test_a_presigned_url_works_without_boto3(client):
    s3 = client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="signed")
    put = s3.generate_presigned_url("put_object", {"Bucket": "signed", "Key": "a b.txt"})
    urllib.request.urlopen(urllib.request.Request(put, b"hello", {"Content-Type": "text/plain"}, method="PUT")).read()
    get = s3.generate_presigned_url("get_object", {"Bucket": "signed", "Key": "a b.txt"})
    assert urllib.request.urlopen(get).read() == b"hello"


def test_other_services_answer_through_the_same_door(client):
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="t", Item={"k": {"S": "ä"}})
    assert dynamodb.get_item(TableName="t", Key={"k": {"S": "ä"}})["Item"] == {"k": {"S": "ä"}}
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"


def test_queue_urls_name_the_front_door(client, endpoint):
    """A URL that moto makes from its own port would bypass the front door."""
    url = client("sqs").create_queue(QueueName="named")["QueueUrl"]
    assert url.startswith(endpoint)


def test_health(endpoint):
    answer = json.load(urllib.request.urlopen(endpoint + "/_labsupport/health"))
    assert answer["status"] == "ok"
    assert answer["endpoint"] == endpoint


def test_the_inner_addresses_of_the_moto_process_need_its_token(endpoint):
    """The front door passes paths on; a learner's request must not reach the engine's own calls."""
    request = urllib.request.Request(endpoint + "/_labsupport/moto/code", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403


def test_a_new_function_replaces_a_deleted_one_of_the_same_name(client):
    def package(answer):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", f"def handler(event, context): return {answer!r}")
        return buffer.getvalue()

    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"Service": "lambda.amazonaws.com"}}]}'
    )
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    functions = client("lambda")
    answers = []
    for answer in ("first", "second"):
        functions.create_function(
            FunctionName="again",
            Runtime="python3.13",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": package(answer)},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName="again", WaiterConfig={"Delay": 0.05})
        answers.append(json.load(functions.invoke(FunctionName="again")["Payload"]))
        functions.delete_function(FunctionName="again")
    assert answers == ["first", "second"]


def test_a_fault_of_the_lab_is_a_service_exception_with_one_clear_sentence(capsys):
    class BrokenMoto:
        async def forward(self, *_):
            raise RuntimeError("inside")

    class NoGateway:
        def claims(self, _):
            return None

    class Request:
        path = raw_path = "/"
        method = "GET"
        host = "127.0.0.1"
        headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}

        class content:  # noqa: N801
            @staticmethod
            async def read():
                return b""

    response = asyncio.run(
        FrontDoor(None, None, BrokenMoto(), Access(BrokenMoto()), None, NoGateway(), "us-east-1", {}, Usage()).answer(
            Request()
        )
    )
    assert response.status == 500
    assert response.headers["x-amzn-ErrorType"] == "ServiceException"
    document = json.loads(response.body)
    assert document["Type"] == "Service"
    assert document["message"].startswith("The local cloud failed: RuntimeError.")
    assert "inside" not in document["message"] and "inside" in capsys.readouterr().err
