"""Ends that the handler did not choose, or chose badly: exits, crashes, timeouts, too much memory; and what survives."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from .deployment import Answer, CloudUnderTest, Function, Report

EXITING = """
    import ctypes
    import os
    import signal
    import sys
    import tempfile
    import threading
    import time

    COUNT = 0
    MARK = os.path.join(tempfile.gettempdir(), "mark")


    def handler(event, context):
        global COUNT
        COUNT += 1
        print("handling", flush=True)
        kind = event.get("kind")
        if kind:
            with open(MARK, "w") as mark:
                mark.write(kind)
        if kind == "exit 0":
            sys.exit(0)
        if kind == "exit":
            sys.exit()
        if kind == "exit 3":
            sys.exit(3)
        if kind == "exit text":
            sys.exit("no paper left")
        if kind == "_exit 42":
            os._exit(42)
        if kind == "_exit 0":
            os._exit(0)
        if kind == "_exit 255":
            os._exit(255)
        if kind == "segfault":
            ctypes.string_at(0)
        if kind == "abort":
            os.abort()
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        if kind == "from a thread":
            threading.Thread(target=os._exit, args=(7,)).start()
            time.sleep(5)
        if kind == "exit in a thread":
            thread = threading.Thread(target=sys.exit, args=(7,))
            thread.start()
            thread.join()
        if kind == "raise":
            raise ValueError("on purpose")
        mark = open(MARK).read() if os.path.exists(MARK) else None
        return {"count": COUNT, "mark": mark, "stream": context.log_stream_name, "pid": os.getpid()}
"""


@pytest.fixture(scope="module")
def exiting(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(EXITING)


def exit_document(answer: Answer, words: str) -> dict[str, str]:
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {answer.request_id} Error: {words}"}


@pytest.mark.parametrize("kind", ["exit 0", "exit", "_exit 0"])
def test_F033_neighbour_exit_with_status_0(exiting, kind):
    """A handler that leaves with status 0 gives no reason. Recorded from AWS (with F035)."""
    answer = exiting.invoke({"kind": kind})
    assert (answer.status, answer.function_error, answer.executed_version) == (200, "Unhandled", "$LATEST")
    assert answer.payload == exit_document(answer, "Runtime exited without providing a reason")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("exit 3", "exit status 3"),
        ("_exit 42", "exit status 42"),
        ("_exit 255", "exit status 255"),
        ("exit text", "exit status 1"),
        ("from a thread", "exit status 7"),
        ("segfault", "signal: segmentation fault"),
        ("abort", "signal: aborted"),
        ("kill", "signal: killed"),
        ("terminate", "signal: terminated"),
    ],
)
def test_F034_exit_with_another_status(exiting, kind, words):
    """Another exit status is told as a number, a signal by its name; the log has START, what was printed, END and a
    REPORT with the status. Seen in production output."""
    answer = exiting.invoke({"kind": kind})
    assert answer.function_error == "Unhandled"
    assert answer.payload == exit_document(answer, f"Runtime exited with error: {words}")
    lines = answer.tail.splitlines()
    start = lines.index(f"START RequestId: {answer.request_id} Version: $LATEST")
    assert "handling" in lines[start:]
    assert f"END RequestId: {answer.request_id}" in lines[start:]
    assert (answer.report.status, answer.report.error_type) == ("error", "Runtime.ExitError")
    if kind == "exit text":
        assert "no paper left" in lines[start:]


def test_F034_neighbour_sys_exit_in_a_thread_ends_only_the_thread(exiting):
    """SystemExit leaves a thread, not the process. Python's threading module."""
    assert exiting.invoke({"kind": "exit in a thread"}).function_error is None


def test_F036_exec_wrapper_points_nowhere(cloud):
    """AWS_LAMBDA_EXEC_WRAPPER names a program that is not there: the shell's status 127. Recorded from AWS."""
    function = cloud.deploy(
        "def handler(e, c): return 1", Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/idontexist.sh"}}
    )
    answer = function.invoke({})
    assert answer.function_error == "Unhandled"
    assert answer.payload == exit_document(answer, "Runtime exited with error: exit status 127")


def test_F036_neighbour_an_exec_wrapper_that_works(cloud):
    """A wrapper starts the runtime that it is given as arguments; env does just that. Lambda Developer Guide,
    "Modifying the runtime environment"."""
    function = cloud.deploy(
        """
        import os

        def handler(event, context):
            return os.environ.get("PAPER")
        """,
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/usr/bin/env", "PAPER": "matt"}},
    )
    assert function.invoke({}).payload == "matt"


# --- timeout -------------------------------------------------------------------------------------------------------

SLEEPING = """
    import os, tempfile, time

    COUNT = 0
    MARK = os.path.join(tempfile.gettempdir(), "mark")

    def handler(event, context):
        global COUNT
        COUNT += 1
        if event.get("sleep"):
            open(MARK, "w").close()
            print("before the sleep")
            print("without a line end", end="")
            time.sleep(event["sleep"])
            print("after the sleep")
        return {"count": COUNT, "mark": os.path.exists(MARK), "left": context.get_remaining_time_in_millis()}
"""


STUBBORN = """
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def handler(event, context):
        while True:
            try:
                sum(range(1000))
            except BaseException:
                pass
"""


@dataclass(frozen=True)
class TimedOut:
    """One cold invocation that ran into its timeout of 1 s, the log after it, and the invocation after it; a second
    function that did so when warm, and one that does not want to end. All three wait at the same time."""

    answer: Answer
    seconds: float
    events: list[str]
    afterwards: Answer
    events_afterwards: list[str]
    warm: Answer
    stubborn: Answer


@pytest.fixture(scope="module")
def timed_out(cloud: CloudUnderTest) -> TimedOut:
    function, warm, stubborn = (cloud.deploy(source, Timeout=1) for source in (SLEEPING, SLEEPING, STUBBORN))
    assert 0 < warm.invoke({}).payload["left"] <= 1000
    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(warm.invoke, {"sleep": 3}), pool.submit(stubborn.invoke, {})]
        started = time.monotonic()
        answer = function.invoke({"sleep": 5})
        seconds = time.monotonic() - started
        events = function.log_events()
        afterwards = function.invoke({})
        later = function.log_events()[len(events) :]
        return TimedOut(answer, seconds, events, afterwards, later, *(other.result() for other in others))


def test_F037_function_timeout_payload(timed_out):
    """The document of a timeout in AWS's wording of 2025; the caller has it as soon as the timeout has passed.
    Recorded from AWS."""
    answer = timed_out.answer
    assert (answer.status, answer.function_error, answer.executed_version) == (200, "Unhandled", "$LATEST")
    assert answer.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert 1 <= timed_out.seconds < 3


def test_F038_function_timeout_payload_old_wording(timed_out):
    """Up to 2024 the text had another beginning and no error type; what both have in common is there to search for.
    Recorded from AWS."""
    assert b"Task timed out after 1.00 seconds" in timed_out.answer.raw


def test_F039_function_timeout_log(timed_out):
    """Since 2024-25 only the REPORT's status says that it was a timeout: START, what was printed before, END, REPORT.
    Lambda Developer Guide, "Troubleshoot timeouts"."""
    request_id = timed_out.answer.request_id
    assert timed_out.events[0].startswith("INIT_START ")
    assert timed_out.events[1:-1] == [
        f"START RequestId: {request_id} Version: $LATEST\n",
        "before the sleep\n",
        "without a line end",
        f"END RequestId: {request_id}\n",
    ]
    assert "Task timed out" not in "".join(timed_out.events)
    assert "after the sleep" not in "".join(timed_out.events + timed_out.events_afterwards)
    report = Report.of(timed_out.events[-1])
    assert report == timed_out.answer.report
    assert (report.request_id, report.status, report.error_type) == (request_id, "timeout", None)
    assert 1000 <= report.duration < 2000
    assert report.init is not None
    assert report.billed >= report.duration + report.init - 1


def test_F039_neighbour_a_timeout_when_warm(timed_out):
    """The same for an environment that has run before: no Init Duration. Lambda Developer Guide, "Troubleshoot
    timeouts"."""
    answer = timed_out.warm
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert (answer.report.status, answer.report.init) == ("timeout", None)
    assert answer.report.billed in (int(answer.report.duration), int(answer.report.duration) + 1)


def test_F037_neighbour_a_busy_loop_that_ignores_everything_times_out_too(timed_out):
    """A timeout does not depend on the handler's help: neither a loop nor an ignored SIGTERM keeps it alive. Lambda
    Developer Guide, "Configure Lambda function timeout"."""
    assert timed_out.stubborn.payload["errorType"] == "Sandbox.Timedout"
    assert 1000 <= timed_out.stubborn.report.duration < 2000


# --- memory --------------------------------------------------------------------------------------------------------

GREEDY = """
    COUNT = 0

    def handler(event, context):
        global COUNT
        COUNT += 1
        if event.get("mb"):
            print("allocating")
            blocks = []
            for _ in range(event["mb"] // 10):
                blocks.append(b"x" * (10 * 1024 * 1024))
            print("allocated")
        return COUNT
"""


def test_F041_memory_limit_exceeded(cloud):
    """A function that takes more than its MemorySize is killed; only the REPORT tells why. Seen in production output
    (the payload's wording is not certain)."""
    function = cloud.deploy(GREEDY, MemorySize=128)
    answer = function.invoke({"mb": 500})
    assert answer.function_error == "Unhandled"
    assert answer.payload == exit_document(answer, "Runtime exited with error: signal: killed")
    report = answer.report
    assert (report.size, report.used) == (128, 128)
    assert (report.status, report.error_type) == ("error", "Runtime.OutOfMemory")
    assert [event.split()[0] for event in function.log_events()] == [
        "INIT_START", "START", "allocating", "END", "REPORT"
    ]  # fmt: skip
    assert "Error" not in answer.tail.replace("Error Type: Runtime.OutOfMemory", "")
    assert function.invoke({}).payload == 1


def test_F041_neighbour_a_larger_memory_size_is_enough(cloud):
    """The limit is MemorySize, and the REPORT shows how much was used. Lambda Developer Guide, "Configure Lambda
    function memory"."""
    answer = cloud.deploy(GREEDY, MemorySize=512).invoke({"mb": 200})
    assert answer.payload == 1
    assert answer.report.size == 512
    assert 200 <= answer.report.used < 300


def test_F041_neighbour_a_child_process_counts_too(cloud):
    """The limit holds for the whole environment. Lambda Developer Guide, "Configure Lambda function memory"."""
    source = """
        import subprocess, sys

        def handler(event, context):
            code = "b = b'x' * (400 * 1024 * 1024); import time; time.sleep(5)"
            return subprocess.run([sys.executable, "-c", code]).returncode
    """
    answer = cloud.deploy(source, MemorySize=128, Timeout=8).invoke({})
    assert answer.function_error == "Unhandled"
    assert answer.report.error_type == "Runtime.OutOfMemory"


def test_F041_memory_limit_in_the_json_log(cloud):
    """In the JSON log format the report's record says it. Seen in production output."""
    function = cloud.deploy(GREEDY, MemorySize=128, LoggingConfig={"LogFormat": "JSON"})
    function.invoke({"mb": 500})
    report = json.loads(function.log_events()[-1])
    assert report["type"] == "platform.report"
    assert (report["record"]["status"], report["record"]["errorType"]) == ("error", "Runtime.OutOfMemory")


# --- what survives -------------------------------------------------------------------------------------------------


def test_F056_what_survives_an_exception(exiting):
    """An exception keeps the process: globals and /tmp stay. Recorded from AWS (with F029)."""
    before = exiting.invoke({}).payload
    exiting.invoke({"kind": "raise"})
    after = exiting.invoke({}).payload
    assert (after["count"], after["pid"]) == (before["count"] + 2, before["pid"])
    assert after["mark"] == "raise"


@pytest.mark.parametrize("kind", ["exit 3", "exit 0", "segfault"])
def test_F056_what_survives_an_exit_or_a_crash(cloud, kind):
    """The module is imported anew with the next invoke, inside its Duration and without a word in the log; /tmp and the
    log stream stay. Lambda Developer Guide, "Lambda execution environment lifecycle" (failures during invoke)."""
    function = cloud.deploy(EXITING)
    first = function.invoke({}).payload
    assert function.invoke({"kind": kind}).payload["errorType"] == "Runtime.ExitError"
    after = function.invoke({})
    assert (after.payload["count"], after.payload["mark"], after.payload["stream"]) == (1, kind, first["stream"])
    assert after.report.init is None
    assert after.report.duration > 10  # the process had to start first
    events = function.log_events(first["stream"])
    assert [event.split()[0] for event in events if event.startswith("INIT_")] == ["INIT_START"]


def test_F056_what_survives_a_timeout(timed_out):
    """As after a crash. Lambda Developer Guide, "Lambda execution environment lifecycle" (failures during invoke)."""
    after = timed_out.afterwards
    assert (after.payload["count"], after.payload["mark"]) == (1, True)
    assert after.report.init is None
    assert [event.split()[0] for event in timed_out.events_afterwards] == ["START", "END", "REPORT"]


def test_F057_neighbour_an_environment_that_broke_harms_no_other(cloud):
    """Two functions with equal code share nothing: one crashes, the other keeps its count. Lambda Developer Guide,
    "Lambda execution environment lifecycle"."""
    sound, broken = cloud.deploy(EXITING), cloud.deploy(EXITING)
    assert sound.invoke({}).payload["count"] == 1
    broken.invoke({"kind": "kill"})
    assert sound.invoke({}).payload["count"] == 2
