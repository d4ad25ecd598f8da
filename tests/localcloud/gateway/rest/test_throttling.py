"""The token bucket: what a rate and a burst let through."""

from __future__ import annotations

from labsupport.localcloud.gateway.rest.throttling import Buckets, Throttle, TokenBucket


def taken(bucket: TokenBucket, *moments: float) -> list[bool]:
    return [bucket.take(moment) for moment in moments]


def test_a_burst_goes_through_at_once_and_no_more():
    assert taken(TokenBucket(Throttle(10, 3), 0.0), 0.0, 0.0, 0.0, 0.0) == [True, True, True, False]


def test_tokens_come_back_at_the_rate():
    bucket = TokenBucket(Throttle(2, 1), 0.0)
    assert taken(bucket, 0.0, 0.25, 0.5, 0.75, 1.0) == [True, False, True, False, True]


def test_a_bucket_never_holds_more_than_the_burst():
    assert taken(TokenBucket(Throttle(1, 2), 0.0), 1000.0, 1000.0, 1000.0) == [True, True, False]


def test_a_refused_request_costs_no_token():
    bucket = TokenBucket(Throttle(1, 1), 0.0)
    assert taken(bucket, 0.0, *[number / 100 for number in range(1, 99)], 1.0)[-1] is True


def test_a_rate_below_one_gives_a_request_every_few_seconds():
    assert taken(TokenBucket(Throttle(0.5, 1), 0.0), 0.0, 1.0, 2.0) == [True, False, True]


def test_a_rate_without_a_burst_lets_a_second_of_requests_through_at_once():
    assert taken(TokenBucket(Throttle(2, None), 0.0), 0.0, 0.0, 0.0) == [True, True, False]


def test_a_burst_of_zero_lets_nothing_through():
    assert taken(TokenBucket(Throttle(10, 0), 0.0), 0.0, 5.0) == [False, False]


def test_no_limits_never_refuse():
    buckets = Buckets()
    assert all(buckets.take(("one",), Throttle(), 0.0) for _ in range(10_000))


def test_each_name_has_a_bucket_of_its_own_and_new_limits_start_anew():
    buckets = Buckets()
    assert buckets.take(("one",), Throttle(1, 1), 0.0)
    assert not buckets.take(("one",), Throttle(1, 1), 0.0)
    assert buckets.take(("two",), Throttle(1, 1), 0.0)
    assert buckets.take(("one",), Throttle(1, 2), 0.0)
