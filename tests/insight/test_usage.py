"""What was used, as the cloud counts it and as the logs alone tell it."""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta

from labsupport.insight.usage import FunctionUsage, Usage, usage_in_logs

CODE = "def handler(event, context):\n    print('x' * 100)"


def counted(cloud) -> Usage:
    with urllib.request.urlopen(f"{cloud.endpoint}/_labsupport/usage") as answer:
        return Usage.from_wire(json.load(answer))


def test_the_logs_alone_tell_the_same_of_functions_as_the_cloud_counts(cloud, deploy):
    begun = datetime.now(UTC)
    name = deploy(CODE, MemorySize=256)
    for _ in range(3):
        cloud.client("lambda").invoke(FunctionName=name)
    key = (name, 256, "x86_64")
    mine, theirs = usage_in_logs(cloud.client, begun), counted(cloud)
    assert mine.functions[key] == theirs.functions[key]
    assert mine.functions[key].invocations == 3 and mine.log_bytes > 300
    assert (mine.complete, mine.requests) == (False, {}) and theirs.complete


def test_logs_from_before_are_not_counted_and_a_function_that_never_ran_has_none(cloud, deploy):
    name = deploy(CODE)
    cloud.client("lambda").invoke(FunctionName=name)
    silent = deploy(CODE)
    time.sleep(0.01)
    names = {key[0] for key in usage_in_logs(cloud.client, datetime.now(UTC) + timedelta(seconds=1)).functions}
    assert name not in names
    assert silent not in {key[0] for key in usage_in_logs(cloud.client, datetime(2026, 1, 1, tzinfo=UTC)).functions}


def test_a_function_that_logs_as_json_is_counted_too(cloud, deploy):
    begun = datetime.now(UTC)
    name = deploy(CODE, LoggingConfig={"LogFormat": "JSON"})
    cloud.client("lambda").invoke(FunctionName=name)
    key = (name, 128, "x86_64")
    assert usage_in_logs(cloud.client, begun).functions[key] == counted(cloud).functions[key]


def test_two_readings_give_what_came_between_them(cloud, deploy):
    name = deploy(CODE)
    cloud.client("lambda").invoke(FunctionName=name)
    before, moment = counted(cloud), datetime.now(UTC)
    cloud.client("lambda").invoke(FunctionName=name)
    cloud.client("lambda").invoke(FunctionName=name)
    after = counted(cloud)
    between = after.without(before, moment)
    assert between.since == moment
    assert between.functions[name, 128, "x86_64"] == FunctionUsage(
        2, after.functions[name, 128, "x86_64"].billed_ms - before.functions[name, 128, "x86_64"].billed_ms
    )
    assert between.log_bytes == after.log_bytes - before.log_bytes > 0
