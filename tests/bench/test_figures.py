"""Medians and percentiles."""

from __future__ import annotations

import json

import pytest

from .figures import Summary, percentile, significant


def test_a_percentile_is_always_a_value_that_was_measured():
    values = list(range(1, 201))
    assert percentile(values, 99) == 198
    assert percentile(values, 50) == 100
    assert percentile(values, 100) == 200
    assert percentile([7.0], 99) == 7.0


def test_the_order_of_the_samples_does_not_matter():
    assert percentile([5, 1, 4, 2, 3], 80) == percentile([1, 2, 3, 4, 5], 80) == 4


def test_there_is_no_percentile_of_nothing():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 99)


def test_a_summary_holds_all_samples_and_each_rounds_median():
    summary = Summary.of([[1.0, 2.0, 30.0], [4.0, 5.0]])
    assert (summary.n, summary.median, summary.p99, summary.minimum, summary.maximum) == (5, 4.0, 30.0, 1.0, 30.0)
    assert summary.rounds == (2.0, 4.5)


def test_a_summary_survives_its_json_form():
    summary = Summary.of([[1.25, 2.5], [3.0]])
    assert Summary.from_json(json.loads(json.dumps(summary.to_json()))) == summary


@pytest.mark.parametrize(
    ("value", "kept"), [(1234.567, 1235.0), (0.00123456, 0.001235), (0.0, 0.0), (-3.14159, -3.142)]
)
def test_four_digits_are_kept(value, kept):
    assert significant(value) == kept
