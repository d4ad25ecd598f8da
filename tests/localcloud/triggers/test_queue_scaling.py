"""How many batches of a queue may run at a time."""

from __future__ import annotations

import pytest

from labsupport.localcloud.triggers.queue_scaling import Scaling

ACCOUNT = 1000


def test_it_starts_with_five_and_grows_by_three_hundred_a_minute_while_messages_wait():
    """Developer Guide, "Configuring scaling behavior for SQS event source mappings"."""
    scaling = Scaling(time_scale=1.0)
    assert scaling.limit(0.0, None, ACCOUNT) == 5
    scaling.backlog(0.0)
    assert scaling.limit(0.0, None, ACCOUNT) == 5
    assert scaling.limit(60.0, None, ACCOUNT) == 305
    scaling.backlog(60.0)
    assert scaling.limit(60.0, None, ACCOUNT) == 305
    assert scaling.limit(90.0, None, ACCOUNT) == 455


def test_without_a_backlog_it_does_not_grow():
    scaling = Scaling(1.0)
    scaling.backlog(0.0)
    scaling.drained(2.0)
    assert scaling.limit(60.0, None, ACCOUNT) == 15
    assert scaling.next_growth(60.0) is None


def test_it_ends_at_what_aws_allows():
    scaling = Scaling(1.0)
    scaling.backlog(0.0)
    assert scaling.limit(3600.0, None, 100_000) == 1250
    assert scaling.next_growth(3600.0) is None


def test_the_time_scale_shortens_the_growth():
    scaling = Scaling(time_scale=0.1)
    scaling.backlog(0.0)
    assert scaling.limit(6.0, None, ACCOUNT) == 305


def test_the_wait_for_one_more_is_what_the_poller_sleeps():
    scaling = Scaling(1.0)
    assert scaling.next_growth(0.0) is None
    scaling.backlog(0.0)
    wait = scaling.next_growth(0.05)
    assert wait == pytest.approx(0.15)
    assert scaling.limit(0.05 + wait + 1e-6, None, ACCOUNT) == 6


@pytest.mark.parametrize(
    ("maximum", "account", "limit"), [(2, 1000, 2), (1000, 1000, 305), (None, 50, 50), (100, 60, 60)]
)
def test_the_mappings_maximum_and_the_accounts_limit_bound_it(maximum, account, limit):
    scaling = Scaling(1.0)
    scaling.backlog(0.0)
    assert scaling.limit(60.0, maximum, account) == limit


def test_throttles_halve_it_and_failures_take_one_but_two_are_left():
    scaling = Scaling(1.0)
    scaling.backlog(0.0)
    scaling.throttled(1.0)
    assert scaling.limit(1.0, None, ACCOUNT) == 5
    scaling.failed(1.0)
    assert scaling.limit(1.0, None, ACCOUNT) == 4
    for _ in range(10):
        scaling.throttled(1.0)
        scaling.failed(1.0)
    assert scaling.limit(1.0, None, ACCOUNT) == 2


def test_after_an_idle_time_it_begins_anew():
    scaling = Scaling(1.0)
    scaling.backlog(0.0)
    scaling.drained(60.0)
    scaling.idle()
    assert scaling.limit(60.0, None, ACCOUNT) == 5
