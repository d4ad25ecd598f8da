"""What the cloud counts for lab.cost: by itself, and in a real cloud through real clients."""

from __future__ import annotations

import io
import json
import time
import urllib.request
import zipfile
from typing import Any

import boto3
import pytest
from botocore.config import Config

from labsupport.localcloud.usage import Usage

SIGNED = "AWS4-HMAC-SHA256 Credential={key}/20261125/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"


def counted(
    service: str, method: str = "POST", path: str = "/", body: bytes = b"", *, key="testing", status=200, **more
):
    """What one request adds, as {(service, operation, caller): (count, units)}."""
    usage = Usage()
    headers = {"Authorization": SIGNED.format(key=key, service=service), "Host": "127.0.0.1", **more.get("headers", {})}
    usage.request(method, path, headers, body, status, more.get("answer", b""))
    return {
        (one["service"], one["operation"], one["caller"]): (one["count"], one["units"])
        for one in usage.document({}, 0)["requests"]
    }


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/", "ListBuckets"),
        ("PUT", "/uploads", "PutBucket"),
        ("DELETE", "/uploads", "DeleteBucket"),
        ("HEAD", "/uploads", "HeadBucket"),
        ("GET", "/uploads?list-type=2&prefix=photos%2F", "ListObjects"),
        ("GET", "/uploads?delimiter=%2F&prefix=notification", "ListObjects"),
        ("GET", "/uploads?versions", "ListObjectVersions"),
        ("GET", "/uploads?uploads", "ListMultipartUploads"),
        ("GET", "/uploads?notification", "GetBucket"),
        ("PUT", "/uploads?notification", "PutBucket"),
        ("POST", "/uploads?delete", "DeleteObjects"),
        ("GET", "/uploads/a.jpg", "GetObject"),
        ("HEAD", "/uploads/a.jpg", "HeadObject"),
        ("PUT", "/uploads/a.jpg", "PutObject"),
        ("PUT", "/uploads/a.jpg?tagging", "PutObjectSettings"),
        ("DELETE", "/uploads/a.jpg", "DeleteObject"),
        ("POST", "/uploads/a.jpg?uploads", "CreateMultipartUpload"),
        ("PUT", "/uploads/a.jpg?partNumber=1&uploadId=x", "UploadPart"),
        ("POST", "/uploads/a.jpg?uploadId=x", "CompleteMultipartUpload"),
        ("DELETE", "/uploads/a.jpg?uploadId=x", "AbortMultipartUpload"),
    ],
)
def test_requests_to_s3_are_counted_by_operation(method, path, operation):
    assert counted("s3", method, path) == {("s3", operation, "you"): (1, 1)}


def test_a_copy_is_told_from_an_upload():
    headers = {"x-amz-copy-source": "uploads/a.jpg"}
    assert list(counted("s3", "PUT", "/thumbs/a.jpg", headers=headers)) == [("s3", "CopyObject", "you")]


def test_presigned_urls_and_browser_forms_count_as_s3():
    usage = Usage()
    credential = "X-Amz-Credential=testing%2F20261125%2Fus-east-1%2Fs3%2Faws4_request"
    usage.request("PUT", f"/uploads/a.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&{credential}", {}, b"", 200, b"")
    usage.request("POST", "/uploads", {"Content-Type": "multipart/form-data; boundary=x"}, b"", 204, b"")
    usage.request("GET", "/somewhere", {}, b"", 200, b"")
    operations = [one["operation"] for one in usage.document({}, 0)["requests"]]
    assert operations == ["PostObject", "PutObject"]


def test_requests_with_a_role_s_key_are_a_function_s():
    assert list(counted("s3", "GET", "/b/k", key="ASIA0123456789ABCDEF")) == [("s3", "GetObject", "function")]


def test_requests_of_the_lab_itself_are_told_apart():
    assert list(counted("s3", "GET", "/b?list-type=2", key="lab")) == [("s3", "ListObjects", "lab")]


def test_what_aws_itself_fails_at_is_not_counted_and_refusals_are():
    assert counted("s3", "GET", "/b/k", status=503) == {}
    assert counted("s3", "GET", "/b/k", status=404) == {("s3", "GetObject", "you"): (1, 1)}


def test_services_without_a_price_for_requests_are_left_out():
    assert counted("iam", body=b"Action=ListRoles&Version=2010-05-08") == {}


def sqs(operation: str, document: dict[str, Any], answer: bytes = b"") -> dict[Any, Any]:
    body = json.dumps(document).encode()
    return counted("sqs", body=body, headers={"X-Amz-Target": f"AmazonSQS.{operation}"}, answer=answer)


def test_every_started_64_kb_of_a_queue_s_request_or_answer_is_a_unit():
    queue = {"QueueUrl": "http://127.0.0.1/1/orders"}
    assert sqs("SendMessage", queue | {"MessageBody": "x"}) == {("sqs", "SendMessage", "you"): (1, 1)}
    assert sqs("SendMessage", queue | {"MessageBody": "x" * 70_000}) == {("sqs", "SendMessage", "you"): (1, 2)}
    assert sqs("ReceiveMessage", queue, answer=b"x" * 200_000) == {("sqs", "ReceiveMessage", "you"): (1, 4)}


def test_a_fifo_queue_is_told_by_its_name_and_not_by_a_message_about_one():
    fifo = sqs("SendMessage", {"QueueUrl": "http://127.0.0.1/1/orders.fifo", "MessageBody": "x"})
    assert list(fifo) == [("sqs-fifo", "SendMessage", "you")]
    talk = sqs("SendMessage", {"QueueUrl": "http://127.0.0.1/1/orders", "MessageBody": "orders.fifo"})
    assert list(talk) == [("sqs", "SendMessage", "you")]


def test_a_poller_asks_for_ten_messages_at_a_time_and_deletes_ten_at_a_time():
    usage = Usage()
    usage.polled("orders", [[100] * 25, [40_000, 40_000]], deleted=11)
    usage.polled("orders.fifo", [[1]], deleted=0)
    assert {
        f"{one['service']} {one['operation']} {one['caller']}": (one["count"], one["units"])
        for one in usage.document({}, 0)["requests"]
    } == {
        "sqs ReceiveMessage trigger": (4, 5),
        "sqs DeleteMessageBatch trigger": (2, 2),
        "sqs-fifo ReceiveMessage trigger": (1, 1),
    }


def test_publishing_and_events_count_by_64_kb_and_by_event():
    publish = counted("sns", body=b"Action=Publish&Message=" + b"x" * 130_000)
    assert publish == {("sns", "Publish", "you"): (1, 2)}
    entries = {"Entries": [{"Source": "shop", "Detail": "{}"}, {"Source": "shop", "Detail": "x" * 70_000}]}
    events = counted("events", body=json.dumps(entries).encode(), headers={"X-Amz-Target": "AWSEvents.PutEvents"})
    assert events == {("events", "PutEvents", "you"): (1, 3)}
    broken = counted("events", body=b"{", headers={"X-Amz-Target": "AWSEvents.PutEvents"})
    assert broken == {("events", "PutEvents", "you"): (1, 1)}


# --- in a real cloud ---------------------------------------------------------------------------------------------

CODE = """
import boto3, os, time
def handler(event, context):
    print("ß" * 10)
    if event.get("fail"):
        raise ValueError("no")
    boto3.client("s3").put_object(Bucket="thumbs", Key="t.jpg", Body=b"x")
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def used(cloud) -> dict[str, Any]:
    with urllib.request.urlopen(f"{cloud.endpoint}/_labsupport/usage") as answer:
        return json.load(answer)


def requests(document: dict[str, Any]) -> dict[str, int]:
    return {f"{one['caller']}: {one['service']} {one['operation']}": one["count"] for one in document["requests"]}


@pytest.fixture(scope="module")
def role(module_cloud) -> str:
    iam = module_cloud.client("iam")
    role = iam.create_role(RoleName="usage", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    for name in ("AmazonS3FullAccess", "service-role/AWSLambdaBasicExecutionRole"):
        iam.attach_role_policy(RoleName="usage", PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    return role


def test_a_new_cloud_has_counted_nothing(own_cloud):
    document = used(own_cloud)
    assert (document["functions"], document["requests"], document["log_bytes"]) == ([], [], 0)
    assert document["dynamodb"] == {}


def test_an_upload_a_function_and_what_it_does_are_counted_for_who_did_them(module_cloud, role):
    s3, client = module_cloud.client("s3"), module_cloud.client("lambda")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", CODE)
    client.create_function(
        FunctionName="thumbnail",
        Role=role,
        Runtime="python3.13",
        Handler="app.handler",
        MemorySize=256,
        Timeout=30,
        Code={"ZipFile": package.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="thumbnail", WaiterConfig={"Delay": 0.05})
    before = requests(used(module_cloud))
    s3.create_bucket(Bucket="thumbs")
    s3.put_object(Bucket="thumbs", Key="größe/ß+1.jpg", Body=b"x")
    answers = [
        client.invoke(FunctionName="thumbnail", Payload=json.dumps(event), LogType="Tail")
        for event in ({}, {}, {"fail": 1})
    ]
    assert [answer.get("FunctionError") for answer in answers] == [None, None, "Unhandled"]
    document = used(module_cloud)
    now = requests(document)
    assert {name: count - before.get(name, 0) for name, count in now.items()} == {
        "you: s3 PutBucket": 1,
        "you: s3 PutObject": 1,
        "function: s3 PutObject": 2,
    }
    (function,) = [one for one in document["functions"] if one["name"] == "thumbnail"]
    assert (function["memory_mb"], function["architecture"], function["invocations"]) == (256, "x86_64", 3)
    logs = module_cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/thumbnail")["events"]
    billed = [
        int(one["message"].partition("Billed Duration: ")[2].split()[0]) for one in logs if "Billed" in one["message"]
    ]
    assert function["billed_ms"] == sum(billed) and len(billed) == 3
    assert document["log_bytes"] == sum(len(one["message"].encode()) for one in logs)


def test_an_invocation_that_was_throttled_or_never_started_costs_nothing(module_cloud, role):
    client = module_cloud.client("lambda")
    client.put_function_concurrency(FunctionName="thumbnail", ReservedConcurrentExecutions=0)
    before = used(module_cloud)["functions"]
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName="thumbnail")
    client.delete_function_concurrency(FunctionName="thumbnail")
    client.invoke(FunctionName="thumbnail", InvocationType="DryRun")
    assert used(module_cloud)["functions"] == before


def test_what_lambda_s_poller_asks_of_a_queue_is_counted_for_the_trigger(module_cloud, role):
    sqs, client = module_cloud.client("sqs"), module_cloud.client("lambda")
    module_cloud.client("iam").attach_role_policy(
        RoleName="usage", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
    )
    url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName="thumbnail", BatchSize=10)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and "trigger: sqs DeleteMessageBatch" not in requests(used(module_cloud)):
        time.sleep(0.1)
    counts = requests(used(module_cloud))
    assert (counts["trigger: sqs ReceiveMessage"], counts["trigger: sqs DeleteMessageBatch"]) == (1, 1)
    assert counts["you: sqs SendMessage"] == 1


def test_an_upload_through_a_presigned_url_counts_like_any_other(module_cloud):
    before = requests(used(module_cloud)).get("you: s3 PutObject", 0)
    client = boto3.client(
        "s3",
        endpoint_url=module_cloud.endpoint,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    url = client.generate_presigned_url("put_object", Params={"Bucket": "thumbs", "Key": "p.jpg"})
    urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="PUT"))
    assert requests(used(module_cloud))["you: s3 PutObject"] == before + 1
