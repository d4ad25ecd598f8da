from __future__ import annotations

import pytest

from labsupport.insight.platform_line import find_report, parse_platform_line

ID = "5d3f8f36-8a3b-4a7e-9d4c-0a1b2c3d4e5f"
COLD = (
    f"REPORT RequestId: {ID}\tDuration: 2.16 ms\tBilled Duration: 96 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 18 MB\tInit Duration: 93.26 ms\t\n"
)


def test_a_cold_report_has_every_figure():
    line = parse_platform_line(COLD)
    report = line.report
    assert (line.kind, line.request_id) == ("REPORT", ID)
    assert (report.duration_ms, report.billed_ms, report.memory_mb, report.max_memory_mb) == (2.16, 96, 128, 18)
    assert report.cold and report.init_ms == 93.26 and report.status == "success"


def test_a_warm_report_has_no_init_duration():
    assert not parse_platform_line(COLD.replace("\tInit Duration: 93.26 ms", "")).report.cold


def test_a_timeout_and_an_error_are_in_the_status():
    report = parse_platform_line(COLD.rstrip() + "\tStatus: error\tError Type: Runtime.OutOfMemory").report
    assert (report.status, report.error_type) == ("error", "Runtime.OutOfMemory")
    assert parse_platform_line(COLD.rstrip() + "\tStatus: timeout\t\n").report.status == "timeout"


def test_a_field_aws_adds_later_does_not_disturb():
    report = parse_platform_line(COLD.replace("\tMemory", "\tRestore Duration: 9.1 ms\tMemory")).report
    assert report.duration_ms == 2.16 and report.memory_mb == 128


@pytest.mark.parametrize(
    "text, kind, request_id",
    [
        (f"START RequestId: {ID} Version: $LATEST\n", "START", ID),
        (f"END RequestId: {ID}\n", "END", ID),
        ("INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:x\n", "INIT_START", ""),
        ("INIT_REPORT Init Duration: 10000.08 ms\tPhase: init\tStatus: timeout\n", "INIT_REPORT", ""),
    ],
)
def test_the_other_lines_of_the_platform(text, kind, request_id):
    line = parse_platform_line(text)
    assert (line.kind, line.request_id, line.report) == (kind, request_id, None)


@pytest.mark.parametrize(
    "text",
    ["REPORT of the day", "STARTING up", "START", "END of story", "", "\n", "{", "{}", '{"type": "platform.x"}', "[1]"],
)
def test_what_a_function_prints_is_not_taken_for_the_platform(text):
    assert parse_platform_line(text) is None


@pytest.mark.parametrize(
    "text", ['{"type": 5}', '{"type": "platform.report", "record": 5}', "{" * 50_000, '{"a":' * 9000]
)
def test_json_of_any_shape_does_no_harm(text):
    assert parse_platform_line(text) is None


def test_a_report_in_json_form():
    line = parse_platform_line(
        '{"time":"2026-01-01T00:00:00.000Z","type":"platform.report","record":{"requestId":"r","metrics":'
        '{"durationMs":1.5,"billedDurationMs":2,"memorySizeMB":128,"maxMemoryUsedMB":30,"initDurationMs":80.1},'
        '"status":"error","errorType":"Runtime.ExitError"}}'
    )
    assert line.report.cold and line.report.billed_ms == 2 and line.report.error_type == "Runtime.ExitError"


def test_the_report_of_a_request_is_found_in_a_tail():
    log = f"hello\n{COLD}START RequestId: other Version: 1\n" + COLD.replace(ID, "other").replace("2.16", "7.00")
    assert find_report(log, ID).duration_ms == 2.16
    assert find_report(log).duration_ms == 7.0
    assert find_report("nothing here") is None
