"""One test for each place where the seam touches moto's insides: a failing test here names the function to mend."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import backends as moto_backends
from moto import mock_aws
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY
from moto.sqs import models as sqs_models

from labsupport.localcloud import moto_seam

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module", autouse=True)
def patched_once():
    """The seam patches classes; the moto process does it once, and so does this module."""
    original = sqs_models.Message.__init__
    moto_seam.keep_trace_header_of_messages()
    yield
    sqs_models.Message.__init__ = original


@pytest.fixture
def clients(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION)


def role(clients, trust=TRUST):
    made = clients("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))
    return made["Role"]["Arn"]


def test_role_trust_policy_is_what_the_role_was_made_with(clients):
    arn = role(clients)
    assert moto_seam.role_trust_policy(arn) == TRUST
    assert moto_seam.role_trust_policy(arn + "x") is None
    assert moto_seam.role_trust_policy(arn.replace("123456789012", "210987654321")) is None


@pytest.mark.parametrize(
    ("service", "passed_on"),
    [("s3", "Root=1"), ("sns", "Root=1"), ("sqs", "Root=1"), ("events", None), ("dynamodb", None)],
)
def test_trace_header_is_that_of_the_request_moto_serves(monkeypatch, service, passed_on):
    """Only the services whose loops Lambda sees hand the header on to the functions they start."""
    seen = []
    app = lambda environ, start_response: seen.append(moto_seam.trace_header()) or []  # noqa: E731
    monkeypatch.setattr(moto_seam, "DomainDispatcherApplication", lambda _create: app)
    credential = f"AWS4-HMAC-SHA256 Credential=ASIA/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host"
    moto_seam.application()({"HTTP_X_AMZN_TRACE_ID": "Root=1", "HTTP_AUTHORIZATION": credential}, None)
    assert seen == [passed_on]
    assert moto_seam.trace_header() is None


def test_moto_looks_a_backend_up_for_every_request(monkeypatch):
    """When moto remembers them itself, ``find_backends_once`` may go."""
    asked = []
    monkeypatch.setattr(moto_backends, "list_of_moto_modules", lambda: asked.append(1) or [])
    dispatcher = moto_seam.DomainDispatcherApplication(None)
    for _ in range(2):
        assert dispatcher.get_backend_for_host("s3.us-east-1.amazonaws.com") == "s3"
    assert len(asked) == 2


def test_a_backend_is_found_once(monkeypatch):
    asked = []
    monkeypatch.setattr(
        moto_seam.DomainDispatcherApplication,
        "get_backend_for_host",
        lambda self, host: asked.append(host) or host and host.partition(".")[0],
    )
    moto_seam.find_backends_once()
    dispatcher = moto_seam.DomainDispatcherApplication(None)
    hosts = ["s3.us-east-1.amazonaws.com", None, "sqs.us-east-1.amazonaws.com", None, "s3.us-east-1.amazonaws.com"]
    assert [dispatcher.get_backend_for_host(host) for host in hosts] == ["s3", None, "sqs", None, "s3"]
    assert asked == hosts[:3]


def test_a_message_keeps_the_trace_header_it_was_sent_with():
    token = moto_seam._trace_header.set("Root=1")
    try:
        message = sqs_models.Message("id", "body")
        given = sqs_models.Message("id", "body", {"AWSTraceHeader": {"StringValue": "own"}})
    finally:
        moto_seam._trace_header.reset(token)
    assert message.system_attributes == {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}
    assert given.system_attributes["AWSTraceHeader"]["StringValue"] == "own"
    assert sqs_models.Message("id", "body").system_attributes == {}


def test_put_log_events_makes_group_and_stream(clients):
    import time

    now = int(time.time() * 1000)
    moto_seam.put_log_events(REGION, "/aws/lambda/f", "s[$LATEST]", [{"timestamp": now, "message": "one\n"}])
    moto_seam.put_log_events(REGION, "/aws/lambda/f", "s[$LATEST]", [{"timestamp": now, "message": "two"}])
    events = clients("logs").get_log_events(logGroupName="/aws/lambda/f", logStreamName="s[$LATEST]")["events"]
    assert [event["message"] for event in events] == ["one\n", "two"]


def test_the_application_restores_path_and_underscored_headers():
    """moto needs RAW_URI for S3 keys and the original spelling of metadata headers; WSGI servers give neither."""
    seen = {}

    def fake_dispatcher(_create):
        def app(environ, start_response):
            seen.update(environ)
            return []

        return app

    original, moto_seam.DomainDispatcherApplication = moto_seam.DomainDispatcherApplication, fake_dispatcher
    try:
        application = moto_seam.application()
    finally:
        moto_seam.DomainDispatcherApplication = original
    headers = json.dumps([["x-amz-meta-a_b", "1"]])
    application({"REQUEST_URI": "/b/a%2Fb?x=1", "HTTP_X_LABSUPPORT_UNDERSCORED": headers}, None)
    assert seen["RAW_URI"] == "/b/a%2Fb?x=1"
    assert seen["HTTP_X_AMZ_META_A_B"] == "1"
    assert seen[PRESERVED_HEADER_NAMES_ENVIRON_KEY] == {"HTTP_X_AMZ_META_A_B": "x-amz-meta-a_b"}


def test_event_source(clients):
    clients("sqs").create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "45"})
    clients("kinesis").create_stream(StreamName="s", ShardCount=1)
    table = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    made = clients("dynamodb").create_table(
        TableName="orders", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, **table
    )
    plain = clients("dynamodb").create_table(TableName="plain", **table)
    stream = made["TableDescription"]["LatestStreamArn"]
    queue, kinesis = (f"arn:aws:{name}" for name in ("sqs:{}:{}:jobs", "kinesis:{}:{}:stream/s"))
    assert moto_seam.event_source(queue.format(REGION, moto_seam.ACCOUNT_ID)) == {"visibility_timeout": 45}
    assert moto_seam.event_source(stream) == {}
    assert moto_seam.event_source(kinesis.format(REGION, moto_seam.ACCOUNT_ID)) == {}
    missing = [
        f"{queue.format(REGION, moto_seam.ACCOUNT_ID)}-2",
        queue.format("eu-west-1", moto_seam.ACCOUNT_ID),
        queue.format("zz-nowhere-1", moto_seam.ACCOUNT_ID),
        queue.format(REGION, "111122223333"),
        stream.replace("orders", "nowhere"),
        f"{stream}-2",
        f"{plain['TableDescription']['TableArn']}/stream/2026-01-01T00:00:00.000",
        f"{kinesis.format(REGION, moto_seam.ACCOUNT_ID)}-2",
        f"arn:aws:sns:{REGION}:{moto_seam.ACCOUNT_ID}:topic",
    ]
    assert [moto_seam.event_source(arn) for arn in missing] == [None] * len(missing)


def test_resource_exists(clients):
    queue = clients("sqs").create_queue(QueueName="q")["QueueUrl"]
    attributes = clients("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    bus = clients("events").create_event_bus(Name="bus")["EventBusArn"]
    clients("s3").create_bucket(Bucket="bucket-of-the-seam")
    default = bus.replace("event-bus/bus", "event-bus/default")
    topic = clients("sns").create_topic(Name="t")["TopicArn"]
    there = [attributes["QueueArn"], topic, bus, default, "arn:aws:s3:::bucket-of-the-seam"]
    assert [moto_seam.resource_exists(arn) for arn in there] == [True] * 5
    assert [moto_seam.resource_exists(f"{arn}-2") for arn in there] == [False] * 5
    elsewhere = [arn.replace(REGION, "eu-west-1") for arn in there[:3]]
    strangers = [arn.replace("123456789012", "111122223333") for arn in there[:4]]
    nowhere = [arn.replace(REGION, "zz-nowhere-1") for arn in there[:4]]
    assert not any(moto_seam.resource_exists(arn) for arn in elsewhere + strangers + nowhere)
    assert not moto_seam.resource_exists("arn:aws:kinesis:us-east-1:123456789012:stream/s")
