from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from labsupport.insight.log_table import NoLog
from labsupport.insight.timeline import Timeline, TimelineInvocation, read_timeline
from labsupport.insight.timeline_drawing import draw

CODE = """
import os, time
def handler(event, context):
    time.sleep(event.get("sleep", 0))
    if event.get("exit"):
        os._exit(3)
    return event["answer"]
"""
ORDER = {"answer": 1}


@pytest.fixture
def timeline(cloud):
    return lambda name, **options: read_timeline(cloud.client("lambda"), cloud.client("logs"), name, **options)


@pytest.fixture
def call(cloud):
    return lambda name, event: cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))


def picture(shown: Timeline) -> tuple[str, str, str]:
    """The HTML, the alternative text of its picture, and the words in the picture."""
    html = shown._repr_mimebundle_()["text/html"]
    alternative = re.search(r'<img alt="([^"]+)"', html)[1]
    svg = base64.b64decode(re.search(r"data:image/svg\+xml;base64,([^\"]+)", html)[1])
    words = [element.text for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    return html, alternative, "\n".join(filter(None, words))


# --- what is read ------------------------------------------------------------------------------------------------


def test_a_cold_start_and_warm_ones_with_the_figures_of_their_report_lines(deploy, timeline, call):
    name = deploy(CODE, MemorySize=256)
    ids = [call(name, ORDER)["ResponseMetadata"]["RequestId"] for _ in range(3)]
    shown = timeline(name)
    assert [one.start for one in shown.invocations] == ["cold", "warm", "warm"]
    assert [one.request_id for one in shown.invocations] == ids
    assert {one.outcome for one in shown.invocations} == {"success"}
    assert {(one.environment, one.version, one.memory_mb) for one in shown.invocations} == {(1, "$LATEST", 256)}
    cold, warm = shown.invocations[:2]
    assert cold.init_ms > 0 and warm.init_ms is None
    assert cold.billed_ms >= cold.duration_ms and cold.max_memory_mb > 0
    assert cold.init_began < cold.started < cold.ran_until <= warm.started
    assert shown.title == f"Timeline of {name}: 3 invocations in 1 execution environment"
    assert shown.summary == "1 cold, 2 warm, none failed"


def test_each_environment_has_its_row(deploy, timeline, call):
    name = deploy(CODE)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda event: call(name, event), [ORDER | {"sleep": 0.5}] * 3))
    shown = timeline(name)
    assert sorted(one.environment for one in shown.invocations) == [1, 2, 3]
    assert {"E1", "E2", "E3"} <= set(picture(shown)[2].split())


def test_failures_are_marked_by_word(deploy, timeline, call):
    name = deploy(CODE, Timeout=1)
    for event in ({}, ORDER | {"sleep": 5}, ORDER | {"exit": True}, ORDER):
        call(name, event)
    shown = timeline(name)
    assert [one.outcome for one in shown.invocations] == ["KeyError", "timeout", "exited", "success"]
    words = picture(shown)[2]
    for label in ("1 cold, KeyError", "2 warm, timeout", "handler runs and fails"):
        assert label in words


def test_after_a_timeout_and_a_crash_the_process_is_new_and_the_row_says_reset(deploy, timeline, call):
    name = deploy(CODE, Timeout=1)
    for event in (ORDER, ORDER | {"sleep": 5}, ORDER, {}, ORDER, ORDER | {"exit": True}, ORDER):
        call(name, event)
    shown = timeline(name)
    # An exception leaves the process as it is.
    assert [one.start for one in shown.invocations] == ["cold", "warm", "reset", "warm", "warm", "warm", "reset"]
    ends = [one.ran_until for one in shown.invocations]
    slack = timedelta(milliseconds=2)  # timestamps are whole milliseconds
    assert all(end <= after.started + slack for end, after in zip(ends, shown.invocations[1:], strict=False))


def test_too_little_memory_is_out_of_memory(deploy, timeline, call):
    name = deploy("def handler(e, c): return len(bytearray(400_000_000))", Timeout=20)
    call(name, {})
    assert [one.outcome for one in timeline(name).invocations] == ["out of memory"]


def test_a_failed_init_phase_is_neither_cold_nor_warm(deploy, timeline, call):
    name = deploy("import nothing_like_this\ndef handler(e, c): pass")
    call(name, {})
    (one,) = timeline(name).invocations
    assert (one.start, one.init_ms) == ("init failed", None)
    assert one.outcome.startswith("Runtime.ImportModuleError")


def test_an_exception_that_was_only_logged_is_no_failure(deploy, timeline, call):
    code = "import logging\ndef handler(e, c):\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        logging.exception('x')"
    for options in ({}, {"LoggingConfig": {"LogFormat": "JSON"}}):
        name = deploy(code, **options)
        call(name, {})
        assert [one.outcome for one in timeline(name).invocations] == ["success"]


def test_the_json_log_format_says_the_same(deploy, timeline, call):
    name = deploy(CODE, Timeout=1, LoggingConfig={"LogFormat": "JSON"})
    for event in (ORDER, {}, ORDER | {"sleep": 5}):
        call(name, event)
    shown = timeline(name)
    assert [one.start for one in shown.invocations] == ["cold", "warm", "warm"]
    assert [one.outcome for one in shown.invocations] == ["success", "KeyError", "timeout"]
    assert all(one.duration_ms and one.billed_ms and one.max_memory_mb for one in shown.invocations)


def test_an_invocation_that_still_runs_has_a_row_without_figures(deploy, timeline, cloud, call):
    name = deploy(CODE, Timeout=30)
    call(name, ORDER)
    cloud.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(ORDER | {"sleep": 4}).encode()
    )
    for _ in range(200):
        shown = timeline(name)
        if len(shown.invocations) == 2:
            break
    running = shown.invocations[-1]
    assert (running.outcome, running.duration_ms, running.ran_until, running.start) == ("running", None, None, "")
    assert "1 without a REPORT line yet" in shown.summary
    assert "2 running" in picture(shown)[2]


def test_versions_side_by_side_are_told_apart(deploy, timeline, cloud, call):
    name = deploy(CODE)
    cloud.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name)
    version = cloud.client("lambda").publish_version(FunctionName=name)["Version"]
    call(name, ORDER)
    call(f"{name}:{version}", ORDER)
    shown = timeline(name)
    assert [one.version for one in shown.invocations] == ["$LATEST", "1"]
    assert "version $LATEST" in picture(shown)[2] and "version 1" in picture(shown)[2]


def test_only_the_last_ones_are_shown_and_the_title_says_so(deploy, timeline, call):
    name = deploy(CODE)
    ids = [call(name, ORDER)["ResponseMetadata"]["RequestId"] for _ in range(6)]
    shown = timeline(name, last=4)
    assert [one.request_id for one in shown.invocations] == ids[2:]
    assert "the last 4 invocations" in shown.title
    assert "the last invocation in" in timeline(name, last=1).title


@pytest.mark.parametrize("last", [0, -3, "5", 2.5, True, None])
def test_a_wrong_number_of_invocations(timeline, last):
    with pytest.raises(NoLog, match="Use 1 or more"):
        timeline("any", last=last)


def test_a_function_that_was_never_invoked_and_one_that_is_not_there(deploy, timeline):
    name = deploy(CODE)
    with pytest.raises(NoLog, match="has no log yet: invoke it first"):
        timeline(name)
    with pytest.raises(NoLog, match=f"Did you mean '{name}'"):
        timeline(f"{name}x")


# --- how it is shown ---------------------------------------------------------------------------------------------


NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def invocation(number: int = 1, after: float = 0.0, **fields) -> TimelineInvocation:
    """``after``: seconds after noon."""
    start = fields.pop("start", "warm")
    return TimelineInvocation(
        number=number,
        started=NOON + timedelta(seconds=after),
        environment=fields.pop("environment", 1),
        version=fields.pop("version", "$LATEST"),
        request_id=f"{number:08d}-aaaa",
        start=start,
        init_ms=100.0 if start == "cold" else None,
        duration_ms=fields.pop("duration_ms", 20.0),
        billed_ms=21.0,
        memory_mb=128,
        max_memory_mb=30,
        outcome=fields.pop("outcome", "success"),
    )


def bars(shown: Timeline) -> list[tuple[float, float]]:
    """(left, right) of each bar in the picture, in drawing order."""
    svg = ET.fromstring(draw(shown))
    space = "{http://www.w3.org/2000/svg}"
    found = []
    for path in svg.iter(f"{space}path"):
        if "clip-path" in path.attrib and path.attrib.get("d", "").count("L") == 3 and "stroke" in path.attrib["style"]:
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.attrib["d"])]
            found.append((min(numbers[::2]), max(numbers[::2])))
    return found


def test_table_and_picture_have_the_same_facts():
    shown = Timeline("f", (invocation(1, 0.2, start="cold"), invocation(2, 1, outcome="KeyError")))
    html, alternative, words = picture(shown)
    text = repr(shown)
    for part in ("12:00:00.200", "cold", "warm", "100.00", "20.00", "21", "30 of 128", "00000001", "KeyError", "E1"):
        assert part in text and part in html
    assert alternative == (
        "Timeline of f: 2 invocations in 1 execution environment: 1 cold, 1 warm, 1 failed. "
        "The table below has the same facts."
    )
    for label in ("1 cold", "2 warm, KeyError", "init phase (a cold start)", "handler runs and fails", "12:00:00"):
        assert label in words
    assert shown._repr_mimebundle_()["text/plain"] == text


def test_cold_differs_in_shape_and_failure_too():
    plain, cold, failed = (
        draw(Timeline("f", (one,))).decode()
        for one in (invocation(), invocation(start="cold"), invocation(outcome="timeout"))
    )
    assert "<pattern" not in plain
    assert "<pattern" in cold and "<pattern" in failed


def test_bars_are_in_proportion_and_in_order():
    shown = Timeline("f", (invocation(1, 0, duration_ms=300.0), invocation(2, 0.4, duration_ms=600.0)))
    (begin, end), (later, last) = bars(shown)
    assert begin < end < later < last
    assert (last - later) / (end - begin) == pytest.approx(2.0, rel=0.02)


def test_a_very_short_bar_can_be_seen_and_a_long_pause_takes_little_room():
    shown = Timeline(
        "f",
        (
            invocation(1, 0, duration_ms=1.0),
            invocation(2, 1, duration_ms=5000.0),
            invocation(3, 4000, duration_ms=2.0),
        ),
    )
    first, second, third = bars(shown)
    width = third[1] - first[0]
    assert min(first[1] - first[0], third[1] - third[0]) > 0.01 * width
    assert third[0] - second[1] < 0.1 * width
    assert "67 min" in picture(shown)[2]


def test_what_ran_at_the_same_time_is_drawn_one_above_the_other():
    shown = Timeline("f", (invocation(1, 0, duration_ms=500.0), invocation(2, 0.1, environment=2, duration_ms=200.0)))
    (begin, end), (inner, until) = bars(shown)
    assert begin < inner < until < end


def test_hundreds_of_invocations_label_what_stands_out():
    many = [invocation(n, n * 0.1) for n in range(1, 301)]
    many[7] = invocation(8, 0.8, outcome="timeout")
    words = picture(Timeline("f", tuple(many)))[2]
    assert "8 warm, timeout" in words and "9 warm" not in words


def test_one_invocation_without_duration_is_drawn():
    assert "1 running" in picture(Timeline("f", (invocation(outcome="running", duration_ms=None, start=""),)))[2]


def test_names_and_errors_cannot_break_out():
    shown = Timeline("f</text><script>x</script>$a$", (invocation(outcome="<b>Bad</b>$x$"),))
    html, _alternative, words = picture(shown)
    assert "<script>" not in html and "<b>" not in html
    assert "$a$" in words and "$x$" in words


def test_the_same_timeline_is_the_same_picture_and_the_learner_s_settings_do_not_matter():
    import matplotlib

    shown = Timeline("f", (invocation(start="cold"),))
    first = draw(shown)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        assert b"<dc:date>" not in first and draw(shown) is not first
    assert draw(shown) == first


def test_matplotlib_is_loaded_when_a_picture_is_wanted_and_says_nothing(tmp_path):
    program = (
        "import sys, datetime\n"
        "import labsupport.session\n"
        "from labsupport.insight.timeline import Timeline, TimelineInvocation\n"
        "assert 'matplotlib' not in sys.modules\n"
        "now = datetime.datetime.now(datetime.UTC)\n"
        "one = TimelineInvocation(1, now, 1, '1', 'id', 'warm', None, 1.0, 1.0, 128, 20, 'success')\n"
        "repr(Timeline('f', (one,)))\n"
        "assert 'matplotlib' not in sys.modules\n"
        "Timeline('f', (one,))._repr_mimebundle_()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    # A home of its own: matplotlib then has no list of fonts yet and would say that it makes one.
    environment = os.environ | {"MPLCONFIGDIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, "")
