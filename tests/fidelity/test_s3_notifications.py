"""S3 event notifications: records, and delivery to functions, queues, topics and EventBridge."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request

import pytest

from .buckets import Bucket, function_rule, let_s3_send, queue_rule, records, topic_rule
from .deployment import ACCOUNT, REGION, unique_name
from .targets import Queue, deploy, log_text, until

#: Sends every event it gets to a queue.
TO_QUEUE = """
    import json
    import os

    import boto3

    def handler(event, context):
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


@pytest.fixture
def bucket(cloud):
    return Bucket(cloud)


@pytest.fixture
def queue(cloud, bucket):
    queue = Queue(cloud)
    let_s3_send(cloud, queue, bucket)
    return queue


@pytest.fixture
def function(cloud, queue, bucket):
    function = deploy(cloud, TO_QUEUE, Timeout=20, Environment={"Variables": {"QUEUE": queue.url}})
    bucket.permit(function)
    return function


def described(queue: Queue, count: int = 1) -> list[tuple[str, dict]]:
    """Names of events with the object of each record, without its sequencer."""
    found = []
    for record in records(queue, count):
        record["s3"]["object"].pop("sequencer", None)
        found.append((record["eventName"], record["s3"]["object"]))
    return found


def test_F116_the_record_of_a_put(bucket, function, queue):
    """One record an event; no versionId in a bucket without versions. The ids are those of the answer."""
    bucket.configure(functions=[function_rule(function, Id="on-upload")])
    answer = bucket.put("my_key_0")["ResponseMetadata"]
    (record,) = records(queue, 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("eventTime"))
    assert re.fullmatch(r"AWS:AIDA[A-Z0-9]{17}", record.pop("userIdentity")["principalId"])
    assert re.fullmatch(r"A[A-Z0-9]{13}", record["s3"]["bucket"].pop("ownerIdentity")["principalId"])
    assert re.fullmatch("[0-9A-F]{18}", record["s3"]["object"].pop("sequencer"))
    assert record == {
        "eventVersion": "2.5",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventName": "ObjectCreated:Put",
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": answer["HTTPHeaders"]["x-amz-request-id"],
            "x-amz-id-2": answer["HTTPHeaders"]["x-amz-id-2"],
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "on-upload",
            "bucket": {"name": bucket.name, "arn": bucket.arn},
            "object": {"key": "my_key_0", "size": 9, "eTag": "437b930db84b8079c2dd804a71936b5f"},
        },
    }


def test_F116_the_principal_is_the_function_that_wrote_the_object(cloud, bucket, queue):
    """``AWS:`` and the unique id of the role with the name of its session, which is the function's."""
    writer = deploy(
        cloud,
        """
        import boto3

        def handler(event, context):
            boto3.client("s3").put_object(Bucket=event["bucket"], Key="written", Body=b"x")
            return boto3.client("sts").get_caller_identity()["UserId"]
        """,
        Timeout=20,
    )
    bucket.configure(queues=[queue_rule(queue)])
    user_id = writer.invoke({"bucket": bucket.name}).payload
    assert user_id.endswith(f":{writer.name}")
    assert records(queue, 1)[0]["userIdentity"] == {"principalId": f"AWS:{user_id}"}


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("a@b", "a%40b"),
        ("my photo (1).png", "my+photo+%281%29.png"),
        ("dir/é.txt", "dir/%C3%A9.txt"),
        ("sale photo+1.jpg", "sale+photo%2B1.jpg"),
        ("größe/ß.png", "gr%C3%B6%C3%9Fe/%C3%9F.png"),
        ("a//b/../c.txt", "a//b/../c.txt"),
        ("100%25.txt", "100%2525.txt"),
        ("~tilde_under-dash.star*", "~tilde_under-dash.star%2A"),
    ],
)
def test_F118_keys_are_url_encoded(bucket, queue, key, encoded):
    bucket.configure(queues=[queue_rule(queue)])
    bucket.put(key)
    assert records(queue, 1)[0]["s3"]["object"]["key"] == encoded


def test_an_upload_with_content_type_tags_and_metadata_is_one_event_and_the_object_is_complete(cloud, bucket, queue):
    """When the function reads the object, everything that came with it is there."""
    function = deploy(
        cloud,
        """
        import os

        import boto3

        def handler(event, context):
            record = event["Records"][0]["s3"]
            where = {"Bucket": record["bucket"]["name"], "Key": record["object"]["key"]}
            found = boto3.client("s3").head_object(**where)
            tags = boto3.client("s3").get_object_tagging(**where)["TagSet"]
            boto3.client("sqs").send_message(
                QueueUrl=os.environ["QUEUE"],
                MessageBody=f'["{event["Records"][0]["eventName"]}", "{found["ContentType"]}", "{found["Metadata"]["shop"]}", {len(tags)}]',
            )
        """,
        Timeout=20,
        Environment={"Variables": {"QUEUE": queue.url}},
    )
    bucket.permit(function)
    every = ["s3:ObjectCreated:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"]
    bucket.configure(functions=[function_rule(function, *every)])
    for number in range(5):
        bucket.put(f"{number}.png", ContentType="image/png", Metadata={"shop": "kestrel"}, Tagging="a=1&b=2")
    assert queue.records(5) == [["ObjectCreated:Put", "image/png", "kestrel", 2]] * 5
    assert not queue.receive()


def test_a_copy(bucket, queue):
    bucket.configure(queues=[queue_rule(queue)])
    source = Bucket(bucket.cloud)
    source.put("from", ContentType="image/png")
    bucket.s3.copy_object(Bucket=bucket.name, Key="to", CopySource={"Bucket": source.name, "Key": "from"})
    assert described(queue) == [
        ("ObjectCreated:Copy", {"key": "to", "size": 9, "eTag": "437b930db84b8079c2dd804a71936b5f"})
    ]


def test_a_multipart_upload_is_one_event_when_it_is_complete(bucket, queue):
    every = ["s3:ObjectCreated:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"]
    bucket.configure(queues=[queue_rule(queue, *every)])
    where = {"Bucket": bucket.name, "Key": "big"}
    upload = {**where, "UploadId": bucket.s3.create_multipart_upload(**where)["UploadId"]}
    etag = bucket.s3.upload_part(**upload, PartNumber=1, Body=b"a" * 6144)["ETag"]
    made = bucket.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert described(queue) == [
        (
            "ObjectCreated:CompleteMultipartUpload",
            {"key": "big", "size": 6144, "eTag": made["ETag"].strip('"')},
        )
    ]
    assert made["ETag"].endswith('-1"')
    assert not queue.receive()


def test_an_upload_from_a_browser_form(bucket, queue):
    bucket.configure(queues=[queue_rule(queue)])
    form = bucket.s3.generate_presigned_post(bucket.name, "from a form.txt")
    parts = [
        *(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'
            for name, value in form["fields"].items()
        ),
        '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\nContent-Type: text/plain\r\n\r\nsomething',
        "--b--\r\n",
    ]
    request = urllib.request.Request(
        form["url"], "\r\n".join(parts).encode(), {"Content-Type": "multipart/form-data; boundary=b"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 204
    (record,) = records(queue, 1)
    assert record["eventName"] == "ObjectCreated:Post"
    assert record["responseElements"]["x-amz-request-id"] == answer.headers["x-amz-request-id"]
    assert record["s3"]["object"].pop("sequencer")
    assert record["s3"]["object"] == {"key": "from+a+form.txt", "size": 9, "eTag": "437b930db84b8079c2dd804a71936b5f"}


def test_an_upload_with_a_presigned_url(bucket, queue):
    bucket.configure(queues=[queue_rule(queue)])
    url = bucket.s3.generate_presigned_url("put_object", {"Bucket": bucket.name, "Key": "ß 1.txt"})
    request = urllib.request.Request(url, b"something", {"Content-Type": ""}, method="PUT")
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    (record,) = records(queue, 1)
    assert record["s3"]["object"]["key"] == "%C3%9F+1.txt"
    assert record["responseElements"]["x-amz-request-id"] == answer.headers["x-amz-request-id"]


def test_deletions_have_neither_size_nor_entity_tag(bucket, queue):
    for key in ("one", "two", "three"):
        bucket.put(key)
    bucket.configure(queues=[queue_rule(queue, "s3:ObjectRemoved:*")])
    bucket.s3.delete_object(Bucket=bucket.name, Key="one")
    bucket.s3.delete_object(Bucket=bucket.name, Key="never there")
    bucket.s3.delete_objects(
        Bucket=bucket.name, Delete={"Objects": [{"Key": "two"}, {"Key": "not there"}, {"Key": "three"}]}
    )
    assert described(queue, 3) == [("ObjectRemoved:Delete", {"key": key}) for key in ("one", "two", "three")]


def test_F121_a_versioned_bucket(bucket, queue):
    """A deletion makes a marker; what deletes a version says which."""
    bucket.version()
    bucket.configure(queues=[queue_rule(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*")])
    first, second = (bucket.put("photo", body)["VersionId"] for body in (b"one", b"second"))
    marker = bucket.s3.delete_object(Bucket=bucket.name, Key="photo")
    assert marker["DeleteMarker"]
    bucket.s3.delete_object(Bucket=bucket.name, Key="photo", VersionId=first)
    bucket.s3.delete_object(Bucket=bucket.name, Key="photo", VersionId=marker["VersionId"])
    events = described(queue, 5)
    for name, size, version, etag in (
        ("ObjectCreated:Put", 3, first, "f97c5d29941bfb1b2fdab0874906ab82"),
        ("ObjectCreated:Put", 6, second, "a9f0e61a137d86aa9db53465e0801612"),
    ):
        assert events.pop(0) == (name, {"key": "photo", "size": size, "eTag": etag, "versionId": version})
    assert events == [
        (
            "ObjectRemoved:DeleteMarkerCreated",
            {"key": "photo", "eTag": "d41d8cd98f00b204e9800998ecf8427e", "versionId": marker["VersionId"]},
        ),
        ("ObjectRemoved:Delete", {"key": "photo", "versionId": first}),
        ("ObjectRemoved:Delete", {"key": "photo", "versionId": marker["VersionId"]}),
    ]


def test_F121_suspended_versioning_puts_without_version(bucket, queue):
    bucket.version()
    bucket.version("Suspended")
    bucket.configure(queues=[queue_rule(queue)])
    bucket.put("photo")
    assert described(queue) == [
        ("ObjectCreated:Put", {"key": "photo", "size": 9, "eTag": "437b930db84b8079c2dd804a71936b5f"})
    ]


def test_F122_tagging_and_acl(bucket, queue):
    """Their records have no size and no sequencer."""
    bucket.put("photo")
    bucket.configure(queues=[queue_rule(queue, "s3:ObjectTagging:*", "s3:ObjectAcl:Put")])
    where = {"Bucket": bucket.name, "Key": "photo"}
    bucket.s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    bucket.s3.delete_object_tagging(**where)
    bucket.s3.put_object_acl(**where, ACL="public-read")
    events = records(queue, 3)
    assert [event["eventName"] for event in events] == ["ObjectTagging:Put", "ObjectTagging:Delete", "ObjectAcl:Put"]
    for event in events:
        assert event["eventVersion"] == "2.5"
        assert event["s3"]["object"] == {"key": "photo", "eTag": "437b930db84b8079c2dd804a71936b5f"}


def test_a_failed_upload_is_no_event(bucket, queue):
    bucket.configure(queues=[queue_rule(queue)])
    bucket.put("photo")
    with pytest.raises(bucket.s3.exceptions.ClientError, match="PreconditionFailed"):
        bucket.put("photo", IfNoneMatch="*")
    bucket.put("last")
    assert [about["key"] for _name, about in described(queue, 2)] == ["photo", "last"]


def test_the_sequencer_grows_with_each_event(bucket, queue):
    bucket.configure(queues=[queue_rule(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*")])
    for _ in range(3):
        bucket.put("photo")
        bucket.s3.delete_object(Bucket=bucket.name, Key="photo")
    sequencers = [record["s3"]["object"]["sequencer"] for record in records(queue, 6)]
    assert sequencers == sorted(set(sequencers))


def test_F123_prefix_and_suffix(bucket, queue):
    bucket.configure(queues=[queue_rule(queue, prefix="testupload/", suffix="testfile.txt")])
    for key in ("other/testfile.txt", "testupload/dir1/testfile.png", "testupload/dir1/testfile.txt"):
        bucket.put(key)
    assert [about["key"] for _name, about in described(queue)] == ["testupload/dir1/testfile.txt"]


@pytest.mark.parametrize(
    ("prefix", "fits", "does_not"),
    [
        ("year%3D2026/", "year=2026/a", "year%3D2026/a"),
        ("my+photos/", "my photos/a", "my+photos/a"),
        ("gr%C3%B6%C3%9Fe/", "größe/a", "groesse/a"),
        ("plus%2B", "plus+a", "plus a"),
        ("copy(1)!/", "copy(1)!/a", "copy"),
    ],
)
def test_a_filter_is_written_url_encoded(bucket, queue, prefix, fits, does_not):
    """A space is ``+``, special characters are percent-encoded. User Guide."""
    bucket.configure(queues=[queue_rule(queue, prefix=prefix)])
    bucket.put(does_not)
    bucket.put(fits)
    (record,) = records(queue, 1)
    assert record["s3"]["object"]["size"] == 9
    assert urllib.parse.unquote_plus(record["s3"]["object"]["key"]) == fits


def test_each_rule_that_fits_gets_the_event_with_its_own_id(cloud, bucket, queue, function):
    """Several rules may fit one key when their events differ."""
    bucket.configure(
        functions=[function_rule(function, "s3:ObjectCreated:Put", Id="puts")],
        queues=[
            queue_rule(queue, "s3:ObjectCreated:Copy", Id="copies"),
            queue_rule(queue, "s3:ObjectRemoved:*", Id="gone"),
        ],
    )
    bucket.put("photo")
    assert records(queue, 1)[0]["s3"]["configurationId"] == "puts"
    bucket.s3.copy_object(Bucket=bucket.name, Key="copy", CopySource={"Bucket": bucket.name, "Key": "photo"})
    assert records(queue, 1)[0]["s3"]["configurationId"] == "copies"
    bucket.s3.delete_object(Bucket=bucket.name, Key="copy")
    assert records(queue, 1)[0]["s3"]["configurationId"] == "gone"


def test_a_topic_gets_the_record_as_its_message(cloud, bucket, queue):
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique_name("topic"))["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=json.dumps(bucket.policy_for(topic, "sns:Publish")),
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    bucket.configure(topics=[topic_rule(topic)])
    queue.messages(1)  # the test event
    bucket.put("photo")
    (message,) = queue.records(1)
    assert message["Subject"] == "Amazon S3 Notification"
    (record,) = json.loads(message["Message"])["Records"]
    assert record["eventName"] == "ObjectCreated:Put"


def test_F130_S3_invokes_asynchronously(cloud, bucket, queue):
    """The upload succeeds whatever the function does; it is tried three times."""
    function = deploy(
        cloud,
        """
        def handler(event, context):
            print("attempt")
            raise ValueError("cannot read " + event["Records"][0]["s3"]["object"]["key"])
        """,
        DeadLetterConfig={"TargetArn": queue.arn},
    )
    bucket.permit(function)
    bucket.configure(functions=[function_rule(function)])
    assert bucket.put("photo")["ResponseMetadata"]["HTTPStatusCode"] == 200
    (letter,) = queue.records(1)
    assert letter["Records"][0]["s3"]["object"]["key"] == "photo"
    assert len(re.findall("^attempt$", log_text(function), re.M)) == 3


def test_many_uploads_each_start_the_function_once(bucket, function, queue):
    bucket.configure(functions=[function_rule(function)])
    keys = [f"photo-{number:03}" for number in range(100)]
    for key in keys:
        bucket.put(key)
    assert sorted(record["s3"]["object"]["key"] for record in records(queue, 100)) == keys


def test_a_version_of_a_function_is_invoked_when_its_own_policy_allows_it(cloud, bucket, queue):
    function = deploy(cloud, TO_QUEUE, Timeout=20, Environment={"Variables": {"QUEUE": queue.url}})
    version = cloud.client("lambda").publish_version(FunctionName=function.name)["FunctionArn"]
    bucket.permit(function, Qualifier="1")
    bucket.configure(functions=[{"LambdaFunctionArn": version, "Events": ["s3:ObjectCreated:*"]}])
    bucket.put("photo")
    records(queue, 1)


def test_a_function_that_S3_may_no_longer_invoke_is_told_in_its_log(cloud, bucket, function, queue):
    """On AWS nobody hears of it; the lab says what is wrong."""
    bucket.configure(functions=[function_rule(function)])
    bucket.put("first")
    records(queue, 1)
    cloud.client("lambda").remove_permission(FunctionName=function.name, StatementId="s3")
    bucket.put("second")
    note = until(lambda: re.search("^LAB NOTE: .*$", log_text(function), re.M), "nothing was said")
    assert "s3.amazonaws.com" in note[0] and bucket.arn in note[0] and "add_permission" in note[0]
    assert not queue.receive()


def test_EventBridge_gets_every_event_of_a_bucket(cloud, bucket, queue):
    """The key is not encoded there; what was deleted has no size. User Guide, and recorded from AWS."""
    events = cloud.client("events")
    rule = unique_name("rule")
    arn = events.put_rule(
        Name=rule, EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket.name]}}})
    )["RuleArn"]
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=queue.url,
        Attributes={
            "Policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": queue.arn,
                            "Condition": {"ArnEquals": {"aws:SourceArn": arn}},
                        }
                    ],
                }
            )
        },
    )
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue.arn}])
    bucket.configure(EventBridgeConfiguration={})
    answer = bucket.put("my photo.png")["ResponseMetadata"]["HTTPHeaders"]
    bucket.s3.delete_object(Bucket=bucket.name, Key="my photo.png")
    created, deleted = queue.records(2)
    for event, kind in ((created, "Object Created"), (deleted, "Object Deleted")):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
        assert (event["detail-type"], event["source"]) == (kind, "aws.s3")
        assert (event["region"], event["resources"]) == (REGION, [bucket.arn])
        assert event["detail"]["object"].pop("sequencer")
    assert created["detail"] == {
        "version": "0",
        "event-version": "1.1",
        "bucket": {"name": bucket.name},
        "object": {"key": "my photo.png", "size": 9, "etag": "437b930db84b8079c2dd804a71936b5f"},
        "request-id": answer["x-amz-request-id"],
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    assert deleted["detail"]["object"] == {"key": "my photo.png"}
    assert deleted["detail"]["reason"] == "DeleteObject"
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"


def test_a_bucket_made_anew_has_no_notifications(bucket, queue):
    bucket.configure(queues=[queue_rule(queue)])
    bucket.s3.delete_bucket(Bucket=bucket.name)
    bucket.s3.create_bucket(Bucket=bucket.name)
    assert bucket.configuration() == {}
    bucket.put("photo")
    bucket.configure(queues=[queue_rule(queue)])
    bucket.put("second")
    assert [about["key"] for _name, about in described(queue)] == ["second"]
