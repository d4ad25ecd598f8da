"""How a published message leaves moto's SNS: a notice for functions, messages for queues."""

from __future__ import annotations

import base64
import json

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from moto import mock_aws
from moto.sns import models, sns_backends

from labsupport.localcloud import moto_notices, moto_seam_sns

REGION = "us-east-1"
ARN = f"arn:aws:lambda:{REGION}:123456789012:function:f"


@pytest.fixture
def told(monkeypatch):
    """moto with its SNS as in the moto process; the notices that were told."""
    for owner, name in (
        (models.Topic, "publish"),
        (models.SNSBackend, "publish"),
        (models.SNSBackend, "subscribe"),
        (models.SNSBackend, "_validate_filter_policy"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back after the test
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    notices: list[dict] = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **fields: notices.append({"kind": kind, **fields}))
    moto_seam_sns.deliver_as_aws_does()
    with mock_aws():
        yield notices


@pytest.fixture
def sns(told):
    return boto3.client("sns", region_name=REGION)


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def queue(told):
    """Makes a queue; gives a function that takes the next message."""
    sqs = boto3.client("sqs", region_name=REGION)

    def make(name):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]

        def take():
            found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", [])
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return found

        return f"arn:aws:sqs:{REGION}:123456789012:{name}", take

    return make


def test_deliver_as_aws_does_tells_of_functions_in_one_notice(told, sns, topic):
    first = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN)["SubscriptionArn"]
    second = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{ARN}:live")["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="hello")
    (notice,) = told
    assert (notice["kind"], notice["region"], notice["topic"], notice["trace"]) == ("sns", REGION, topic, None)
    assert notice["notification"]["Message"] == "hello"
    assert notice["subscriptions"] == [
        {"arn": first, "function": ARN, "dead_letters": None},
        {"arn": second, "function": f"{ARN}:live", "dead_letters": None},
    ]


def test_deliver_as_aws_does_reaches_more_than_a_hundred_subscriptions(told, sns, topic):
    for number in range(130):
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{ARN}{number}")
    sns.publish(TopicArn=topic, Message="hello")
    assert len(told[0]["subscriptions"]) == 130


def test_moto_still_reaches_only_the_first_hundred(monkeypatch):
    """When this fails, moto is fixed."""
    reached = []
    with mock_aws():
        backend = sns_backends["123456789012"][REGION]
        topic = backend.create_topic("news")
        for number in range(130):
            backend.subscribe(topic.arn, f"{ARN}{number}", "lambda")
        monkeypatch.setattr(models.Subscription, "publish", lambda self, *a, **k: reached.append(self))
        topic.publish("hello")
    assert len(reached) == 100


@pytest.mark.parametrize(("version", "algorithm"), (("1", hashes.SHA1()), ("2", hashes.SHA256())))
def test_a_queues_notification_is_signed_by_the_key_of_its_certificate(told, sns, topic, queue, version, algorithm):
    arn, take = queue("q")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    sns.publish(TopicArn=topic, Message="hello", Subject="greeting")
    body = json.loads(take()[0]["Body"])
    assert body["SignatureVersion"] == version
    keys = sns_backends["123456789012"][REGION]._message_public_keys
    certificate = x509.load_pem_x509_certificate(keys[body["SigningCertURL"].rpartition("/")[2]])
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{body[name]}\n" for name in names).encode()
    certificate.public_key().verify(base64.b64decode(body["Signature"]), signed, padding.PKCS1v15(), algorithm)


def test_all_messages_share_one_certificate(told, sns, topic, queue):
    arn, _take = queue("q")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for _ in range(5):
        sns.publish(TopicArn=topic, Message="hello")
    assert len(sns_backends["123456789012"][REGION]._message_public_keys) == 1


def test_a_raw_binary_attribute_reaches_a_queue_as_bytes(told, sns, topic, queue):
    arn, take = queue("q")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    attributes = {"b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sns.publish(TopicArn=topic, Message="bare", MessageAttributes=attributes)
    assert take()[0]["MessageAttributes"] == attributes


def test_a_message_for_a_queue_that_is_gone_goes_to_the_dead_letter_queue(told, sns, topic, queue):
    dead, take = queue("dead")
    missing = f"arn:aws:sqs:{REGION}:123456789012:missing"
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=missing, Attributes=redrive)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{missing}2")
    sns.publish(TopicArn=topic, Message="hello")
    assert json.loads(take()[0]["Body"])["Message"] == "hello"


def test_send_dead_letter_says_when_there_is_no_such_queue(told, queue):
    dead, take = queue("dead")
    notification = {
        "Message": "m",
        "Subject": None,
        "MessageAttributes": {},
        "SigningCertUrl": "c",
        "UnsubscribeUrl": "u",
    }
    assert moto_seam_sns.send_dead_letter(REGION, f"{dead}x", notification) is False
    assert moto_seam_sns.send_dead_letter(REGION, dead, notification) is True
    assert json.loads(take()[0]["Body"]) == {"Message": "m", "SigningCertURL": "c", "UnsubscribeURL": "u"}


def test_a_filtered_message_is_told_to_nobody(told, sns, topic):
    policy = {"FilterPolicy": '{"kind": ["order"]}'}
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN, Attributes=policy)
    sns.publish(TopicArn=topic, Message="hello")
    assert told == []


def test_what_aws_refuses_is_refused(sns, topic):
    for message, text in (("", "Empty message"), ("ß" * 131_073, "Message too long")):
        with pytest.raises(ClientError, match=f"Invalid parameter: {text}$"):
            sns.publish(TopicArn=topic, Message=message)
    with pytest.raises(ClientError, match="Invalid parameter: Lambda endpoint ARN$"):
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint="f")


def test_filter_policies_know_every_operator_and_the_scope_of_now(told, sns, topic):
    """The scope can be set after the policy: moto then goes on with the old one."""
    policy = {"FilterPolicy": '{"ip": [{"cidr": "10.0.0.0/24"}]}'}
    arn = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN, Attributes=policy)["SubscriptionArn"]
    address = {"ip": {"DataType": "String", "StringValue": "10.0.0.7"}}
    sns.publish(TopicArn=topic, Message="{}", MessageAttributes=address)
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicyScope", AttributeValue="MessageBody"
    )
    sns.publish(TopicArn=topic, Message="{}", MessageAttributes=address)
    sns.publish(TopicArn=topic, Message='{"ip": "10.0.0.8"}')
    assert [notice["notification"]["Message"] for notice in told] == ["{}", '{"ip": "10.0.0.8"}']


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('{"suffix": 100}', "suffix match pattern must be a string"),
        ('{"exists": "no"}', "exists match pattern must be either true or false."),
        ('{"cidr": "bad"}', "Malformed CIDR, one '/' required"),
        ('{"wrong-operator": true}', "Unrecognized match type wrong-operator"),
    ],
)
def test_a_filter_policy_that_aws_refuses_is_refused(sns, topic, rule, reason):
    """Reasons recorded from AWS."""
    policy = {"FilterPolicy": f'{{"key": [{rule}]}}'}
    with pytest.raises(ClientError) as refused:
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN, Attributes=policy)
    assert refused.value.response["Error"]["Code"] == "InvalidParameter"
    assert refused.value.response["Error"]["Message"].splitlines()[0].endswith(f"FilterPolicy: {reason}")


def test_moto_still_stops_at_the_first_rule_that_needs_an_attribute():
    """When this fails, moto is fixed."""
    assert not models.FilterPolicyMatcher({"a": ["x", {"exists": False}]}, None).matches({}, "")
