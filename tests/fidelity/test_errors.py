"""What a caller gets when a handler raises, or returns what cannot be sent."""

from __future__ import annotations

import json
import re

import pytest

from .deployment import PYTHON, CloudUnderTest, Function

RAISING = '''
    COUNT = 0


    class Bad(Exception):
        pass


    class Apology(Exception):
        """Raises while it is turned into text."""

        def __str__(self):
            return "sorry: " + self.args[0]


    def inner():
        return 1 / 0


    def handler(event, context):
        global COUNT
        COUNT += 1
        kind = event["kind"]
        if kind == "message":
            raise Exception("Handler fails")
        if kind == "no message":
            raise Bad
        if kind == "key":
            return {}["x"]
        if kind == "nested":
            return inner()
        if kind == "chained":
            try:
                inner()
            except ZeroDivisionError as problem:
                raise Bad("outer") from problem
        if kind == "own text":
            raise Apology("Åsa")
        if kind == "unicode":
            raise ValueError("привет 鷹 \\U0001f426")
        if kind == "many lines":
            raise ValueError("first\\nsecond")
        if kind == "arguments":
            raise Exception("one", 2)
        if kind == "generated":
            exec(compile("raise ValueError('made')", "<made up>", "exec"))
        if kind == "recursion":
            return handler(event, context)
        return COUNT
'''


@pytest.fixture(scope="module")
def raising(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(RAISING)


def line_of(text: str, source: str = RAISING) -> int:
    """Number of the line of app.py that holds ``text``."""
    lines = source.strip("\n").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


def test_F010_exception_raised_in_the_handler(cloud):
    """An exception is HTTP 200 with X-Amz-Function-Error "Unhandled" and a document of exactly four keys; boto3 does
    not raise. Recorded from AWS."""
    function = cloud.deploy('def handler(e, c): raise Exception("Handler fails")')
    answer = function.invoke({}, tail=False)
    assert (answer.status, answer.function_error, answer.executed_version) == (200, "Unhandled", "$LATEST")
    assert answer.payload == {
        "errorMessage": "Handler fails",
        "errorType": "Exception",
        "requestId": answer.request_id,
        "stackTrace": [
            '  File "/var/task/app.py", line 1, in handler\n    def handler(e, c): raise Exception("Handler fails")\n'
        ],
    }

    response, body = cloud.raw_invoke(function.name)
    assert response.status == 200
    assert response.getheader("X-Amz-Function-Error") == "Unhandled"
    assert response.getheader("X-Amz-Executed-Version") == "$LATEST"
    assert response.getheader("Content-Type") == "application/json"
    assert json.loads(body)["requestId"] == response.getheader("x-amzn-RequestId")


def test_F011_error_fields_in_detail_no_message(raising):
    """An exception without a message has an empty errorMessage; errorType is the class's name without its module.
    Runtime client's output."""
    answer = raising.invoke({"kind": "no message"}).payload
    assert (answer["errorMessage"], answer["errorType"]) == ("", "Bad")


def test_F011_error_fields_in_detail_key_error(raising):
    """A KeyError's message is the key with its quotes. Runtime client's output."""
    answer = raising.invoke({"kind": "key"}).payload
    assert (answer["errorMessage"], answer["errorType"]) == ("'x'", "KeyError")


def test_F011_error_fields_in_detail_stack_trace(raising):
    """One string a frame, outermost first, and none of the runtime's own frames. Runtime client's output."""
    trace = raising.invoke({"kind": "nested"}).payload["stackTrace"]
    assert len(trace) == 2
    outer, inner = (frame.splitlines() for frame in trace)
    assert outer[:2] == [
        f'  File "/var/task/app.py", line {line_of("return inner()")}, in handler',
        "    return inner()",
    ]
    assert inner[:2] == [f'  File "/var/task/app.py", line {line_of("1 / 0")}, in inner', "    return 1 / 0"]
    assert all(frame.endswith("\n") for frame in trace)


@pytest.mark.parametrize(
    ("kind", "message", "error_type"),
    [
        ("chained", "outer", "Bad"),
        ("own text", "sorry: Åsa", "Apology"),
        ("unicode", "привет 鷹 \U0001f426", "ValueError"),
        ("many lines", "first\nsecond", "ValueError"),
        ("arguments", "('one', 2)", "Exception"),
        ("generated", "made", "ValueError"),
    ],
    ids=lambda value: value.replace(" ", "-") if value.isascii() and len(value) < 12 else "",
)
def test_F011_neighbour_the_message_is_the_text_of_the_exception(raising, kind, message, error_type):
    """errorMessage is str(exception) whatever that is. Runtime client's output."""
    answer = raising.invoke({"kind": kind})
    assert answer.function_error == "Unhandled"
    assert (answer.payload["errorMessage"], answer.payload["errorType"]) == (message, error_type)
    assert answer.payload["requestId"] == answer.request_id
    assert answer.payload["stackTrace"][0].startswith('  File "/var/task/app.py"')


def test_F011_neighbour_deep_recursion_is_an_ordinary_exception(raising):
    """A RecursionError comes back like any other exception, its equal frames told once with their number, and the environment goes on.
    Runtime client's output."""
    count = raising.invoke({"kind": "count"}).payload
    answer = raising.invoke({"kind": "recursion"})
    assert answer.payload["errorType"] == "RecursionError"
    assert answer.payload["errorMessage"].startswith("maximum recursion depth exceeded")
    assert re.search(r"Previous line repeated \d{3} more times", answer.payload["stackTrace"][-1] + answer.raw.decode())
    assert raising.invoke({"kind": "count"}).payload > count


def test_F011_neighbour_source_lines_of_a_package_in_the_zip(cloud):
    """Frames of a module in a package name its path under /var/task. Runtime client's output."""
    shop = "def price(order):\n    return order['paper'] * 2\n"
    function = cloud.deploy(
        "import shop.prices\n\ndef handler(e, c): return shop.prices.price(e)",
        files={"shop/__init__.py": "", "shop/prices.py": shop},
    )
    trace = function.invoke({}).payload["stackTrace"]
    assert trace[-1].startswith(
        "  File \"/var/task/shop/prices.py\", line 2, in price\n    return order['paper'] * 2\n"
    )


RETURNING = """
    import asyncio
    import collections
    import datetime
    import decimal

    COUNT = 0


    async def later():
        return 1


    def endless():
        loop = []
        loop.append(loop)
        return loop


    def handler(event, context):
        global COUNT
        COUNT += 1
        return {
            "datetime": lambda: {"t": datetime.datetime(2020, 1, 1)},
            "set": lambda: {1, 2},
            "coroutine": lambda: later(),
            "generator": lambda: (n for n in range(3)),
            "object": lambda: object(),
            "exception": lambda: ValueError("returned, not raised"),
            "nested": lambda: {"orders": [{"paper": {"matt"}}]},
            "tuple key": lambda: {(1, 2): 3},
            "circle": lambda: endless(),
            "numbers": lambda: {"d": decimal.Decimal("1.50"), "nan": float("nan")},
            "infinity": lambda: [float("inf"), float("-inf"), 1e400],
            "text": lambda: {"s": "é"},
            "keys": lambda: {1: (1, 2), None: True},
            "bytes": lambda: b"abc",
            "binary": lambda: bytes(range(256)),
            "named": lambda: collections.namedtuple("Order", "id paper")(7, "matt"),
            "ordered": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
            "bool": lambda: False,
            "count": lambda: COUNT,
        }[event]()
"""


@pytest.fixture(scope="module")
def returning(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(RETURNING)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("datetime", "Object of type datetime is not JSON serializable"),
        ("set", "Object of type set is not JSON serializable"),
        ("coroutine", "Object of type coroutine is not JSON serializable"),
        ("generator", "Object of type generator is not JSON serializable"),
        ("object", "Object of type object is not JSON serializable"),
        ("exception", "Object of type ValueError is not JSON serializable"),
        ("nested", "Object of type set is not JSON serializable"),
        ("tuple key", "keys must be str, int, float, bool or None, not tuple"),
        ("circle", "Circular reference detected"),
    ],
    ids=lambda value: value.replace(" ", "-") if len(value) < 12 else "",
)
def test_F021_return_value_that_json_cannot_hold(returning, kind, words):
    """Such an answer is an error of type Runtime.MarshalError without a trace, and the environment stays alive.
    Runtime client's output (the first four are the case, the others its neighbours)."""
    count = returning.invoke("count").payload
    answer = returning.invoke(kind)
    assert answer.function_error == "Unhandled"
    assert answer.payload == {
        "errorType": "Runtime.MarshalError",
        "errorMessage": f"Unable to marshal response: {words}",
        "requestId": answer.request_id,
        "stackTrace": [],
    }
    assert returning.invoke("count").payload == count + 2


def test_F021_neighbour_async_handler(cloud):
    """A handler written as ``async def`` is never awaited: its coroutine is the return value. Runtime client's
    output."""
    answer = cloud.deploy("async def handler(event, context):\n    return 1").invoke({})
    assert answer.payload["errorType"] == "Runtime.MarshalError"
    assert answer.payload["errorMessage"] == (
        "Unable to marshal response: Object of type coroutine is not JSON serializable"
    )


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("numbers", '{"d": 1.50, "nan": NaN}'),
        ("infinity", "[Infinity, -Infinity, Infinity]"),
        ("keys", '{"1": [1, 2], "null": true}'),
        ("named", '{"id": 7, "paper": "matt"}'),
        ("ordered", '{"b": 1, "a": 2}'),
        ("bool", "false"),
    ],
)
def test_F022_decimal_nan_tuples_int_keys(returning, kind, raw):
    """Decimals keep their digits, NaN goes out as invalid JSON, tuples are arrays, keys become text. Runtime client's
    output (named tuples and infinity are neighbours)."""
    answer = returning.invoke(kind)
    assert answer.function_error is None
    assert answer.raw.decode() == raw


@pytest.mark.parametrize(
    ("runtime", "raw"),
    [("python3.11", b'{"s": "\\u00e9"}'), ("python3.12", '{"s": "é"}'.encode()), ("python3.13", '{"s": "é"}'.encode())],
)
def test_F022_non_ascii_text(cloud, runtime, raw):
    """From python3.12 on non-ASCII text goes out as UTF-8, before that escaped. Runtime client's output."""
    assert cloud.deploy("def handler(e, c): return {'s': 'é'}", Runtime=runtime).invoke({}).raw == raw


def test_F022_bytes(cloud, returning):
    """Bytes go out as they are, under content type application/unknown. Runtime client's output."""
    assert returning.invoke("bytes").raw == b"abc"
    response, body = cloud.raw_invoke(returning.name, b'"bytes"')
    assert (response.status, body) == (200, b"abc")
    assert response.getheader("Content-Type") == "application/unknown"
    assert response.getheader("X-Amz-Function-Error") is None
    assert returning.invoke("binary").raw == bytes(range(256))


def test_F023_neighbour_what_an_error_handler_may_have_changed(cloud):
    """A handler that catches its own error answers normally: no FunctionError. Lambda Developer Guide, "Handling
    errors"."""
    source = """
        def handler(event, context):
            try:
                return event["missing"]
            except KeyError as problem:
                return {"statusCode": 400, "errorMessage": str(problem), "errorType": "KeyError"}
    """
    answer = cloud.deploy(source).invoke({})
    assert answer.function_error is None
    assert answer.payload["errorType"] == "KeyError"


@pytest.mark.parametrize("handler", ["app.missing", "app.Handler", "app.VALUE"])
def test_F012_neighbour_handler_name_that_the_module_does_not_have(cloud, handler):
    """A missing attribute is Runtime.HandlerNotFound with the names in the text; a value that cannot be called fails
    only when it is called. Runtime client's output."""
    answer = cloud.deploy("VALUE = 1\n\ndef handler(e, c): return 1", Handler=handler).invoke({})
    assert answer.function_error == "Unhandled"
    name = handler.partition(".")[2]
    if name == "VALUE":
        assert answer.payload["errorType"] == "TypeError"
        assert answer.payload["errorMessage"] == "'int' object is not callable"
        assert answer.payload["requestId"] == answer.request_id
        return
    assert answer.payload == {
        "errorMessage": f"Handler '{name}' missing on module 'app'",
        "errorType": "Runtime.HandlerNotFound",
        "requestId": "",
        "stackTrace": [],
    }


def test_F012_neighbour_handler_with_the_wrong_number_of_parameters(cloud):
    """A handler without the context parameter is a TypeError of the call itself, so the trace has no frame of the
    learner's. Runtime client's output."""
    answer = cloud.deploy("def handler(event): return 1").invoke({})
    assert answer.payload["errorType"] == "TypeError"
    assert answer.payload["errorMessage"] == "handler() takes 1 positional argument but 2 were given"


@pytest.mark.parametrize("handler", ["shop/orders.handler", "shop.orders.handler"])
def test_F015_neighbour_handler_in_a_folder(cloud, handler):
    """A module in a folder is named with slashes or dots. Lambda Developer Guide, "Define Lambda function handler in
    Python"."""
    files = {"shop/orders.py": "def handler(e, c): return __name__"}
    assert cloud.deploy("", files=files, Handler=handler).invoke({}).payload == "shop.orders"


def test_the_runtime_is_this_interpreter(cloud):
    """The tests deploy for the interpreter that the cloud runs on, so that nothing in them depends on another one."""
    answer = cloud.deploy("import sys\n\ndef handler(e, c): return sys.version").invoke({})
    assert re.match(re.escape(PYTHON.removeprefix("python")) + r"\.", answer.payload)
