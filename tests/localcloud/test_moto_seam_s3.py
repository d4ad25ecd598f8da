"""Which events a request to moto's S3 tells the front door of, and the delivery of messages to moto's services."""

from __future__ import annotations

import json
import re

import boto3
import pytest
from moto import mock_aws
from moto.s3 import models, notifications

from labsupport.localcloud import moto_notices, moto_seam, moto_seam_s3

REGION = "us-east-1"


@pytest.fixture
def told(monkeypatch):
    """moto with its events replaced: notices as ``(kind, fields)``."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for owner, name in (
        (notifications, "send_event"),
        (models.S3Backend, "delete_object"),
        (models.S3Backend, "delete_bucket"),
        (models.S3Backend, "put_object_acl"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    notices: list[tuple[str, dict]] = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **fields: notices.append((kind, fields)))
    moto_seam_s3.replace_events()
    with mock_aws():
        yield notices


@pytest.fixture
def s3(told):
    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(Bucket="photos")
    moto_seam_s3.watch_bucket("photos", True)
    return client


def during(action, status: str = "200 OK", **environ):
    """Do ``action`` as one request that is answered with ``status``."""

    def app(environ, start_response):
        action()
        start_response(status, [])
        return [b"answer"]

    return moto_seam_s3.with_events(app)(environ, lambda *answer: None)


def names(told) -> list[str]:
    return [fields["name"] for kind, fields in told if kind == "s3_event"]


def test_with_events_tells_when_the_answer_is_ready(s3, told):
    def put() -> None:
        s3.put_object(Bucket="photos", Key="größe", Body=b"something", Tagging="a=1")
        assert told == []

    during(
        put,
        HTTP_AUTHORIZATION="AWS4-HMAC-SHA256 Credential=ASIAX/20260101/us-east-1/s3/aws4_request, SignedHeaders=host",
        HTTP_X_LABSUPPORT_REQUEST_ID="R",
        HTTP_X_LABSUPPORT_HOST_ID="H",
        HTTP_X_AMZN_TRACE_ID="Root=1",
    )
    ((kind, fields),) = told
    assert kind == "s3_event"
    assert re.fullmatch("00[0-9A-F]{16}", fields.pop("sequencer"))
    assert fields.pop("time") > 1.7e9
    assert fields == {
        "name": "ObjectCreated:Put",
        "bucket": "photos",
        "region": REGION,
        "key": "größe",
        "version": None,
        "etag": "437b930db84b8079c2dd804a71936b5f",
        "size": 9,
        "access_key": "ASIAX",
        "request_id": "R",
        "host_id": "H",
        "trace": "Root=1",
    }


def test_the_access_key_of_a_presigned_url_is_told(s3, told):
    during(
        lambda: s3.put_object(Bucket="photos", Key="k", Body=b""),
        QUERY_STRING="X-Amz-Algorithm=x&X-Amz-Credential=AKIAX%2F20260101%2Fus-east-1%2Fs3%2Faws4_request",
    )
    assert told[0][1]["access_key"] == "AKIAX"


def test_a_request_that_fails_tells_nothing(s3, told):
    during(lambda: s3.put_object(Bucket="photos", Key="k", Body=b""), status="400 Bad Request")
    assert told == []


def test_watch_bucket_turns_events_on_and_off(s3, told):
    moto_seam_s3.watch_bucket("photos", False)
    during(lambda: s3.put_object(Bucket="photos", Key="k", Body=b""))
    assert told == []
    moto_seam_s3.watch_bucket("photos", True)
    during(lambda: s3.put_object(Bucket="photos", Key="k", Body=b""))
    assert names(told) == ["ObjectCreated:Put"]
    moto_seam_s3.watch_bucket("not there", True)


def test_region_of_bucket(s3):
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert moto_seam_s3.region_of_bucket("photos") == REGION
    assert moto_seam_s3.region_of_bucket("far") == "eu-west-1"
    assert moto_seam_s3.region_of_bucket("not there") is None


def test_moto_still_raises_the_events_that_are_taken_over(s3, told):
    """put, copy, parts, tags and ACLs reach ``send_event``; a put by form is the server's."""
    where = {"Bucket": "photos", "Key": "k"}
    during(lambda: s3.put_object(**where, Body=b"x"))
    during(lambda: s3.copy_object(Bucket="photos", Key="c", CopySource=where))
    during(lambda: s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}))
    during(lambda: s3.delete_object_tagging(**where))
    during(lambda: s3.put_object_acl(**where, ACL="public-read"))
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    during(lambda: s3.complete_multipart_upload(**upload, MultipartUpload=parts))
    assert names(told) == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectAcl:Put",
        "ObjectCreated:CompleteMultipartUpload",
    ]


def test_an_ACL_that_stays_what_it_was_is_no_event(s3, told):
    where = {"Bucket": "photos", "Key": "k"}
    s3.put_object(**where, Body=b"x")
    for acl in ("private", "public-read", "public-read", "private"):
        during(lambda acl=acl: s3.put_object_acl(**where, ACL=acl))
    assert names(told) == ["ObjectAcl:Put"] * 2


def test_deletions_are_told_of_keys_that_were_there(s3, told):
    s3.put_object(Bucket="photos", Key="k", Body=b"x")
    during(lambda: s3.delete_object(Bucket="photos", Key="not there"))
    during(lambda: s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "k"}, {"Key": "nor this"}]}))
    ((_kind, fields),) = told
    assert (fields["name"], fields["key"], fields["etag"], fields["size"]) == ("ObjectRemoved:Delete", "k", None, None)


def test_deletions_in_a_versioned_bucket(s3, told):
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="photos", Key="k", Body=b"x")["VersionId"]
    during(lambda: s3.delete_object(Bucket="photos", Key="k"))
    during(lambda: s3.delete_object(Bucket="photos", Key="k", VersionId=version))
    during(lambda: s3.delete_object(Bucket="photos", Key="k", VersionId="none-such"))
    (_, marker), (_, deleted) = told
    assert marker["name"] == "ObjectRemoved:DeleteMarkerCreated"
    assert marker["version"] and marker["version"] != version
    assert (deleted["name"], deleted["version"]) == ("ObjectRemoved:Delete", version)


def test_a_deleted_bucket_is_told(s3, told):
    s3.delete_bucket(Bucket="photos")
    assert told == [("s3_bucket_deleted", {"bucket": "photos"})]


def test_a_bucket_that_is_not_empty_is_not_told(s3, told):
    s3.put_object(Bucket="photos", Key="k", Body=b"x")
    with pytest.raises(s3.exceptions.ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket="photos")
    assert told == []


def test_deliver_sends_to_queues_topics_and_the_default_event_bus(s3):
    sqs, sns, events = (boto3.client(name, region_name=REGION) for name in ("sqs", "sns", "events"))
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": queue}])
    entry = {"Source": "aws.s3", "DetailType": "Object Created", "Detail": '{"a": 1}', "Resources": [], "Time": 1.0}
    missing = queue.replace(":q", ":missing")
    problems = moto_seam_s3.deliver(
        [
            {"arn": queue, "body": "to the queue", "trace": "Root=1", "entry": None},
            {"arn": topic, "body": "to the topic", "trace": None, "entry": None},
            {"arn": missing, "body": "lost", "trace": None, "entry": None},
            {
                "arn": f"arn:aws:events:{REGION}:123456789012:event-bus/default",
                "body": "",
                "trace": None,
                "entry": entry,
            },
        ]
    )
    assert [problem and problem.partition(":")[0] for problem in problems] == [None, None, "QueueDoesNotExist", None]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    bodies = [message["Body"] for message in messages]
    assert bodies[0] == "to the queue"
    assert json.loads(bodies[1])["Message"] == "to the topic"
    assert json.loads(bodies[1])["Subject"] == "Amazon S3 Notification"
    assert json.loads(bodies[2])["detail"] == {"a": 1}


def test_traced_is_the_trace_header_within_it():
    with moto_seam.traced("Root=1"):
        assert moto_seam.trace_header() == "Root=1"
    assert moto_seam.trace_header() is None
