from __future__ import annotations

import json
import time

import pytest

from labsupport.insight.log_table import NoLog, read_logs

LOGGING = """
import logging, os
def handler(event, context):
    print("plain", event["n"])
    logging.getLogger().warning("careful\\tnow")
    if event.get("fail"):
        raise ValueError("<b>no</b>")
    return os.getpid()
"""


@pytest.fixture
def logs(cloud):
    return lambda name, last=1: read_logs(cloud.client("lambda"), cloud.client("logs"), name, last)


@pytest.fixture
def call(cloud):
    return lambda name, event: cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))


def test_the_last_invocation_with_time_level_and_message(deploy, logs, call):
    name = deploy(LOGGING)
    call(name, {"n": 1})
    call(name, {"n": 2})
    table = logs(name)
    assert len(table.invocations) == 1
    assert table.messages == ("plain 2", "careful\tnow")
    assert [row.level for row in table.rows] == ["PLATFORM", "", "WARNING", "PLATFORM", "PLATFORM"]
    assert ": warm" in repr(table)


def test_several_invocations_oldest_first_each_with_its_init_phase(deploy, logs, call):
    name = deploy(LOGGING)
    for number in range(4):
        call(name, {"n": number})
    table = logs(name, last=3)
    assert [invocation.rows[1].message for invocation in table.invocations] == ["plain 1", "plain 2", "plain 3"]
    everything = logs(name, last=9)
    assert len(everything.invocations) == 4
    assert everything.invocations[0].rows[0].message.startswith("INIT_START")
    assert everything.invocations[0].report.cold and not everything.invocations[1].report.cold


def test_a_line_after_the_last_report_belongs_to_the_last_invocation(deploy, logs, call, cloud):
    name = deploy(LOGGING)
    call(name, {"n": 1})
    call(name, {"n": 2})
    (stream,) = cloud.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    cloud.client("logs").put_log_events(
        logGroupName=f"/aws/lambda/{name}",
        logStreamName=stream["logStreamName"],
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "LAB NOTE: a loop was stopped"}],
    )
    first, second = logs(name, last=2).invocations
    assert first.report and second.report
    assert second.rows[-1].message == "LAB NOTE: a loop was stopped"


def test_a_traceback_is_one_row_of_level_error(deploy, logs, call):
    name = deploy(LOGGING)
    call(name, {"n": 1, "fail": True})
    (row,) = [row for row in logs(name).rows if row.level == "ERROR"]
    assert row.message.startswith("ValueError: <b>no</b>\nTraceback (most recent call last):\n  File")
    assert "\u00a0" not in row.message
    table = logs(name)
    assert "<b>no" not in table._repr_html_() and "&lt;b&gt;no" in table._repr_html_()
    assert '<th scope="col"' in table._repr_html_() and "<caption" in table._repr_html_()


def test_a_function_that_cannot_start_says_so(deploy, logs, call):
    name = deploy("import nothing_like_this\ndef handler(e, c): pass")
    call(name, {})
    assert ": init failed" in repr(logs(name)) and "error" in repr(logs(name)).splitlines()[2]


def test_a_timeout_is_in_the_title(deploy, logs, call):
    name = deploy("import time\ndef handler(e, c): time.sleep(5)", Timeout=1)
    call(name, {})
    assert ", timeout" in repr(logs(name))


def test_environments_side_by_side_are_read_together(deploy, logs, cloud):
    from concurrent.futures import ThreadPoolExecutor

    name = deploy("import time\ndef handler(e, c):\n    time.sleep(0.5)\n    print('n', e['n'])")
    with ThreadPoolExecutor(3) as pool:
        list(
            pool.map(lambda n: cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"n": n})), range(3))
        )
    table = logs(name, last=3)
    assert sorted(message for message in table.messages if message.startswith("n ")) == ["n 0", "n 1", "n 2"]
    assert len({invocation.log_stream for invocation in table.invocations}) == 3


def test_the_json_log_format_is_read_as_well(deploy, logs, call):
    name = deploy(LOGGING, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"})
    call(name, {"n": 1})
    call(name, {"n": 2})
    table = logs(name, last=2)
    assert len(table.invocations) == 2
    assert table.invocations[0].report.cold and "WARNING" in [row.level for row in table.rows]


def test_thousands_of_lines_are_shown_in_part(deploy, logs, call):
    name = deploy("def handler(e, c):\n    for n in range(15000): print('line', n)")
    call(name, {})
    table = logs(name)
    assert len(table.messages) > 14_000 and table.messages[-1] == "line 14999"
    assert "rows left out" in repr(table) and len(repr(table)) < 40_000


@pytest.mark.parametrize("last", [0, -1, "2", 1.5, True, None])
def test_a_wrong_number_of_invocations(logs, last):
    with pytest.raises(NoLog, match="Use 1 or more"):
        logs("any", last)


def test_a_function_that_was_never_invoked(deploy, logs):
    with pytest.raises(NoLog, match="has no log yet: invoke it first"):
        logs(deploy(LOGGING))


def test_a_function_that_is_not_there_asks_what_was_meant(deploy, logs):
    name = deploy(LOGGING)
    with pytest.raises(NoLog, match=f"Did you mean '{name}'"):
        logs(name + "x")
