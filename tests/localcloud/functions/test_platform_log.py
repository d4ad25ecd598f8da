"""START, END, REPORT and INIT lines, to the letter."""

from __future__ import annotations

import json

from labsupport.localcloud.functions.platform_log import PlatformLog, Report
from labsupport.localcloud.functions.specification import FunctionSpecification


def specification(**changes):
    values = {
        "account_id": "123456789012", "region": "eu-west-1", "name": "f", "version": "$LATEST",
        "runtime": "python3.13", "handler": "app.handler", "role": "arn:aws:iam::123456789012:role/r",
        "timeout": 3, "memory_size": 128, "ephemeral_storage": 512, "variables": {}, "layers": (),
        "code_sha256": "x", "architecture": "x86_64", "log_format": "Text", "application_log_level": None,
        "system_log_level": None, "log_group": "/aws/lambda/f", "reserved_concurrency": None,
        "retry_attempts": None, "maximum_event_age": None, "revision": "1",
    }  # fmt: skip
    return FunctionSpecification(**(values | changes))


def report(**changes):
    values = {"request_id": "id", "duration": 1.234, "memory_size": 128, "max_memory_used": 30}
    return Report(**(values | changes))


def test_report_of_a_warm_invocation():
    assert PlatformLog(specification()).report(report()) == (
        "REPORT RequestId: id\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 30 MB\t\n"
    )


def test_report_of_a_cold_invocation_bills_the_init_phase():
    line = PlatformLog(specification()).report(report(init_duration=402.04, duration=3000.0))
    assert line.endswith("\tInit Duration: 402.04 ms\t\n")
    assert "\tBilled Duration: 3403 ms\t" in line


def test_report_of_a_timeout_and_of_an_error():
    log = PlatformLog(specification())
    assert log.report(report(status="timeout")).endswith("MB\tStatus: timeout\t\n")
    assert log.report(report(status="error", error_type="Runtime.ExitError")).endswith(
        "MB\tStatus: error\tError Type: Runtime.ExitError\t\n"
    )


def test_start_and_end():
    log = PlatformLog(specification(version="7"))
    assert log.start("id") == "START RequestId: id Version: 7\n"
    assert log.end("id") == "END RequestId: id\n"


def test_init_lines():
    log = PlatformLog(specification())
    line = log.init_start()
    assert line.startswith(
        "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:"
    )
    assert len(line.rstrip().rpartition(":")[2]) == 64
    assert log.init_report(137.69, "init", "error", "Runtime.ImportModuleError") == (
        "INIT_REPORT Init Duration: 137.69 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n"
    )
    assert log.init_report(10000.08, "init", "timeout", None) == (
        "INIT_REPORT Init Duration: 10000.08 ms\tPhase: init\tStatus: timeout\n"
    )


def test_json_form():
    log = PlatformLog(specification(log_format="JSON"))
    start = json.loads(log.start("id"))
    assert (start["type"], start["record"]) == ("platform.start", {"requestId": "id", "version": "$LATEST"})
    assert log.end("id") == ""
    done = json.loads(log.report(report(status="error", error_type="Runtime.OutOfMemory")))
    assert done["type"] == "platform.report"
    assert done["record"]["status"] == "error"
    assert done["record"]["errorType"] == "Runtime.OutOfMemory"
    assert done["record"]["metrics"]["memorySizeMB"] == 128
    assert json.loads(log.report(report()))["record"]["status"] == "success"


def written(level, failed):
    """Types of the JSON lines that a cold invocation leaves, without their common beginning."""
    log = PlatformLog(specification(log_format="JSON", system_log_level=level))
    status, error_type = ("timeout", None) if failed else (None, None)
    lines = [
        log.init_start(),
        log.init_runtime_done(
            "init", "error" if failed else "success", "Runtime.ImportModuleError" if failed else None
        ),
        log.init_report(5.0, "init", "error" if failed else "success", "Runtime.ImportModuleError" if failed else None),
        log.start("id"),
        log.runtime_done("id", 1.5, 10, status, error_type),
        log.end("id"),
        log.report(report(status=status)),
    ]
    return [json.loads(line)["type"].removeprefix("platform.") for line in lines if line]


def test_system_log_level():
    """Lambda Developer Guide, "Log-level filtering", table of system log events."""
    everything = ["initStart", "initRuntimeDone", "initReport", "start", "runtimeDone", "report"]
    assert written("DEBUG", failed=False) == written("DEBUG", failed=True) == everything
    assert written("INFO", failed=False) == written(None, failed=False) == ["initStart", "start", "report"]
    assert written("INFO", failed=True) == everything
    assert written("WARN", failed=False) == []
    assert written("WARN", failed=True) == ["initRuntimeDone", "initReport", "runtimeDone", "report"]


def test_the_done_lines_are_for_json_only():
    log = PlatformLog(specification())
    assert log.init_runtime_done("init", "error", "x") == log.runtime_done("id", 1.0, 1, "timeout", None) == ""
    assert log.init_report(5.0, "init", "success") == "", "text has a report of failed init phases only"


def test_runtime_done():
    log = PlatformLog(specification(log_format="JSON", system_log_level="DEBUG"))
    assert json.loads(log.runtime_done("id", 1.23456, 10, None, None))["record"] == {
        "requestId": "id", "status": "success", "metrics": {"durationMs": 1.235, "producedBytes": 10},
    }  # fmt: skip
    failed = json.loads(log.runtime_done("id", 1.0, 0, "error", "Runtime.ExitError"))["record"]
    assert (failed["status"], failed["errorType"]) == ("error", "Runtime.ExitError")
