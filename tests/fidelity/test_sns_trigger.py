"""SNS calls functions: the event, who may call, what is filtered, what becomes of messages that cannot be delivered.

The event and the dead letter are recorded from AWS; the rest is from the Amazon SNS Developer Guide.
"""

from __future__ import annotations

import json
import re

import pytest

from .deployment import ACCOUNT, REGION, refusal, unique_name
from .targets import Queue, deploy, log_text, until

ECHO = """
import json

def handler(event, context):
    print("GOT " + json.dumps(event))
"""


def received(function, count=1):
    """Events that an echoing function printed, in the order of its log."""

    def found():
        events = [json.loads(line) for line in re.findall(r"^GOT (.*)$", log_text(function), re.M)]
        return events if len(events) >= count else None

    return until(found, f"{count} events did not come")


def messages(function, count=1):
    return sorted(event["Records"][0]["Sns"]["Message"] for event in received(function, count))


def allow(cloud, function, topic, name=None, **more):
    cloud.client("lambda").add_permission(
        FunctionName=name or function.name,
        StatementId=unique_name("sns"),
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        **({"SourceArn": topic} | more),
    )


@pytest.fixture
def topic(cloud):
    return cloud.client("sns").create_topic(Name=unique_name("topic"))["TopicArn"]


@pytest.fixture
def sns(cloud):
    return cloud.client("sns")


@pytest.fixture
def echo(cloud):
    return deploy(cloud, ECHO)


def test_a_function_gets_one_record_with_aws_members_in_aws_order(cloud, sns, topic, echo):
    """Recorded from AWS."""
    allow(cloud, echo, topic)
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)["SubscriptionArn"]
    sent = sns.publish(
        TopicArn=topic,
        Message="disk is full",
        MessageAttributes={
            "level": {"DataType": "String", "StringValue": "high"},
            "disk": {"DataType": "Number", "StringValue": "7"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )["MessageId"]
    ((record,),) = [event["Records"] for event in received(echo)]
    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventVersion"] == "1.0"
    assert record["EventSubscriptionArn"] == subscription
    assert re.fullmatch(rf"{topic}:[0-9a-f-]{{36}}", subscription)
    notification = record["Sns"]
    signature, certificate = notification.pop("Signature"), notification.pop("SigningCertUrl")
    timestamp = notification.pop("Timestamp")
    assert notification == {
        "Type": "Notification",
        "MessageId": sent,
        "TopicArn": topic,
        "Subject": None,
        "Message": "disk is full",
        "SignatureVersion": "1",
        "UnsubscribeUrl": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription}",
        "MessageAttributes": {
            "level": {"Type": "String", "Value": "high"},
            "disk": {"Type": "Number", "Value": "7"},
            "raw": {"Type": "Binary", "Value": "AAE="},
        },
    }
    assert list(record["Sns"]) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "SignatureVersion",
        "UnsubscribeUrl",
        "MessageAttributes",
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", timestamp)
    assert re.fullmatch(r"[A-Za-z0-9+/]{342}==", signature)
    assert re.fullmatch(
        rf"https://sns\.{REGION}\.amazonaws\.com/SimpleNotificationService-[0-9a-f]{{32}}\.pem", certificate
    )


def test_a_message_without_attributes_has_none_and_one_with_a_subject_has_it(cloud, sns, topic, echo):
    """Recorded from AWS."""
    allow(cloud, echo, topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)
    sns.publish(TopicArn=topic, Message="größe ✓", Subject="[Subject] Test subject")
    notification = received(echo)[0]["Records"][0]["Sns"]
    assert notification["MessageAttributes"] == {}
    assert notification["Subject"] == "[Subject] Test subject"
    assert notification["Message"] == "größe ✓"


def test_every_subscribed_function_and_alias_gets_the_message_once(cloud, sns, topic):
    """Developer Guide, "Fanout to Lambda functions"."""
    first, second = deploy(cloud, ECHO), deploy(cloud, ECHO)
    lambda_ = cloud.client("lambda")
    version = lambda_.publish_version(FunctionName=second.name)["Version"]
    alias = lambda_.create_alias(FunctionName=second.name, Name="live", FunctionVersion=version)["AliasArn"]
    allow(cloud, first, topic)
    allow(cloud, second, topic, name=alias)
    for endpoint in (first.arn, alias, first.arn):  # subscribing twice is one subscription
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=endpoint)
    for number in range(5):
        sns.publish(TopicArn=topic, Message=str(number))
    assert messages(first, 5) == messages(second, 5) == ["0", "1", "2", "3", "4"]


def test_a_batch_calls_the_function_once_for_each_message(cloud, sns, topic, echo):
    """Recorded from AWS: always one record in an event."""
    allow(cloud, echo, topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)
    entries = [{"Id": str(number), "Message": f"m{number}"} for number in range(10)]
    assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]) == 10
    assert messages(echo, 10) == [f"m{number}" for number in range(10)]


def test_the_text_for_lambda_is_chosen_from_a_structured_message(cloud, sns, topic, echo):
    """API Reference, "Publish", MessageStructure."""
    allow(cloud, echo, topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)
    sns.publish(TopicArn=topic, Message='{"default": "all", "lambda": "functions"}', MessageStructure="json")
    assert messages(echo) == ["functions"]
    assert refusal(sns.publish, TopicArn=topic, Message='{"lambda": "x"}', MessageStructure="json") == (
        "InvalidParameter",
        400,
        "Invalid parameter: Message Structure - No default entry in JSON message body",
    )
    assert refusal(sns.publish, TopicArn=topic, Message="{", MessageStructure="json") == (
        "InvalidParameter",
        400,
        "Invalid parameter: Message Structure - JSON message body failed to parse",
    )


def test_a_filter_policy_on_attributes_decides_which_messages_come(cloud, sns, topic, echo):
    """Developer Guide, "Amazon SNS subscription filter policies"."""
    allow(cloud, echo, topic)
    sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=echo.arn,
        Attributes={
            "FilterPolicy": json.dumps({"kind": ["order", {"prefix": "re"}], "total": [{"numeric": [">", 10]}]})
        },
    )

    def publish(message, kind, total):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        if total is not None:
            attributes["total"] = {"DataType": "Number", "StringValue": str(total)}
        sns.publish(TopicArn=topic, Message=message, MessageAttributes=attributes)

    publish("too small", "order", 10)
    publish("wrong kind", "visit", 50)
    publish("no total", "order", None)
    sns.publish(TopicArn=topic, Message="no attributes")
    publish("order", "order", 10.5)
    publish("refund", "refund", 99)
    assert messages(echo, 2) == ["order", "refund"]


def test_a_filter_policy_on_the_body_looks_into_the_message(cloud, sns, topic, echo):
    """Developer Guide, "Amazon SNS subscription filter policy scope"."""
    allow(cloud, echo, topic)
    sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=echo.arn,
        Attributes={"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps({"order": {"state": ["paid"]}})},
    )
    sns.publish(TopicArn=topic, Message="no JSON")
    sns.publish(TopicArn=topic, Message='{"order": {"state": "open"}}')
    sns.publish(TopicArn=topic, Message='{"order": {"state": "paid"}}')
    assert messages(echo) == ['{"order": {"state": "paid"}}']


def test_without_permission_the_message_goes_nowhere_and_the_log_says_what_to_do(cloud, sns, topic, echo):
    """Developer Guide, "Using Lambda with Amazon SNS": the resource policy decides."""
    allow(cloud, echo, f"arn:aws:sns:{REGION}:{ACCOUNT}:another")
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)
    sns.publish(TopicArn=topic, Message="lost")
    sns.publish(TopicArn=topic, Message="lost, too")
    text = until(lambda: log_text(echo), "nothing was said")
    assert text == (
        f"LAB NOTE: an event of {topic} could not invoke {echo.arn}: sns.amazonaws.com is not authorized to perform: "
        f"lambda:InvokeFunction on resource: {echo.arn} because no resource-based policy allows the "
        "lambda:InvokeFunction action. Allow it with lambda.add_permission("
        f'FunctionName="{echo.arn}", StatementId=..., Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", '
        f'SourceArn="{topic}"). On AWS nothing would tell you.\n'
    )
    allow(cloud, echo, topic)
    sns.publish(TopicArn=topic, Message="allowed")
    assert messages(echo) == ["allowed"]


def test_another_accounts_topic_may_not_call_what_is_granted_to_this_account(cloud, sns, topic, echo):
    """SourceAccount is a condition on the owner of the topic."""
    allow(cloud, echo, topic, SourceAccount="999999999999")
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)
    sns.publish(TopicArn=topic, Message="refused")
    until(lambda: "LAB NOTE" in log_text(echo), "nothing was said")
    allow(cloud, echo, topic, SourceAccount=ACCOUNT)
    sns.publish(TopicArn=topic, Message="allowed")
    assert messages(echo) == ["allowed"]


@pytest.mark.parametrize("cause", ("deleted", "forbidden"))
def test_what_a_function_cannot_get_goes_to_the_subscriptions_dead_letter_queue(cloud, sns, topic, cause):
    """Recorded from AWS: the dead letter is the notification as a subscribed queue would get it."""
    function, queue = deploy(cloud, ECHO), Queue(cloud)
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=function.arn,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue.arn})},
    )["SubscriptionArn"]
    if cause == "deleted":
        allow(cloud, function, topic)
        cloud.client("lambda").delete_function(FunctionName=function.name)
    attribute = {"attr1": {"DataType": "Number", "StringValue": "1"}}
    sns.publish(TopicArn=topic, Message="test_redrive_policy", MessageAttributes=attribute)
    (body,) = queue.records()
    assert list(body) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    ]
    assert body["Message"] == "test_redrive_policy"
    assert body["TopicArn"] == topic
    assert body["UnsubscribeURL"].endswith(f"SubscriptionArn={subscription}")
    assert body["MessageAttributes"] == {"attr1": {"Type": "Number", "Value": "1"}}


def test_a_function_that_fails_is_retried_by_lambda_not_by_sns(cloud, sns, topic):
    """Lambda Developer Guide: SNS invokes asynchronously, so two retries follow."""
    queue = Queue(cloud)
    function = deploy(
        cloud,
        """
        def handler(event, context):
            raise ValueError(event["Records"][0]["Sns"]["Message"])
        """,
        DeadLetterConfig={"TargetArn": queue.arn},
    )
    allow(cloud, function, topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function.arn)
    sns.publish(TopicArn=topic, Message="poison")
    (message,) = queue.messages()
    assert json.loads(message["Body"])["Records"][0]["Sns"]["Message"] == "poison"
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "poison"
    assert log_text(function).count("START RequestId") == 3


def test_after_unsubscribe_nothing_comes(cloud, sns, topic, echo):
    allow(cloud, echo, topic)
    gone = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="before")
    received(echo)
    sns.unsubscribe(SubscriptionArn=gone)
    sns.publish(TopicArn=topic, Message="between")
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=echo.arn)
    sns.publish(TopicArn=topic, Message="after")
    assert messages(echo, 2) == ["after", "before"]


@pytest.mark.parametrize("endpoint", ("not-an-arn", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", f"arn:aws:lambda:{REGION}"))
def test_an_endpoint_that_is_no_functions_arn_is_refused(sns, topic, endpoint):
    """Recorded from AWS for queues; the same for functions."""
    assert refusal(sns.subscribe, TopicArn=topic, Protocol="lambda", Endpoint=endpoint) == (
        "InvalidParameter",
        400,
        "Invalid parameter: Lambda endpoint ARN",
    )


@pytest.mark.parametrize(
    ("message", "text"),
    (("", "Invalid parameter: Empty message"), ("ß" * 131_073, "Invalid parameter: Message too long")),
)
def test_an_empty_and_a_too_long_message_are_refused(sns, topic, message, text):
    """Recorded from AWS; the limit of 256 KB counts bytes."""
    assert refusal(sns.publish, TopicArn=topic, Message=message) == ("InvalidParameter", 400, text)


def test_a_queue_gets_the_notification_as_json(cloud, sns, topic):
    """Recorded from AWS."""
    queue = Queue(cloud)
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="hello", Subject="s")
    (message,) = queue.messages()
    body = json.loads(message["Body"])
    assert list(body) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
    ]
    assert message["Body"].startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert body["UnsubscribeURL"].endswith(subscription)


@pytest.mark.parametrize("how", ("at once", "later"))
def test_raw_delivery_gives_a_queue_the_text_and_its_attributes(cloud, sns, topic, how):
    """Developer Guide, "Amazon SNS raw message delivery"."""
    queue = Queue(cloud)
    raw = {"RawMessageDelivery": "true"} if how == "at once" else {}
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=raw)["SubscriptionArn"]
    if how == "later":
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
        )
    attributes = {
        "n": {"DataType": "Number", "StringValue": "1.50"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sns.publish(TopicArn=topic, Message="bare", MessageAttributes=attributes)
    (message,) = queue.messages()
    assert message["Body"] == "bare"
    assert message["MessageAttributes"] == attributes


def test_a_burst_reaches_its_function_once_for_each_message(cloud, sns, topic):
    function = deploy(
        cloud,
        """
        def handler(event, context):
            print("GOT", event["Records"][0]["Sns"]["Message"])
        """,
    )
    allow(cloud, function, topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function.arn)
    for batch in range(20):
        entries = [{"Id": str(number), "Message": f"{batch * 10 + number}"} for number in range(10)]
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    numbers = until(
        lambda: found if len(found := re.findall(r"^GOT (\d+)$", log_text(function), re.M)) >= 200 else None,
        "not all messages came",
    )
    assert sorted(map(int, numbers)) == list(range(200))


def test_a_queue_between_topic_and_function_wakes_its_poller(cloud, sns, topic):
    """Developer Guide, "Fanout to Amazon SQS queues"."""
    queue, function = Queue(cloud), deploy(cloud, ECHO)
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=function.name)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    sns.publish(TopicArn=topic, Message="through the queue")
    record = received(function)[0]["Records"][0]
    assert record["eventSource"] == "aws:sqs"
    assert json.loads(record["body"])["Message"] == "through the queue"
