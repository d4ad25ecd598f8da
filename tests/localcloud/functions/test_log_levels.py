"""Which lines a function with LogFormat JSON keeps."""

from __future__ import annotations

import pytest

from labsupport.localcloud.functions.log_levels import is_kept, line_filter


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ('{"level": "TRACE"}', "TRACE"),
        ('{"level": "debug", "msg": "my debug log"}', "DEBUG"),
        ('{"level": "INFO"}', "INFO"),
        ('{"level": "WARNING"}', "WARN"),
        ('{"level": "WARN"}', "WARN"),
        ('{"level": "Error"}', "ERROR"),
        ('{"level": "CRITICAL"}', "FATAL"),
        ('{"msg": "no level"}', "INFO"),
        ('{"level": "NOTICE"}', "INFO"),
        ('{"level": 3}', "INFO"),
    ],
)
@pytest.mark.parametrize("least", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"])
def test_a_json_object_is_kept_when_its_level_is_high_enough(line, level, least):
    keep = line_filter("JSON", least)
    order = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    expected = order.index(level) >= order.index(least)
    assert (keep is None or keep(line)) is expected
    assert is_kept(level, least) is expected


@pytest.mark.parametrize("line", ["plain text", "", "{not json", '{"level": "DEBUG"', '["DEBUG"]', "DEBUG"])
def test_text_has_no_level_and_is_kept(line):
    assert line_filter("JSON", "FATAL")(line)


def test_the_text_format_filters_nothing():
    assert line_filter("Text", None) is None
    assert line_filter("JSON", None)('{"level": "DEBUG"}') is False, "INFO is the default"
