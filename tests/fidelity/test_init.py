"""The init phase: a module that cannot be imported, a handler that cannot be found, an init that takes too long."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from .deployment import PYTHON, REPORT, Answer, CloudUnderTest, Function, Report

WARNING = (
    r"\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t\tLAMBDA_WARNING: Unhandled exception\. "
    r"The most likely cause is an issue in the function code\. .*runtimes-update\.html\r?\n?"
)
INIT_START = (
    r"INIT_START Runtime Version: python:3\.\d+\.v\d+"
    r"\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n"
)


def init_report(phase: str, error_type: str) -> str:
    return rf"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: {phase}\tStatus: error\tError Type: {re.escape(error_type)}\n"


def assert_events(events: list[str], patterns: list[str]) -> None:
    """Each event matches its pattern entirely, and there are no more."""
    for number, (event, pattern) in enumerate(zip(events, patterns, strict=False)):
        assert re.fullmatch(pattern, event, re.S), f"event {number}: {event!r}"
    assert len(events) == len(patterns), events


def test_F013_exception_while_the_module_is_imported(cloud):
    """The document of a failed init has an empty request id, a trace that begins with importlib's frames and ends with
    the learner's line; each invoke runs init again. Recorded from AWS."""
    function = cloud.deploy('raise Exception("Runtime startup fails")')
    for _attempt in range(2):
        answer = function.invoke({}, tail=False)
        assert (answer.status, answer.function_error) == (200, "Unhandled")
        payload = answer.payload
        assert (payload["errorType"], payload["errorMessage"]) == ("Exception", "Runtime startup fails")
        assert payload["requestId"] == ""
        assert f'/{PYTHON}/importlib/__init__.py", line ' in payload["stackTrace"][0]
        assert payload["stackTrace"][0].startswith('  File "/')
        assert any("<frozen importlib._bootstrap>" in frame for frame in payload["stackTrace"])
        assert payload["stackTrace"][-1] == (
            '  File "/var/task/app.py", line 1, in <module>\n    raise Exception("Runtime startup fails")\n'
        )
        assert set(payload) == {"errorType", "errorMessage", "requestId", "stackTrace"}


def test_F013_neighbour_an_init_that_fails_once(cloud):
    """A failed init is repeated inside the invoke: when it succeeds the second time the caller sees no error. Lambda
    Developer Guide, "Lambda execution environment lifecycle" (failures during the init phase)."""
    source = """
        import os, tempfile

        tried = os.path.join(tempfile.gettempdir(), "tried")
        if not os.path.exists(tried):
            open(tried, "w").close()
            raise Exception("first time")

        def handler(event, context):
            return "works"
    """
    answer = cloud.deploy(source).invoke({})
    assert (answer.payload, answer.function_error) == ("works", None)
    assert answer.report.init is None


def test_F014_handler_module_missing(cloud):
    """A Handler whose module is not in the zip. Runtime client's output."""
    answer = cloud.deploy("def handler(e, c): return 1", Handler="nope.handler").invoke({}, tail=False)
    assert answer.function_error == "Unhandled"
    assert answer.payload == {
        "errorMessage": "Unable to import module 'nope': No module named 'nope'",
        "errorType": "Runtime.ImportModuleError",
        "requestId": "",
        "stackTrace": [],
    }


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import requests_x", "No module named 'requests_x'"),
        ("import requests", "No module named 'requests'"),
        ("import labsupport", "No module named 'labsupport'"),
        ("from json import nothing_there", "cannot import name 'nothing_there' from 'json' "),
        ("import shop.missing", "No module named 'shop'"),
        ("from . import sibling", "attempted relative import with no known parent package"),
    ],
    ids=["unknown", "not-in-the-runtime", "the-lab", "name", "package", "relative"],
)
def test_F014_one_of_its_imports_missing(cloud, source, words):
    """Any ImportError of the module is Runtime.ImportModuleError and names the module in Handler. What the lab itself
    has installed is not there for a function. Runtime client's output."""
    payload = cloud.deploy(source).invoke({}, tail=False).payload
    assert payload["errorType"] == "Runtime.ImportModuleError"
    assert payload["errorMessage"].startswith(f"Unable to import module 'app': {words}")
    assert (payload["requestId"], payload["stackTrace"]) == ("", [])


def test_F016_handler_string_without_a_dot(cloud):
    """Handler must be FILE.FUNCTION; the words are Python's own. Runtime client's output."""
    payload = cloud.deploy("def handler(e, c): return 1", Handler="app").invoke({}).payload
    assert payload["errorType"] == "Runtime.MalformedHandlerName"
    assert payload["errorMessage"] == "Bad handler 'app': not enough values to unpack (expected 2, got 1)"
    assert payload["requestId"] == ""


@pytest.mark.parametrize("module", ["sys", "time", "builtins"])
def test_F017_handler_module_named_like_a_built_in_module(cloud, module):
    """A module that is part of the interpreter cannot hold a handler. Runtime client's output."""
    answer = cloud.deploy("", Handler=f"{module}.handler", files={f"{module}.py": "def handler(e, c): return 1"})
    payload = answer.invoke({}).payload
    assert payload["errorType"] == "Runtime.BuiltInModuleConflict"
    assert payload["errorMessage"] == f"Cannot use built-in module {module} as a handler module"


def test_F018_neighbour_handler_module_named_like_a_module_of_the_standard_library(cloud):
    """A module that is only a file of the standard library may be shadowed: the learner's own comes first. Follows from
    the import path (F052)."""
    function = cloud.deploy("", files={"colorsys.py": "def handler(e, c): return 'own'"}, Handler="colorsys.handler")
    assert function.invoke({}).payload == "own"


def test_F019_syntax_error_in_user_code(cloud):
    """The document of a syntax error, whose trace is written with a capital L and no comma. Runtime client's
    output."""
    answer = cloud.deploy("def handler(e,c)\n return 1").invoke({}, tail=False)
    assert answer.function_error == "Unhandled"
    assert answer.payload == {
        "errorType": "Runtime.UserCodeSyntaxError",
        "errorMessage": "Syntax error in module 'app': expected ':' (app.py, line 1)",
        "requestId": "",
        "stackTrace": ['  File "/var/task/app.py" Line 1\n    def handler(e,c)\n'],
    }


def test_F019_neighbour_syntax_error_in_an_imported_file(cloud):
    """The text names the module in Handler, the trace the file with the error. Runtime client's output."""
    function = cloud.deploy("import shop\n\ndef handler(e, c): return 1", files={"shop.py": "x = 1\ny = = 2\n"})
    payload = function.invoke({}).payload
    assert payload["errorType"] == "Runtime.UserCodeSyntaxError"
    assert payload["errorMessage"] == "Syntax error in module 'app': invalid syntax (shop.py, line 2)"
    assert payload["stackTrace"] == ['  File "/var/task/shop.py" Line 2\n    y = = 2\n']


@pytest.mark.parametrize("source", ["def handler(e, c):\nreturn 1", "def handler(e, c):\n\tx = 1\n        return x"])
def test_F019_neighbour_wrong_indentation(cloud, source):
    """Indentation errors are syntax errors. Runtime client's output."""
    payload = cloud.deploy(source).invoke({}).payload
    assert payload["errorType"] == "Runtime.UserCodeSyntaxError"
    assert payload["errorMessage"].startswith("Syntax error in module 'app': ")


UNREPORTED = {
    "comment": ("raise RuntimeError('x')  # привет", "[ERROR] RuntimeError: x\n"),
    "message": ("raise RuntimeError('привет')", "[ERROR] RuntimeError: привет\n"),
    "syntax": ("привет = = 1", "[ERROR] Runtime.UserCodeSyntaxError: Syntax error in module 'app': invalid syntax"),
}


@pytest.mark.parametrize("kind", UNREPORTED)
def test_F020_init_failure_with_non_latin_1_text_is_never_reported(cloud, kind):
    """The runtime client cannot send such text from the init phase and dies: the caller learns only the exit status,
    the log has the error. Runtime client's output."""
    source, logged = UNREPORTED[kind]
    # Up to python3.11 the client escapes everything that is not ASCII, and the report goes out.
    answer = cloud.deploy(source, Runtime="python3.13").invoke({})
    assert answer.function_error == "Unhandled"
    assert answer.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.request_id} Error: Runtime exited with error: exit status 1",
    }
    assert logged in answer.tail


def test_F020_the_same_text_raised_in_the_handler_is_reported(cloud):
    """In the invoke phase the client sends bytes, so any text gets through. Runtime client's output."""
    function = cloud.deploy("def handler(e, c):\n    raise RuntimeError('привет')  # привет", Runtime="python3.13")
    payload = function.invoke({}).payload
    assert payload["errorMessage"] == "привет"
    assert "# привет\n" in payload["stackTrace"][0]


def test_F020_an_import_error_is_reported(cloud):
    """An import error has no trace, so a comment in another script does not matter. Runtime client's output."""
    payload = cloud.deploy("import requests_x  # привет", Runtime="python3.13").invoke({}).payload
    assert payload["errorType"] == "Runtime.ImportModuleError"


def test_F020_neighbour_python_3_11_reports_any_text(cloud):
    """Up to python3.11 non-ASCII text is escaped and gets through. Runtime client's output; F022."""
    payload = cloud.deploy("raise RuntimeError('привет')", Runtime="python3.11").invoke({}).payload
    assert (payload["errorType"], payload["errorMessage"]) == ("RuntimeError", "привет")


def test_F020_neighbour_latin_1_text_is_reported(cloud):
    """Western European letters fit, and the error gets through. The runtime client posts them as Latin-1 (its output);
    what AWS passes on is not known, and the caller here gets UTF-8, which every JSON reader expects."""
    answer = cloud.deploy("raise RuntimeError('Åsa größer')", Runtime="python3.13").invoke({})
    assert answer.function_error == "Unhandled"
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == ("RuntimeError", "Åsa größer")
    assert "[ERROR] RuntimeError: Åsa größer\n" in answer.tail


def test_F035_sys_exit_0_at_import_time(cloud):
    """A module that leaves with status 0 gives no reason. Recorded from AWS."""
    answer = cloud.deploy("import sys; sys.exit(0)").invoke({})
    assert answer.function_error == "Unhandled"
    assert answer.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.request_id} Error: Runtime exited without providing a reason",
    }


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import sys; sys.exit(3)", "exit status 3"),
        ("import os; os._exit(42)", "exit status 42"),
        ("import os; os.kill(os.getpid(), 11)", "signal: segmentation fault"),
    ],
    ids=["sys.exit", "os._exit", "signal"],
)
def test_F035_neighbour_other_ends_at_import_time(cloud, source, words):
    """The end of the process during init is told as in the handler (F034)."""
    answer = cloud.deploy(source).invoke({})
    assert answer.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.request_id} Error: Runtime exited with error: {words}",
    }
    assert answer.report.error_type == "Runtime.ExitError"


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("search.handler", "Runtime.ImportModuleError", "Unable to import module 'search': No module named 'search'"),
        ("app.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
    ],
    ids=["module", "handler"],
)
def test_F059_init_failure_log(cloud, handler, error_type, message):
    """The log of a failing init, in order: init phase, init again for the invoke, and only then START. Seen in
    production output."""
    function = cloud.deploy("def handler(e, c): return 1", Handler=handler)
    first = function.invoke({})
    error = re.escape(f"[ERROR] {error_type}: {message}\nTraceback (most recent call last):") + r"\n?"
    invocation = [
        WARNING,
        error,
        init_report("invoke", error_type),
        rf"START RequestId: {first.request_id} Version: \$LATEST\n",
        rf"END RequestId: {first.request_id}\n",
        REPORT,
    ]
    events = function.log_events()
    assert_events(events, [INIT_START, WARNING, error, init_report("init", error_type), *invocation])
    report = Report.of(events[-1])
    assert (report.status, report.error_type, report.init) == ("error", error_type, None)
    second_init = float(re.search(r"Init Duration: ([\d.]+) ms", events[-4])[1])
    assert report.duration >= second_init

    second = function.invoke({})
    later = function.log_events()[len(events) :]
    assert_events(later, [pattern.replace(first.request_id, second.request_id) for pattern in invocation])


def test_F059_neighbour_a_successful_init_writes_no_init_report(cloud):
    """INIT_REPORT is only written for an init that went wrong. Lambda Developer Guide, "Lambda execution environment
    lifecycle"."""
    function = cloud.deploy("def handler(e, c): return 1")
    function.invoke({})
    events = function.log_events()
    assert re.fullmatch(INIT_START, events[0])
    assert [event.partition(" ")[0] for event in events] == ["INIT_START", "START", "END", "REPORT"]


def test_F059_neighbour_what_the_module_prints_comes_before_start(cloud):
    """Output of the init phase stands between INIT_START and START. Lambda Developer Guide, "Lambda execution
    environment lifecycle"."""
    function = cloud.deploy("print('loading')\n\ndef handler(e, c): print('handling')")
    function.invoke({})
    function.invoke({})
    words = [event.split()[0] for event in function.log_events()]
    assert words == ["INIT_START", "loading", *["START", "handling", "END", "REPORT"] * 2]


ONCE_TOO_SLOW = """
    import os, tempfile, time

    tried = os.path.join(tempfile.gettempdir(), "tried")
    if not os.path.exists(tried):
        open(tried, "w").close()
        time.sleep(12)

    def handler(event, context):
        return "works"
"""
ALWAYS_TOO_SLOW = """
    import time

    time.sleep(12)

    def handler(event, context):
        return 1
"""


@dataclass(frozen=True)
class SlowInit:
    """A cold invocation whose init phase takes too long. ``answer`` gives the answer and the seconds it took."""

    function: Function
    answer: Future[tuple[Answer, float]]


@pytest.fixture(scope="module", autouse=True)
def slow_inits(cloud_of: Callable[[str], CloudUnderTest]) -> Iterator[list[SlowInit]]:
    """Started with the first test of this module and looked at by the last: nobody waits for the ten seconds."""
    cloud = cloud_of("awslambdaric")

    def timed(function: Function) -> tuple[Answer, float]:
        started = time.monotonic()
        return function.invoke({}), time.monotonic() - started

    with ThreadPoolExecutor(2) as pool:
        functions = [cloud.deploy(ONCE_TOO_SLOW, Timeout=30), cloud.deploy(ALWAYS_TOO_SLOW, Timeout=1)]
        yield [SlowInit(function, pool.submit(timed, function)) for function in functions]


@pytest.mark.slow
def test_F058_init_phase_limit_10_seconds(slow_inits):
    """An init that takes longer is stopped at 10 s and run again inside the invoke, where the function's own timeout
    holds; then the invoke succeeds, or ends as a timeout (F037). Lambda Developer Guide, "Lambda execution environment
    lifecycle". One runtime client is enough: the engine keeps the time."""
    stopped = r"INIT_REPORT Init Duration: 1\d{4}\.\d\d ms\tPhase: init\tStatus: timeout\n"
    once, always = slow_inits
    answer, seconds = once.answer.result()
    assert (answer.payload, answer.function_error) == ("works", None)
    assert 10 <= seconds < 13
    assert answer.report.init is None
    events = once.function.log_events()
    assert re.fullmatch(stopped, events[1])
    assert [event.split()[0] for event in events] == ["INIT_START", "INIT_REPORT", "START", "END", "REPORT"]

    answer, seconds = always.answer.result()
    assert answer.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert 11 <= seconds < 14
    assert (answer.report.status, answer.report.init) == ("timeout", None)
    assert re.fullmatch(stopped, always.function.log_events()[1])
