"""Each known mistake gets the message meant for it."""

from __future__ import annotations

import pytest

from labsupport.exercises import mistakes
from labsupport.exercises.outcomes import Outcome

FRAME = '  File "/var/task/app.py", line 3, in handler\n    return event["x"]\n'


@pytest.mark.parametrize(
    "error_type, text, came_back, look",
    [
        (
            "Runtime.HandlerNotFound",
            "Handler 'handlr' missing on module 'app'",
            "Handler 'handlr' missing on module 'app'",
            "Handler setting",
        ),
        (
            "Runtime.ImportModuleError",
            "Unable to import module 'other': No module named 'other'",
            "there is no other.py in the zip",
            "the name the file has inside the zip",
        ),
        (
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'requests'",
            "no module named 'requests'",
            "your import lines",
        ),
        (
            "Runtime.MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
            "Bad handler 'app'",
            "a dot",
        ),
        (
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type datetime is not JSON serializable",
            "an object of type datetime in the answer is not JSON",
            ".isoformat()",
        ),
        (
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type bytes is not JSON serializable",
            "an object of type bytes",
            ".decode()",
        ),
        (
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
            "an object of type set",
            "sorted()",
        ),
        (
            "Sandbox.Timedout",
            "RequestId: r Error: Task timed out after 3.00 seconds",
            "Task timed out after 3.00 seconds",
            "a loop that does not end",
        ),
        ("", "2026-01-01T00:00:00.000Z r Task timed out after 3.00 seconds", "Task timed out after 3.00", "Timeout"),
        (
            "Runtime.ExitError",
            "RequestId: r Error: Runtime exited with error: exit status 1",
            "Runtime exited with error: exit status 1",
            "sys.exit()",
        ),
        (
            "Runtime.ExitError",
            "RequestId: r Error: Runtime exited without providing a reason",
            "without providing a reason",
            "ends with return",
        ),
        (
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            "exceeded maximum allowed payload size",
            "6 MB",
        ),
    ],
)
def test_failures_of_the_platform_are_not_yet_with_a_message_of_their_own(
    failure_result, error_type, text, came_back, look
):
    stop = mistakes.failure(failure_result(error_type, text))
    assert stop.outcome is Outcome.NOT_YET
    assert came_back in stop.message.came_back
    assert look in stop.message.look
    assert len(stop.message.lines) == 4


def test_a_syntax_error_names_file_and_line(failure_result):
    stop = mistakes.failure(
        failure_result(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'app': invalid syntax (app.py, line 2)",
            ['  File "/var/task/app.py" Line 2\n    def handler(event, context)\n'],
        )
    )
    assert stop.outcome is Outcome.YOUR_CODE_RAISED
    assert stop.message.look.startswith("app.py, line 2")
    assert "def handler(event, context)" in stop.traceback


@pytest.mark.parametrize(
    "report", [{"error_type": "Runtime.OutOfMemory", "memory_mb": 128}, {"memory_mb": 128, "max_memory_mb": 128}]
)
def test_a_function_killed_for_its_memory_is_told_apart_from_an_exit(failure_result, report):
    text = "RequestId: r Error: Runtime exited with error: signal: killed"
    stop = mistakes.failure(failure_result("Runtime.ExitError", text, **report))
    assert "out of memory" in stop.message.came_back and "128 MB" in stop.message.came_back


def test_an_exit_with_much_memory_used_stays_an_exit(failure_result):
    text = "RequestId: r Error: Runtime exited with error: exit status 1"
    stop = mistakes.failure(failure_result("Runtime.ExitError", text, memory_mb=128, max_memory_mb=128))
    assert "out of memory" not in stop.message.came_back


def test_an_exception_of_the_handler_is_shown_with_its_line_first_and_its_traceback_apart(failure_result):
    stop = mistakes.failure(failure_result("KeyError", "'x'", [FRAME]))
    assert stop.outcome is Outcome.YOUR_CODE_RAISED
    assert stop.message.came_back == "KeyError: 'x'"
    assert "is that key in the event" in stop.message.look and "app.py, line 3" in stop.message.look
    assert stop.traceback.endswith("KeyError: 'x'")


def test_input_is_not_available(failure_result):
    assert "input() is not available in Lambda" in (
        mistakes.failure(failure_result("EOFError", "EOF when reading a line", [FRAME])).message.look
    )


def test_a_decimal_in_json_dumps_is_named(failure_result):
    text = "Object of type Decimal is not JSON serializable"
    stop = mistakes.failure(failure_result("TypeError", text, [FRAME]))
    assert stop.outcome is Outcome.YOUR_CODE_RAISED
    assert stop.message.look.startswith(
        "the Decimal: numbers of a table come as Decimal; int() makes one that json.dumps"
    )
    assert "app.py, line 3" in stop.message.look


def test_a_handler_without_the_two_parameters(failure_result):
    text = "handler() takes 1 positional argument but 2 were given"
    assert "event and context" in mistakes.failure(failure_result("TypeError", text)).message.look


@pytest.mark.parametrize(
    "got, wanted, words",
    [
        (None, 5, "without one answers null"),
        ('{"a": 1}', {"a": 1}, "you return JSON text"),
        ("[1]", [1], "you return JSON text"),
        ({"statusCode": 200, "body": "5"}, 5, "statusCode and body are for an API"),
        ("5", 5, "text came back, a number was expected"),
        (True, 1, "true or false came back, a number was expected"),
        ("hello  Ada", "Hello Ada", "upper or lower case"),
        ([1, 2], [1, 2, 3], "2 is not right"),
        ([2, 1], [1, 2], "the order"),
        ({"a": 1}, {"a": 1, "b": 2}, "'b' is missing"),
        ({"a": 1, "c": 2}, {"a": 1}, "'c' was not asked for"),
        ({"a": "1"}, {"a": 1}, "it is text, a number was expected"),
        ({"a": 2}, {"a": 1}, "this value is not"),
    ],
)
def test_wrong_values_that_many_return_are_named(answer, got, wanted, words):
    assert words in mistakes.wrong_value(answer(got), wanted)


def test_print_instead_of_return_is_seen_in_the_log(answer):
    log = "START RequestId: r Version: $LATEST\nHello Ada\nEND RequestId: r\n"
    assert "print instead of return" in mistakes.wrong_value(answer(None, log=log), "Hello Ada")
    assert "print instead of return" in mistakes.wrong_value(answer(None, log="{'a': 1}\n"), {"a": 1})


def test_an_earlier_answer_means_kept_state(answer):
    assert "keeps state" in mistakes.wrong_value(answer(3), 5, earlier=(3,))


@pytest.mark.parametrize("raw, words", [(b"\x89PNG", ".decode()"), (b'{"a": NaN}', "NaN")])
def test_an_answer_that_is_not_json(answer, raw, words):
    assert words in mistakes.wrong_value(answer(None, raw=raw, is_json=False), {"a": 1})


@pytest.mark.parametrize("wanted", ["secret-word-7", 918273, ["secret-word-7"], {"k": "secret-word-7"}])
@pytest.mark.parametrize("got", [None, "x", 1, [], {}, {"k": "y"}, ["secret"], True])
def test_no_advice_gives_the_answer_away(answer, got, wanted):
    text = mistakes.wrong_value(answer(got), wanted)
    assert "secret-word-7" not in text and "918273" not in text


@pytest.mark.parametrize(
    "kind, text",
    [
        ("TypeError", "'LambdaContext' object is not subscriptable"),
        ("AttributeError", "'LambdaContext' object has no attribute 'request_id'"),
    ],
)
def test_the_context_taken_for_a_dict(failure_result, kind, text):
    stop = mistakes.failure(failure_result(kind, text, [FRAME]))
    assert stop.outcome is Outcome.YOUR_CODE_RAISED
    assert "context is an object, no dict: its values are attributes" in stop.message.look


def test_an_environment_variable_that_is_not_set_is_no_key_of_the_event(failure_result):
    frame = '  File "/var/task/app.py", line 3, in <module>\n    LIMIT = os.environ["LIMIT"]\n'
    stop = mistakes.failure(failure_result("KeyError", "'LIMIT'", [frame]))
    assert stop.message.look.startswith("is that environment variable set? app.py, line 3")
