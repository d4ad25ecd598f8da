"""Event source mappings as configuration: what AWS accepts, shows and refuses. What pollers do with them is tested apart."""

from __future__ import annotations

import json
import uuid

import pytest

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, refusal, unique_name
from .targets import until

NOTHING = "def handler(event, context): return None\n"
NO_FILTER = ("InvalidParameterValueException", 400, "Invalid filter pattern definition.")
NO_MAPPING = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")


@pytest.fixture(scope="module")
def cloud(cloud_of) -> CloudUnderTest:
    """Configuration is the control plane's: one runtime client is enough."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def client(cloud):
    return cloud.client("lambda")


@pytest.fixture(scope="module")
def reader(cloud) -> str:
    """ARN of a role that may read queues and streams and write to every destination."""
    return cloud.role_that_may("sqs:*", "dynamodb:*", "kinesis:*", "sns:*", "s3:*")


@pytest.fixture(scope="module")
def function(cloud, reader) -> Function:
    """A function with version 1 and the alias ``live``."""
    function = cloud.deploy(NOTHING, Role=reader)
    cloud.client("lambda").publish_version(FunctionName=function.name)
    cloud.client("lambda").create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    return function


@pytest.fixture
def queue(cloud) -> str:
    return make_queue(cloud)


@pytest.fixture
def stream(cloud) -> str:
    """ARN of the stream of a new table."""
    made = cloud.client("dynamodb").create_table(
        TableName=unique_name("table"),
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return made["TableDescription"]["LatestStreamArn"]


def make_queue(cloud, name: str | None = None, **attributes: str) -> str:
    """ARN of a new queue."""
    name = name or unique_name("queue")
    cloud.client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def invalid(message: str) -> tuple[str, int, str]:
    return "InvalidParameterValueException", 400, message


def facts(answer: dict) -> dict:
    """An answer without what differs from mapping to mapping."""
    return {
        key: value
        for key, value in answer.items()
        if key not in ("ResponseMetadata", "LastModified", "UUID", "EventSourceMappingArn")
    }


def state(client, mapping: dict) -> str:
    return client.get_event_source_mapping(UUID=mapping["UUID"])["State"]


def wait_for(client, mapping: dict, wanted: str) -> None:
    until(lambda: state(client, mapping) == wanted, f"never {wanted}")


def is_gone(client, mapping: dict) -> bool:
    try:
        client.get_event_source_mapping(UUID=mapping["UUID"])
    except client.exceptions.ResourceNotFoundException:
        return True
    return False


# --- defaults and states -----------------------------------------------------------------------------------------------


def test_F147_a_queues_mapping_shows_its_defaults_and_nothing_of_streams(client, function, queue):
    """Recorded from AWS."""
    answer = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert facts(answer) == {
        "BatchSize": 10,
        "EventSourceArn": queue,
        "FunctionArn": function.arn,
        "FunctionResponseTypes": [],
        "MaximumBatchingWindowInSeconds": 0,
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    }
    assert str(uuid.UUID(answer["UUID"])) == answer["UUID"]
    assert answer["EventSourceMappingArn"] == (
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{answer['UUID']}"
    )
    wait_for(client, answer, "Enabled")
    enabled = client.get_event_source_mapping(UUID=answer["UUID"])
    assert facts(enabled) == facts(answer) | {"State": "Enabled"}


def test_F132_a_streams_mapping_shows_its_defaults(client, function, stream):
    """Recorded from AWS."""
    answer = client.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=function.name, StartingPosition="TRIM_HORIZON"
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert facts(answer) == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": stream,
        "FunctionArn": function.arn,
        "FunctionResponseTypes": [],
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
    }
    wait_for(client, answer, "Enabled")


def test_F147_a_mapping_made_disabled_is_disabled_at_once_and_enabled_later(client, function, queue):
    """Recorded from AWS: Disabled in the first answer, then Enabling, Enabled."""
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name, Enabled=False)
    assert made["State"] == "Disabled"
    assert client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)["State"] == "Enabling"
    wait_for(client, made, "Enabled")


def test_F132_a_mapping_goes_through_every_state_of_its_life(client, function, queue):
    """Creating, Updating, Disabling, Deleting each end by themselves; a deleted mapping is gone. Recorded from AWS."""
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name)
    wait_for(client, made, "Enabled")
    updated = client.update_event_source_mapping(UUID=made["UUID"], BatchSize=3)
    assert (updated["State"], updated["BatchSize"]) == ("Updating", 3)
    assert updated["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert updated["LastModified"] >= made["LastModified"]
    wait_for(client, made, "Enabled")
    assert client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)["State"] == "Disabling"
    wait_for(client, made, "Disabled")
    assert client.update_event_source_mapping(UUID=made["UUID"], BatchSize=4)["State"] == "Updating"
    wait_for(client, made, "Disabled")
    deleted = client.delete_event_source_mapping(UUID=made["UUID"])
    assert (deleted["State"], deleted["BatchSize"]) == ("Deleting", 4)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    until(lambda: is_gone(client, made), "the mapping stays")


@pytest.mark.parametrize("operation", ["get", "update", "delete"])
def test_F145_an_unknown_uuid(client, operation):
    """Recorded from AWS."""
    assert refusal(getattr(client, f"{operation}_event_source_mapping"), UUID=str(uuid.uuid4())) == NO_MAPPING


def test_F146_deleting_the_function_leaves_its_mapping(cloud, client, reader, queue):
    """Recorded from AWS: still there, still Enabled; it can be deleted."""
    function = cloud.deploy(NOTHING, Role=reader)
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name)
    wait_for(client, made, "Enabled")
    client.delete_function(FunctionName=function.name)
    assert state(client, made) == "Enabled"
    assert client.delete_event_source_mapping(UUID=made["UUID"])["FunctionArn"] == function.arn


# --- which function ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
@pytest.mark.parametrize("form", ["name", "arn"])
def test_the_function_is_named_in_every_form_and_keeps_its_qualifier(client, function, queue, form, qualifier):
    """Recorded from AWS: FunctionArn has exactly the qualifier that was asked for."""
    suffix = f":{qualifier}" if qualifier else ""
    name = (function.name if form == "name" else function.arn) + suffix
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=name)
    assert made["FunctionArn"] == function.arn + suffix


def test_an_update_changes_the_function(cloud, client, function, reader, queue):
    """Recorded from AWS."""
    other = cloud.deploy(NOTHING, Role=reader)
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name)
    wait_for(client, made, "Enabled")
    changed = client.update_event_source_mapping(UUID=made["UUID"], FunctionName=other.name)
    assert changed["FunctionArn"] == other.arn
    wait_for(client, made, "Enabled")
    nowhere = refusal(client.update_event_source_mapping, UUID=made["UUID"], FunctionName="doesnotexist")
    assert nowhere == invalid("Function does not exist")


@pytest.mark.parametrize("name", ["doesnotexist", "{function}:7", "{function}:nowhere"])
def test_F145_an_unknown_function(client, function, queue, name):
    """Recorded from AWS for the name alone."""
    named = name.format(function=function.name)
    answer = refusal(client.create_event_source_mapping, EventSourceArn=queue, FunctionName=named)
    assert answer == invalid("Function does not exist")


def test_one_queue_and_one_function_make_one_mapping(client, function, queue):
    """Recorded from AWS: 409 with the UUID of the mapping that is there; the qualifier tells functions apart."""
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name)
    assert refusal(client.create_event_source_mapping, EventSourceArn=queue, FunctionName=function.arn) == (
        "ResourceConflictException",
        409,
        f'An event source mapping with SQS arn (" {queue} ") and function (" {function.name} ") already exists. Please '
        f"update or delete the existing mapping with UUID {made['UUID']}",
    )
    other = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=f"{function.name}:live")
    wait_for(client, other, "Enabled")
    moved = refusal(client.update_event_source_mapping, UUID=other["UUID"], FunctionName=function.name)
    assert moved[0] == "ResourceConflictException"
    same = client.update_event_source_mapping(UUID=other["UUID"], FunctionName=f"{function.name}:live")
    assert same["FunctionArn"] == f"{function.arn}:live"


def test_one_stream_and_one_function_make_one_mapping(client, function, stream):
    """AWS words it in another way for streams."""
    wanted = {"EventSourceArn": stream, "FunctionName": function.name, "StartingPosition": "LATEST"}
    made = client.create_event_source_mapping(**wanted)
    assert refusal(client.create_event_source_mapping, **wanted) == (
        "ResourceConflictException",
        409,
        f'The event source arn (" {stream} ") and function (" {function.name} ") provided mapping already exists. Please '
        f"update or delete the existing mapping with UUID {made['UUID']}",
    )


# --- which source ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"EventSourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"},
        {"EventSourceArn": "arn:aws:s3:::bucket"},
        {"EventSourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"},
    ],
)
def test_what_is_no_event_source(client, function, source):
    """Recorded from AWS for the missing ARN."""
    answer = refusal(client.create_event_source_mapping, FunctionName=function.name, **source)
    assert answer == invalid("Unrecognized event source.")


@pytest.mark.parametrize("region", [REGION, "eu-west-1"])
def test_a_queue_that_is_not_there(cloud, client, function, region):
    """Recorded from AWS. A queue of another region is not there, either."""
    cloud.client("sqs", "eu-west-1").create_queue(QueueName="abroad")
    answer = refusal(
        client.create_event_source_mapping,
        EventSourceArn=f"arn:aws:sqs:{region}:{ACCOUNT}:abroad",
        FunctionName=function.name,
    )
    assert answer == invalid(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
        "Message: The specified queue does not exist."
    )


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/nowhere/stream/2026-01-01T00:00:00.000",
        f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/nowhere",
    ],
)
def test_F145_a_stream_that_is_not_there(client, function, arn):
    """Recorded from AWS."""
    answer = refusal(
        client.create_event_source_mapping,
        EventSourceArn=arn,
        FunctionName=function.name,
        StartingPosition="LATEST",
    )
    assert answer == invalid(f"Stream not found: {arn}")


def test_F145_a_stream_of_a_table_that_has_another_one_now(client, function, stream):
    old = stream.rpartition("/")[0] + "/2020-01-01T00:00:00.000"
    answer = refusal(
        client.create_event_source_mapping, EventSourceArn=old, FunctionName=function.name, StartingPosition="LATEST"
    )
    assert answer == invalid(f"Stream not found: {old}")


def test_sources_that_the_local_cloud_has_not_are_named(client, function):
    kafka = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1"
    assert refusal(client.create_event_source_mapping, EventSourceArn=kafka, FunctionName=function.name) == (
        "NotImplementedException",
        501,
        "The local cloud does not have event source mappings for kafka. On AWS it exists.",
    )
    own_kafka = {
        "FunctionName": function.name,
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["k:1"]}},
    }
    assert refusal(client.create_event_source_mapping, **own_kafka) == invalid(
        "Required 'sourceAccessConfigurations' parameter is missing."  # recorded from AWS
    )


# --- rights and the function's timeout -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        ((), "ReceiveMessage"),
        (("sqs:ReceiveMessage", "sqs:GetQueueAttributes"), "DeleteMessage"),
        (("sqs:ReceiveMessage", "sqs:DeleteMessage"), "GetQueueAttributes"),
    ],
)
def test_F160_a_role_that_may_not_read_the_queue(cloud, client, queue, allowed, missing):
    """Seen in published output: the first missing right is named."""
    role = cloud.role_that_may(*allowed) if allowed else cloud.role_arn
    function = cloud.deploy(NOTHING, Role=role)
    answer = refusal(client.create_event_source_mapping, EventSourceArn=queue, FunctionName=function.name)
    assert answer == invalid(f"The function execution role does not have permissions to call {missing} on SQS")


def test_F145_F220_a_role_that_may_not_read_the_stream(cloud, client, stream):
    """Recorded from AWS."""
    function = cloud.deploy(NOTHING)
    answer = refusal(
        client.create_event_source_mapping, EventSourceArn=stream, FunctionName=function.name, StartingPosition="LATEST"
    )
    assert answer == invalid(
        f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, and ListStreams Actions on your stream in IAM."
    )


def test_the_managed_policies_for_queues_and_streams_are_enough(cloud, client, queue, stream):
    iam = cloud.client("iam")
    for source, policy, more in (
        (queue, "AWSLambdaSQSQueueExecutionRole", {}),
        (stream, "AWSLambdaDynamoDBExecutionRole", {"StartingPosition": "LATEST"}),
    ):
        role = cloud.role_that_may("logs:PutLogEvents")
        iam.attach_role_policy(
            RoleName=role.rpartition("/")[2], PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}"
        )
        function = cloud.deploy(NOTHING, Role=role)
        made = client.create_event_source_mapping(EventSourceArn=source, FunctionName=function.name, **more)
        assert made["State"] == "Creating"


def test_F159_a_visibility_timeout_shorter_than_the_functions_timeout(cloud, client, function, reader, queue):
    """Seen in published output. It is looked at when a mapping is made or changed, not when the function changes."""
    slow = cloud.deploy(NOTHING, Role=reader, Timeout=60)
    too_short = invalid("Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds")
    assert refusal(client.create_event_source_mapping, EventSourceArn=queue, FunctionName=slow.name) == too_short
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name)
    wait_for(client, made, "Enabled")
    assert refusal(client.update_event_source_mapping, UUID=made["UUID"], FunctionName=slow.name) == too_short
    equal = make_queue(cloud, VisibilityTimeout="60")
    client.create_event_source_mapping(EventSourceArn=equal, FunctionName=slow.name)


def test_a_mapping_to_a_queue_that_was_deleted_can_still_be_disabled_and_deleted(cloud, client, function, queue):
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name)
    wait_for(client, made, "Enabled")
    sqs = cloud.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"])
    code, status, text = refusal(client.update_event_source_mapping, UUID=made["UUID"], BatchSize=1)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert "The specified queue does not exist." in text
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    wait_for(client, made, "Disabled")
    client.delete_event_source_mapping(UUID=made["UUID"])
    until(lambda: is_gone(client, made), "the mapping stays")


# --- parameters --------------------------------------------------------------------------------------------------------------


def test_a_stream_needs_a_starting_position(client, function, stream):
    """Recorded from AWS: its own code says what its validator would say, with a full stop."""
    assert refusal(client.create_event_source_mapping, EventSourceArn=stream, FunctionName=function.name) == invalid(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not "
        "be null."
    )
    assert refusal(
        client.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function.name,
        StartingPosition="invalid",
    ) == (
        "ValidationException",
        400,
        "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must "
        "satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    )
    assert refusal(
        client.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function.name,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=1741010802,
    ) == invalid(f"Unsupported starting position for arn type: {stream}")


def test_a_queue_has_no_starting_position(client, function, queue):
    answer = refusal(
        client.create_event_source_mapping, EventSourceArn=queue, FunctionName=function.name, StartingPosition="LATEST"
    )
    assert answer == invalid("StartingPosition is not valid for SQS event sources.")


def test_more_than_ten_messages_need_a_window(client, function, queue):
    """Recorded from AWS, when a mapping is made and when it is changed."""
    wanted = {"EventSourceArn": queue, "FunctionName": function.name}
    without_window = invalid(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    )
    assert refusal(client.create_event_source_mapping, **wanted, BatchSize=11) == without_window
    made = client.create_event_source_mapping(**wanted)
    wait_for(client, made, "Enabled")
    assert refusal(client.update_event_source_mapping, UUID=made["UUID"], BatchSize=15) == without_window
    changed = client.update_event_source_mapping(UUID=made["UUID"], BatchSize=15, MaximumBatchingWindowInSeconds=1)
    assert (changed["BatchSize"], changed["MaximumBatchingWindowInSeconds"]) == (15, 1)
    wait_for(client, made, "Enabled")
    assert refusal(client.update_event_source_mapping, UUID=made["UUID"], MaximumBatchingWindowInSeconds=0) == (
        without_window
    )


def test_a_fifo_queue_has_no_window(cloud, client, function):
    """Seen in published output."""
    fifo = make_queue(cloud, unique_name("queue") + ".fifo", FifoQueue="true")
    answer = refusal(
        client.create_event_source_mapping,
        EventSourceArn=fifo,
        FunctionName=function.name,
        BatchSize=100,
        MaximumBatchingWindowInSeconds=5,
    )
    assert answer == invalid("Batching window is not supported for FIFO queues")


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        (
            {"BatchSize": 0},
            "Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than",
        ),
        (
            {"BatchSize": 10001},
            "Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less",
        ),
        ({"MaximumBatchingWindowInSeconds": 301}, "Value '301' at 'maximumBatchingWindowInSeconds' failed"),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "Value '1' at 'scalingConfig.maximumConcurrency' failed"),
        ({"ParallelizationFactor": 11}, "Value '11' at 'parallelizationFactor' failed to satisfy constraint"),
        ({"MaximumRetryAttempts": 10001}, "Value '10001' at 'maximumRetryAttempts' failed to satisfy constraint"),
        ({"FunctionResponseTypes": ["All"]}, "Value '[All]' at 'functionResponseTypes' failed to satisfy constraint"),
    ],
)
def test_values_outside_their_range(cloud, function, queue, parameters, rule):
    """The service model's constraints, in the words of AWS's validator; boto3 checks some of them before it asks."""
    lenient = cloud.client("lambda")
    body = {"EventSourceArn": queue, "FunctionName": function.name, **parameters}
    code, status, text = refusal(_unchecked(lenient), **body)
    assert (code, status) == ("ValidationException", 400)
    assert rule in text


def _unchecked(client):
    """create_event_source_mapping without boto3's own look at the parameters."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "lambda",
        endpoint_url=client.meta.endpoint_url,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    ).create_event_source_mapping


@pytest.mark.parametrize(
    "parameters",
    [
        {"BisectBatchOnFunctionError": True},
        {"MaximumRecordAgeInSeconds": 60},
        {"MaximumRetryAttempts": 1},
        {"ParallelizationFactor": 2},
        {"TumblingWindowInSeconds": 10},
        {"DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"}}},
        {"DestinationConfig": {"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"}}},
        {"Topics": ["topic"]},
    ],
)
def test_a_queues_mapping_has_no_parameters_of_streams(client, function, queue, parameters):
    """Recorded from AWS for DestinationConfig, before it looks for the function."""
    (name,) = parameters
    answer = refusal(client.create_event_source_mapping, EventSourceArn=queue, FunctionName="nowhere", **parameters)
    assert answer == invalid(f"Unsupported {name} parameter for given event source mapping type.")


@pytest.mark.parametrize(
    "parameters",
    [
        {"ScalingConfig": {"MaximumConcurrency": 2}},
        {"DestinationConfig": {"OnSuccess": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"}}},
    ],
)
def test_a_streams_mapping_has_no_parameters_of_queues(client, function, stream, parameters):
    (name,) = parameters
    answer = refusal(
        client.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function.name,
        StartingPosition="LATEST",
        **parameters,
    )
    assert answer == invalid(f"Unsupported {name} parameter for given event source mapping type.")


@pytest.mark.parametrize("age", [0, 59])
def test_records_are_kept_for_a_minute_at_least(client, function, stream, age):
    """API Reference: values from 0 to 59 are in the range of the parameter and not allowed."""
    wanted = {"EventSourceArn": stream, "FunctionName": function.name, "StartingPosition": "LATEST"}
    code, status, text = refusal(client.create_event_source_mapping, **wanted, MaximumRecordAgeInSeconds=age)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert f"Value '{age}' at 'maximumRecordAgeInSeconds' failed to satisfy constraint" in text
    made = client.create_event_source_mapping(**wanted, MaximumRecordAgeInSeconds=60)
    assert made["MaximumRecordAgeInSeconds"] == 60


def test_all_settings_of_a_stream_are_kept(cloud, client, function, stream):
    on_failure = make_queue(cloud)
    settings = {
        "BatchSize": 1000,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Destination": on_failure}},
        "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumBatchingWindowInSeconds": 5,
        "MaximumRecordAgeInSeconds": 3600,
        "MaximumRetryAttempts": 2,
        "ParallelizationFactor": 4,
    }
    made = client.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=function.name, StartingPosition="LATEST", **settings
    )
    assert {key: made[key] for key in settings} == settings
    wait_for(client, made, "Enabled")
    changed = client.update_event_source_mapping(
        UUID=made["UUID"], DestinationConfig={"OnFailure": {"Destination": ""}}, MaximumRetryAttempts=-1
    )
    assert changed["DestinationConfig"] == {"OnFailure": {}}
    assert changed["MaximumRetryAttempts"] == -1
    assert changed["ParallelizationFactor"] == 4


def test_settings_of_a_queue_are_kept_and_taken_away_by_empty_values(client, function, queue):
    """API Reference: an empty ScalingConfig removes the maximum concurrency, empty FilterCriteria the filters."""
    settings = {
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
        "ScalingConfig": {"MaximumConcurrency": 5},
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name, **settings)
    assert {key: made[key] for key in settings} == settings
    wait_for(client, made, "Enabled")
    changed = client.update_event_source_mapping(
        UUID=made["UUID"],
        FilterCriteria={},
        ScalingConfig={},
        MetricsConfig={"Metrics": []},
        FunctionResponseTypes=[],
    )
    assert changed["FunctionResponseTypes"] == []
    assert not {"FilterCriteria", "ScalingConfig", "MetricsConfig"} & set(changed)


# --- destinations of streams ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["queue", "topic", "bucket"])
def test_a_stream_tells_a_queue_a_topic_or_a_bucket_of_failures(cloud, client, function, stream, kind):
    name = unique_name("target")
    if kind == "bucket":
        cloud.client("s3").create_bucket(Bucket=name)
        arn = f"arn:aws:s3:::{name}"
    elif kind == "topic":
        arn = cloud.client("sns").create_topic(Name=name)["TopicArn"]
    else:
        arn = make_queue(cloud, name)
    made = client.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=function.name,
        StartingPosition="LATEST",
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    assert made["DestinationConfig"] == {"OnFailure": {"Destination": arn}}


def test_destinations_of_streams_that_cannot_be(cloud, client, function, stream):
    wanted = {"EventSourceArn": stream, "FunctionName": function.name, "StartingPosition": "LATEST"}
    for arn, text in (
        (
            function.arn,
            "The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination="
            f"{function.arn})) is invalid.",
        ),
        (
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere",
            f"The destination ARN arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere is invalid.",
        ),
    ):
        config = {"OnFailure": {"Destination": arn}}
        assert refusal(client.create_event_source_mapping, **wanted, DestinationConfig=config) == invalid(text)


def test_the_role_must_be_allowed_to_write_to_the_destination(cloud, client, stream):
    function = cloud.deploy(NOTHING, Role=cloud.role_that_may("dynamodb:*"))
    answer = refusal(
        client.create_event_source_mapping,
        EventSourceArn=stream,
        FunctionName=function.name,
        StartingPosition="LATEST",
        DestinationConfig={"OnFailure": {"Destination": make_queue(cloud)}},
    )
    assert answer == invalid("The function execution role does not have permissions to call SendMessage on SQS")


# --- filters ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern", ["null", "simple string", '{"eventSource": "aws:sqs"}', '{"eventSource": []}', "{}", ""]
)
def test_F157_an_invalid_filter_pattern(client, function, queue, pattern):
    """Recorded from AWS, when a mapping is made; it is the same when it is changed."""
    criteria = {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}}
    wanted = {"EventSourceArn": queue, "FunctionName": function.name}
    assert refusal(client.create_event_source_mapping, **wanted, **criteria) == NO_FILTER
    made = client.create_event_source_mapping(**wanted, Enabled=False)
    assert refusal(client.update_event_source_mapping, UUID=made["UUID"], **criteria) == NO_FILTER


def test_empty_filters_are_not_shown(client, function, queue):
    """Recorded from AWS."""
    made = client.create_event_source_mapping(
        EventSourceArn=queue, FunctionName=function.name, FilterCriteria={"Filters": []}
    )
    assert "FilterCriteria" not in made


def test_a_mapping_has_five_filters_at_most(client, function, queue):
    """Developer Guide; AWS's text is not published."""
    one = {"Pattern": '{"body": {"a": [1]}}'}
    wanted = {"EventSourceArn": queue, "FunctionName": function.name}
    code, status, _text = refusal(client.create_event_source_mapping, **wanted, FilterCriteria={"Filters": [one] * 6})
    assert (code, status) == ("InvalidParameterValueException", 400)
    made = client.create_event_source_mapping(**wanted, FilterCriteria={"Filters": [one] * 5})
    assert len(made["FilterCriteria"]["Filters"]) == 5


# --- lists, tags, CloudFormation -----------------------------------------------------------------------------------------


def test_mappings_are_listed_by_function_and_source(client, function, queue, stream):
    """What does not exist has no mappings; that is no error. Recorded from AWS."""
    first = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=f"{function.name}:live")
    second = client.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=f"{function.name}:1", StartingPosition="LATEST"
    )

    def listed(**by: str) -> list[str]:
        return [one["UUID"] for one in client.list_event_source_mappings(**by)["EventSourceMappings"]]

    assert listed(EventSourceArn=queue) == [first["UUID"]]
    assert listed(EventSourceArn=stream, FunctionName=f"{function.arn}:1") == [second["UUID"]]
    assert first["UUID"] in listed(FunctionName=f"{function.name}:live")
    assert listed(EventSourceArn=queue, FunctionName=function.name) == []
    assert listed(FunctionName="doesnotexist") == []
    assert listed(EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere") == []


def test_long_lists_come_in_pages(cloud, client, function):
    for _ in range(3):
        client.create_event_source_mapping(EventSourceArn=make_queue(cloud), FunctionName=function.name)
    pages = client.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 1})
    found = [one["UUID"] for page in pages for one in page["EventSourceMappings"]]
    assert len(found) == len(set(found)) >= 3


def test_tags_of_a_mapping(client, function, queue):
    """Recorded from AWS."""
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=function.name, Tags={"a": "1"})
    arn = made["EventSourceMappingArn"]
    client.tag_resource(Resource=arn, Tags={"b": "2", "c": "3"})
    client.untag_resource(Resource=arn, TagKeys=["a", "nope"])
    assert client.list_tags(Resource=arn)["Tags"] == {"b": "2", "c": "3"}
    nowhere = f"{arn.rpartition(':')[0]}:{uuid.uuid4()}"
    for call, more in (
        (client.list_tags, {}),
        (client.tag_resource, {"Tags": {"a": "1"}}),
        (client.untag_resource, {"TagKeys": ["a"]}),
    ):
        assert refusal(call, Resource=nowhere, **more) == (
            "ResourceNotFoundException",
            404,
            f"Event source mapping not found: {nowhere}",
        )


def test_a_stack_makes_changes_and_deletes_a_mapping(cloud, client, function, queue):
    """Numbers and truth values of a template may be text; the stack is complete when the mapping is enabled."""
    cloudformation = cloud.client("cloudformation")
    properties = {
        "EventSourceArn": queue,
        "FunctionName": function.name,
        "BatchSize": "5",
        "Enabled": "true",
        "ScalingConfig": {"MaximumConcurrency": "3"},
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    template = {
        "Resources": {"M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}},
        "Outputs": {"Id": {"Value": {"Ref": "M"}}, "Arn": {"Value": {"Fn::GetAtt": ["M", "EventSourceMappingArn"]}}},
    }
    name = unique_name("stack")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    (made,) = client.list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"]
    assert (made["State"], made["BatchSize"]) == ("Enabled", 5)
    assert made["ScalingConfig"] == {"MaximumConcurrency": 3}
    assert made["FilterCriteria"] == properties["FilterCriteria"]
    assert client.list_tags(Resource=made["EventSourceMappingArn"])["Tags"]["a"] == "1"
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs == {"Id": made["UUID"], "Arn": made["EventSourceMappingArn"]}

    properties |= {"BatchSize": 7, "Enabled": "false"}
    cloudformation.update_stack(StackName=name, TemplateBody=json.dumps(template))
    (changed,) = client.list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"]
    assert (changed["UUID"], changed["State"], changed["BatchSize"]) == (made["UUID"], "Disabled", 7)

    cloudformation.delete_stack(StackName=name)
    assert client.list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"] == []
