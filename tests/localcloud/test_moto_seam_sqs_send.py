"""SendMessage as righted by the seam. The last tests tell when moto itself is right, and the seam may shrink."""

from __future__ import annotations

import json

import boto3
import pytest
from moto.sqs import models as sqs_models

from labsupport.localcloud import moto_seam_sqs_send

from .righted_sqs import REGION, arn, fifo, make, plain, queue, receive, refused, send, sqs

__all__ = ["plain", "sqs"]  # fixtures

LIMIT = 1024 * 1024
TOO_LONG = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."


def test_a_message_may_have_a_mebibyte_and_no_byte_more(sqs):
    """SQSBackend._validate_message: moto counts characters."""
    url = make(sqs)
    send(sqs, url, "ä" * (LIMIT // 2))
    for body in ("ä" * (LIMIT // 2) + "x", "x" * (LIMIT + 1)):
        assert refused(sqs.send_message, QueueUrl=url, MessageBody=body) == ("InvalidParameterValue", TOO_LONG)


def test_attributes_count_towards_the_limit_with_name_type_and_value(sqs):
    url = make(sqs)
    attributes = {"kind": {"DataType": "String", "StringValue": "photo"}}  # 4 + 6 + 5 bytes
    send(sqs, url, "x" * (LIMIT - 15), MessageAttributes=attributes)
    code, text = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * (LIMIT - 14), MessageAttributes=attributes)
    assert (code, text) == ("InvalidParameterValue", TOO_LONG)


def test_the_queues_own_limit_is_named(sqs):
    url = make(sqs, MaximumMessageSize="1024")
    _code, text = refused(sqs.send_message, QueueUrl=url, MessageBody="x" * 1025)
    assert text == "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."


def test_a_batch_may_have_a_mebibyte_altogether(sqs):
    """SQSBackend.send_message_batch."""
    url = make(sqs)
    entries = [{"Id": str(number), "MessageBody": "ä" * 200_000} for number in range(3)]
    code, text = refused(sqs.send_message_batch, QueueUrl=url, Entries=entries)
    assert code == "AWS.SimpleQueueService.BatchRequestTooLong"
    assert text == "Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes."
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries[:2])["Successful"]) == 2


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_xml_does_not_know_are_refused(sqs, character):
    """SQSBackend._validate_message: moto takes them."""
    url = make(sqs)
    code, text = refused(sqs.send_message, QueueUrl=url, MessageBody=f"a{character}b")
    assert code == "InvalidMessageContents"
    assert text == (
        f"Invalid binary character '#x{ord(character):X}' was found in the message body, the set of allowed characters is "
        "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."
    )


def test_all_other_characters_arrive(sqs):
    url = make(sqs)
    body = "\t\n\r \x7fß\ud7ff\ue000\ufffd🖼"
    send(sqs, url, body)
    assert [message["Body"] for message in receive(sqs, url)] == [body]


def test_an_empty_message_is_refused(sqs):
    code, text = refused(sqs.send_message, QueueUrl=make(sqs), MessageBody="")
    assert (code, text) == ("MissingParameter", "The request must contain the parameter MessageBody.")


@pytest.mark.parametrize("seconds", [-1, 901])
def test_a_delay_is_at_most_a_quarter_of_an_hour(sqs, seconds):
    _code, text = refused(sqs.send_message, QueueUrl=make(sqs), MessageBody="x", DelaySeconds=seconds)
    assert text == (
        f"Value {seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
    )


def test_what_a_fifo_queue_asks_for(sqs):
    url = fifo(sqs)
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x") == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )
    _code, text = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g")
    assert text == (
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )
    parameters = {"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 5}
    _code, text = refused(sqs.send_message, QueueUrl=url, MessageBody="x", **parameters)
    assert text == (
        "Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this "
        "queue type."
    )


def test_a_deduplication_id_of_ones_own_overrides_the_contents(sqs):
    url = fifo(sqs, ContentBasedDeduplication="true")
    for deduplication_id in ("a", "b", "a"):
        send(sqs, url, "same", MessageGroupId="g", MessageDeduplicationId=deduplication_id)
    found = [message["Attributes"]["MessageDeduplicationId"] for message in receive(sqs, url)]
    assert found == ["a", "b"]


def test_a_group_id_on_a_standard_queue_is_kept(sqs):
    """Fair queues: Developer Guide, "FIFO queue key terms"."""
    url = make(sqs)
    send(sqs, url, MessageGroupId="tenant")
    assert receive(sqs, url)[0]["Attributes"]["MessageGroupId"] == "tenant"


def test_a_delayed_message_comes_later(sqs):
    url = make(sqs, DelaySeconds="5")
    send(sqs, url, "late")
    send(sqs, url, "now", DelaySeconds=0)
    assert [message["Body"] for message in receive(sqs, url)] == ["now"]
    late = next(message for message in queue()._messages if message.body == "late")
    late.delayed_until = 0.0
    assert [message["Body"] for message in receive(sqs, url)] == ["late"]


def test_sns_delivers_binary_attributes_raw(sqs):
    """Subscription.publish hands them over as text."""
    url = make(sqs)
    sns = boto3.client("sns", region_name=REGION)
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(), Attributes={"RawMessageDelivery": "true"})
    sns.publish(
        TopicArn=topic, Message="x", MessageAttributes={"raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    )
    (message,) = receive(sqs, url)
    assert message["MessageAttributes"]["raw"]["BinaryValue"] == b"\x00\xff"


def test_the_sender_is_the_owner_of_the_access_key(sqs, monkeypatch):
    """Message.__init__: in moto everything is sent by one user."""
    url = make(sqs)
    iam = boto3.client("iam", region_name=REGION)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    sts = boto3.client("sts", region_name=REGION)
    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="resize")["Credentials"]
    iam.create_user(UserName="kim")
    key = iam.create_access_key(UserName="kim")["AccessKey"]["AccessKeyId"]
    for access_key in (session["AccessKeyId"], key, "testing", ""):
        monkeypatch.setattr(moto_seam_sqs_send, "access_key", lambda access_key=access_key: access_key)
        send(sqs, url, access_key or "nobody")
    senders = {message["Body"]: message["Attributes"]["SenderId"] for message in receive(sqs, url)}
    assert senders[session["AccessKeyId"]] == f"{role['RoleId']}:resize"
    assert senders[key] == iam.get_user(UserName="kim")["User"]["UserId"]
    assert senders["testing"] == senders["nobody"] == sqs_models.DEFAULT_SENDER_ID


# --- what moto is wrong about ------------------------------------------------------------------------------------------


def test_moto_still_counts_characters_and_takes_all_of_them(plain):
    url = make(plain)
    send(plain, url, "ä" * LIMIT)
    send(plain, url, "\x07")


def test_moto_still_says_that_one_user_sent_everything():
    assert sqs_models.Message("id", "body").sender_id == sqs_models.DEFAULT_SENDER_ID


def test_moto_still_counts_all_messages_to_send_one(plain, monkeypatch):
    """Queue.attributes is made anew, with three counts, to look at one setting."""
    url = make(plain)
    counted = []
    monkeypatch.setattr(
        sqs_models.Queue, "approximate_number_of_messages", property(lambda queue: counted.append(1) or 0)
    )
    send(plain, url)
    assert counted
