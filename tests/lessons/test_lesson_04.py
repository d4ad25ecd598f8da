"""Lesson 04: the starter is not attempted, the solution and other right answers pass, each mistake gets its message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labsupport.exercises import catalog
from labsupport.exercises.outcomes import Outcome

from .conftest import dedented, lesson_text
from .hands import Hands, the_role_of_the_lessons

#: Exercises whose file is deployed as it is: function, file, handler.
FUNCTIONS = {
    "orders-1": ("kestrel-take-order", "take_order.py", "take_order.handler"),
    "orders-2": ("kestrel-my-orders", "my_orders.py", "my_orders.handler"),
    "orders-3": ("kestrel-reserve", "reserve.py", "reserve.handler"),
}

ALSO_RIGHT = {
    "orders-1": (
        """
        import boto3

        client = boto3.client("dynamodb")

        def handler(event, context):
            item = {"customer": {"S": event["customer"]}, "order": {"S": event["order"]},
                    "copies": {"N": str(event["copies"])}, "total_cents": {"N": str(event["total_cents"])}}
            new = True
            try:
                client.put_item(TableName="kestrel-orders", Item=item,
                                ConditionExpression="attribute_not_exists(customer)")
            except client.exceptions.ConditionalCheckFailedException:
                new = False
            return {"new": new, "order": event["order"]}
        """,
        """
        import boto3
        from botocore.exceptions import ClientError

        table = boto3.resource("dynamodb").Table("kestrel-orders")

        def handler(event, context):
            key = {"customer": event["customer"], "order": event["order"]}
            try:
                table.update_item(
                    Key=key,
                    UpdateExpression="SET copies = :copies, total_cents = :cents",
                    ConditionExpression="attribute_not_exists(copies)",
                    ExpressionAttributeValues={":copies": event["copies"], ":cents": event["total_cents"]},
                )
            except ClientError as problem:
                if problem.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                return {"order": event["order"], "new": False}
            return {"order": event["order"], "new": True}
        """,
    ),
    "orders-2": (
        """
        import json
        import boto3

        client = boto3.client("dynamodb")

        def handler(event, context):
            following = {"ExclusiveStartKey": json.loads(event["next"])} if event.get("next") else {}
            answer = client.query(
                TableName="kestrel-orders", KeyConditionExpression="customer = :c",
                ExpressionAttributeValues={":c": {"S": event["customer"]}}, ScanIndexForward=False,
                Limit=event["size"], **following,
            )
            last = answer.get("LastEvaluatedKey")
            return {
                "orders": [{"order": item["order"]["S"], "total_cents": int(item["total_cents"]["N"])}
                           for item in answer["Items"]],
                "next": json.dumps(last) if last else None,
            }
        """,
        """
        import boto3
        from boto3.dynamodb.conditions import Key

        orders = boto3.resource("dynamodb").Table("kestrel-orders")

        def handler(event, context):
            # The number of the last order leads to the next page; one more is read to know whether there is one.
            condition = Key("customer").eq(event["customer"])
            if event["next"]:
                condition &= Key("order").lt(event["next"])
            items = orders.query(KeyConditionExpression=condition, ScanIndexForward=False,
                                 Limit=event["size"] + 1)["Items"]
            page = items[:event["size"]]
            return {"orders": page, "next": page[-1]["order"] if len(items) > len(page) else None}
        """,
    ),
    "orders-3": (
        """
        import boto3

        client = boto3.client("dynamodb")

        def handler(event, context):
            copies = {"N": str(event["copies"])}
            try:
                client.transact_write_items(TransactItems=[
                    {"Update": {
                        "TableName": "kestrel-stock", "Key": {"paper": {"S": event["paper"]}},
                        "UpdateExpression": "ADD sheets :less", "ConditionExpression": "sheets >= :copies",
                        "ExpressionAttributeValues": {":less": {"N": f"-{event['copies']}"}, ":copies": copies}}},
                    {"Put": {
                        "TableName": "kestrel-orders", "ConditionExpression": "attribute_not_exists(#order)",
                        "ExpressionAttributeNames": {"#order": "order"},
                        "Item": {"customer": {"S": event["customer"]}, "order": {"S": event["order"]},
                                 "copies": copies}}},
                ])
                result = "accepted"
            except client.exceptions.TransactionCanceledException as problem:
                codes = [reason["Code"] for reason in problem.response["CancellationReasons"]]
                if "ConditionalCheckFailed" not in codes:
                    raise
                result = "known" if codes[1] == "ConditionalCheckFailed" else "sold out"
            return {"order": event["order"], "result": result}
        """,
        """
        import boto3

        dynamodb = boto3.resource("dynamodb")
        client = dynamodb.meta.client
        orders = dynamodb.Table("kestrel-orders")

        def handler(event, context):
            def answer(result):
                return {"order": event["order"], "result": result}

            def known():
                return "Item" in orders.get_item(
                    Key={"customer": event["customer"], "order": event["order"]}, ConsistentRead=True)

            item = {name: event[name] for name in event if name != "paper"}
            try:
                client.transact_write_items(TransactItems=[
                    {"Put": {"TableName": "kestrel-orders", "Item": item,
                             "ConditionExpression": "attribute_not_exists(customer)"}},
                    {"Update": {"TableName": "kestrel-stock", "Key": {"paper": event["paper"]},
                                "UpdateExpression": "SET sheets = sheets - :n",
                                "ConditionExpression": "sheets >= :n", "ExpressionAttributeValues": {":n": event["copies"]}}},
                ])
            except client.exceptions.TransactionCanceledException:
                return answer("known" if known() else "sold out")
            return answer("accepted")
        """,
    ),
}

PUT = """
import time

import boto3
from boto3.dynamodb.conditions import Attr

orders = boto3.resource("dynamodb").Table("kestrel-orders")
AlreadyThere = orders.meta.client.exceptions.ConditionalCheckFailedException


def handler(event, context):
    item = {name: event[name] for name in ("customer", "order", "copies", "total_cents")}
"""
QUERY = """
import json

import boto3
from boto3.dynamodb.conditions import Attr, Key

orders = boto3.resource("dynamodb").Table("kestrel-orders")
last = None


def shown(items):
    return [{"order": item["order"], "total_cents": int(item["total_cents"])} for item in items]


def handler(event, context):
    question = {"KeyConditionExpression": Key("customer").eq(event["customer"]), "ScanIndexForward": False,
                "Limit": event["size"]}
    if event.get("next"):
        question["ExclusiveStartKey"] = event["next"]
"""
RESERVE = """
import time

import boto3

dynamodb = boto3.resource("dynamodb")
client = dynamodb.meta.client
stock, orders = dynamodb.Table("kestrel-stock"), dynamodb.Table("kestrel-orders")
Cancelled = client.exceptions.TransactionCanceledException


def handler(event, context):
    item = {name: event[name] for name in ("customer", "order", "copies", "total_cents")}
    number, copies, key = event["order"], event["copies"], {"paper": event["paper"]}
    put = {"TableName": "kestrel-orders", "Item": item, "ConditionExpression": "attribute_not_exists(customer)"}
    take = {"TableName": "kestrel-stock", "Key": key, "UpdateExpression": "SET sheets = sheets - :copies",
            "ConditionExpression": "sheets >= :copies", "ExpressionAttributeValues": {":copies": copies}}
"""

#: A beginning, what the learner wrote after it, the outcome, and a line of the report.
MISTAKES: dict[str, dict[str, tuple[str, str, Outcome, str]]] = {
    "orders-1": {
        "no condition": (
            PUT,
            """
    orders.put_item(Item=item)
    return {"order": event["order"], "new": True}
""",
            Outcome.PARTIAL,
            "Look at: put_item: without a condition it overwrites what is there, and does not say so",
        ),
        "looking first": (
            PUT,
            """
    key = {"customer": event["customer"], "order": event["order"]}
    if "Item" in orders.get_item(Key=key):
        return {"order": event["order"], "new": False}
    time.sleep(0.2)  # as if the table were far away
    orders.put_item(Item=item)
    return {"order": event["order"], "new": True}
""",
            Outcome.PARTIAL,
            "Look at: looking first and writing then: others write in between; the condition belongs into put_item",
        ),
        "an except that catches all": (
            PUT,
            """
    try:
        orders.put_item(Item=item, ConditionExpression=Attr("order").not_exists())
    except Exception:
        return {"order": event["order"], "new": False}
    return {"order": event["order"], "new": True}
""",
            Outcome.PARTIAL,
            "Look at: except: it catches too much; an order that was not written is lost when you call it known",
        ),
        "a global that remembers": (
            PUT.replace("AlreadyThere =", "seen = set()\nAlreadyThere ="),
            """
    if event["order"] in seen:
        return {"order": event["order"], "new": False}
    seen.add(event["order"])
    try:
        orders.put_item(Item=item, ConditionExpression=Attr("order").not_exists())
    except AlreadyThere:
        return {"order": event["order"], "new": False}
    return {"order": event["order"], "new": True}
""",
            Outcome.PARTIAL,
            "Look at: a global variable that remembers orders: we removed this one; only the table knows what is there",
        ),
        "nothing caught": (
            PUT,
            """
    orders.put_item(Item=item, ConditionExpression=Attr("order").not_exists())
    return {"order": event["order"], "new": True}
""",
            Outcome.PARTIAL,
            "Look at: except ConditionalCheckFailedException around the put: that the order is there is no failure",
        ),
        "a reserved word in the expression": (
            PUT,
            """
    try:
        orders.put_item(Item=item, ConditionExpression="attribute_not_exists(order)")
    except AlreadyThere:
        return {"order": event["order"], "new": False}
    return {"order": event["order"], "new": True}
""",
            Outcome.PARTIAL,
            "Look at: the reserved word: use Attr or Key, or a placeholder such as #name with ExpressionAttributeNames",
        ),
        "a condition about an attribute that no order has": (
            PUT,
            """
    try:
        orders.put_item(Item=item, ConditionExpression=Attr("id").not_exists())
    except AlreadyThere:
        return {"order": event["order"], "new": False}
    return {"order": event["order"], "new": True}
""",
            Outcome.PARTIAL,
            "Look at: put_item: without a condition it overwrites what is there",
        ),
        "true as text": (
            PUT,
            """
    try:
        orders.put_item(Item=item, ConditionExpression=Attr("order").not_exists())
    except AlreadyThere:
        return {"order": event["order"], "new": "false"}
    return {"order": event["order"], "new": "true"}
""",
            Outcome.PARTIAL,
            "Look at: new: it is true or false, which is True or False in Python, and no text",
        ),
    },
    "orders-2": {
        "a scan": (
            QUERY,
            """
    items = orders.scan(FilterExpression=Attr("customer").eq(event["customer"]))["Items"]
    items = sorted(items, key=lambda item: item["order"], reverse=True)[:event["size"]]
    return {"orders": shown(items), "next": None}
""",
            Outcome.NOT_YET,
            "Look at: Scan: it reads the orders of all customers; a query names one partition key",
        ),
        "the oldest first": (
            QUERY,
            """
    question["ScanIndexForward"] = True
    answer = orders.query(**question)
    return {"orders": shown(answer["Items"]), "next": answer.get("LastEvaluatedKey")}
""",
            Outcome.PARTIAL,
            "Look at: ScanIndexForward: the query starts at the oldest order",
        ),
        "a page of the oldest, turned round": (
            QUERY,
            """
    question["ScanIndexForward"] = True
    answer = orders.query(**question)
    return {"orders": shown(answer["Items"])[::-1], "next": answer.get("LastEvaluatedKey")}
""",
            Outcome.PARTIAL,
            "Expected: the customer's orders of this page, the newest first",
        ),
        "the next page is the first one again": (
            QUERY,
            """
    question.pop("ExclusiveStartKey", None)
    answer = orders.query(**question)
    return {"orders": shown(answer["Items"]), "next": answer.get("LastEvaluatedKey")}
""",
            Outcome.PARTIAL,
            "Look at: next: it comes back in the event; where does the query get it, as ExclusiveStartKey?",
        ),
        "only the first page": (
            QUERY,
            """
    answer = orders.query(**question)
    return {"orders": shown(answer["Items"]), "next": None}
""",
            Outcome.PARTIAL,
            "Look at: LastEvaluatedKey in the answer of the query",
        ),
        "the end taken from the length of the page": (
            QUERY,
            """
    answer = orders.query(**question)
    items = shown(answer["Items"])
    return {"orders": items, "next": answer.get("LastEvaluatedKey", "more") if len(items) == event["size"] else ""}
""",
            Outcome.PARTIAL,
            "Expected: null for next when there are no older orders",
        ),
        "the last key of the page, always": (
            QUERY,
            """
    items = orders.query(**question)["Items"]
    key = {name: items[-1][name] for name in ("customer", "order")} if items else event.get("next")
    return {"orders": shown(items), "next": key}
""",
            Outcome.PARTIAL,
            "Expected: null, when there are no older orders",
        ),
        "where it ended is kept in a global": (
            QUERY.replace("def handler(event, context):", "def handler(event, context):\n    global last"),
            """
    if event.get("next"):
        question["ExclusiveStartKey"] = last
    answer = orders.query(**question)
    last = answer.get("LastEvaluatedKey")
    return {"orders": shown(answer["Items"]), "next": "more" if last else None}
""",
            Outcome.PARTIAL,
            "We asked kestrel-my-orders for the pages of two customers in turns.",
        ),
        "no limit": (
            QUERY,
            """
    del question["Limit"]
    answer = orders.query(**question)
    return {"orders": shown(answer["Items"]), "next": answer.get("LastEvaluatedKey")}
""",
            Outcome.PARTIAL,
            "Look at: Limit: a page has no more orders than the event's size",
        ),
        "a Decimal in json.dumps": (
            QUERY,
            """
    answer = orders.query(**question)
    return json.loads(json.dumps({"orders": answer["Items"], "next": answer.get("LastEvaluatedKey")}))
""",
            Outcome.YOUR_CODE_RAISED,
            "Look at: the Decimal: numbers of a table come as Decimal; int() makes one that json.dumps can write",
        ),
        "the cents as text": (
            QUERY,
            """
    answer = orders.query(**question)
    items = [item | {"total_cents": str(item["total_cents"])} for item in answer["Items"]]
    return {"orders": items, "next": answer.get("LastEvaluatedKey")}
""",
            Outcome.NOT_YET,
            "Look at: total_cents: the value of the item, as a number",
        ),
        "the list alone": (
            QUERY,
            """
    return shown(orders.query(**question)["Items"])
""",
            Outcome.NOT_YET,
            "Expected: an object with orders, a list, and next",
        ),
    },
    "orders-3": {
        "as it was": (
            RESERVE,
            """
    sheets = stock.get_item(Key=key)["Item"]["sheets"]
    if sheets < copies:
        return {"order": number, "result": "sold out"}
    stock.put_item(Item={**key, "sheets": sheets - copies})
    orders.put_item(Item=item)
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: the paper: it was taken again for the same order; both writes: they belong into one transaction",
        ),
        "reading first, and no condition on the paper": (
            RESERVE,
            """
    if stock.get_item(Key=key)["Item"]["sheets"] < copies:
        return {"order": number, "result": "sold out"}
    time.sleep(0.2)  # as if the table were far away
    del take["ConditionExpression"]
    client.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: reading the stock first: others read the same number; let the Update calculate and compare",
        ),
        "no condition on the paper at all": (
            RESERVE,
            """
    del take["ConditionExpression"]
    try:
        client.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    except Cancelled:
        return {"order": number, "result": "known"}
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: the condition of the Update: sheets must not become fewer than none",
        ),
        "every cancellation is sold out": (
            RESERVE,
            """
    try:
        client.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    except Cancelled:
        return {"order": number, "result": "sold out"}
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: CancellationReasons: one for each action, in their order; which condition failed",
        ),
        "the paper's reason first": (
            RESERVE,
            """
    try:
        client.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    except Cancelled as problem:
        codes = [reason["Code"] for reason in problem.response["CancellationReasons"]]
        result = "sold out" if codes[1] == "ConditionalCheckFailed" else "known"
        return {"order": number, "result": result}
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "an order that was accepted before, though its paper is sold out now",
        ),
        "two conditional writes, one after the other": (
            RESERVE,
            """
    try:
        stock.update_item(**{name: value for name, value in take.items() if name != "TableName"})
    except client.exceptions.ConditionalCheckFailedException:
        return {"order": number, "result": "sold out"}
    try:
        orders.put_item(Item=item, ConditionExpression=put["ConditionExpression"])
    except client.exceptions.ConditionalCheckFailedException:
        return {"order": number, "result": "known"}
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: the paper is gone, and there is no order; both writes: they belong into one transaction",
        ),
        "more than in place of as many as": (
            RESERVE,
            """
    take["ConditionExpression"] = "sheets > :copies"
    try:
        client.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    except Cancelled as problem:
        known = problem.response["CancellationReasons"][0]["Code"] != "None"
        return {"order": number, "result": "known" if known else "sold out"}
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: the comparison: there are as many sheets as copies, and that is enough",
        ),
        "nothing caught": (
            RESERVE,
            """
    client.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: except TransactionCanceledException: its response has CancellationReasons, one for each action",
        ),
        "an except that catches all": (
            RESERVE,
            """
    try:
        client.transact_write_items(TransactItems=[{"Put": put}, {"Update": take}])
    except Exception as problem:
        reasons = getattr(problem, "response", {}).get("CancellationReasons", [{"Code": "None"}])
        return {"order": number, "result": "known" if reasons[0]["Code"] != "None" else "sold out"}
    return {"order": number, "result": "accepted"}
""",
            Outcome.PARTIAL,
            "Look at: except: it catches more than a cancelled transaction",
        ),
    },
}


class Shop:
    """Lesson 04 up to its exercises: its tables and their rights are there, made by the lesson's own cells."""

    def __init__(self, classroom: Any, cloud: Any) -> None:
        self.classroom = classroom
        self.dynamodb = cloud.client("dynamodb")
        self.lambda_client = classroom.lambda_client
        self.hands = Hands(classroom, cloud, "04", the_role_of_the_lessons(cloud))
        self.hands.run("import boto3")
        self.hands.names["boto3"] = _Cloud(cloud)
        self.hands.run_the_lesson_s('TableName="kestrel-orders",\n        BillingMode')
        self.hands.run_the_lesson_s('allow(\n    "kestrel-orders"')
        for table, key in (("kestrel-stock", "paper"), ("kestrel-daily-totals", "day")):
            self.hands.run(f"small_table({table!r}, {key!r})")

    def hand_in(self, exercise: str, text: str) -> None:
        role = self.hands.names["role_arn"]
        self.classroom.hand_in(FUNCTIONS[exercise], text, Role=role, Timeout=10)

    def remove_table(self, name: str) -> None:
        try:
            self.dynamodb.delete_table(TableName=name)
        except self.dynamodb.exceptions.ResourceNotFoundException:
            return
        self.dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})

    def everything_in(self, table: str) -> list[Any]:
        return list(self.dynamodb.scan(TableName=table)["Items"])


class _Cloud:
    """boto3 as the notebook sees it, bound to the cloud of the tests."""

    def __init__(self, cloud: Any) -> None:
        self._endpoint = cloud.endpoint

    def client(self, service: str) -> Any:
        import boto3

        return boto3.client(service, endpoint_url=self._endpoint, region_name="us-east-1")

    def resource(self, service: str) -> Any:
        import boto3

        return boto3.resource(service, endpoint_url=self._endpoint, region_name="us-east-1")


@pytest.fixture(scope="module")
def shop(classroom: Any, cloud: Any) -> Any:
    shop = Shop(classroom, cloud)
    yield shop
    for table in shop.dynamodb.list_tables()["TableNames"]:
        shop.remove_table(table)


# --- the exercises that are a file -------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_starter_is_not_attempted(classroom: Any, shop: Shop, exercise: str) -> None:
    shop.hand_in(exercise, classroom.file_of(classroom.starter(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert f"the starter's own line: exercise {exercise} is still to be written" in repr(report)


@pytest.mark.parametrize("exercise", [*FUNCTIONS, "orders-5"])
def test_nothing_deployed_is_not_attempted(classroom: Any, shop: Shop, exercise: str) -> None:
    name = FUNCTIONS[exercise][0] if exercise in FUNCTIONS else "kestrel-daily-total"
    classroom.remove(name)

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert f"We looked for the function {name}." in repr(report)
    assert report.points == 0


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_solution_passes_and_the_check_leaves_nothing_behind(classroom: Any, shop: Shop, exercise: str) -> None:
    shop.hand_in(exercise, classroom.file_of(classroom.solution(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)
    assert report.points == report.max_points
    assert "Why it works:" in repr(report)
    assert shop.everything_in("kestrel-orders") == [] == shop.everything_in("kestrel-stock")


@pytest.mark.parametrize(
    ("exercise", "number"), [(name, at) for name, texts in ALSO_RIGHT.items() for at in range(len(texts))]
)
def test_another_right_answer_passes(classroom: Any, shop: Shop, exercise: str, number: int) -> None:
    shop.hand_in(exercise, ALSO_RIGHT[exercise][number])

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(("exercise", "mistake"), [(name, what) for name, many in MISTAKES.items() for what in many])
def test_a_mistake_gets_its_message(classroom: Any, shop: Shop, exercise: str, mistake: str) -> None:
    beginning, text, outcome, line = MISTAKES[exercise][mistake]
    shop.hand_in(exercise, beginning + text)

    report = classroom.check(exercise)

    assert report.outcome is outcome, repr(report)
    assert line in repr(report), repr(report)
    assert report.points < report.max_points
    assert shop.everything_in("kestrel-orders") == [] == shop.everything_in("kestrel-stock")


# --- the exercise that is a table --------------------------------------------------------------------------------


@pytest.fixture
def hands(shop: Shop) -> Hands:
    """The learner's hands before exercise 4: there is no table for the photos."""
    shop.remove_table("kestrel-photos")
    return shop.hands


def test_orders_4_the_starter_is_not_attempted(classroom: Any, hands: Hands) -> None:
    hands.run(classroom.starter("orders-4"))

    report = classroom.check("orders-4")

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert "Came back: there is no table of that name" in repr(report)


def test_orders_4_the_solution_passes_and_its_cell_runs_twice(classroom: Any, shop: Shop, hands: Hands) -> None:
    for _ in range(2):
        hands.run(classroom.solution("orders-4"))

    report = classroom.check("orders-4")

    assert report.outcome is Outcome.PASSED, repr(report)
    assert shop.everything_in("kestrel-photos") == []


TABLE = """
dynamodb.create_table(
    TableName="kestrel-photos",
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{{"AttributeName": name, "AttributeType": "S"}} for name in {declared}],
    KeySchema={keys},
    {indexes}
)
dynamodb.Table("kestrel-photos").wait_until_exists()
"""


def _key_schema(partition: str, sort: str = "") -> list[dict[str, str]]:
    kinds = [(partition, "HASH"), (sort, "RANGE")]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds if name]


def _table(keys: tuple[str, ...], **indexes: tuple[str, ...]) -> str:
    """The call that makes the table with these keys (partition key, sort key) and these indexes."""
    declared = sorted({name for key in (keys, *indexes.values()) for name in key})
    listed = [
        {"IndexName": name, "KeySchema": _key_schema(*key), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        for name, key in indexes.items()
    ]
    wanted = f"GlobalSecondaryIndexes={listed}," if listed else ""
    return TABLE.format(declared=declared, keys=_key_schema(*keys), indexes=wanted)


BY_STATE = ("state", "uploaded")


def test_orders_4_keys_the_other_way_round_and_two_small_indexes_are_right_too(classroom: Any, hands: Hands) -> None:
    hands.run(_table(("photo", "order"), ones=("order", "photo"), others=BY_STATE))

    report = classroom.check("orders-4")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_orders_4_an_index_that_is_added_later_is_right_too(classroom: Any, hands: Hands) -> None:
    hands.run(_table(("order", "photo")))
    index = {"IndexName": "later", "KeySchema": _key_schema(*BY_STATE), "Projection": {"ProjectionType": "ALL"}}
    hands.run(
        f"""
dynamodb.meta.client.update_table(
    TableName="kestrel-photos",
    AttributeDefinitions=[{{"AttributeName": name, "AttributeType": "S"}} for name in ("state", "uploaded")],
    GlobalSecondaryIndexUpdates=[{{"Create": {index}}}],
)
"""
    )

    report = classroom.check("orders-4")

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        (_table(("order",), states=BY_STATE), "Look at: the keys of the table: the photos of an order replace one another"),
        (_table(("photo",), orders=("order", "photo"), states=BY_STATE), "and one has replaced the other"),
        (
            _table(("order", "photo")),
            "Look at: GlobalSecondaryIndexes: a question that does not name the table's partition key needs an index",
        ),
        (
            _table(("order", "photo"), states=("state", "photo")),
            "Look at: the sort key: it is the order of the answer, and this one is to be sorted by uploaded",
        ),
        (
            _table(("photo", "order"), states=BY_STATE),
            "Look at: order is a sort key: a query must name the partition key, and this question only says order",
        ),
        (
            _table(("state", "uploaded"), orders=("order", "photo")),
            "Look at: the keys of the table: an item's key never changes, and a state does; an index may have it",
        ),
        (
            _table(("order", "uploaded"), states=BY_STATE),
            "Look at: the keys of the table: the photos of an order replace one another",
        ),
        (
            _table(("order", "photo"), states=BY_STATE).replace(
                'BillingMode="PAY_PER_REQUEST"', 'ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}'
            ).replace("'Projection'", "'ProvisionedThroughput': {'ReadCapacityUnits': 5, 'WriteCapacityUnits': 5}, 'Projection'"),
            "Came back: PROVISIONED: so many units a second are paid for",
        ),
        (_table(("id",), orders=("order", "photo"), states=BY_STATE), "Came back: the key 'id', which no photo has"),
    ],
)  # fmt: skip
def test_orders_4_a_mistake_gets_its_message(classroom: Any, hands: Hands, cell: str, line: str) -> None:
    hands.run(cell)

    report = classroom.check("orders-4")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


# --- the exercise that is a function and all around it -----------------------------------------------------------


@pytest.fixture
def counting(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hands]:
    """The learner's hands before exercise 5: the table has its stream, and nothing counts."""
    monkeypatch.chdir(tmp_path)
    hands = shop.hands
    hands.run_the_lesson_s("if not orders.stream_specification")
    hands.run(
        'iam.attach_role_policy(RoleName="kestrel-function", '
        'PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole")'
    )
    yield hands
    hands.run('disconnect("kestrel-daily-total")')
    shop.classroom.remove("kestrel-daily-total")
    sqs = hands.names["sqs"]
    for url in sqs.list_queues().get("QueueUrls", []):
        sqs.delete_queue(QueueUrl=url)


def _hand_in_the_total(classroom: Any, hands: Hands, code: str = "", wiring: str = "") -> None:
    text = dedented(code) if code else classroom.file_of(classroom.solution("orders-5", "code"))
    Path("daily_total.py").write_text(text)
    hands.run(wiring or classroom.solution("orders-5", "wiring"))


def test_orders_5_the_starter_is_not_attempted(classroom: Any, counting: Hands) -> None:
    Path("daily_total.py").write_text(classroom.file_of(classroom.starter("orders-5", "code")))
    counting.run(classroom.starter("orders-5", "wiring"))
    assert classroom.check("orders-5").outcome is Outcome.NOT_ATTEMPTED

    counting.run('deploy("kestrel-daily-total", "daily_total.py")')
    report = classroom.check("orders-5")

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert "the starter's own line: exercise orders-5 is still to be written" in repr(report)


def test_orders_5_the_solution_passes_and_its_cell_runs_twice(classroom: Any, shop: Shop, counting: Hands) -> None:
    for _ in range(2):
        _hand_in_the_total(classroom, counting)

    report = classroom.check("orders-5")

    assert report.outcome is Outcome.PASSED, repr(report)
    assert shop.everything_in("kestrel-orders") == [] == shop.everything_in("kestrel-daily-totals")


def test_orders_5_one_item_that_knows_its_orders_and_a_message_of_the_function_s_own_is_right_too(
    classroom: Any, counting: Hands
) -> None:
    _hand_in_the_total(
        classroom,
        counting,
        """
        import json
        import boto3

        totals = boto3.resource("dynamodb").Table("kestrel-daily-totals")
        sqs = boto3.client("sqs")
        QUEUE = sqs.get_queue_url(QueueName="kestrel-uncounted")["QueueUrl"]

        def handler(event, context):
            for record in event["Records"]:
                image = record["dynamodb"]["NewImage"]
                order = image["order"]["S"]
                if "N" not in image.get("total_cents", {}):
                    sqs.send_message(QueueUrl=QUEUE, MessageBody=json.dumps({"order": order}))
                    continue
                try:
                    totals.update_item(
                        Key={"day": order[:10]},
                        UpdateExpression="ADD orders :one, total_cents :cents, counted :these",
                        ConditionExpression="NOT contains(counted, :order)",
                        ExpressionAttributeValues={":one": 1, ":cents": int(image["total_cents"]["N"]),
                                                   ":these": {order}, ":order": order},
                    )
                except totals.meta.client.exceptions.ConditionalCheckFailedException:
                    pass
        """,
        """
url = sqs.create_queue(QueueName="kestrel-uncounted")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
allow("kestrel-uncounted", ["sqs:SendMessage", "sqs:GetQueueUrl"], [arn])
deploy("kestrel-daily-total", "daily_total.py")
connect(
    "kestrel-daily-total",
    stream_arn,
    StartingPosition="LATEST",
    FilterCriteria={"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]},
)
""",
    )

    report = classroom.check("orders-5")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_orders_5_a_handler_that_raises_and_batches_of_one_record_are_right_too(
    classroom: Any, counting: Hands
) -> None:
    code = classroom.file_of(classroom.solution("orders-5", "code"))
    reporting = code[code.index("        try:\n            count(") : code.index("    return {")]
    _hand_in_the_total(
        classroom,
        counting,
        code.replace(reporting, '        count(record["dynamodb"]["NewImage"])\n').replace(
            '    return {"batchItemFailures": []}\n', ""
        ),
        classroom.solution("orders-5", "wiring")
        .replace("    BisectBatchOnFunctionError=True,\n", "    BatchSize=1,\n")
        .replace('    FunctionResponseTypes=["ReportBatchItemFailures"],\n', "")
        .replace("MaximumRetryAttempts=2", "MaximumRetryAttempts=0"),
    )

    report = classroom.check("orders-5")

    assert report.outcome is Outcome.PASSED, repr(report)


#: A handler of the solution's form that remembers something else, or nothing.
TOTAL = """
import boto3

client = boto3.resource("dynamodb").meta.client


def handler(event, context):
    for record in event["Records"]:
        if "NewImage" not in record["dynamodb"]:
            continue
        image = record["dynamodb"]["NewImage"]
        add = {"TableName": "kestrel-daily-totals", "Key": {"day": image["order"]["S"][:10]},
               "UpdateExpression": "ADD orders :one, total_cents :cents",
               "ExpressionAttributeValues": {":one": 1, ":cents": int(image["total_cents"]["N"])}}
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong", "line"),
    [
        (
            TOTAL.replace('"NewImage" not in record["dynamodb"]', 'record["eventName"] != "INSERT"')
            + "        client.update_item(**add)\n",
            "",
            "",
            "Look at: how you remember what was counted: the mark and the addition belong into one step",
        ),
        (
            TOTAL
            + """
        mark = {"TableName": "kestrel-daily-totals", "ConditionExpression": "attribute_not_exists(total_cents)",
                "Item": {"day": record["eventID"] + " " + image["order"]["S"], "total_cents": 0}}
        try:
            client.transact_write_items(TransactItems=[{"Put": mark}, {"Update": add}])
        except client.exceptions.TransactionCanceledException:
            pass
""",
            "",
            "",
            "Look at: record['eventName']: it tells new ones from changes and removals",
        ),
        (
            "",
            "    BisectBatchOnFunctionError=True,\n",
            "",
            "Look at: BisectBatchOnFunctionError: without it the orders behind the bad one are given up together with it",
        ),
        (
            "",
            "    MaximumRetryAttempts=2,\n",
            "",
            "Look at: MaximumRetryAttempts: without it Lambda tries the bad order until it is a day old",
        ),
        (
            "",
            "MaximumRetryAttempts=2",
            "MaximumRetryAttempts=5",
            "MaximumRetryAttempts counts the attempts after the first one, and it is 5",
        ),
        (
            "",
            '    DestinationConfig={"OnFailure": {"Destination": uncounted_arn}},\n',
            "",
            "Look at: DestinationConfig: OnFailure takes the queue's ARN",
        ),
        ("", 'QueueName="kestrel-uncounted"', 'QueueName="kestrel-odd"', "Came back: there is no queue of that name"),
        (
            "",
            "mapping_uuid = connect(",
            "",
            "Came back: there is none",
        ),
    ],
)
def test_orders_5_a_mistake_gets_its_message(
    classroom: Any, counting: Hands, monkeypatch: pytest.MonkeyPatch, code: str, right: str, wrong: str, line: str
) -> None:
    _hurry(monkeypatch)
    wiring = classroom.solution("orders-5", "wiring")
    assert right in wiring
    changed = wiring.replace(right, wrong) if right else wiring
    if right.startswith("mapping_uuid"):
        changed = wiring.partition(right)[0]  # nothing is connected
    _hand_in_the_total(classroom, counting, code, changed)

    report = classroom.check("orders-5")

    assert report.outcome is Outcome.PARTIAL, repr(report)
    assert line in repr(report), repr(report)


def test_orders_5_a_bad_order_that_is_swallowed_is_missed_in_the_queue(
    classroom: Any, counting: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hurry(monkeypatch)
    code = classroom.file_of(classroom.solution("orders-5", "code"))
    report_it = next(text for text in code.splitlines() if "SequenceNumber" in text)
    _hand_in_the_total(classroom, counting, code.replace(report_it.strip(), "continue"))

    report = classroom.check("orders-5")

    assert report.outcome is Outcome.PARTIAL, repr(report)
    assert "whether the function raises or reports the bad order at all" in repr(report)


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes is not waited for so long."""
    from labsupport.exercises.lesson04_dynamodb_orders import daily_total

    monkeypatch.setattr(daily_total, "_COUNTED_SECONDS", 8.0)
    monkeypatch.setattr(daily_total, "_GIVEN_UP_SECONDS", 8.0)


def test_the_lesson_s_cloud_shortens_waits_as_its_text_says() -> None:
    lesson = catalog.find_lesson("04")

    assert 0 < lesson.time_scale < 1
    assert "this lesson shortens AWS's waits" in lesson_text("04")
