"""Lesson 06: the starter is not attempted, the solution and other right answers pass, each mistake gets its message."""

from __future__ import annotations

import importlib.metadata
import json
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from labsupport.exercises.outcomes import Outcome

from .hands import Hands, the_role_of_the_lessons

#: Exercises whose file is deployed as it is: function, file, handler.
FUNCTIONS = {
    "queues-1": ("kestrel-labels", "labels.py", "labels.handler"),
    "queues-2": ("kestrel-charge", "charge.py", "charge.handler"),
    "queues-3": ("kestrel-ship", "ship.py", "ship.handler"),
}
SETTINGS: dict[str, dict[str, Any]] = {"queues-1": {}, "queues-2": {"Timeout": 10}, "queues-3": {"Timeout": 5}}
TABLES = ("kestrel-prints", "kestrel-marks", "kestrel-bank", "kestrel-parcels")

LABEL = """
import json

def print_label(order):
    if not order.get("street"):
        raise ValueError(f"order {order['order']} has no street")
    print("label for", order["order"])
"""
CHARGE = """
import json
import time
import boto3
from boto3.dynamodb.conditions import Attr

bank = boto3.resource("dynamodb").Table("kestrel-bank")
marks = boto3.resource("dynamodb").Table("kestrel-marks")
AlreadyThere = marks.meta.client.exceptions.ConditionalCheckFailedException

def charge(order):
    time.sleep(0.1)
    if order["card"] == "refused":
        raise ValueError("the card was refused")
    bank.update_item(Key={"order": order["order"]}, UpdateExpression="ADD cents :cents",
                     ExpressionAttributeValues={":cents": order["cents"]})

def all_of(event, work):
    failures = []
    for record in event["Records"]:
        try:
            work(json.loads(record["body"]))
        except Exception as problem:
            print("not charged:", problem)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
"""
SHIP = """
import json
import time
import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function,
)

parcels = boto3.resource("dynamodb").Table("kestrel-parcels")

def ship(order):
    time.sleep(order.get("seconds", 0))
    if order.get("address") == "unknown":
        raise ValueError("unknown address")
    parcels.update_item(Key={"order": order["order"]}, UpdateExpression="ADD parcels :one",
                        ExpressionAttributeValues={":one": 1})

processor = BatchProcessor(event_type=EventType.SQS)
store = DynamoDBPersistenceLayer(table_name="kestrel-idempotency")
"""

ALSO_RIGHT = {
    "queues-1": (
        LABEL
        + """
def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            order = json.loads(record["body"])
            print_label(order)
        except (ValueError, KeyError, AttributeError):
            failures.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failures]}
""",
        LABEL
        + """
def fails(record):
    try:
        print_label(json.loads(record["body"]))
    except Exception as problem:
        print(problem)
        return True

def handler(event, context):
    failed = [{"itemIdentifier": record["messageId"]} for record in event["Records"] if fails(record)]
    return {"batchItemFailures": failed} if failed else None
""",
    ),
    "queues-2": (
        CHARGE
        + """
def once(order):
    table = boto3.client("dynamodb")
    key = {"order": {"S": order["order"]}}
    try:
        table.put_item(TableName="kestrel-marks", Item=key | {"at": {"N": str(time.time())}},
                       ConditionExpression="attribute_not_exists(#order)",
                       ExpressionAttributeNames={"#order": "order"})
    except table.exceptions.ConditionalCheckFailedException:
        return
    try:
        charge(order)
    except BaseException:
        table.delete_item(TableName="kestrel-marks", Key=key)
        raise

def handler(event, context):
    return all_of(event, once)
""",
        # Two states by hand: an attempt that failed says so, and the next one may begin.
        CHARGE
        + """
def once(order):
    key = {"order": order["order"]}
    try:
        marks.update_item(Key=key, UpdateExpression="SET #state = :working",
                          ConditionExpression=Attr("state").not_exists() | Attr("state").eq("failed"),
                          ExpressionAttributeNames={"#state": "state"},
                          ExpressionAttributeValues={":working": "working"})
    except AlreadyThere:
        return
    state = "failed"
    try:
        charge(order)
        state = "done"
    finally:
        marks.put_item(Item=key | {"state": state})

def handler(event, context):
    return all_of(event, once)
""",
    ),
    "queues-3": (
        SHIP
        + """
config = IdempotencyConfig(event_key_jmespath="order")

@idempotent_function(data_keyword_argument="parcel", config=config, persistence_store=store)
def send(parcel):
    ship(parcel)
    return {"shipped": parcel["order"]}

def handler(event, context):
    config.register_lambda_context(context)
    failures = []
    for record in event["Records"]:
        try:
            send(parcel=json.loads(record["body"]))
        except Exception as problem:
            print(problem)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
""",
        # By hand, without the library: a mark in progress that ends.
        SHIP
        + """
from boto3.dynamodb.conditions import Attr

marks = boto3.resource("dynamodb").Table("kestrel-marks")
Taken = marks.meta.client.exceptions.ConditionalCheckFailedException

def once(order, until):
    key = {"order": order["order"]}
    try:
        marks.put_item(Item=key | {"until": int(until * 1000)},
                       ConditionExpression=Attr("order").not_exists() | Attr("until").lt(int(time.time() * 1000)),
                       ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except Taken as problem:
        if "done" in problem.response["Item"]:
            return
        raise
    try:
        ship(order)
    except Exception:
        marks.delete_item(Key=key)
        raise
    marks.put_item(Item=key | {"done": True})

def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            once(json.loads(record["body"]), time.time() + context.get_remaining_time_in_millis() / 1000)
        except Exception as problem:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
""",
    ),
}

MISTAKES = {
    "queues-1": {
        "no try at all": (
            LABEL
            + """
def handler(event, context):
    for record in event["Records"]:
        print_label(json.loads(record["body"]))
    return {"batchItemFailures": []}
""",
            "Look at: labels.py, line 10: try and except belong around the work on each message",
        ),
        "a receipt handle in place of the id": (
            LABEL
            + """
def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            print_label(json.loads(record["body"]))
        except Exception:
            failures.append({"itemIdentifier": record["receiptHandle"]})
    return {"batchItemFailures": failures}
""",
            "Look at: itemIdentifier: the receiptHandle is for deleting; the name of a message is its messageId",
        ),
        "the order's number in place of the id": (
            LABEL
            + """
def handler(event, context):
    failures = []
    for record in event["Records"]:
        order = {"order": "?"}
        try:
            order = json.loads(record["body"])
            print_label(order)
        except Exception:
            failures.append({"itemIdentifier": order["order"]})
    return {"batchItemFailures": failures}
""",
            "Look at: itemIdentifier: it is the messageId of the record, and nothing from its body",
        ),
        "an except that hides the failure": (
            LABEL
            + """
def handler(event, context):
    for record in event["Records"]:
        try:
            print_label(json.loads(record["body"]))
        except Exception:
            pass
    return {"batchItemFailures": []}
""",
            "Expected: each bad message reported: Lambda deletes all others, and these would be lost",
        ),
        "the end at the first failure": (
            LABEL
            + """
def handler(event, context):
    for record in event["Records"]:
        try:
            print_label(json.loads(record["body"]))
        except Exception:
            return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    return {"batchItemFailures": []}
""",
            "Look at: what happens after a failure: the loop goes on with the next message",
        ),
        "only the first record": (
            LABEL
            + """
def handler(event, context):
    print_label(json.loads(event["Records"][0]["body"]))
    return {"batchItemFailures": []}
""",
            "Look at: the loop: a batch has many records, and return ends the handler",
        ),
        "json.loads outside the try": (
            LABEL
            + """
def handler(event, context):
    failures = []
    for record in event["Records"]:
        order = json.loads(record["body"])
        try:
            print_label(order)
        except Exception:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
""",
            "Look at: json.loads: it may raise, too; where does your try begin?",
        ),
        "a global list": (
            LABEL
            + """
failures = []

def handler(event, context):
    for record in event["Records"]:
        try:
            print_label(json.loads(record["body"]))
        except Exception:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
""",
            "Look at: the list of failures: a name of an earlier batch is in it; a global variable keeps state",
        ),
        "names without their key": (
            LABEL
            + """
def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            print_label(json.loads(record["body"]))
        except Exception:
            failures.append(record["messageId"])
    return {"batchItemFailures": failures}
""",
            "Look at: the entries of the list: objects with the key itemIdentifier",
        ),
        "everything reported": (
            LABEL
            + """
def handler(event, context):
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
""",
            "Look at: which messages are added to the list: those that raised",
        ),
        "no return": (
            LABEL
            + """
def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            print_label(json.loads(record["body"]))
        except Exception:
            failures.append({"itemIdentifier": record["messageId"]})
""",
            "Look at: return: a handler without one answers null; then Lambda takes all for done",
        ),
    },
    "queues-2": {
        "no mark": (
            CHARGE
            + """
def handler(event, context):
    return all_of(event, charge)
""",
            "Look at: the mark: there is none for this order in kestrel-marks",
        ),
        "a mark without a condition": (
            CHARGE
            + """
def once(order):
    marks.put_item(Item={"order": order["order"]})
    charge(order)

def handler(event, context):
    return all_of(event, once)
""",
            "Look at: put_item with a ConditionExpression: without one it overwrites the mark and says nothing",
        ),
        "looking first": (
            CHARGE
            + """
def once(order):
    if "Item" not in marks.get_item(Key={"order": order["order"]}, ConsistentRead=True):
        charge(order)
        marks.put_item(Item={"order": order["order"]})

def handler(event, context):
    return all_of(event, once)
""",
            "Look at: looking first and charging then: others look in between; the mark comes first, with a condition",
        ),
        "the mark stays when the card is refused": (
            CHARGE
            + """
def once(order):
    try:
        marks.put_item(Item={"order": order["order"]}, ConditionExpression=Attr("order").not_exists())
    except AlreadyThere:
        return
    charge(order)

def handler(event, context):
    return all_of(event, once)
""",
            "Look at: the mark in kestrel-marks when charge raises: it says that the order is done",
        ),
        "a set in a global variable": (
            CHARGE
            + """
done = set()

def once(order):
    if order["order"] not in done:
        charge(order)
        done.add(order["order"])

def handler(event, context):
    return all_of(event, once)
""",
            "Expected: charged once",
        ),
        "a copy is a failure": (
            CHARGE
            + """
def once(order):
    marks.put_item(Item={"order": order["order"]}, ConditionExpression=Attr("order").not_exists())
    charge(order)

def handler(event, context):
    return all_of(event, once)
""",
            "Expected: the bad messages and no others: what is reported comes again",
        ),
        "an exception that leaves the handler": (
            CHARGE
            + """
def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])
        try:
            marks.put_item(Item={"order": order["order"]}, ConditionExpression=Attr("order").not_exists())
        except AlreadyThere:
            continue
        charge(order)
    return {"batchItemFailures": []}
""",
            "Expected: an answer: an exception that leaves the handler makes the whole batch come again",
        ),
    },
    "queues-3": {
        "the whole message is the key": (
            SHIP
            + """
config = IdempotencyConfig()

@idempotent_function(data_keyword_argument="order", config=config, persistence_store=store)
def once(order):
    ship(order)

def handler(event, context):
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=lambda record: once(order=json.loads(record.body)),
                                    processor=processor, context=context)
""",
            "Look at: what makes two messages the same order: not the whole of them; sent differs (event_key_jmespath)",
        ),
        "not idempotent": (
            SHIP
            + """
def handler(event, context):
    return process_partial_response(event=event, record_handler=lambda record: ship(json.loads(record.body)),
                                    processor=processor, context=context)
""",
            "We handed over an order and its copy",
        ),
        "the context is not registered": (
            SHIP
            + """
config = IdempotencyConfig(event_key_jmespath="order")

@idempotent_function(data_keyword_argument="order", config=config, persistence_store=store)
def once(order):
    ship(order)

def handler(event, context):
    return process_partial_response(event=event, record_handler=lambda record: once(order=json.loads(record.body)),
                                    processor=processor, context=context)
""",
            "Look at: the mark of an attempt that was stopped: it has to end; for that, Powertools needs to know the",
        ),
        "a failure is remembered as done": (
            SHIP
            + """
config = IdempotencyConfig(event_key_jmespath="order")
failed = []

@idempotent_function(data_keyword_argument="order", config=config, persistence_store=store)
def once(order):
    try:
        ship(order)
    except Exception:
        failed.append(order["order"])

def handler(event, context):
    config.register_lambda_context(context)
    failed.clear()
    failures = []
    for record in event["Records"]:
        order = json.loads(record["body"])
        once(order=order)
        if order["order"] in failed:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
""",
            "Look at: what is remembered when ship raises: an exception must get out of the idempotent function",
        ),
    },
}


class Shop:
    """Lesson 06 up to its exercises: its tables and its layer are there, made by the lesson's own functions."""

    def __init__(self, classroom: Any, cloud: Any) -> None:
        self.classroom, self.cloud = classroom, cloud
        self.sqs, self.lambda_client = cloud.client("sqs"), classroom.lambda_client
        self.hands = Hands(classroom, cloud, "06", the_role_of_the_lessons(cloud))
        self.hands.names |= {
            "dynamodb": boto3.resource("dynamodb", endpoint_url=cloud.endpoint, region_name="us-east-1"),
            "logs": cloud.client("logs"),
            "importlib": importlib,
            "fourteen_days": str(14 * 24 * 3600),
        }
        for table in TABLES:
            self.hands.run(f"small_table({table!r}, 'order')")
        self.hands.run_the_lesson_s('LayerName="kestrel-powertools"')
        self.hands.run_the_lesson_s('small_table("kestrel-idempotency", "id")')

    def hand_in(self, exercise: str, text: str, **settings: Any) -> None:
        layers = [self.hands.names["powertools_layer"]] if exercise == "queues-3" else []
        settings = {"Role": self.hands.names["role_arn"], "Layers": layers} | SETTINGS[exercise] | settings
        self.classroom.hand_in(FUNCTIONS[exercise], text, **settings)

    def disconnect_all(self) -> None:
        """Every event source mapping and every queue goes."""
        for function in ("kestrel-letters", "kestrel-press", "kestrel-other"):
            self.hands.run(f"disconnect({function!r})")
        for url in self.sqs.list_queues().get("QueueUrls", []):
            self.sqs.delete_queue(QueueUrl=url)


@pytest.fixture(scope="module")
def shop(classroom: Any, cloud: Any) -> Any:
    shop = Shop(classroom, cloud)
    yield shop
    shop.disconnect_all()
    dynamodb = cloud.client("dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=table)


# --- the exercises that are a file -------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_starter_is_not_attempted(classroom: Any, shop: Shop, exercise: str) -> None:
    shop.hand_in(exercise, classroom.file_of(classroom.starter(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert f"the starter's own line: exercise {exercise} is still to be written" in repr(report)


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_solution_passes(classroom: Any, shop: Shop, exercise: str) -> None:
    shop.hand_in(exercise, classroom.file_of(classroom.solution(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("exercise", "text"),
    [
        pytest.param(name, text, id=f"{name}-{number}")
        for name, all_ in ALSO_RIGHT.items()
        for number, text in enumerate(all_)
    ],
)
def test_other_right_answers_pass(classroom: Any, shop: Shop, exercise: str, text: str) -> None:
    shop.hand_in(exercise, text)

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("exercise", "text", "line"),
    [
        pytest.param(exercise, text, line, id=f"{exercise}-{name}")
        for exercise, mistakes in MISTAKES.items()
        for name, (text, line) in mistakes.items()
    ],
)
def test_a_mistake_gets_its_message(classroom: Any, shop: Shop, exercise: str, text: str, line: str) -> None:
    shop.hand_in(exercise, text)

    report = classroom.check(exercise)

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_checks_leave_nothing_in_the_tables(classroom: Any, shop: Shop, cloud: Any, exercise: str) -> None:
    shop.hand_in(exercise, classroom.file_of(classroom.solution(exercise)))

    classroom.check(exercise)

    for table in ("kestrel-bank", "kestrel-parcels"):
        assert cloud.client("dynamodb").scan(TableName=table)["Items"] == []


def test_queues_3_a_function_without_the_layer_is_told_so(classroom: Any, shop: Shop) -> None:
    shop.hand_in("queues-3", classroom.file_of(classroom.solution("queues-3")), Layers=[])

    report = classroom.check("queues-3")

    assert "Look at: Layers of the function: is the layer kestrel-powertools among them?" in repr(report), repr(report)


def test_queues_3_another_timeout_is_no_cure(classroom: Any, shop: Shop) -> None:
    shop.hand_in("queues-3", classroom.file_of(classroom.solution("queues-3")), Timeout=100)

    report = classroom.check("queues-3")

    assert "Came back: its Timeout is 100 seconds" in repr(report), repr(report)


# --- queues-4: letters -------------------------------------------------------------------------------------------


@pytest.fixture
def post(classroom: Any, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The learner's hands before queues-4: the colleague's function is deployed and connected."""
    monkeypatch.chdir(tmp_path)
    shop.disconnect_all()
    Path("letters.py").write_text(classroom.given_file("06", "letters.py"))
    cell = """
undelivered_url, undelivered_arn = make_queue("kestrel-undelivered", MessageRetentionPeriod=fourteen_days)
post_url, post_arn = make_queue(
    "kestrel-post",
    VisibilityTimeout="5",
    RedrivePolicy=json.dumps({"deadLetterTargetArn": undelivered_arn, "maxReceiveCount": 2}),
)
let_functions_read(post_arn)
deploy("kestrel-letters", "letters.py")
connect("kestrel-letters", post_arn, BatchSize=10)
"""
    assert all(line in classroom_text() for line in cell.strip().splitlines())
    shop.hands.run(cell)
    return shop.hands


def classroom_text() -> str:
    return (Path(__file__).parents[2] / "solutions" / "06_queues_and_failures.md").read_text(encoding="utf-8")


def _write_letters(classroom: Any, text: str) -> None:
    Path("letters.py").write_text(text)


def test_queues_4_the_colleagues_function_and_the_starter_are_not_attempted(classroom: Any, post: Hands) -> None:
    for starter in (False, True):
        if starter:
            _write_letters(classroom, classroom.file_of(classroom.starter("queues-4", "code")))
            post.run('deploy("kestrel-letters", "letters.py")')

        report = classroom.check("queues-4")

        assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)


def test_queues_4_the_solution_passes_and_its_cell_runs_twice(classroom: Any, post: Hands) -> None:
    _write_letters(classroom, classroom.file_of(classroom.solution("queues-4", "code")))
    for _ in range(2):
        post.run(classroom.solution("queues-4", "wiring"))

    report = classroom.check("queues-4")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_queues_4_powertools_and_an_updated_mapping_are_right_too(classroom: Any, post: Hands) -> None:
    text = """
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

def one(record):
    if not record.json_body.get("to"):
        raise ValueError("a letter to nobody")
    print("letter to", record.json_body["to"])

def handler(event, context):
    return process_partial_response(event=event, record_handler=one, processor=processor, context=context)
"""
    _write_letters(classroom, text)
    post.run(
        """
deploy("kestrel-letters", "letters.py", Layers=[powertools_layer])
(mapping,) = lambda_client.list_event_source_mappings(FunctionName="kestrel-letters")["EventSourceMappings"]
lambda_client.update_event_source_mapping(UUID=mapping["UUID"], FunctionResponseTypes=["ReportBatchItemFailures"])
"""
    )

    report = classroom.check("queues-4")
    post.run('configure = lambda_client.update_function_configuration(FunctionName="kestrel-letters", Layers=[])')

    assert report.outcome is Outcome.PASSED, repr(report)


def test_queues_4_a_function_that_collects_ids_first_is_right_too(classroom: Any, post: Hands) -> None:
    text = classroom.file_of(classroom.solution("queues-4", "code")).replace(
        'return {"batchItemFailures": failures}',
        'return dict(batchItemFailures=failures, note="a key that Lambda does not look at")',
    )
    _write_letters(classroom, text)
    post.run(classroom.solution("queues-4", "wiring"))

    report = classroom.check("queues-4")

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("part", "right", "wrong", "line"),
    [
        (
            "code",
            'return {"batchItemFailures"',
            'return {"batchItemsFailures"',
            "Look at: the name of the list, letter by letter",
        ),
        ("code", 'record["messageId"]', 'record["receiptHandle"]', "the receiptHandle is for deleting"),
        (
            "wiring",
            ', FunctionResponseTypes=["ReportBatchItemFailures"]',
            "",
            "Came back: FunctionResponseTypes is empty: Lambda does not look at the answer, and deletes the whole batch",
        ),
        (
            "wiring",
            'connect("kestrel-letters"',
            'disconnect("kestrel-letters") or dict(a="b"',
            "Came back: there is none",
        ),
    ],
)
def test_queues_4_a_fault_that_is_left_gets_its_message(
    classroom: Any, post: Hands, monkeypatch: pytest.MonkeyPatch, part: str, right: str, wrong: str, line: str
) -> None:
    from labsupport.exercises.lesson06_queues_and_failures import letters

    monkeypatch.setattr(letters, "_UNDELIVERED_SECONDS", 2.0)
    cells = {name: classroom.solution("queues-4", name) for name in ("code", "wiring")}
    assert right in cells[part]
    cells[part] = cells[part].replace(right, wrong).replace('dict(a="b", post_arn', 'dict(a="b", b=post_arn')
    _write_letters(classroom, classroom.file_of(cells["code"]))
    post.run(cells["wiring"])

    report = classroom.check("queues-4")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


# --- queues-5: the crowd -----------------------------------------------------------------------------------------


@pytest.fixture
def sale(classroom: Any, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The learner's hands before queues-5: the function is there, and no queue."""
    from labsupport.exercises.lesson06_queues_and_failures import press

    monkeypatch.chdir(tmp_path)
    shop.disconnect_all()
    Path("press.py").write_text(classroom.given_file("06", "press.py"))
    shop.hands.run('deploy("kestrel-press", "press.py", Timeout=5)')
    shop.lambda_client.delete_function_concurrency(FunctionName="kestrel-press")
    monkeypatch.setattr(press, "_PRINTED_SECONDS", 20.0)
    return shop.hands


def test_queues_5_the_starter_is_not_attempted(classroom: Any, sale: Hands) -> None:
    sale.run(classroom.starter("queues-5"))

    assert classroom.check("queues-5").outcome is Outcome.NOT_ATTEMPTED


def test_queues_5_the_solution_passes_and_its_cell_runs_twice(classroom: Any, sale: Hands) -> None:
    for _ in range(2):
        sale.run(classroom.solution("queues-5"))

    report = classroom.check("queues-5")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_queues_5_everything_at_creation_and_a_window_are_right_too(classroom: Any, sale: Hands) -> None:
    sale.run(
        """
dead = sqs.create_queue(QueueName="kestrel-sale-jobs-dead", Attributes={"MessageRetentionPeriod": "1209600"})
arn = "arn:aws:sqs:us-east-1:123456789012:kestrel-sale-jobs"
policy = json.dumps({"deadLetterTargetArn": arn + "-dead", "maxReceiveCount": "3"})
sqs.create_queue(QueueName="kestrel-sale-jobs", Attributes={"VisibilityTimeout": "60", "RedrivePolicy": policy})
let_functions_read(arn)
connect("kestrel-press", arn, BatchSize=5, MaximumBatchingWindowInSeconds=1,
        FunctionResponseTypes=["ReportBatchItemFailures"], ScalingConfig={"MaximumConcurrency": 2})
"""
    )

    report = classroom.check("queues-5")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_queues_5_settings_that_come_later_are_right_too(classroom: Any, sale: Hands) -> None:
    sale.run(
        """
dead_url, dead_arn = make_queue("kestrel-sale-jobs-dead")
url, arn = make_queue("kestrel-sale-jobs")
let_functions_read(arn)
connect("kestrel-press", arn)
(mapping,) = lambda_client.list_event_source_mappings(FunctionName="kestrel-press")["EventSourceMappings"]
make_queue("kestrel-sale-jobs-dead", MessageRetentionPeriod=fourteen_days)
make_queue("kestrel-sale-jobs", VisibilityTimeout="30",
           RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3}))
lambda_client.update_event_source_mapping(
    UUID=mapping["UUID"], BatchSize=5, FunctionResponseTypes=["ReportBatchItemFailures"],
    ScalingConfig={"MaximumConcurrency": 2},
)
"""
    )

    report = classroom.check("queues-5")

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ('"maxReceiveCount": 3', '"maxReceiveCount": 5', "Came back: maxReceiveCount is 5"),
        (
            '    RedrivePolicy=json.dumps({"deadLetterTargetArn": sale_dead_arn, "maxReceiveCount": 3}),\n',
            "",
            "Expected: what fails too often goes away",
        ),
        (", MessageRetentionPeriod=fourteen_days", "", "Came back: MessageRetentionPeriod is 345600 seconds, 4 days"),
        ('VisibilityTimeout="30"', 'VisibilityTimeout="5"', "Came back: 5 seconds and 5 seconds"),
        ("BatchSize=5", "BatchSize=10", "Came back: BatchSize is 10"),
        (
            '    FunctionResponseTypes=["ReportBatchItemFailures"],\n',
            "",
            "Came back: FunctionResponseTypes is empty: Lambda does not look at the answer",
        ),
        ('    ScalingConfig={"MaximumConcurrency": 2},\n', "", "Came back: it has no ScalingConfig"),
        ('"MaximumConcurrency": 2', '"MaximumConcurrency": 5', "Came back: MaximumConcurrency is 5"),
        (
            '    ScalingConfig={"MaximumConcurrency": 2},\n)',
            ')\nlambda_client.put_function_concurrency(FunctionName="kestrel-press", ReservedConcurrentExecutions=2)',
            "reserved concurrency 2: batches beyond it are refused, and each refusal counts as a receive",
        ),
        ('"kestrel-sale-jobs-dead"', '"kestrel-dead-jobs"', "Came back: there is no queue of that name"),
    ],
)
def test_queues_5_a_mistake_gets_its_message(classroom: Any, sale: Hands, right: str, wrong: str, line: str) -> None:
    solution = classroom.solution("queues-5")
    assert right in solution
    sale.run(solution.replace(right, wrong))

    report = classroom.check("queues-5")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


def test_queues_5_a_forgotten_right_is_named(classroom: Any, sale: Hands) -> None:
    iam = sale.names["iam"]
    iam.put_role_policy(
        RoleName="kestrel-function",
        PolicyName="read-kestrel-sale-jobs",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Action": "sqs:ReceiveMessage", "Resource": "*"}],
            }
        ),
    )
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS"):
        sale.run(classroom.solution("queues-5").replace("let_functions_read(sale_arn)", ""))

    report = classroom.check("queues-5")
    iam.delete_role_policy(RoleName="kestrel-function", PolicyName="read-kestrel-sale-jobs")

    assert "did it raise? The role needs its rights first" in repr(report), repr(report)


# --- what the lesson says ------------------------------------------------------------------------------------------


def test_reserved_concurrency_sends_good_messages_to_the_dead_letter_queue_as_the_lesson_says(
    classroom: Any, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop.disconnect_all()
    shop.hands.run(
        """
_, dead_arn = make_queue("kestrel-other-dead")
other_url, other_arn = make_queue("kestrel-other", VisibilityTimeout="3",
    RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}))
let_functions_read(other_arn)
"""
    )
    Path("other.py").write_text("def handler(event, context):\n    raise RuntimeError('never invoked')\n")
    shop.hands.run('deploy("kestrel-other", "other.py", Timeout=1)')
    shop.lambda_client.put_function_concurrency(FunctionName="kestrel-other", ReservedConcurrentExecutions=0)
    dead = shop.sqs.get_queue_url(QueueName="kestrel-other-dead")["QueueUrl"]

    shop.hands.run('send_all(other_url, [{"order": "K-1"}])\nconnect("kestrel-other", other_arn, BatchSize=1)')
    deadline = time.monotonic() + 60
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        found = shop.sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=2).get("Messages", [])

    assert [message["Body"] for message in found] == ['{"order": "K-1"}']
    assert (
        shop.cloud.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/kestrel-other")["logGroups"] == []
    )


def test_a_message_over_the_limit_is_refused_and_the_tools_of_the_lesson_notice_it(shop: Shop) -> None:
    shop.disconnect_all()
    shop.hands.run('url, _ = make_queue("kestrel-large")')

    with pytest.raises((ClientError, RuntimeError)):
        shop.hands.run('send_all(url, [{"photo": "x" * (1024 * 1024 + 1)}])')


def test_a_deleted_queue_of_a_mapping_is_named_by_the_mapping(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop.disconnect_all()
    Path("other.py").write_text("def handler(event, context):\n    pass\n")
    shop.hands.run(
        """
other_url, other_arn = make_queue("kestrel-other")
let_functions_read(other_arn)
deploy("kestrel-other", "other.py")
connect("kestrel-other", other_arn)
sqs.delete_queue(QueueUrl=other_url)
"""
    )

    def result() -> str:
        (mapping,) = shop.lambda_client.list_event_source_mappings(FunctionName="kestrel-other")["EventSourceMappings"]
        return str(mapping.get("LastProcessingResult"))

    shop.hands.run("told = []")
    assert shop.hands.names["wait_until"](lambda: "PROBLEM" in result(), seconds=30), result()
