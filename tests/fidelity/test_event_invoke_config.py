"""PutFunctionEventInvokeConfig and its neighbours, and the dead-letter target of a function: configuration only."""

from __future__ import annotations

import datetime

import pytest

from .deployment import ACCOUNT, PYTHON, REGION, Function, refusal, unique_name, zip_of

NOTHING = "def handler(event, context): return event\n"
NO_FUNCTION = ("ResourceNotFoundException", 404, "The function doesn't exist.")
NOWHERE = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:doesnotexist"


@pytest.fixture(scope="module")
def cloud(cloud_of):
    """Configuration is the control plane's: one runtime client is enough."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def client(cloud):
    return cloud.client("lambda")


@pytest.fixture(scope="module")
def sender(cloud) -> str:
    """ARN of a role that may send to every kind of destination."""
    return cloud.role_that_may(
        "sqs:SendMessage", "sns:Publish", "lambda:InvokeFunction", "events:PutEvents", "s3:PutObject", "s3:ListBucket"
    )


@pytest.fixture
def function(cloud, client, sender) -> Function:
    """A function with version 1 and the alias ``live``."""
    function = cloud.deploy(NOTHING, Role=sender)
    client.publish_version(FunctionName=function.name)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    return function


@pytest.fixture(scope="module")
def queue(cloud) -> str:
    """ARN of a standard queue."""
    return queue_arn(cloud, unique_name("queue"))


@pytest.fixture(scope="module")
def topic(cloud) -> str:
    """ARN of a standard topic."""
    return cloud.client("sns").create_topic(Name=unique_name("topic"))["TopicArn"]


def queue_arn(cloud, name: str, **attributes: str) -> str:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def facts(answer: dict) -> dict:
    """An answer without what differs from call to call."""
    return {key: value for key, value in answer.items() if key not in ("ResponseMetadata", "LastModified")}


def no_config(arn: str) -> tuple[str, int, str]:
    return "ResourceNotFoundException", 404, f"The function {arn} doesn't have an EventInvokeConfig"


EMPTY = {"DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}}


# --- put, update, get, delete --------------------------------------------------------------------------------------


def test_F074_put_shows_what_was_set_and_two_empty_destinations(client, function):
    """The ARN always has a qualifier, settings that were not given are absent. Recorded from AWS."""
    answer = client.put_function_event_invoke_config(FunctionName=function.name, MaximumRetryAttempts=0)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert abs(datetime.datetime.now(datetime.UTC) - answer["LastModified"]) < datetime.timedelta(minutes=1)
    assert facts(answer) == {**EMPTY, "FunctionArn": f"{function.arn}:$LATEST", "MaximumRetryAttempts": 0}
    assert facts(client.get_function_event_invoke_config(FunctionName=function.name)) == facts(answer)


def test_F074_put_replaces_and_update_adds(client, function):
    """Put forgets what it does not name, Update keeps it. Recorded from AWS."""
    where = {"FunctionName": function.name}
    arn = {"FunctionArn": f"{function.arn}:$LATEST"}
    both = client.put_function_event_invoke_config(MaximumRetryAttempts=2, MaximumEventAgeInSeconds=21600, **where)
    assert facts(both) == {**EMPTY, **arn, "MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21600}
    replaced = client.put_function_event_invoke_config(MaximumEventAgeInSeconds=60, **where)
    assert facts(replaced) == {**EMPTY, **arn, "MaximumEventAgeInSeconds": 60}
    updated = client.update_function_event_invoke_config(MaximumRetryAttempts=1, **where)
    assert facts(updated) == {**EMPTY, **arn, "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    assert facts(client.get_function_event_invoke_config(**where)) == facts(updated)


def test_F074_update_of_one_destination_keeps_the_other(client, function, queue, topic):
    """An empty Destination takes one away."""
    where = {"FunctionName": function.name}
    client.put_function_event_invoke_config(DestinationConfig={"OnSuccess": {"Destination": queue}}, **where)
    answer = client.update_function_event_invoke_config(
        DestinationConfig={"OnFailure": {"Destination": topic}}, **where
    )
    assert answer["DestinationConfig"] == {"OnSuccess": {"Destination": queue}, "OnFailure": {"Destination": topic}}
    answer = client.update_function_event_invoke_config(DestinationConfig={"OnSuccess": {"Destination": ""}}, **where)
    assert answer["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": topic}}


def test_F074_each_qualifier_has_a_config_of_its_own(client, function):
    """The function, a version and an alias; a version that is published has none. Recorded from AWS."""
    name = function.name
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    for qualifier in ("1", "live"):
        missing = no_config(f"{function.arn}:{qualifier}")
        assert refusal(client.get_function_event_invoke_config, FunctionName=name, Qualifier=qualifier) == missing
    client.put_function_event_invoke_config(FunctionName=name, Qualifier="1", MaximumRetryAttempts=1)
    client.put_function_event_invoke_config(FunctionName=f"{name}:live", MaximumRetryAttempts=2)
    listed = client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert {one["FunctionArn"]: one["MaximumRetryAttempts"] for one in listed} == {
        f"{function.arn}:$LATEST": 0,
        f"{function.arn}:1": 1,
        f"{function.arn}:live": 2,
    }


def test_F074_name_and_qualifier_in_every_form(client, function):
    """ARN, ``name:qualifier`` and both together; disagreement is refused. Recorded from AWS."""
    for name, qualifier, suffix in [
        (function.name, "$LATEST", "$LATEST"),
        (f"{function.name}:$LATEST", "$LATEST", "$LATEST"),
        (f"{function.arn}:live", None, "live"),
        (f"{function.arn}:live", "live", "live"),
        (f"{function.name}:1", None, "1"),
        (function.arn, "1", "1"),
    ]:
        more = {"Qualifier": qualifier} if qualifier else {}
        answer = client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1, **more)
        assert answer["FunctionArn"] == f"{function.arn}:{suffix}"
    for name, qualifier in [("live", "dead"), ("1", "$LATEST"), ("$LATEST", "1"), ("1", "live")]:
        call = {"FunctionName": f"{function.name}:{name}", "Qualifier": qualifier, "MaximumRetryAttempts": 1}
        assert refusal(client.put_function_event_invoke_config, **call) == (
            "InvalidParameterValueException",
            400,
            "The derived qualifier from the function name does not match the specified qualifier.",
        )


def test_F074_configs_are_listed_in_pages(client, function):
    """MaxItems limits a page and NextMarker leads on to the next. Recorded from AWS."""
    for qualifier in ("$LATEST", "1", "live"):
        client.put_function_event_invoke_config(FunctionName=function.name, Qualifier=qualifier, MaximumRetryAttempts=1)
    first = client.list_function_event_invoke_configs(FunctionName=function.name, MaxItems=2)
    assert len(first["FunctionEventInvokeConfigs"]) == 2
    rest = client.list_function_event_invoke_configs(FunctionName=function.name, MaxItems=2, Marker=first["NextMarker"])
    assert "NextMarker" not in rest
    arns = [one["FunctionArn"] for page in (first, rest) for one in page["FunctionEventInvokeConfigs"]]
    assert arns == [f"{function.arn}:{qualifier}" for qualifier in ("$LATEST", "1", "live")]


def test_F074_delete(client, function):
    """204, then nothing is left; a second time it is a 404. Recorded from AWS."""
    where = {"FunctionName": function.name}
    client.put_function_event_invoke_config(MaximumRetryAttempts=1, **where)
    assert client.delete_function_event_invoke_config(**where)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert client.list_function_event_invoke_configs(**where)["FunctionEventInvokeConfigs"] == []
    assert refusal(client.delete_function_event_invoke_config, **where) == no_config(f"{function.arn}:$LATEST")


def test_a_deleted_alias_leaves_no_config_to_its_successor(client, function):
    """An alias made again under the same name has no settings."""
    client.put_function_event_invoke_config(FunctionName=function.name, Qualifier="live", MaximumRetryAttempts=1)
    client.delete_alias(FunctionName=function.name, Name="live")
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    missing = no_config(f"{function.arn}:live")
    assert refusal(client.get_function_event_invoke_config, FunctionName=function.name, Qualifier="live") == missing


# --- refusals ------------------------------------------------------------------------------------------------------


def test_F074_bounds(client, function):
    """Retries 0 to 2, age 60 to 21,600 seconds; the service model's bounds in AWS's words."""
    for parameter, value, name, rule in [
        ("MaximumRetryAttempts", 3, "maximumRetryAttempts", "less than or equal to 2"),
        ("MaximumEventAgeInSeconds", 21601, "maximumEventAgeInSeconds", "less than or equal to 21600"),
    ]:
        call = {"FunctionName": function.name, parameter: value}
        assert refusal(client.put_function_event_invoke_config, **call) == (
            "ValidationException",
            400,
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must have "
            f"value {rule}",
        )


def test_F074_nothing_to_set(client, function):
    """Refused before anybody looks for the function. Recorded from AWS."""
    for name in (function.name, "doesnotexist"):
        assert refusal(client.put_function_event_invoke_config, FunctionName=name) == (
            "InvalidParameterValueException",
            400,
            "You must specify at least one of error handling or destination setting.",
        )


def test_F074_destinations_without_an_arn_are_none(client, function):
    """``{"OnSuccess": {}}`` is a setting, if an empty one. Recorded from AWS."""
    for config in ({"OnSuccess": {}}, {"OnFailure": {}}):
        answer = client.put_function_event_invoke_config(FunctionName=function.name, DestinationConfig=config)
        assert facts(answer) == {**EMPTY, "FunctionArn": f"{function.arn}:$LATEST"}


def test_F074_function_version_or_alias_that_is_not_there(client, function):
    """Recorded from AWS."""
    name = function.name
    for where in ({"FunctionName": "doesnotexist"}, {"FunctionName": NOWHERE}, {"FunctionName": f"{name}:nope"}):
        assert refusal(client.put_function_event_invoke_config, MaximumRetryAttempts=1, **where) == NO_FUNCTION
    assert refusal(client.list_function_event_invoke_configs, FunctionName="doesnotexist") == NO_FUNCTION
    update = client.update_function_event_invoke_config
    assert refusal(update, FunctionName="doesnotexist", MaximumRetryAttempts=1) == NO_FUNCTION
    assert refusal(update, FunctionName=name, MaximumRetryAttempts=1) == no_config(f"{function.arn}:$LATEST")
    assert refusal(update, FunctionName=name, Qualifier="live", MaximumRetryAttempts=1) == no_config(
        f"{function.arn}:live"
    )
    for call in (client.get_function_event_invoke_config, client.delete_function_event_invoke_config):
        assert refusal(call, FunctionName="doesnotexist") == no_config(f"{NOWHERE}:$LATEST")
        assert refusal(call, FunctionName=name, Qualifier="nope") == no_config(f"{function.arn}:nope")


# --- destinations --------------------------------------------------------------------------------------------------


def put(client, function: Function, **destinations: str) -> dict:
    return client.put_function_event_invoke_config(
        FunctionName=function.name,
        DestinationConfig={kind: {"Destination": arn} for kind, arn in destinations.items()},
    )


def put_refused(client, function: Function, **destinations: str) -> tuple[str, int, str]:
    return refusal(lambda **more: put(client, function, **more), **destinations)


def test_F074_every_kind_of_destination(cloud, client, function, queue, topic):
    """Function (recorded from AWS), queue, topic, event bus; a bucket for failures."""
    other = cloud.deploy(NOTHING).arn
    bus = cloud.client("events").create_event_bus(Name=unique_name("bus"))["EventBusArn"]
    bucket = unique_name("bucket")
    cloud.client("s3").create_bucket(Bucket=bucket)
    for arn in (other, queue, topic, bus, f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"):
        answer = put(client, function, OnSuccess=arn, OnFailure=arn)
        assert answer["DestinationConfig"] == {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
    answer = put(client, function, OnFailure=f"arn:aws:s3:::{bucket}")
    assert answer["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}


def test_F074_a_function_is_no_destination_for_itself(client, function):
    """Recorded from AWS."""
    for kind in ("OnSuccess", "OnFailure"):
        assert put_refused(client, function, **{kind: function.arn}) == (
            "InvalidParameterValueException",
            400,
            "You can't specify the function as a destination for itself.",
        )


def test_F074_a_destination_that_is_not_there(client, function):
    """Function (recorded from AWS), queue (published error reports), topic, bus and bucket."""
    for arn in (
        NOWHERE,
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:no-such-queue",
        f"arn:aws:sns:{REGION}:{ACCOUNT}:no-such-topic",
        f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/no-such-bus",
        "arn:aws:s3:::no-such-bucket-of-this-lab",
    ):
        assert put_refused(client, function, OnFailure=arn) == (
            "InvalidParameterValueException",
            400,
            f"The destination ARN {arn} is invalid.",
        )


def test_F079_a_service_that_takes_no_records(client, function):
    """Both destinations are named, null for the one that was not given. Recorded from AWS."""
    iam = function.arn.replace(":lambda:", ":iam:")
    shown = f"onSuccess=OnSuccess(destination={iam}), onFailure=null"
    assert put_refused(client, function, OnSuccess=iam) == (
        "InvalidParameterValueException",
        400,
        f"The provided destination config DestinationConfig({shown}) is invalid.",
    )


def test_a_bucket_takes_failures_only(cloud, client, function):
    """The text is published in reports of this mistake."""
    bucket = unique_name("bucket")
    cloud.client("s3").create_bucket(Bucket=bucket)
    arn = f"arn:aws:s3:::{bucket}"
    shown = f"onSuccess=OnSuccess(destination={arn}), onFailure=OnFailure(destination={arn})"
    assert put_refused(client, function, OnSuccess=arn, OnFailure=arn) == (
        "InvalidParameterValueException",
        400,
        f"The provided destination config DestinationConfig({shown}) is invalid.",
    )


def test_queues_and_topics_must_be_standard_ones(cloud, client, function):
    """AWS documents the rule (DestinationConfig: "standard SQS queue", "standard SNS topic"); the text is the one for
    ARNs that cannot be used."""
    queue = queue_arn(cloud, unique_name("queue") + ".fifo", FifoQueue="true")
    topic = cloud.client("sns").create_topic(Name=unique_name("topic") + ".fifo", Attributes={"FifoTopic": "true"})
    for arn in (queue, topic["TopicArn"]):
        assert put_refused(client, function, OnFailure=arn) == (
            "InvalidParameterValueException",
            400,
            f"The destination ARN {arn} is invalid.",
        )


def test_F074_a_destination_that_is_no_arn(client, function):
    """Recorded from AWS."""
    arn = function.arn.replace(":lambda:", ":_-/!lambda:")
    assert put_refused(client, function, OnFailure=arn) == (
        "ValidationException",
        400,
        f"1 validation error detected: Value '{arn}' at 'destinationConfig.onFailure.destination' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: $|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|"
        r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:"
        r"(\d{12})?:(.*)",
    )


# --- dead-letter targets -------------------------------------------------------------------------------------------


def target_refused(client, function: Function, target: str) -> tuple[str, int, str]:
    """The same refusal of UpdateFunctionConfiguration and of CreateFunction."""
    config = {"DeadLetterConfig": {"TargetArn": target}}
    updating = refusal(client.update_function_configuration, FunctionName=function.name, **config)
    creating = refusal(
        client.create_function,
        FunctionName=unique_name("case"),
        Runtime=PYTHON,
        Role=client.get_function_configuration(FunctionName=function.name)["Role"],
        Handler="app.handler",
        Code={"ZipFile": zip_of({"app.py": NOTHING})},
        **config,
    )
    assert updating == creating
    return creating


def test_F072_a_queue_or_a_topic_is_a_dead_letter_target(cloud, client, sender, queue, topic):
    """It shows in the configuration; empty text takes it away."""
    for target in (queue, topic):
        function = cloud.deploy(NOTHING, Role=sender, DeadLetterConfig={"TargetArn": target})
        configuration = client.get_function_configuration(FunctionName=function.name)
        assert configuration["DeadLetterConfig"] == {"TargetArn": target}
    client.update_function_configuration(FunctionName=function.name, DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in client.get_function_configuration(FunctionName=function.name)


def test_a_dead_letter_target_of_another_service(client, function):
    """Only SQS and SNS take dead letters."""
    target = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    assert target_refused(client, function, target) == (
        "InvalidParameterValueException",
        400,
        f"The provided dead letter config DeadLetterConfig(targetArn={target}) is invalid.",
    )
