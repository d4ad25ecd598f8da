"""A table's stream that calls a function: what the function gets, in which order, and what becomes of a poison record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from .deployment import ACCOUNT, REGION, REQUEST_ID, CloudUnderTest, Function, unique_name
from .tables import Table, keys
from .targets import Queue, log_text, until

#: Prints each event on a line of its own and does what the keys of its records say.
HANDLER = """
    import json
    import time

    def handler(event, context):
        print(json.dumps(event))
        failures = []
        for record in event["Records"]:
            key = record["dynamodb"]["Keys"]["id"]["S"]
            if key.startswith("slow"):
                time.sleep(0.3)
            if key.startswith("poison"):
                raise ValueError("told to")
            if key.startswith("report"):
                failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
            if key.startswith("answer "):
                return json.loads(key.removeprefix("answer "))
        return {"batchItemFailures": failures}
"""
_ROLES: dict[str, str] = {}


def role(cloud: CloudUnderTest) -> str:
    if cloud.endpoint not in _ROLES:
        _ROLES[cloud.endpoint] = cloud.role_that_may("dynamodb:*", "sqs:*", "sns:*", "s3:*")
    return _ROLES[cloud.endpoint]


def deploy(cloud: CloudUnderTest, source: str = HANDLER, **settings: Any) -> Function:
    return cloud.deploy(source, **{"Role": role(cloud), **settings})


def events(function: Function) -> list[dict[str, Any]]:
    """Every event the function got so far, as far as its log is written, oldest first within an environment."""
    return [json.loads(line) for line in re.findall(r'^\{"Records".*$', log_text(function), re.M)]


def batches(function: Function) -> list[list[str]]:
    """The keys of each event's records."""
    return [keys(event["Records"]) for event in events(function)]


def got(function: Function, *wanted: str) -> list[list[str]]:
    """The batches, once every one of these keys has come."""

    def found() -> list[list[str]]:
        now = batches(function)
        return now if set(wanted) <= {key for batch in now for key in batch} else []

    return until(found, f"{function.name} did not get {wanted}", 60)


def connect(cloud: CloudUnderTest, table: Table, function: Function, **settings: Any) -> str:
    """UUID of an enabled event source mapping, from the oldest record on."""
    settings = {"StartingPosition": "TRIM_HORIZON"} | settings
    made = cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=table.stream_arn, FunctionName=function.name, **settings
    )
    until_state(cloud, made["UUID"], "Enabled")
    return made["UUID"]


def until_state(cloud: CloudUnderTest, uuid: str, wanted: str) -> None:
    until(lambda: shown(cloud, uuid)["State"] == wanted, f"the mapping did not become {wanted}")


def shown(cloud: CloudUnderTest, uuid: str) -> dict[str, Any]:
    return cloud.client("lambda").get_event_source_mapping(UUID=uuid)


def change(cloud: CloudUnderTest, uuid: str, **settings: Any) -> None:
    cloud.client("lambda").update_event_source_mapping(UUID=uuid, **settings)
    until_state(cloud, uuid, "Disabled" if settings.get("Enabled") is False else "Enabled")


@pytest.fixture
def table(cloud: CloudUnderTest) -> Table:
    return Table(cloud)


@pytest.fixture
def function(cloud: CloudUnderTest) -> Function:
    return deploy(cloud)


def test_F134_F136_the_event_of_a_stream(cloud, table, function):
    """Developer Guide, "Using AWS Lambda with Amazon DynamoDB" and recorded from AWS."""
    connect(cloud, table, function)
    table.put("a", price={"N": "12.50"}, photo={"B": b"\x00\xff"})
    table.update("a", "SET price = :p", p={"N": "13"})
    table.delete("a")
    until(lambda: len([key for batch in batches(function) for key in batch]) == 3, "three records did not come")
    inserted, modified, removed = (record for event in events(function) for record in event["Records"])
    new = {"id": {"S": "a"}, "price": {"N": "12.5"}, "photo": {"B": "AP8="}}
    change = inserted["dynamodb"]
    assert list(inserted) == [
        "eventID",
        "eventName",
        "eventVersion",
        "eventSource",
        "awsRegion",
        "dynamodb",
        "eventSourceARN",
    ]
    assert list(change) == [
        "ApproximateCreationDateTime",
        "Keys",
        "NewImage",
        "SequenceNumber",
        "SizeBytes",
        "StreamViewType",
    ]
    assert (inserted["eventSource"], inserted["eventVersion"], inserted["awsRegion"]) == ("aws:dynamodb", "1.1", REGION)
    assert inserted["eventSourceARN"] == table.stream_arn
    assert isinstance(change["ApproximateCreationDateTime"], float)
    assert change["NewImage"] == new
    assert change["SizeBytes"] == 3 + 3 + 8 + 7
    assert [one["eventName"] for one in (inserted, modified, removed)] == ["INSERT", "MODIFY", "REMOVE"]
    assert (modified["dynamodb"]["OldImage"], "NewImage" in removed["dynamodb"]) == (new, False)


def test_values_of_every_type_come_as_dynamodb_json(cloud, table, function):
    """Numbers are strings without superfluous zeroes, binary is base64 text, also inside lists and maps."""
    connect(cloud, table, function)
    table.put(
        "a",
        n={"N": "1E+2"},
        b={"B": b"\x00"},
        e={"S": ""},
        none={"NULL": True},
        ss={"SS": ["x"]},
        ns={"NS": ["1.0"]},
        bs={"BS": [b"ab"]},
        m={"M": {"x": {"B": b"q"}, "y": {"L": [{"N": "1.50"}, {"BOOL": True}]}}},
        l={"L": []},
    )
    got(function, "a")
    ((record,),) = (event["Records"] for event in events(function))
    assert record["dynamodb"]["NewImage"] == {
        "id": {"S": "a"},
        "n": {"N": "100"},
        "b": {"B": "AA=="},
        "e": {"S": ""},
        "none": {"NULL": True},
        "ss": {"SS": ["x"]},
        "ns": {"NS": ["1"]},
        "bs": {"BS": ["YWI="]},
        "m": {"M": {"x": {"B": "cQ=="}, "y": {"L": [{"N": "1.5"}, {"BOOL": True}]}}},
        "l": {"L": []},
    }


def test_records_come_in_order_in_batches_of_at_most_batch_size(cloud, table, function):
    """F143: one invocation at a time for a shard."""
    names = [f"{number:02}" for number in range(25)]
    table.put_together(*names)
    connect(cloud, table, function, BatchSize=10)
    assert got(function, *names) == [names[:10], names[10:20], names[20:]]


def test_a_batching_window_gathers_what_comes_one_by_one(cloud, table, function):
    """F143: MaximumBatchingWindowInSeconds."""
    connect(cloud, table, function, BatchSize=5, MaximumBatchingWindowInSeconds=100)
    for number in range(5):
        table.put(str(number))
    assert got(function, "4") == [["0", "1", "2", "3", "4"]]
    table.put("the window ends without more")
    assert got(function, "the window ends without more")[1:] == [["the window ends without more"]]


def test_a_batch_is_at_most_6_mb(cloud, table):
    """F143: records that together are larger come in several invocations."""
    function = deploy(
        cloud,
        """
        import json

        def handler(event, context):
            print("BATCH", len(event["Records"]), len(json.dumps(event)))
        """,
        Timeout=30,
    )
    for number in range(20):
        table.put(str(number), text={"S": "x" * 380_000})
    connect(cloud, table, function)

    def found() -> list[tuple[int, int]]:
        sizes = [
            (int(count), int(size)) for count, size in re.findall(r"^BATCH (\d+) (\d+)$", log_text(function), re.M)
        ]
        return sizes if sum(count for count, _size in sizes) == 20 else []

    sizes = until(found, "20 records did not come", 60)
    assert len(sizes) > 1
    assert max(size for _count, size in sizes) <= 6 * 1024 * 1024


def test_LATEST_begins_with_what_comes_after(cloud, table, function):
    table.put("before")
    connect(cloud, table, function, StartingPosition="LATEST")
    probe = deploy(cloud)
    connect(cloud, table, probe)
    got(probe, "before")
    table.put("after")
    assert got(function, "after") == [["after"]]


def test_F139_filters_choose_records_and_the_others_are_done(cloud, table, function):
    pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": [{"prefix": "or"}]}}}}
    connect(
        cloud,
        table,
        function,
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}, {"Pattern": '{"eventName": ["REMOVE"]}'}]},
    )
    table.put("no kind")
    table.put("a", kind={"S": "order"})
    table.put("a", kind={"S": "order"}, changed={"BOOL": True})
    table.put("b", kind={"S": "parcel"})
    table.delete("b")
    got(function, "b")
    found = [(r["eventName"], r["dynamodb"]["Keys"]["id"]["S"]) for e in events(function) for r in e["Records"]]
    assert found == [("INSERT", "a"), ("REMOVE", "b")]


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"dynamodb": {"NewImage": {"kind": {"S": ["order"]}}}}, True),
        ({"dynamodb": {"NewImage": {"kind": ["order"]}}}, False),  # the letter of the type is missing
        ({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 0]}]}}}}, False),  # numbers are strings
        ({"dynamodb": {"ApproximateCreationDateTime": [{"numeric": [">", 0]}]}}, True),
        ({"dynamodb": {"NewImage": [{"exists": False}]}}, True),  # not a leaf
        ({"userIdentity": {"type": ["Service"]}}, False),
    ],
)
def test_F139_patterns_look_at_the_record_as_the_function_gets_it(cloud, table, function, pattern, passes):
    uuid = connect(
        cloud,
        table,
        function,
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}, {"Pattern": '{"eventName": ["REMOVE"]}'}]},
    )
    table.put("a", kind={"S": "order"}, n={"N": "5"})
    table.put("last")
    table.delete("last")
    until(lambda: any("last" in batch for batch in batches(function)), "the last record did not come")
    assert shown(cloud, uuid)["LastProcessingResult"] == "OK"
    assert any("a" in batch for batch in batches(function)) == passes


def test_F140_a_failing_batch_blocks_what_follows_then_goes_to_the_destination(cloud, table, function):
    """One retry, then the invocation record without the data."""
    queue = Queue(cloud)
    uuid = connect(
        cloud,
        table,
        function,
        BatchSize=1,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    table.put_together("poison", "good")
    (record,) = queue.records(seconds=60)
    assert got(function, "good") == [["poison"], ["poison"], ["good"]]
    (source,) = (one for one in table.records() if keys([one]) == ["poison"])
    number = source["dynamodb"]["SequenceNumber"]
    arrived = source["dynamodb"]["ApproximateCreationDateTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert re.fullmatch(REQUEST_ID, record["requestContext"].pop("requestId"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    assert record == {
        "requestContext": {
            "functionArn": function.arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "DDBStreamBatchInfo": {
            "shardId": table.shard()["ShardId"],
            "startSequenceNumber": number,
            "endSequenceNumber": number,
            "approximateArrivalOfFirstRecord": arrived,
            "approximateArrivalOfLastRecord": arrived,
            "batchSize": 1,
            "streamArn": table.stream_arn,
        },
    }
    until(lambda: shown(cloud, uuid)["LastProcessingResult"] == "OK", "the last batch succeeded")


def test_the_request_id_of_a_failure_record_is_found_in_the_log(cloud, table, function):
    queue = Queue(cloud)
    connect(cloud, table, function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue.arn}})
    table.put("poison")
    (record,) = queue.records(seconds=60)
    request_id = record["requestContext"]["requestId"]
    until(lambda: f"END RequestId: {request_id}" in log_text(function), "the log does not have it")


def test_without_limits_a_poison_record_is_tried_again_and_again(cloud, table, function):
    """The state says nothing, LastProcessingResult does; an update with a limit sets the rest free."""
    uuid = connect(cloud, table, function, BatchSize=1)
    table.put_together("poison", "good")
    until(lambda: len(batches(function)) > 3, "it is not tried again")
    assert {key for batch in batches(function) for key in batch} == {"poison"}
    assert shown(cloud, uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    assert shown(cloud, uuid)["State"] == "Enabled"
    change(cloud, uuid, MaximumRetryAttempts=0)
    assert got(function, "good")[-1] == ["good"]


@pytest.mark.parametrize(
    "answer",
    ["null", "{}", "[]", '{"batchItemFailures": []}', '{"batchItemFailures": null}'],
)
def test_F141_answers_that_are_a_success(cloud, table, function, answer):
    connect(cloud, table, function, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=2)
    table.put(f"answer {answer}")
    got(function, f"answer {answer}")
    table.put("next")
    assert got(function, "next") == [[f"answer {answer}"], ["next"]]


@pytest.mark.parametrize(
    "answer",
    [
        '{"batchItemFailures": [{"itemIdentifier": ""}]}',
        '{"batchItemFailures": [{"itemIdentifier": null}]}',
        '{"batchItemFailures": [{"foo": "1"}]}',
        '{"batchItemFailures": [{"itemIdentifier": "100000000000000000000001"}]}',
    ],
)
def test_F141_answers_that_are_a_failure_of_the_whole_batch(cloud, table, function, answer):
    connect(cloud, table, function, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
    table.put_together("first", f"answer {answer}")
    until(lambda: len(batches(function)) == 2, "it is not tried again")
    table.put("next")
    assert got(function, "next") == [["first", f"answer {answer}"]] * 2 + [["next"]]


def test_F141_a_batch_is_retried_from_the_lowest_number_reported(cloud, table, function):
    """Three retries, and the record of the destination has no functionError."""
    queue = Queue(cloud)
    connect(
        cloud,
        table,
        function,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=3,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    table.put_together("a", "b", "report 1", "c", "report 2")
    (record,) = queue.records(seconds=60)
    rest = ["report 1", "c", "report 2"]
    assert batches(function) == [["a", "b", *rest], rest, rest, rest]
    assert record["requestContext"]["approximateInvokeCount"] == 4
    assert record["responseContext"]["functionError"] is None
    assert record["DDBStreamBatchInfo"]["batchSize"] == 3


def test_without_the_response_type_a_report_means_nothing(cloud, table, function):
    connect(cloud, table, function)
    table.put_together("report", "b")
    table.put("next")
    got(function, "next")
    assert sum("report" in batch for batch in batches(function)) == 1


def test_F142_a_failed_batch_is_split_until_the_poison_record_is_alone(cloud, table, function):
    """Splitting does not use up the retries."""
    queue = Queue(cloud)
    connect(
        cloud,
        table,
        function,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    table.put_together("1", "2", "poison", "4")
    (record,) = queue.records(seconds=60)
    until(lambda: ["4"] in batches(function), "the last record did not come alone")
    assert batches(function) == [["1", "2", "poison", "4"], ["1", "2"], ["poison", "4"], ["poison"], ["poison"], ["4"]]
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_both_bisect_and_reports_split_at_the_number_reported(cloud, table, function):
    """ "The batch is bisected at the returned sequence number, and Lambda retries only the remaining records.\""""
    connect(
        cloud,
        table,
        function,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=0,
    )
    table.put_together("1", "2", "report", "4")
    until(lambda: ["4"] in batches(function), "the last record did not come alone")  # it is in the first batch, too
    assert batches(function) == [["1", "2", "report", "4"], ["report", "4"], ["report"], ["4"]]


def test_records_that_are_too_old_are_given_up(cloud, table, function):
    """MaximumRecordAgeInSeconds, with AWS's name for it."""
    queue = Queue(cloud)
    connect(
        cloud,
        table,
        function,
        BatchSize=1,
        MaximumRecordAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    table.put("poison")
    (record,) = queue.records(seconds=60)
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == len(batches(function))
    table.put("good")
    got(function, "good")


def test_parallel_batches_keep_the_order_of_each_item(cloud, table):
    """ParallelizationFactor: several environments at once, an item's records in order."""
    function = deploy(cloud)
    connect(cloud, table, function, ParallelizationFactor=4, BatchSize=2, StartingPosition="TRIM_HORIZON")
    for step in range(4):
        for number in range(6):
            table.put(f"slow-{number}", step={"N": str(step)})

    def found() -> list[dict[str, Any]]:
        all_events = events(function)
        return all_events if sum(len(event["Records"]) for event in all_events) == 24 else []

    until(found, "24 records did not come", 60)
    assert len(function.log_streams()) > 1
    for stream in function.log_streams():
        text = "".join(function.log_events(stream))
        steps: dict[str, list[str]] = {}
        for line in re.findall(r'^\{"Records".*$', text, re.M):
            for record in json.loads(line)["Records"]:
                image = record["dynamodb"]["NewImage"]
                steps.setdefault(image["id"]["S"], []).append(image["step"]["N"])
        assert all(seen == sorted(seen) for seen in steps.values()), steps


def test_a_disabled_mapping_goes_on_where_it_stopped(cloud, table, function):
    uuid = connect(cloud, table, function)
    table.put("1")
    got(function, "1")
    change(cloud, uuid, Enabled=False)
    table.put("2")
    table.put("3")
    change(cloud, uuid, Enabled=True)
    got(function, "3")
    assert [key for batch in batches(function) for key in batch] == ["1", "2", "3"]


def test_a_mapping_that_is_disabled_waits_for_the_batch_that_runs(cloud, table):
    """It is done then, and does not come again."""
    queue = Queue(cloud)
    function = deploy(
        cloud,
        """
        import json
        import os
        import time

        import boto3

        def handler(event, context):
            print(json.dumps(event))
            boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody="begun")
            time.sleep(1)
            print("DONE")
        """,
        Timeout=20,
        Environment={"Variables": {"QUEUE": queue.url}},
    )
    uuid = connect(cloud, table, function)
    table.put("1")
    queue.messages(seconds=60)
    change(cloud, uuid, Enabled=False)
    assert re.search("^DONE$", log_text(function), re.M)
    change(cloud, uuid, Enabled=True)
    table.put("2")
    assert got(function, "2") == [["1"], ["2"]]


def test_a_deleted_mapping_calls_no_more(cloud, table, function):
    uuid = connect(cloud, table, function)
    table.put("1")
    got(function, "1")
    cloud.client("lambda").delete_event_source_mapping(UUID=uuid)
    gone = cloud.client("lambda").exceptions.ResourceNotFoundException

    def is_gone() -> bool:
        try:
            shown(cloud, uuid)
        except gone:
            return True
        return False

    until(is_gone, "the mapping is still there")
    probe = deploy(cloud)
    connect(cloud, table, probe)
    table.put("2")
    got(probe, "2")
    assert batches(function) == [["1"]]


def test_a_mapping_whose_batch_fails_again_and_again_can_be_disabled_and_deleted(cloud, table, function):
    table.put("poison")
    uuid = connect(cloud, table, function)
    until(lambda: len(batches(function)) > 1, "no second attempt")

    change(cloud, uuid, Enabled=False)
    change(cloud, uuid, Enabled=True)
    tried = len(batches(function))
    until(lambda: len(batches(function)) > tried + 1, "no attempt after it was enabled again")
    cloud.client("lambda").delete_event_source_mapping(UUID=uuid)

    until(lambda: table.stream_arn not in sources(cloud, function), "the mapping is still there")


def sources(cloud: CloudUnderTest, function: Function) -> list[str]:
    mappings = cloud.client("lambda").list_event_source_mappings(FunctionName=function.name)["EventSourceMappings"]
    return [mapping["EventSourceArn"] for mapping in mappings]


def test_F146_a_deleted_function_leaves_the_mapping_and_a_new_one_gets_the_records(cloud, table, function):
    uuid = connect(cloud, table, function)
    cloud.client("lambda").delete_function(FunctionName=function.name)
    table.put("1")
    problem = f"PROBLEM: Function not found: {function.arn}:$LATEST"
    until(lambda: shown(cloud, uuid)["LastProcessingResult"] == problem, "the problem is not told")
    assert shown(cloud, uuid)["State"] == "Enabled"
    again = deploy(cloud, name=function.name)
    assert got(again, "1") == [["1"]]


def test_a_role_that_lost_its_rights_is_told_and_loses_no_record(cloud, table):
    role_arn = cloud.role_that_may("dynamodb:*")
    function = cloud.deploy(HANDLER, Role=role_arn)
    uuid = connect(cloud, table, function)
    iam, name = cloud.client("iam"), role_arn.rpartition("/")[2]
    policy = iam.get_role_policy(RoleName=name, PolicyName="own")["PolicyDocument"]
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    table.put("1")
    problem = (
        f"PROBLEM: Cannot access stream {table.stream_arn}. Please ensure the role can perform the GetRecords, "
        "GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
    )
    until(lambda: shown(cloud, uuid)["LastProcessingResult"] == problem, "the problem is not told")
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    assert got(function, "1") == [["1"]]


def test_throttles_are_no_attempts(cloud, table, function):
    """ "Before invocation": with no concurrency at all nothing is given up."""
    client = cloud.client("lambda")
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    connect(cloud, table, function, MaximumRetryAttempts=0)
    probe = deploy(cloud)
    connect(cloud, table, probe)
    table.put("1")
    got(probe, "1")
    client.delete_function_concurrency(FunctionName=function.name)
    assert got(function, "1") == [["1"]]


def test_two_mappings_of_a_stream_each_get_every_record(cloud, table, function):
    other = deploy(cloud)
    connect(cloud, table, function)
    connect(cloud, table, other)
    table.put("1")
    assert (got(function, "1"), got(other, "1")) == ([["1"]], [["1"]])


def test_a_deleted_table_s_last_records_still_come(cloud, table, function):
    """A stream can be read for 24 hours after its table is gone."""
    connect(cloud, table, function)
    table.put("1")
    table.client.delete_table(TableName=table.name)
    assert got(function, "1") == [["1"]]


def destination(cloud: CloudUnderTest, kind: str) -> tuple[str, Callable[[], dict[str, Any]]]:
    """ARN of a new topic or bucket, and what gives the one record that it got."""
    if kind == "sns":
        queue = Queue(cloud)
        topic = cloud.client("sns").create_topic(Name=unique_name("failed"))["TopicArn"]
        cloud.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"}
        )
        return topic, lambda: queue.records(seconds=60)[0]
    bucket = unique_name("failed")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=bucket)

    def stored() -> dict[str, Any]:
        (one,) = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"), "no object came", 60)
        document = json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read())
        return document | {"key": one["Key"]}

    return f"arn:aws:s3:::{bucket}", stored


@pytest.mark.parametrize("kind", ["sns", "s3"])
def test_a_topic_and_a_bucket_get_failure_records_too(cloud, table, function, kind):
    """Only the object has the records themselves, under a name that says mapping, shard and time."""
    arn, record = destination(cloud, kind)
    uuid = connect(
        cloud, table, function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    table.put("poison")
    found = record()
    assert found["DDBStreamBatchInfo"]["batchSize"] == 1
    if kind == "s3":
        assert keys(found["payload"]["Records"]) == ["poison"]
        shard = re.escape(table.shard()["ShardId"])
        time = r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"
        assert re.fullmatch(rf"aws/lambda/{uuid}/{shard}/{time}-[0-9a-f-]{{36}}", found["key"])
    else:
        assert "payload" not in found


def test_a_failure_record_that_cannot_be_sent_is_told_in_the_log(cloud, table):
    queue = Queue(cloud)
    role_arn = cloud.role_that_may("dynamodb:*", "sqs:SendMessage")
    function = cloud.deploy(HANDLER, Role=role_arn)
    connect(cloud, table, function, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue.arn}})
    cloud.client("sqs").delete_queue(QueueUrl=queue.url)
    table.put("poison")
    note = until(lambda: re.search(r"^LAB NOTE: .*", log_text(function), re.M), "nothing is told")[0]
    assert note.startswith("LAB NOTE: the failure record of stream records ")
    assert f"(RetryAttemptsExhausted) could not be sent to {queue.arn}: " in note
    assert "The specified queue does not exist. It is lost." in note


TOTAL = """
    import json

    def handler(event, context):
        print(json.dumps(event))
        state = event["state"]
        for record in event["Records"]:
            image = record["dynamodb"]["NewImage"]
            state["total"] = state.get("total", 0) + int(image["n"]["N"])
        if event["isFinalInvokeForWindow"]:
            print("TOTAL", json.dumps(state))
        return {"state": state}
"""


def test_a_tumbling_window_hands_its_state_on_and_ends(cloud, table):
    """Developer Guide, "Implementing stateful DynamoDB stream processing in Lambda"."""
    function = deploy(cloud, TOTAL)
    connect(cloud, table, function, BatchSize=1, TumblingWindowInSeconds=60)
    for number in range(1, 5):
        table.put(str(number), n={"N": str(number)})

    def totals() -> list[int]:
        return [json.loads(text)["total"] for text in re.findall(r"^TOTAL (.*)$", log_text(function), re.M)]

    until(lambda: sum(totals()) == 10, "the windows did not end with the total", 60)
    got_events = [json.loads(line) for line in re.findall(r'^\{"Records".*$', log_text(function), re.M)]
    first, last = got_events[0], got_events[-1]
    assert set(first) == {
        "Records",
        "window",
        "state",
        "shardId",
        "eventSourceARN",
        "isFinalInvokeForWindow",
        "isWindowTerminatedEarly",
    }
    assert (first["state"], first["isFinalInvokeForWindow"], first["shardId"]) == ({}, False, table.shard()["ShardId"])
    assert (last["Records"], last["isFinalInvokeForWindow"], last["isWindowTerminatedEarly"]) == ([], True, False)
    assert set(first["window"]) == {"start", "end"}


def test_an_answer_without_a_state_is_a_failed_invocation(cloud, table, function):
    queue = Queue(cloud)
    connect(
        cloud,
        table,
        function,
        TumblingWindowInSeconds=60,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    table.put("1")
    (record,) = queue.records(seconds=60)
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["functionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function.name}"
