"""Lesson 05: the starter is not attempted, the solution and other right answers pass, each mistake gets its message."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import pytest
import requests

from labsupport.api_address import api_address
from labsupport.exercises.outcomes import Outcome

from .conftest import dedented
from .hands import Hands, the_role_of_the_lessons

#: Exercises whose file is deployed as it is: function, file, handler; and their routes in the shop's API.
FUNCTIONS = {
    "apis-1": ("kestrel-quote", "quote.py", "quote.handler"),
    "apis-2": ("kestrel-album-api", "album.py", "album.handler"),
    "apis-3": ("kestrel-parcel", "parcel.py", "parcel.handler"),
}
ROUTES = (
    ("GET", "/quote", "kestrel-quote"),
    ("GET", "/albums/{id}", "kestrel-album-api"),
    ("PUT", "/albums/{id}", "kestrel-album-api"),
    ("GET", "/parcels/{order}", "kestrel-parcel"),
)

ALSO_RIGHT = {
    "apis-1": (
        """
        import json
        import re

        def handler(event, context):
            query = event.get("queryStringParameters") or {}
            headers = {"content-type": "application/json; charset=utf-8", "access-control-allow-origin": "*"}
            answer = {"isBase64Encoded": False, "headers": headers}
            cents = {"glossy": 20, "matte": 25}.get(query.get("paper", "glossy"))
            if not re.fullmatch("[0-9]{1,4}", query.get("copies") or "") or not 0 < int(query["copies"]) < 1001:
                return answer | {"statusCode": 400, "body": '{"error": {"code": "bad-copies", "message": "how many?"}}'}
            if cents is None:
                return answer | {"statusCode": 422, "body": '{"error": {"code": "unknown-paper", "message": "?"}}'}
            copies = int(query["copies"])
            body = {"total_cents": copies * cents + 390, "copies": copies, "paper": query.get("paper", "glossy")}
            return answer | {"statusCode": "200", "body": json.dumps(body)}
        """,
        """
        import json

        class Refused(Exception):
            pass

        def quote(copies=None, paper="glossy", **others):
            try:
                copies = int(copies)
            except (TypeError, ValueError):
                raise Refused(400, "bad-copies")
            if copies not in range(1, 1001):
                raise Refused(400, "bad-copies")
            if paper not in ("glossy", "matte"):
                raise Refused(422, "unknown-paper")
            return {"copies": copies, "paper": paper, "total_cents": copies * (20 if paper == "glossy" else 25) + 390}

        def handler(event, context):
            status = 200
            try:
                body = quote(**(event["queryStringParameters"] or {}))
            except Refused as refused:
                status, code = refused.args
                body = {"error": {"code": code, "message": code}}
            return {
                "statusCode": status,
                "multiValueHeaders": {"Content-Type": ["application/json"], "Access-Control-Allow-Origin": ["*"]},
                "body": json.dumps(body),
            }
        """,
    ),
    "apis-2": (
        """
        import hashlib
        import json
        import boto3

        client = boto3.client("dynamodb")

        def answer(status, body, **headers):
            return {"statusCode": status, "body": json.dumps(body), "headers": {"Content-Type": "application/json"} | headers}

        def error(status):
            return answer(status, {"error": {"code": str(status), "message": "no"}})

        def tag(version):
            return '"' + hashlib.sha1(version.encode()).hexdigest() + '"'

        def handler(event, context):
            key = {"id": {"S": event["pathParameters"]["id"]}}
            item = client.get_item(TableName="kestrel-albums", Key=key, ConsistentRead=True).get("Item")
            if not item:
                return error(404)
            version = item["version"]["N"]
            if event["httpMethod"] == "GET":
                photos = [photo["S"] for photo in item["photos"]["L"]]
                return answer(200, {"id": item["id"]["S"], "title": item["title"]["S"], "photos": photos}, ETag=tag(version))
            wanted = next((v for k, v in event["headers"].items() if k.lower() == "if-match"), None)
            if wanted is None:
                return error(428)
            if wanted != tag(version):
                return error(412)
            try:
                body = json.loads(event["body"])
            except ValueError:
                return error(400)
            if not isinstance(body, dict) or "title" not in body or "photos" not in body:
                return error(400)
            try:
                client.update_item(
                    TableName="kestrel-albums", Key=key,
                    UpdateExpression="SET title = :t, photos = :p, version = version + :one",
                    ConditionExpression="version = :v",
                    ExpressionAttributeValues={
                        ":t": {"S": body["title"]}, ":p": {"L": [{"S": photo} for photo in body["photos"]]},
                        ":one": {"N": "1"}, ":v": {"N": version}},
                )
            except client.exceptions.ConditionalCheckFailedException:
                return error(412)
            new = {"id": item["id"]["S"], "title": body["title"], "photos": body["photos"]}
            return answer(200, new, ETag=tag(str(int(version) + 1)))
        """,
        """
        import json
        import boto3
        from boto3.dynamodb.conditions import Attr

        albums = boto3.resource("dynamodb").Table("kestrel-albums")

        class No(Exception):
            pass

        def answer(item, album):
            return {"statusCode": 200, "headers": {"content-type": "application/json", "etag": f'"v{int(item["version"])}"'},
                    "body": json.dumps({"photos": item["photos"], "id": album, "title": item["title"]})}

        def work(event, album):
            found = albums.get_item(Key={"id": album}, ConsistentRead=True)
            if "Item" not in found:
                raise No(404)
            if event["httpMethod"] == "GET":
                return found["Item"]
            lowered = {name.lower(): value for name, value in event["headers"].items()}
            if not lowered.get("if-match"):
                raise No(428)
            try:
                body = json.loads(event["body"])
                new = {"id": album, "title": body["title"], "photos": body.get("photos", [])}
            except Exception:
                raise No(400)
            version = int(lowered["if-match"].strip('"').removeprefix("v") or 0)
            new["version"] = version + 1
            try:
                albums.put_item(Item=new, ConditionExpression=Attr("version").eq(version))
            except albums.meta.client.exceptions.ConditionalCheckFailedException:
                raise No(412)
            return new

        def handler(event, context):
            album = event["pathParameters"]["id"]
            try:
                return answer(work(event, album), album)
            except No as no:
                error = {"error": {"code": f"no-{no.args[0]}", "message": "not so"}}
                return {"statusCode": no.args[0], "body": json.dumps(error)}
        """,
    ),
    "apis-3": (
        """
        import json
        import logging
        import boto3

        log = logging.getLogger()
        client = boto3.client("dynamodb")

        def handler(event, context):
            status, body = 500, {"error": {"code": "oops", "message": f"request {context.aws_request_id}"}}
            try:
                item = client.get_item(
                    TableName="kestrel-parcels", Key={"order": {"S": event["pathParameters"]["order"]}}
                ).get("Item")
                if item:
                    status, body = 200, {"order": item["order"]["S"], "state": item["state"]["S"], "grams": int(item["grams"]["N"])}
                else:
                    status, body = 404, {"error": {"code": "none", "message": "there is none"}}
            except Exception:
                log.exception("cannot tell of a parcel")
            return {"statusCode": status, "body": json.dumps(body),
                    "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}}
        """,
        """
        import json
        import sys
        import traceback
        import boto3

        parcels = boto3.resource("dynamodb").Table("kestrel-parcels")
        HEADERS = {"access-control-allow-origin": "*", "content-type": "application/json"}

        class NotFound(Exception):
            pass

        def safe(function):
            def guarded(event, context):
                try:
                    status, body = 200, function(event)
                except NotFound:
                    status, body = 404, {"error": {"code": "not-found", "message": "not here"}}
                except Exception as problem:
                    print("".join(traceback.format_exception(problem)), file=sys.stderr)
                    status, body = 500, {"error": {"code": "internal", "message": "our fault"}}
                return {"statusCode": status, "headers": HEADERS, "body": json.dumps(body, default=int)}
            return guarded

        @safe
        def handler(event):
            parcel = parcels.get_item(Key=event["pathParameters"]).get("Item")
            if parcel is None:
                raise NotFound
            return {name: parcel[name] for name in ("order", "state", "grams")}
        """,
    ),
}

QUOTE = """
import json

def respond(status, body):
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}

def refuse(status, code):
    return respond(status, {"error": {"code": code, "message": code}})

def handler(event, context):
    query = event["queryStringParameters"] or {}
    copies, paper = query.get("copies", ""), query.get("paper", "glossy")
    if not (copies.isdecimal() and 1 <= int(copies) <= 1000):
        return refuse(400, "bad-copies")
    if paper not in ("glossy", "matte"):
        return refuse(422, "unknown-paper")
    copies = int(copies)
    return respond(200, {"copies": copies, "paper": paper, "total_cents": copies * {"glossy": 20, "matte": 25}[paper] + 390})
"""
ALBUM = """
import json
import boto3
from boto3.dynamodb.conditions import Attr

albums = boto3.resource("dynamodb").Table("kestrel-albums")

def refuse(status):
    return {"statusCode": status, "body": json.dumps({"error": {"code": str(status), "message": "no"}})}

def show(item):
    headers = {"Content-Type": "application/json", "ETag": f'"{item["version"]}"'}
    body = {name: item[name] for name in ("id", "title", "photos")}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(body)}

def handler(event, context):
    album = event["pathParameters"]["id"]
    item = albums.get_item(Key={"id": album}, ConsistentRead=True).get("Item")
    if item is None:
        return refuse(404)
    if event["httpMethod"] == "GET":
        return show(item)
    headers = {name.lower(): value for name, value in event["headers"].items()}
    if "if-match" not in headers:
        return refuse(428)
    try:
        body = json.loads(event["body"])
        new = {"id": album, "title": body["title"], "photos": body["photos"], "version": item["version"] + 1}
    except (ValueError, KeyError, TypeError):
        return refuse(400)
    if headers["if-match"] != f'"{item["version"]}"':
        return refuse(412)
    try:
        albums.put_item(Item=new, ConditionExpression=Attr("version").eq(item["version"]))
    except albums.meta.client.exceptions.ConditionalCheckFailedException:
        return refuse(412)
    return show(new)
"""
PARCEL = """
import json
import traceback
import boto3

parcels = boto3.resource("dynamodb").Table("kestrel-parcels")

def respond(status, body):
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}

def refuse(status):
    return respond(status, {"error": {"code": str(status), "message": "no"}})

def handler(event, context):
    try:
        parcel = parcels.get_item(Key={"order": event["pathParameters"]["order"]}).get("Item")
        if parcel is None:
            return refuse(404)
        return respond(200, {"order": parcel["order"], "state": parcel["state"], "grams": int(parcel["grams"])})
    except Exception:
        traceback.print_exc()
        return refuse(500)
"""
RIGHT = {"apis-1": QUOTE, "apis-2": ALBUM, "apis-3": PARCEL}

#: Between look and write, so that others come in between, however slow this machine is.
SLOWLY = "__import__('time').sleep(0.3) or "

#: What somebody may write in place of a part of a right answer: exercise, what it is → (part, its place taken by),
#: the outcome, and the line that names the mistake.
MISTAKES: dict[str, dict[str, tuple[tuple[str, str], Outcome, str]]] = {
    "apis-1": {
        "the body is a dict": (
            ("json.dumps(body)", "body"),
            Outcome.NOT_YET,
            "Look at: body: it is not a string; json.dumps makes text of it",
        ),
        "statusCode is missing": (
            ('"statusCode": status, ', ""),
            Outcome.NOT_YET,
            "Look at: statusCode: it is missing",
        ),
        "the data itself": (
            ('return {"statusCode": status, "headers": headers, "body": json.dumps(body)}', "return body"),
            Outcome.NOT_YET,
            "is the data itself returned? It belongs into body, as text",
        ),
        "a status that is text": (('"statusCode": status', '"statusCode": "OK"'), Outcome.NOT_YET, "Look at: statusCode: it is a whole number"),
        "a header of a wrong type": (
            ('"Access-Control-Allow-Origin": "*"', '"Access-Control-Allow-Origin": ["*"]'),
            Outcome.NOT_YET,
            "Look at: headers: the value of Access-Control-Allow-Origin is a list; a header's value is text",
        ),
        "headers that are a list": (
            ('"headers": headers', '"headers": list(headers)'),
            Outcome.NOT_YET,
            "Look at: headers: it is a dict of names with values",
        ),
        "no query is None": (
            ('query = event["queryStringParameters"] or {}', 'query = event["queryStringParameters"]'),
            Outcome.PARTIAL,
            "Look at: queryStringParameters and pathParameters: None when the request has none; quote.py, line",
        ),
        "the answer's body is not what was None": (
            (
                'query = event["queryStringParameters"] or {}',
                'query = event["queryStringParameters"]\n    {"statusCode": 200, "body": query["copies"]}',
            ),
            Outcome.PARTIAL,
            "Look at: queryStringParameters and pathParameters: None when the request has none; quote.py, line",
        ),
        "200 for everything": (
            ('"statusCode": status', '"statusCode": 200'),
            Outcome.PARTIAL,
            "Look at: statusCode: 200 says that all is well, whatever the body says",
        ),
        "no CORS header": (
            (', "Access-Control-Allow-Origin": "*"', ""),
            Outcome.NOT_YET,
            "Look at: the header Access-Control-Allow-Origin: the answer does not have it, and the browser keeps it",
        ),
        "the CORS header only on success": (
            ("    return {\"statusCode\"", "    if status != 200:\n        del headers['Access-Control-Allow-Origin']\n    return {\"statusCode\""),
            Outcome.PARTIAL,
            "Look at: the header Access-Control-Allow-Origin: an answer of this status does not have it",
        ),
        "copies stay text": (
            ('{"copies": copies,', '{"copies": str(copies),'),
            Outcome.PARTIAL,
            "Look at: copies: what comes in a query is always text; int() makes a number of it",
        ),
        "no postage": (("+ 390", ""), Outcome.PARTIAL, "Look at: total_cents: the postage is missing"),
        "errors of another shape": (
            ('{"error": {"code": code, "message": code}}', '{"error": code}'),
            Outcome.PARTIAL,
            "Look at: the body of an error: an object with error, and code and message in that",
        ),
        "JSON twice": (("json.dumps(body)", "json.dumps(json.dumps(body))"), Outcome.NOT_YET, "Look at: json.dumps: it was called twice"),
        "print in place of return": (("return respond(200,", "print(200,"), Outcome.PARTIAL, "Look at: return: a handler without one answers null"),
    },
    "apis-2": {
        "no condition": (
            ('albums.put_item(Item=new, ConditionExpression=Attr("version").eq(item["version"]))', f"{SLOWLY}albums.put_item(Item=new)"),
            Outcome.PARTIAL,
            "Look at: put_item: others write between your look and your write; it needs a ConditionExpression",
        ),
        "the failed condition gets out": (
            (
                """        albums.put_item(Item=new, ConditionExpression=Attr("version").eq(item["version"]))
    except albums.meta.client.exceptions.ConditionalCheckFailedException:""",
                f"""        {SLOWLY}albums.put_item(Item=new, ConditionExpression=Attr("version").eq(item["version"]))
    except KeyError:""",
            ),
            Outcome.PARTIAL,
            "Look at: ConditionFailed: what the condition refuses is 412, too",
        ),
        "a tag without quotation marks": (
            ("""f'"{item["version"]}"'}""", """str(item["version"])}"""),
            Outcome.PARTIAL,
            "without double quotation marks around it",
        ),
        "no tag": ((""", "ETag": f'"{item["version"]}"'""", ""), Outcome.PARTIAL, "Look at: the header ETag: it is missing"),
        "header names as they stand in the book": (
            (
                '{name.lower(): value for name, value in event["headers"].items()}',
                '{"if-match": value for name, value in event["headers"].items() if name == "If-Match"}',
            ),
            Outcome.PARTIAL,
            "Look at: the header if-match: it was there; clients write header names in upper or lower case",
        ),
        "the tag is not compared": (
            ("""if headers["if-match"] != f'"{item["version"]}"':""", "if False:"),
            Outcome.PARTIAL,
            "Look at: If-Match: is it compared with the album's tag of now?",
        ),
        "no tag is needed": (
            (
                'if "if-match" not in headers:\n        return refuse(428)',
                """headers.setdefault("if-match", f'"{item["version"]}"')""",
            ),
            Outcome.PARTIAL,
            "Look at: If-Match: without it nothing may be changed",
        ),
        "the version does not go up": (('item["version"] + 1', 'item["version"]'), Outcome.PARTIAL, "Look at: the tag: it is still that of the album before"),
        "a Decimal in the body": (('("id", "title", "photos")', '("id", "title", "photos", "version")'), Outcome.PARTIAL, "Look at: a Decimal: DynamoDB gives numbers as Decimal"),
        "a bad body is our fault": (("except (ValueError, KeyError, TypeError):", "except ZeroDivisionError:"), Outcome.PARTIAL, "Came back: JSONDecodeError"),
    },
    "apis-3": {
        "200 for our fault": (
            ("        return refuse(500)", "        return refuse(200)"),
            Outcome.PARTIAL,
            "Look at: except: it swallows the fault and says 200; no alarm will ever ring",
        ),
        "404 for our fault": (
            ("    except Exception:", "    except KeyError:\n        return refuse(404)\n    except Exception:"),
            Outcome.PARTIAL,
            "Look at: 404: the parcel is there. An except KeyError around everything cannot tell the two apart",
        ),
        "nothing in the log": (
            ("traceback.print_exc()", "pass"),
            Outcome.PARTIAL,
            "Look at: except: traceback.print_exc() or logging.exception(...) writes it into the log",
        ),
        "the traceback in the answer": (
            ("        return refuse(500)", '        return respond(500, {"error": {"code": "500", "message": traceback.format_exc()}})'),
            Outcome.PARTIAL,
            "is for the log, not for strangers",
        ),
        "the exception gets out": (("    except Exception:\n        traceback.print_exc()\n        return refuse(500)", "    finally:\n        pass"), Outcome.PARTIAL, "Expected: an answer; for an exception the client gets 502"),
        "the CORS header only on success": (
            ("    return {\"statusCode\"", "    if status != 200:\n        headers = {'Content-Type': 'application/json'}\n    return {\"statusCode\""),
            Outcome.PARTIAL,
            "Look at: the header Access-Control-Allow-Origin: an answer of this status does not have it",
        ),
        "grams are text": (('int(parcel["grams"])', 'str(parcel["grams"])'), Outcome.PARTIAL, "Look at: grams: it is text; int() makes a number of a Decimal, str() does not"),
        "grams stay a Decimal": (('int(parcel["grams"])', 'parcel["grams"]'), Outcome.PARTIAL, "Expected: 200 with the parcel"),
    },
}  # fmt: skip


class Shop:
    """Lesson 05 up to its exercises: the API, the tables and the bucket are there, made by the lesson's own cells."""

    def __init__(self, classroom: Any, cloud: Any) -> None:
        self.classroom, self.cloud = classroom, cloud
        self.dynamodb = cloud.client("dynamodb")
        self.hands = Hands(classroom, cloud, "05", the_role_of_the_lessons(cloud))
        account = cloud.client("sts").get_caller_identity()["Account"]
        self.hands.names |= {
            "apigateway": cloud.client("apigateway"),
            "s3": cloud.client("s3"),
            "dynamodb": _resource(cloud, "dynamodb"),
            "contextlib": contextlib,
            "hashlib": hashlib,
            "requests": requests,
            "ACCOUNT": account,
            "REGION": "us-east-1",
            "uploads": f"kestrel-uploads-{account}",
        }
        for table, key in (("albums", "id"), ("parcels", "order"), ("partners", "token_hash")):
            self.hands.run(f"small_table('kestrel-{table}', {key!r})")
        cloud.client("s3").create_bucket(Bucket=self.hands.names["uploads"])
        self.new_api()

    def new_api(self) -> None:
        """The shop's API, with the routes that the lesson makes for the exercises, and no other."""
        self.hands.run("shop = make_api('kestrel-shop')")
        for method, path, function in ROUTES:
            self._stand_in(function)
            self.hands.run(f"route(shop, {method!r}, {path!r}, {function!r})")
        self.hands.run("publish(shop)")

    def _stand_in(self, function: str) -> None:
        """A permission can only be given for a function that is there."""
        with contextlib.suppress(self.classroom.lambda_client.exceptions.ResourceConflictException):
            self.classroom.lambda_client.create_function(
                FunctionName=function,
                Runtime=self.hands.names["RUNTIME"],
                Role=self.hands.names["role_arn"],
                Handler="none.handler",
                Code={"ZipFile": self.classroom.zip_of({"none.py": ""})},
            )
            self.classroom.lambda_client.get_waiter("function_active_v2").wait(FunctionName=function)

    def hand_in(self, exercise: str, text: str) -> None:
        """Deploy the text, as the lesson's deploy does: a function that is there keeps its permissions."""
        name, file, handler = FUNCTIONS[exercise]
        client = self.classroom.lambda_client
        self._stand_in(name)
        self.hands.run(f"let_api_invoke({name!r}, shop)")
        client.update_function_code(FunctionName=name, ZipFile=self.classroom.zip_of({file: dedented(text)}))
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        client.update_function_configuration(FunctionName=name, Handler=handler, Timeout=10)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)

    def address(self, path: str) -> str:
        return api_address(self.hands.names["shop"], "prod", region="us-east-1", endpoint=self.cloud.endpoint) + path

    def everything_in(self, table: str) -> list[Any]:
        return list(self.dynamodb.scan(TableName=table)["Items"])


def _resource(cloud: Any, service: str) -> Any:
    import boto3

    return boto3.resource(
        service,
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id="lab",
        aws_secret_access_key="lab",
    )


@pytest.fixture(scope="module")
def shop(classroom: Any, cloud: Any) -> Any:
    shop = Shop(classroom, cloud)
    yield shop
    for table in ("albums", "parcels", "partners"):
        shop.dynamodb.delete_table(TableName=f"kestrel-{table}")
    shop.hands.run("remove_api('kestrel-shop')")
    cloud.client("s3").delete_bucket(Bucket=shop.hands.names["uploads"])


# --- the exercises that are a file -------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_starter_is_not_attempted(classroom: Any, shop: Shop, exercise: str) -> None:
    shop.hand_in(exercise, classroom.file_of(classroom.starter(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert f"the starter's own line: exercise {exercise} is still to be written" in repr(report)


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        *((name, place[0]) for name, place in FUNCTIONS.items()),
        ("apis-4", "kestrel-ticket"),
        ("apis-5", "kestrel-partner-authorizer"),
    ],
)
def test_nothing_deployed_is_not_attempted(classroom: Any, shop: Shop, exercise: str, function: str) -> None:
    classroom.remove(function)

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert f"We looked for the function {function}." in repr(report)


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_solution_passes_and_the_check_leaves_nothing_behind(classroom: Any, shop: Shop, exercise: str) -> None:
    shop.hand_in(exercise, classroom.file_of(classroom.solution(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)
    assert report.points == report.max_points
    assert "Why it works:" in repr(report)
    assert shop.everything_in("kestrel-albums") == [] == shop.everything_in("kestrel-parcels")


@pytest.mark.parametrize(
    ("exercise", "number"), [(name, at) for name, texts in ALSO_RIGHT.items() for at in range(len(texts))]
)
def test_another_right_answer_passes(classroom: Any, shop: Shop, exercise: str, number: int) -> None:
    shop.hand_in(exercise, ALSO_RIGHT[exercise][number])

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(("exercise", "mistake"), [(name, what) for name, many in MISTAKES.items() for what in many])
def test_a_mistake_gets_its_message(classroom: Any, shop: Shop, exercise: str, mistake: str) -> None:
    (part, instead), outcome, line = MISTAKES[exercise][mistake]
    assert part in RIGHT[exercise]
    shop.hand_in(exercise, RIGHT[exercise].replace(part, instead, 1))

    report = classroom.check(exercise)

    assert report.outcome in (outcome, Outcome.YOUR_CODE_RAISED, Outcome.PARTIAL), repr(report)
    assert line in repr(report), repr(report)
    assert report.points < report.max_points
    assert shop.everything_in("kestrel-albums") == [] == shop.everything_in("kestrel-parcels")


# --- the API in front of them ------------------------------------------------------------------------------------


@pytest.fixture
def own_api(shop: Shop) -> Any:
    """The test may break the API: it is made anew afterwards."""
    yield shop
    shop.new_api()


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("remove_api('kestrel-shop')", "We looked for the REST API kestrel-shop."),
        ("apigateway.create_rest_api(name='kestrel-shop')", "Came back: there are 2 of that name"),
        (
            "shop = make_api('kestrel-shop')\nroute(shop, 'GET', '/price', 'kestrel-quote')\npublish(shop)",
            "Look at: the resource /quote: the API has none with that path",
        ),
        (
            "shop = make_api('kestrel-shop')\nroute(shop, 'POST', '/quote', 'kestrel-quote')\npublish(shop)",
            "Look at: the method GET of /quote: there is none",
        ),
        (
            "shop = make_api('kestrel-shop')\nroute(shop, 'GET', '/price', 'kestrel-quote')\npublish(shop)\n"
            "route(shop, 'GET', '/quote', 'kestrel-quote')",
            "Look at: the deployment: the route is there, but what is not published is not in the stage prod",
        ),
        (
            "shop = make_api('kestrel-shop')\nroute(shop, 'GET', '/quote', 'kestrel-quote')",
            "Look at: create_deployment: the API has no stage named prod",
        ),
        (
            "lambda_client.remove_permission(FunctionName='kestrel-quote', StatementId=f'api-{shop}')",
            "Look at: the permission: the function does not let this API invoke it (add_permission), or is not there",
        ),
    ],
    ids=["no API", "two APIs", "another path", "another method", "not deployed", "no stage", "no permission"],
)
def test_what_is_wrong_with_the_api_is_named(classroom: Any, own_api: Shop, cell: str, line: str) -> None:
    own_api.hand_in("apis-1", QUOTE)
    own_api.hands.run(cell)

    report = classroom.check("apis-1")

    assert report.outcome is Outcome.PARTIAL, repr(report)
    assert line in repr(report), repr(report)


# --- apis-4 ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(own_api: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The learner's folder, and nothing of the last two exercises in the cloud."""
    monkeypatch.chdir(tmp_path)
    for name in ("kestrel-ticket", "kestrel-partner-authorizer"):
        own_api.classroom.remove(name)
    iam = own_api.hands.names["iam"]
    for name in iam.list_role_policies(RoleName="kestrel-function")["PolicyNames"]:
        if "upload" in name:
            iam.delete_role_policy(RoleName="kestrel-function", PolicyName=name)
    return own_api


TICKET = """
import json
import os
import secrets

import boto3
from botocore.config import Config

s3 = boto3.client("s3", config=Config(signature_version="s3v4"))

def respond(status, body):
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}

def handler(event, context):
    endings = {"image/png": ".png", "image/jpeg": ".jpg"}
    try:
        kind = json.loads(event["body"])["type"]
        ending = endings[kind]
    except (ValueError, KeyError, TypeError):
        return respond(415, {"error": {"code": "bad-type", "message": "png or jpeg"}})
    key = f"uploads/{secrets.token_hex(12)}{ending}"
    params = {"Bucket": os.environ["UPLOADS"], "Key": key, "ContentType": kind}
    return respond(201, {"key": key, "url": s3.generate_presigned_url("put_object", Params=params, ExpiresIn=300)})
"""


def _tickets(shop: Shop, text: str = TICKET, wiring: str | None = None) -> None:
    Path("ticket.py").write_text(text)
    shop.hands.run(wiring if wiring is not None else shop.classroom.solution("apis-4", "wiring"))


def test_apis_4_the_starter_is_not_attempted(classroom: Any, desk: Shop) -> None:
    Path("ticket.py").write_text(classroom.file_of(classroom.starter("apis-4", "code")))
    desk.hands.run("deploy('kestrel-ticket', 'ticket.py')")

    report = classroom.check("apis-4")

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert "exercise apis-4 is still to be written" in repr(report)


def test_apis_4_the_solution_passes_and_its_cells_run_twice(classroom: Any, desk: Shop) -> None:
    for _ in range(2):
        _tickets(desk, classroom.file_of(classroom.solution("apis-4", "code")))

    report = classroom.check("apis-4")

    assert report.outcome is Outcome.PASSED, repr(report)
    bucket = desk.hands.names["uploads"]
    assert desk.hands.names["s3"].list_objects_v2(Bucket=bucket)["KeyCount"] == 0


ALSO_TICKETS = (
    TICKET.replace(', config=Config(signature_version="s3v4")', "").replace("secrets.token_hex(12)", "__import__('uuid').uuid4()"),
    TICKET.replace("s3 = ", "other = ").replace('Params=params, ExpiresIn=300', 'Params=params, ExpiresIn=300, HttpMethod="PUT"').replace(
        "def respond", "s3 = boto3.session.Session().client('s3', config=Config(signature_version='s3v4'))\n\ndef respond"
    ),
)  # fmt: skip


@pytest.mark.parametrize("text", ALSO_TICKETS)
def test_apis_4_another_right_answer_passes(classroom: Any, desk: Shop, text: str) -> None:
    _tickets(desk, text)

    report = classroom.check("apis-4")

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("part", "instead", "line"),
    [
        ("ExpiresIn=300", "ExpiresIn=3600", "Look at: ExpiresIn: the ticket is good for 3600 seconds"),
        (', "ContentType": kind', "", "Look at: ContentType in Params: what is not signed, anybody may choose"),
        ("secrets.token_hex(12)", "'photo'", "Look at: the key: two tickets have the same one; a photo would replace another"),
        (
            "secrets.token_hex(12)",
            "__import__('time').time_ns()",
            "Look at: the key: secrets.token_urlsafe makes names of chance; a counter or a clock does not",
        ),
        ("respond(415,", "respond(400,", "Look at: statusCode: 400 is not the status for this"),
        ('endings[kind]', 'endings.get(kind, ".png")', "Expected: 415: there are tickets for image/png and image/jpeg"),
        ("respond(201,", "respond(200,", "Look at: statusCode: 200 is not the status for this"),
        (
            's3.generate_presigned_url("put_object", Params=params, ExpiresIn=300)',
            '"http://127.0.0.1:9/" + key',
            "Look at: the url: it has no signature; generate_presigned_url makes one",
        ),
        ('f"uploads/', 'f"', "Look at: the key: "),
    ],
    ids=["an hour", "any type", "one key", "a clock", "400", "all types", "200", "no signature", "elsewhere"],
)  # fmt: skip
def test_apis_4_a_mistake_gets_its_message(classroom: Any, desk: Shop, part: str, instead: str, line: str) -> None:
    assert part in TICKET
    _tickets(desk, TICKET.replace(part, instead))

    report = classroom.check("apis-4")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


WIRING = """
allow("put-uploads", ["s3:PutObject"], [f"arn:aws:s3:::{uploads}/uploads/*"])
deploy("kestrel-ticket", "ticket.py", Environment={"Variables": {"UPLOADS": uploads}})
route(shop, "POST", "/uploads", "kestrel-ticket")
let_browsers_in(shop, "/uploads", "POST")
publish(shop)
"""


@pytest.mark.parametrize(
    ("part", "instead", "line"),
    [
        ('let_browsers_in(shop, "/uploads", "POST")', "", "Look at: the method OPTIONS of /uploads: there is none"),
        ('"/uploads", "POST")', '"/uploads", "GET")', "Look at: Access-Control-Allow-Methods of the preflight: GET"),
        ("publish(shop)", "", "Look at: the deployment: the route is there, but what is not published is not in the stage prod"),
        ('["s3:PutObject"], [f"arn:aws:s3:::{uploads}/uploads/*"]', '["s3:*"], ["*"]', "Look at: the wildcard: everybody who finds a fault"),
    ],
    ids=["no preflight", "another method", "not deployed", "wildcard"],
)  # fmt: skip
def test_apis_4_a_mistake_of_the_wiring_gets_its_message(
    classroom: Any, desk: Shop, part: str, instead: str, line: str
) -> None:
    assert part in WIRING
    _tickets(desk, TICKET, WIRING.replace(part, instead))

    report = classroom.check("apis-4")

    assert report.outcome is Outcome.PARTIAL, repr(report)
    assert line in repr(report), repr(report)


# --- apis-5 ------------------------------------------------------------------------------------------------------

AUTHORIZER = """
import hashlib
import boto3

partners = boto3.resource("dynamodb").Table("kestrel-partners")

def handler(event, context):
    kind, _, token = event["authorizationToken"].partition(" ")
    found = partners.get_item(Key={"token_hash": hashlib.sha256(token.encode()).hexdigest()}).get("Item")
    if kind != "Bearer" or not found:
        raise Exception("Unauthorized")
    resource = event["methodArn"].split("/GET/")[0] + "/GET/partners/*"
    return {
        "principalId": "partner",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}],
        },
        "context": {"partner": found["partner"]},
    }
"""


@pytest.fixture
def partners(desk: Shop) -> Shop:
    """The function behind the two routes is deployed, as the lesson does it."""
    Path("partner.py").write_text(desk.classroom.given_file("05", "partner.py"))
    desk.hands.run("deploy('kestrel-partner', 'partner.py')")
    return desk


def _guard(shop: Shop, text: str = AUTHORIZER, wiring: str | None = None) -> None:
    Path("partner_authorizer.py").write_text(text)
    shop.hands.run(wiring if wiring is not None else shop.classroom.solution("apis-5", "wiring"))


def test_apis_5_the_starter_is_not_attempted(classroom: Any, partners: Shop) -> None:
    _guard(partners, classroom.file_of(classroom.starter("apis-5", "code")), "deploy('kestrel-partner-authorizer', 'partner_authorizer.py')")  # fmt: skip

    report = classroom.check("apis-5")

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert "exercise apis-5 is still to be written" in repr(report)


def test_apis_5_the_solution_passes_and_its_cells_run_twice(classroom: Any, partners: Shop) -> None:
    for _ in range(2):
        _guard(partners, classroom.file_of(classroom.solution("apis-5", "code")))

    report = classroom.check("apis-5")

    assert report.outcome is Outcome.PASSED, repr(report)
    assert partners.everything_in("kestrel-partners") == []


ALSO_AUTHORIZERS = (
    AUTHORIZER.replace('"Action": "execute-api:Invoke"', '"Action": ["execute-api:Invoke"]').replace(
        '"Resource": resource', '"Resource": [resource.replace("*", name) for name in ("orders", "prices")]'
    ),
    AUTHORIZER.replace('.partition(" ")', '.removeprefix("Bearer ").join(["Bearer ", ""]).partition(" ")').replace(
        'event["methodArn"].split("/GET/")[0] + "/GET/partners/*"', '"/".join(event["methodArn"].split("/")[:2]) + "/*/partners/*"'
    ),
)  # fmt: skip


@pytest.mark.parametrize("text", ALSO_AUTHORIZERS)
def test_apis_5_another_right_answer_passes(classroom: Any, partners: Shop, text: str) -> None:
    _guard(partners, text)

    report = classroom.check("apis-5")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_apis_5_without_caching_it_passes_too(classroom: Any, partners: Shop) -> None:
    _guard(
        partners, AUTHORIZER.replace('event["methodArn"].split("/GET/")[0] + "/GET/partners/*"', 'event["methodArn"]')
    )
    partners.hands.run(
        "apigateway.update_authorizer(restApiId=shop, authorizerId=partner_authorizer, patchOperations=["
        "{'op': 'replace', 'path': '/authorizerResultTtlInSeconds', 'value': '0'}])\npublish(shop)"
    )

    report = classroom.check("apis-5")

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("part", "instead", "line"),
    [
        (
            'event["methodArn"].split("/GET/")[0] + "/GET/partners/*"',
            'event["methodArn"]',
            "Look at: the policy: API Gateway keeps it for this token and applies it to the other path, too",
        ),
        (
            'raise Exception("Unauthorized")',
            'raise Exception("who are you?")',
            "Look at: the exception: only the exact text Unauthorized becomes 401; every other failure is 500",
        ),
        (
            'raise Exception("Unauthorized")',
            'return {"principalId": "none", "policyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", '
            '"Action": "execute-api:Invoke", "Resource": "*"}]}}',
            "Look at: 401 or 403: a policy that denies gives 403; the exception with the text Unauthorized gives 401",
        ),
        ('.partition(" ")', '.partition("Bearer")', "Look at: the authorizer: it refuses a token that is in the table"),
        (
            '"context": {"partner": found["partner"]},',
            '"context": {},',
            "Look at: context: the function behind wants partner in it; it is in the authorizer's answer",
        ),
        ('"principalId": "partner",', "", "Look at: the authorizer: it failed, or its answer has no principalId"),
        (
            "    found = partners.get_item(Key={\"token_hash\": hashlib.sha256(token.encode()).hexdigest()}).get(\"Item\")",
            "    try:\n        found = partners.get_item(Key={'token_hash': hashlib.sha256(token.encode()).hexdigest()}).get('Item')\n"
            "    except Exception:\n        found = {'partner': 'unknown'}",
            "Look at: except: when you cannot know who it is, nobody gets through; let the exception out",
        ),
    ],
    ids=["one path", "another text", "deny", "no split", "no context", "no principal", "open on failure"],
)  # fmt: skip
def test_apis_5_a_mistake_gets_its_message(classroom: Any, partners: Shop, part: str, instead: str, line: str) -> None:
    assert part in AUTHORIZER
    _guard(partners, AUTHORIZER.replace(part, instead))

    report = classroom.check("apis-5")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


def test_apis_5_a_route_without_the_authorizer_is_named(classroom: Any, partners: Shop) -> None:
    wiring = classroom.solution("apis-5", "wiring").replace(
        ', authorizationType="CUSTOM", authorizerId=partner_authorizer', ""
    )
    _guard(partners, AUTHORIZER, wiring)

    report = classroom.check("apis-5")

    assert report.outcome is Outcome.PARTIAL, repr(report)
    assert "is the authorizer in front of it? authorizationType is CUSTOM, and publish" in repr(report)
