"""PutBucketNotificationConfiguration: what is accepted, how it is shown, and AWS's words for what is not."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError

from .buckets import Bucket, function_rule, let_s3_send, queue_rule, topic_rule
from .deployment import ACCOUNT, REGION, refusal, unique_name
from .targets import Queue, deploy, log_text

RETURN_EVENT = "def handler(event, context): print('run')"
UNABLE = "Unable to validate the following destination configurations"
AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping "
    "for the same event type."
)


@pytest.fixture
def bucket(cloud):
    return Bucket(cloud)


@pytest.fixture
def queue(cloud, bucket):
    queue = Queue(cloud)
    let_s3_send(cloud, queue, bucket)
    return queue


@pytest.fixture
def topic(cloud):
    return cloud.client("sns").create_topic(Name=unique_name("topic"))["TopicArn"]


def error_of(bucket: Bucket, **configuration) -> dict:
    """The error's members as S3 sends them."""
    with pytest.raises(ClientError) as raised:
        bucket.configure(**configuration)
    response = raised.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return {key: value for key, value in response["Error"].items() if not key.endswith("Id")}


def invalid(message: str, **more) -> dict:
    return {"Code": "InvalidArgument", "Message": message, **more}


def test_F123_the_configuration_is_shown_as_it_was_sent(bucket, queue):
    """Names of filter rules come back with a capital letter; an id is made where none was given."""
    bucket.configure(
        queues=[
            queue_rule(queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:Delete", prefix="testupload/", suffix="file.txt"),
            queue_rule(queue, "s3:ObjectTagging:*", prefix="", Id="tags & more"),
        ],
        EventBridgeConfiguration={},
    )
    shown = bucket.configuration()
    assert re.fullmatch(r"[0-9a-f-]{36}", shown["QueueConfigurations"][0].pop("Id"))
    assert shown == {
        "QueueConfigurations": [
            {
                "QueueArn": queue.arn,
                "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
                "Filter": {
                    "Key": {
                        "FilterRules": [
                            {"Name": "Prefix", "Value": "testupload/"},
                            {"Name": "Suffix", "Value": "file.txt"},
                        ]
                    }
                },
            },
            {
                "Id": "tags & more",
                "QueueArn": queue.arn,
                "Events": ["s3:ObjectTagging:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": ""}]}},
            },
        ],
        "EventBridgeConfiguration": {},
    }


def test_F123_a_new_configuration_replaces_the_old_one_and_an_empty_one_removes_all(bucket, queue):
    bucket.configure(queues=[queue_rule(queue, Id="first")])
    bucket.configure(queues=[queue_rule(queue, Id="second", prefix="a/")])
    assert [rule["Id"] for rule in bucket.configuration()["QueueConfigurations"]] == ["second"]
    bucket.configure()
    assert bucket.configuration() == {}


@pytest.mark.parametrize("name", ["prefix", "Prefix", "PREFIX"])
def test_F123_names_of_filter_rules_in_any_case(bucket, queue, name):
    rule = queue_rule(queue) | {"Filter": {"Key": {"FilterRules": [{"Name": name, "Value": "notif-"}]}}}
    bucket.configure(queues=[rule])
    (shown,) = bucket.configuration()["QueueConfigurations"]
    assert shown["Filter"] == {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "notif-"}]}}


def test_F125_a_function_without_permission_for_S3(cloud, bucket):
    function = deploy(cloud, RETURN_EVENT)
    assert error_of(bucket, functions=[function_rule(function)]) == invalid(
        UNABLE,
        ArgumentName1=f"{function.arn}, null",
        ArgumentValue1=f"Not authorized to invoke function [{function.arn}]",
    )
    assert bucket.configuration() == {}


def test_F125_a_permission_for_another_bucket_is_none(cloud, bucket):
    function = deploy(cloud, RETURN_EVENT)
    Bucket(cloud).permit(function)
    assert error_of(bucket, functions=[function_rule(function)])["Message"] == UNABLE


def test_F125_a_permission_for_the_function_is_none_for_its_version(cloud, bucket):
    function = deploy(cloud, RETURN_EVENT)
    bucket.permit(function)
    arn = cloud.client("lambda").publish_version(FunctionName=function.name)["FunctionArn"]
    found = error_of(bucket, functions=[{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}])
    assert found["ArgumentName1"] == f"{arn}, null"


def test_F125_a_function_that_is_not_there(bucket):
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:my-lambda"
    rule = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"], "Id": "id123"}
    assert error_of(bucket, functions=[rule]) == invalid(
        UNABLE, ArgumentName1=f"{arn}, null", ArgumentValue1=f"Not authorized to invoke function [{arn}]"
    )
    bucket.configure(functions=[rule], skip=True)
    assert bucket.configuration() == {"LambdaFunctionConfigurations": [rule]}


def test_all_destinations_that_do_not_work_are_named(cloud, bucket, topic):
    """Recorded from AWS."""
    queue = Queue(cloud)
    missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:my-queue"
    found = error_of(
        bucket,
        queues=[
            queue_rule(queue, prefix="a"),
            {"QueueArn": missing, "Events": ["s3:ObjectRemoved:*"]},
        ],
        topics=[topic_rule(topic, prefix="b"), topic_rule(topic + "-2", prefix="c")],
    )
    values = {found.pop(f"ArgumentName{number}"): found.pop(f"ArgumentValue{number}") for number in (1, 2, 3, 4)}
    assert values == {
        queue.arn: "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
        missing: "The destination queue does not exist",
        topic: "Permissions on the destination topic do not allow S3 to publish notifications from this bucket",
        topic + "-2": "The destination topic does not exist",
    }
    assert found == invalid(UNABLE)


def test_a_queue_policy_for_another_bucket_does_not_help(cloud, bucket, queue):
    assert error_of(Bucket(cloud), queues=[queue_rule(queue)])["ArgumentValue1"].startswith("Permissions on the destin")


def test_a_queue_policy_for_the_account_is_enough(cloud, bucket):
    """aws:SourceAccount is the owner of the bucket. User Guide, "Granting permissions to publish …"."""
    queue = Queue(cloud)
    policy = bucket.policy_for(queue.arn, "SQS:SendMessage")
    policy["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    cloud.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": json.dumps(policy)})
    bucket.configure(queues=[queue_rule(queue)])
    policy["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": "210987654321"}}
    cloud.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": json.dumps(policy)})
    assert error_of(bucket, queues=[queue_rule(queue)])["Message"] == UNABLE


def test_a_FIFO_queue_is_no_destination(cloud, bucket):
    """Standard queues only. User Guide, "Supported event destinations"."""
    queue = Queue(cloud, unique_name("queue") + ".fifo", FifoQueue="true")
    let_s3_send(cloud, queue, bucket)
    assert error_of(bucket, queues=[queue_rule(queue)])["ArgumentName1"] == queue.arn


@pytest.mark.parametrize("skip", [False, True])
def test_an_ARN_that_is_none(bucket, skip):
    """It is looked at before any destination, and even when destinations are not validated. Recorded from AWS."""
    missing = {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:my-queue", "Events": ["s3:ObjectRemoved:*"]}
    wrong = {"QueueArn": "invalid-queue", "Events": ["s3:ObjectCreated:*"]}
    assert error_of(bucket, queues=[missing, wrong], skip=skip) == invalid(
        "The ARN could not be parsed", ArgumentName="Queue", ArgumentValue="invalid-queue"
    )
    function = {"LambdaFunctionArn": "invalid-function", "Events": ["s3:ObjectCreated:*"]}
    assert error_of(bucket, functions=[function], skip=skip) == invalid(
        "The ARN could not be parsed", ArgumentName="CloudFunction", ArgumentValue="invalid-function"
    )


def test_an_ARN_of_another_service(bucket, queue):
    rule = {"LambdaFunctionArn": queue.arn, "Events": ["s3:ObjectCreated:*"]}
    assert error_of(bucket, functions=[rule]) == invalid(
        "The ARN is not well formed", ArgumentName="CloudFunction", ArgumentValue=queue.arn
    )


def test_a_destination_in_another_region(bucket):
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    rule = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    assert error_of(bucket, functions=[rule], skip=True)["Message"] == (
        "The notification destination service region is not valid for the bucket location constraint"
    )


def test_an_event_S3_does_not_have(bucket, queue):
    found = error_of(bucket, queues=[queue_rule(queue, "s3:ObjectCreated:Patch")])
    assert (found["ArgumentName"], found["ArgumentValue"]) == ("Event", "s3:ObjectCreated:Patch")
    assert found["Message"].startswith(
        "The event 's3:ObjectCreated:Patch' is not supported for notifications. Supported events are as follows: ["
    )


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            [("INVALID", "x")],
            invalid(
                "filter rule name must be either prefix or suffix",
                ArgumentName="FilterRule.Name",
                ArgumentValue="INVALID",
            ),
        ),
        (
            [("prefix", "a/"), ("Prefix", "b/")],
            invalid(
                "Cannot specify more than one prefix rule in a filter.",
                ArgumentName="FilterRule.Name",
                ArgumentValue="prefix",
            ),
        ),
    ],
)
def test_filter_rules_S3_does_not_take(bucket, queue, rules, expected):
    filters = [{"Name": name, "Value": value} for name, value in rules]
    rule = queue_rule(queue) | {"Filter": {"Key": {"FilterRules": filters}}}
    assert error_of(bucket, queues=[rule]) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"prefix": "images/"}, {}),
        ({"prefix": "images/"}, {"prefix": "images/raw/"}),
        ({"suffix": ".jpg"}, {"suffix": "g"}),
        ({"prefix": "images/"}, {"suffix": ".jpg"}),
        ({"prefix": "a", "suffix": ".jpg"}, {"prefix": "ab", "suffix": "pg"}),
    ],
)
def test_F127_rules_that_overlap(bucket, queue, one, other):
    rules = [queue_rule(queue, **one), queue_rule(queue, "s3:ObjectCreated:Put", **other)]
    assert error_of(bucket, queues=rules) == invalid(AMBIGUOUS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"prefix": "images/"}, {"prefix": "logs/"}),
        ({"suffix": ".jpg"}, {"suffix": ".png"}),
        ({"prefix": "images/", "suffix": ".jpg"}, {"prefix": "images/raw/", "suffix": ".png"}),
        ({}, {"events": ["s3:ObjectRemoved:*"]}),
        ({"events": ["s3:ObjectCreated:Put"]}, {"events": ["s3:ObjectCreated:Copy"]}),
    ],
)
def test_F127_rules_that_do_not_overlap(bucket, queue, one, other):
    one, other = dict(one), dict(other)
    rules = [queue_rule(queue, *rule.pop("events", ()), **rule) for rule in (one, other)]
    bucket.configure(queues=rules)
    assert len(bucket.configuration()["QueueConfigurations"]) == 2


def test_F127_rules_for_different_destinations_overlap_too(cloud, bucket, queue):
    function = deploy(cloud, RETURN_EVENT)
    bucket.permit(function)
    assert error_of(bucket, functions=[function_rule(function)], queues=[queue_rule(queue)]) == invalid(AMBIGUOUS)


def test_F129_a_queue_and_a_topic_get_a_test_event(cloud, bucket, queue, topic):
    sns = cloud.client("sns")
    policy = json.dumps(bucket.policy_for(topic, "sns:Publish"))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    listener = Queue(cloud)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=listener.arn)
    answer = bucket.s3.put_bucket_notification_configuration(
        Bucket=bucket.name,
        NotificationConfiguration={
            "QueueConfigurations": [queue_rule(queue, prefix="a"), queue_rule(queue, prefix="b")],
            "TopicConfigurations": [topic_rule(topic, prefix="c")],
        },
    )
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    (event,) = queue.records()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("Time"))
    assert event == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Bucket": bucket.name,
        "RequestId": headers["x-amz-request-id"],
        "HostId": headers["x-amz-id-2"],
    }
    (message,) = listener.records()
    assert json.loads(message["Message"])["Event"] == "s3:TestEvent"


def test_F129_a_function_is_not_called_with_a_test_event(cloud, bucket):
    function = deploy(cloud, RETURN_EVENT)
    bucket.permit(function)
    bucket.configure(functions=[function_rule(function)])
    function.invoke({})
    assert log_text(function).count("run\n") == 1


def test_no_test_event_without_validation(cloud, bucket, queue):
    bucket.configure(queues=[queue_rule(queue)], skip=True)
    assert not queue.receive()


def test_a_bucket_that_is_not_there(cloud, bucket, queue):
    code, status, message = refusal(
        bucket.s3.put_bucket_notification_configuration,
        Bucket="not-there-at-all",
        NotificationConfiguration={"QueueConfigurations": [queue_rule(queue)]},
    )
    assert (code, status, message) == ("NoSuchBucket", 404, "The specified bucket does not exist")
    code, status, _message = refusal(bucket.s3.get_bucket_notification_configuration, Bucket="not-there-at-all")
    assert (code, status) == ("NoSuchBucket", 404)


def test_ids_are_unique(bucket, queue):
    rules = [queue_rule(queue, Id="same", prefix="a"), queue_rule(queue, Id="same", prefix="b")]
    assert error_of(bucket, queues=rules)["Message"] == ("Same ID used for multiple configurations. IDs must be unique")


def test_a_bucket_of_another_account_than_expected(bucket):
    found = refusal(
        bucket.s3.put_bucket_notification_configuration,
        Bucket=bucket.name,
        NotificationConfiguration={},
        ExpectedBucketOwner="210987654321",
    )
    assert found == ("AccessDenied", 403, "Access Denied")
