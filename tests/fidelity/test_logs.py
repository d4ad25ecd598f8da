"""The log of a function: LogResult's tail, CloudWatch Logs, and the exact form of the platform's lines."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from .deployment import END, REPORT, REQUEST_ID, START, CloudUnderTest, Function, Report

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def test_F027_log_type_tail(cloud):
    """The tail of a cold and of a warm invoke, to the letter: tabs between the fields of REPORT, a tab at its end, Init
    Duration only when cold, INIT_START never. Recorded from AWS."""
    function = cloud.deploy("def handler(e, c): print(e)")
    cold, warm = function.invoke({}), function.invoke({})
    assert re.fullmatch(START + r"\{\}\n" + END.replace("?P<id>", "") + REPORT.replace("?P<id>", ""), cold.tail)
    assert re.fullmatch(START + r"\{\}\n" + END.replace("?P<id>", "") + REPORT.replace("?P<id>", ""), warm.tail)
    assert set(re.findall(rf"RequestId: ({REQUEST_ID})", cold.tail)) == {cold.request_id}
    assert cold.report.init is not None and cold.report.init > 0
    assert warm.report.init is None
    assert cold.report.size == warm.report.size == 128
    assert cold.report.status is cold.report.error_type is None


def test_F027_no_log_result_unless_asked_for(cloud):
    """LogType None is the default. Lambda API Reference, "Invoke"."""
    function = cloud.deploy("def handler(e, c): print(e)")
    assert function.invoke({}, tail=False).tail is None
    assert function.invoke({}, tail=False, LogType="None").tail is None


def test_F027_the_tail_is_the_last_4_kb(cloud):
    """Of a long log LogResult has the last 4 KB, CloudWatch Logs everything. Recorded from AWS; Lambda API Reference,
    "Invoke" (LogType)."""
    function = cloud.deploy("def handler(e, c):\n    for n in range(2000): print(f'line {n:06d}')")
    answer = function.invoke({})
    assert len(answer.tail.encode()) == 4096
    assert re.search(END + REPORT.replace("?P<id>", "") + r"\Z", answer.tail)
    assert "line 001999\n" in answer.tail
    assert [event for event in function.log_events() if event.startswith("line")] == [
        f"line {n:06d}\n" for n in range(2000)
    ]


def test_F028_tail_of_an_invoke_that_raised(cloud):
    """A print, a log record and an uncaught exception, in the order they happened; the traceback is indented with
    no-break spaces. Recorded from AWS."""
    source = """
        import logging

        logging.getLogger().setLevel(logging.INFO)

        def handler(event, context):
            print("printed")
            logging.info("logged %d", 7)
            raise Exception("on purpose")
    """
    answer = cloud.deploy(source).invoke({})
    lines = answer.tail.splitlines(keepends=True)
    assert re.fullmatch(START, lines[0])
    assert lines[1] == "printed\n"
    assert re.fullmatch(rf"\[INFO\]\t{TIME}\t{answer.request_id}\tlogged 7\n", lines[2])
    assert lines[3] == "[ERROR] Exception: on purpose\n"
    assert lines[4] == "Traceback (most recent call last):\n"
    assert lines[5] == '\u00a0\u00a0File "/var/task/app.py", line 8, in handler\n'
    assert lines[6] == '\u00a0\u00a0\u00a0\u00a0raise Exception("on purpose")\n'
    assert re.fullmatch(END, lines[7])
    assert re.fullmatch(REPORT, lines[8])
    assert len(lines) == 9


RAISING = """
    class CustomException(Exception):
        pass

    def handler(event, context):
        raise CustomException("on purpose")
"""
TRACE = (
    "[ERROR] CustomException: on purpose\nTraceback (most recent call last):\n"
    '\u00a0\u00a0File "/var/task/app.py", line 5, in handler\n'
    '\u00a0\u00a0\u00a0\u00a0raise CustomException("on purpose")'
)


def assert_failed_twice(events: list[str], first_id: str, second_id: str) -> None:
    assert re.fullmatch(
        r"INIT_START Runtime Version: python:3\.\d+\.v\d+\t"
        r"Runtime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n",
        events[0],
    )
    for request_id, four in ((first_id, events[1:5]), (second_id, events[5:9])):
        assert four[0] == f"START RequestId: {request_id} Version: $LATEST\n"
        assert four[1] == TRACE
        assert four[2] == f"END RequestId: {request_id}\n"
        assert re.fullmatch(REPORT, four[3])
    assert Report.of(events[4]).init is not None
    assert Report.of(events[8]).init is None
    assert len(events) == 9


def test_F029_what_cloudwatch_logs_holds_after_a_cold_and_a_retried_invoke(cloud):
    """An asynchronous event that fails is run again under the same id in the same environment: INIT_START once, the
    whole traceback as one event without a line end, Init Duration only the first time. Recorded from AWS."""
    function = cloud.deploy(RAISING)
    cloud.client("lambda").put_function_event_invoke_config(FunctionName=function.name, MaximumRetryAttempts=1)
    request_id = function.invoke({}, tail=False, InvocationType="Event").request_id
    deadline = time.monotonic() + 15
    while not (function.log_streams() and sum(one.startswith("REPORT") for one in function.log_events()) == 2):
        assert time.monotonic() < deadline, function.log_streams() and function.log_events()
        time.sleep(0.1)
    assert_failed_twice(function.log_events(), request_id, request_id)


def test_F029_neighbour_two_failing_synchronous_invokes(cloud):
    """The log is the same when the caller does the repeating, only that each invoke has its own id. Recorded from AWS
    (with F029)."""
    function = cloud.deploy(RAISING)
    first, second = function.invoke({}), function.invoke({})
    assert_failed_twice(function.log_events(), first.request_id, second.request_id)


def test_F029_neighbour_logs_are_there_when_the_invoke_returns(cloud):
    """On AWS the log is there some seconds later. The lab promises it at once, so that a learner's next cell can read
    it."""
    function = cloud.deploy("def handler(e, c): print('number', e)")
    for number in range(10):
        answer = function.invoke(number, tail=False)
        events = function.log_events()
        assert f"number {number}\n" in events
        assert Report.of(events[-1]).request_id == answer.request_id


def test_F029_neighbour_times_of_the_events(cloud):
    """Events carry the time in milliseconds and never go backwards. CloudWatch Logs API Reference, "OutputLogEvent"."""
    function = cloud.deploy("import time\n\ndef handler(e, c):\n    print(1)\n    time.sleep(0.05)\n    print(2)")
    began = datetime.now(UTC)
    function.invoke({})
    (stream,) = function.log_streams()
    logs = cloud.client("logs")
    events = logs.get_log_events(logGroupName=function.log_group, logStreamName=stream, startFromHead=True)["events"]
    times = [event["timestamp"] for event in events]
    assert times == sorted(times)
    margin = timedelta(seconds=1)
    assert (
        (began - margin).timestamp() * 1000 <= times[0] <= times[-1] <= (datetime.now(UTC) + margin).timestamp() * 1000
    )
    by_message = {event["message"]: event["timestamp"] for event in events}
    assert by_message["2\n"] - by_message["1\n"] >= 40


# --- the logging module ---------------------------------------------------------------------------------------------

LOGGING = """
    import logging

    root = logging.getLogger()

    def handler(event, context):
        level = root.level
        root.info("hidden")
        logging.getLogger("shop").warning("a warning")
        logging.basicConfig(level=logging.DEBUG, format="other")
        root.info("hidden still")
        root.setLevel("INFO")
        root.info("hi")
        root.error("two\\nlines")
        try:
            1 / 0
        except ZeroDivisionError:
            root.exception("caught")
        root.setLevel(level)
        return [level, len(root.handlers)]
"""


def test_F031_logging_module_format_and_level(cloud):
    """Level, UTC time with milliseconds, request id and message between tabs; the root logger has a handler already, so
    basicConfig does nothing, and its level is WARNING. A traceback belongs to its record and ends without a line end.
    Runtime client's output."""
    function = cloud.deploy(LOGGING)
    before = datetime.now(UTC) - timedelta(seconds=1)
    answer = function.invoke({})
    assert answer.payload == [30, 1]
    prefix = rf"\t{TIME}\t{answer.request_id}\t"
    patterns = [
        rf"\[WARNING\]{prefix}a warning\n",
        rf"\[INFO\]{prefix}hi\n",
        rf"\[ERROR\]{prefix}two\nlines\n",
        rf"\[ERROR\]{prefix}caught\nTraceback \(most recent call last\):\n  File \"/var/task/app.py\", line 15, in handler\n"
        r"    1 / 0\n(?:    ~~\^~~\n)?ZeroDivisionError: division by zero",
    ]
    events = [event for event in function.log_events() if event.startswith("[")]
    assert len(events) == len(patterns), events
    for event, pattern in zip(events, patterns, strict=True):
        assert re.fullmatch(pattern, event), event
    moment = datetime.fromisoformat(events[0].split("\t")[1])
    assert before <= moment <= datetime.now(UTC) + timedelta(seconds=1)


def test_F030_neighbour_a_handler_of_the_learners_own_doubles_the_lines(cloud):
    """Who adds a StreamHandler to the root logger sees each record twice, once in each form. Runtime client's
    output."""
    source = """
        import logging, sys

        root = logging.getLogger()
        root.addHandler(logging.StreamHandler(sys.stdout))

        def handler(event, context):
            root.warning("twice")
    """
    answer = cloud.deploy(source).invoke({})
    assert len(re.findall("twice", answer.tail)) == 2
    assert "\ntwice\n" in answer.tail
    assert re.search(rf"\[WARNING\]\t{TIME}\t{answer.request_id}\ttwice\n", answer.tail)


JSON_LOGGING = """
    import logging

    def handler(event, context):
        log = logging.getLogger()
        log.debug("hidden")
        log.info("shown")
        log.warning("w", extra={"k": 1})
        print("p")
        raise ValueError("x")
"""


def test_F032_json_log_format(cloud):
    """With LogFormat JSON records, the uncaught error and the platform's lines are JSON objects; what is printed stays
    text. Runtime client's output; Lambda Developer Guide, "Lambda Telemetry API Event schema reference"."""
    function = cloud.deploy(
        JSON_LOGGING, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    )
    answer = function.invoke({})
    assert answer.payload["errorType"] == "ValueError"
    events = function.log_events()
    assert "p\n" in events
    documents = [json.loads(event) for event in events if event != "p\n"]
    records = [document for document in documents if "type" not in document]
    assert [record["level"] for record in records] == ["INFO", "WARNING", "ERROR"]
    for record in records:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["timestamp"])
    common = {"timestamp": records[0]["timestamp"], "requestId": answer.request_id}
    assert [{**record, "timestamp": common["timestamp"]} for record in records] == [
        {**common, "level": "INFO", "message": "shown", "logger": "root"},
        {**common, "level": "WARNING", "message": "w", "logger": "root", "k": 1},
        {
            **common,
            "level": "ERROR",
            "errorMessage": "x",
            "errorType": "ValueError",
            "stackTrace": ['  File "/var/task/app.py", line 9, in handler\n    raise ValueError("x")\n'],
        },
    ]

    platform = [document for document in documents if "type" in document]
    assert [document["type"] for document in platform] == ["platform.initStart", "platform.start", "platform.report"]
    for document in platform:
        assert set(document) == {"time", "type", "record"}
        assert re.fullmatch(TIME, document["time"])
    assert platform[1]["record"]["requestId"] == platform[2]["record"]["requestId"] == answer.request_id
    metrics = platform[2]["record"]["metrics"]
    assert metrics["billedDurationMs"] >= metrics["durationMs"]
    assert metrics["memorySizeMB"] == 128
    assert [documents.index(one) for one in (*platform[:2], *records, platform[2])] == list(range(6))
    assert events.index("p\n") == 4  # after the warning, before the error


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", "DIWE"), ("WARN", "WE"), ("ERROR", "E")])
def test_F032_neighbour_application_log_level(cloud, level, shown):
    """ApplicationLogLevel is the root logger's level. Lambda Developer Guide, "Configuring JSON and plain text log
    formats"."""
    source = """
        import logging

        def handler(event, context):
            log = logging.getLogger()
            for level in ("debug", "info", "warning", "error"):
                getattr(log, level)(level)
    """
    function = cloud.deploy(source, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": level})
    function.invoke({})
    records = [json.loads(event) for event in function.log_events()]
    assert "".join(record["level"][0] for record in records if "level" in record) == shown


def test_F032_neighbour_json_that_is_printed_is_filtered_by_its_level(cloud):
    """Lambda filters JSON objects by their level, however they were written; text that is no JSON has none. Lambda
    Developer Guide, "Log-level filtering"."""
    source = """
        import json

        def handler(event, context):
            for level in ("debug", "INFO", "Warn", "ERROR"):
                print(json.dumps({"level": level, "message": "own"}))
            print(json.dumps({"message": "no level counts as INFO"}))
            print("text")
    """
    function = cloud.deploy(source, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"})
    function.invoke({})
    own = [json.loads(event)["level"] for event in function.log_events() if '"own"' in event]
    assert own == ["Warn", "ERROR"]
    assert not [event for event in function.log_events() if "no level" in event]
    assert "text\n" in function.log_events()


@pytest.mark.parametrize(
    ("level", "fine", "failed"),
    [
        ("DEBUG", "initStart initRuntimeDone initReport start runtimeDone report", "start runtimeDone report"),
        ("INFO", "initStart start report", "start runtimeDone report"),
        ("WARN", "", "runtimeDone report"),
    ],
)
def test_F032_neighbour_system_log_level(cloud, level, fine, failed):
    """SystemLogLevel decides about the platform's lines; what went wrong is written at WARN, too. Lambda Developer
    Guide, "Log-level filtering"."""
    function = cloud.deploy(
        "import os\n\ndef handler(e, c):\n    if e: os._exit(3)",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": level},
    )
    function.invoke({})
    before = [json.loads(event)["type"] for event in function.log_events()] if fine else []
    function.invoke({"exit": True})
    after = [json.loads(event)["type"] for event in function.log_events()][len(before) :]
    assert before == [f"platform.{kind}" for kind in fine.split()]
    assert after == [f"platform.{kind}" for kind in failed.split()]


def test_F032_neighbour_a_log_group_of_ones_own(cloud):
    """LoggingConfig's LogGroup is where the log goes, and what the context says. Lambda Developer Guide, "Configuring
    CloudWatch log groups"."""
    function = cloud.deploy("def handler(e, c): return c.log_group_name", LoggingConfig={"LogGroup": "/kestrel/prints"})
    answer = function.invoke({})
    assert answer.payload == "/kestrel/prints"
    assert function.log_streams() == []
    logs = cloud.client("logs")
    found = logs.filter_log_events(logGroupName="/kestrel/prints")["events"]
    assert any(answer.request_id in event["message"] for event in found)


# --- billing -------------------------------------------------------------------------------------------------------


def test_F060_billed_duration_includes_init(cloud):
    """Since August 2025 Billed Duration is the sum of Duration and Init Duration, rounded up; what is safe to test is
    that it is not less than Duration. Seen in production output."""
    function = cloud.deploy("import time\ntime.sleep(0.2)\n\ndef handler(e, c): time.sleep(0.1)")
    cold, warm = function.invoke({}).report, function.invoke({}).report
    assert cold.init is not None and cold.init >= 200
    assert cold.billed >= cold.duration + cold.init - 0.02
    assert 100 <= warm.duration < cold.duration + 200
    assert warm.duration <= warm.billed < warm.duration + 1
    for report in (cold, warm):
        assert 1 <= report.used <= report.size == 128


# --- what a function may print --------------------------------------------------------------------------------------

PRINTING = r"""
    import logging
    import os
    import subprocess
    import sys
    import threading

    logging.getLogger().setLevel("INFO")

    def handler(event, context):
        kind = event["kind"]
        if kind == "no line end":
            print("first", end="")
        if kind == "order":
            for n in range(50):
                print("out", n)
                print("err", n, file=sys.stderr)
                logging.info("log %d", n)
                os.write(1, b"raw %d\n" % n)
        if kind == "long line":
            print("x" * (300 * 1024))
        if kind == "long record":
            logging.info("y" * (300 * 1024))
        if kind == "long unicode":
            print("é" * (300 * 1024))
        if kind == "binary":
            print("before")
            os.write(1, bytes(range(256)) + b"\n")
            os.write(2, b"\xff\xfe\x00\x80 cut \xc3\n")
            print("after")
        if kind == "megabyte":
            for n in range(20000):
                print(f"{n:06d} {'m' * 44}")
        if kind == "subprocess":
            print("parent 1")
            subprocess.run(["/bin/sh", "-c", "echo child out; echo child err >&2"], check=True)
            print("parent 2")
        if kind == "carriage return":
            print("a\rb\r\nc")
        if kind == "empty":
            print()
            print("  indented")
        if kind == "unicode":
            print("Åsa привет 鷹 \U0001f426")
        if kind == "nothing":
            pass
        if kind == "thread":
            thread = threading.Thread(target=print, args=("from a thread",))
            thread.start()
            thread.join()
        if kind == "frame":
            os.write(1, b"\xa5\x5a\x00\x03" + (2**31 - 1).to_bytes(4, "big") + b"\0" * 8 + b"no frame\n")
            print("after")
        if kind == "looks like a report":
            print("REPORT RequestId: 0 Duration: 1 ms")
        return kind
"""


@pytest.fixture(scope="module")
def printing(cloud: CloudUnderTest) -> Function:
    function = cloud.deploy(PRINTING, MemorySize=256, Timeout=10)
    function.invoke({"kind": "nothing"})
    return function


def printed(function: Function, kind: str) -> list[str]:
    """Events between START and END of one invoke."""
    answer = function.invoke({"kind": kind})
    assert answer.payload == kind
    events = [event for stream in function.log_streams() for event in function.log_events(stream)]
    start = events.index(f"START RequestId: {answer.request_id} Version: $LATEST\n")
    end = events.index(f"END RequestId: {answer.request_id}\n")
    assert Report.of(events[end + 1]).request_id == answer.request_id
    return events[start + 1 : end]


def test_print_without_a_line_end(printing):
    """What has no line end is an event of its own, and END still begins a line."""
    assert printed(printing, "no line end") == ["first"]
    tail = printing.invoke({"kind": "no line end"}).tail
    assert re.fullmatch(START + r"first\n" + END.replace("?P<id>", "") + REPORT.replace("?P<id>", ""), tail)


def test_the_order_of_stdout_stderr_and_logging_is_kept(printing):
    """stdout, stderr, logging and raw writes end up in the order they were made."""
    request_line = re.compile(rf"\[INFO\]\t{TIME}\t{REQUEST_ID}\t")
    events = [request_line.sub("", event) for event in printed(printing, "order")]
    assert events == [f"{word} {n}\n" for n in range(50) for word in ("out", "err", "log", "raw")]


@pytest.mark.parametrize(("kind", "letter"), [("long line", "x"), ("long record", "y"), ("long unicode", "é")])
def test_a_line_of_300_kb_is_kept_whole(printing, kind, letter):
    """A line longer than a log event may be is continued in the next one; nothing is lost or added. CloudWatch Logs
    User Guide, "CloudWatch Logs quotas"."""
    events = printed(printing, kind)
    text = "".join(events)
    assert text.count(letter) == 300 * 1024
    assert text.rstrip("\n").endswith(letter * 1000)
    assert all(len(event.encode()) <= 1024 * 1024 for event in events)


def test_binary_output(printing):
    """Bytes that are no text do no harm: the lines around them are whole."""
    events = printed(printing, "binary")
    assert events[0] == "before\n"
    assert events[-1] == "after\n"
    assert any("cut" in event for event in events)


def test_binary_output_that_looks_like_the_runtime_clients_framing(printing):
    """Only the runtime client frames its log; a function's own bytes must not make the rest disappear."""
    assert printed(printing, "frame")[-1] == "after\n"


def test_a_megabyte_of_output(cloud):
    """1 MB in 20,000 lines arrives complete and in order."""
    assert printed(cloud.deploy(PRINTING, MemorySize=256, Timeout=10), "megabyte") == [
        f"{n:06d} {'m' * 44}\n" for n in range(20000)
    ]


def test_output_of_a_child_process(printing):
    """What a child process prints belongs to the invocation, in order."""
    assert printed(printing, "subprocess") == ["parent 1\n", "child out\n", "child err\n", "parent 2\n"]


def test_output_of_a_thread(printing):
    """A thread's output too."""
    assert "".join(printed(printing, "thread")) == "from a thread\n"


def test_empty_and_indented_lines_and_letters_of_every_script(printing):
    """Lines arrive letter for letter."""
    assert printed(printing, "empty")[-1] == "  indented\n"
    assert printed(printing, "unicode") == ["Åsa привет 鷹 \U0001f426\n"]
    assert "".join(printed(printing, "carriage return")) == "a\rb\r\nc\n"
    assert printed(printing, "looks like a report") == ["REPORT RequestId: 0 Duration: 1 ms\n"]
    assert printed(printing, "nothing") == []
