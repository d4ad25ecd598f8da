"""Who is admitted and who is throttled, and with which reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labsupport.localcloud.functions import concurrency as module
from labsupport.localcloud.functions.concurrency import Concurrency, default_concurrency
from labsupport.localcloud.functions.specification import Throttled

from .specimens import specification

RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT = "ConcurrentInvocationLimitExceeded"


def admitted(concurrency, function, wanted, **how):
    """How many of ``wanted`` were admitted, and the reasons of the rest."""
    reasons = set()
    count = 0
    for _ in range(wanted):
        try:
            concurrency.admit(function, **how)
            count += 1
        except Throttled as problem:
            reasons.add(problem.reason)
    return count, reasons


def test_the_account_limit_counts_all_functions():
    concurrency = Concurrency(5)
    assert admitted(concurrency, specification("a"), 3) == (3, set())
    assert admitted(concurrency, specification("b"), 4) == (2, {ACCOUNT})


def test_a_place_given_back_can_be_taken_again():
    concurrency = Concurrency(1)
    for _ in range(3):
        concurrency.admit(specification("a"))
        concurrency.release(specification("a"))
    assert concurrency.running == 0


@pytest.mark.parametrize("reserved", [0, 2])
def test_a_reservation_is_the_functions_own_limit(reserved):
    function = specification("a", reserved_concurrency=reserved)
    assert admitted(Concurrency(10), function, 5) == (reserved, {RESERVED})


def test_a_reservation_is_taken_from_what_the_others_share():
    concurrency = Concurrency(10)
    concurrency.reserve("us-east-1", "a", 6)
    assert admitted(concurrency, specification("b"), 10) == (4, {ACCOUNT})
    # the reserved places are still there
    assert admitted(concurrency, specification("a", reserved_concurrency=6), 10) == (6, {RESERVED})


def test_a_reservation_that_ends_is_shared_again():
    concurrency = Concurrency(10)
    concurrency.reserve("us-east-1", "a", 6)
    concurrency.reserve("us-east-1", "a", None)
    assert admitted(concurrency, specification("b"), 12)[0] == 10


def test_versions_of_a_function_share_its_reservation():
    concurrency = Concurrency(10)
    latest = specification("a", reserved_concurrency=2)
    first = replace(latest, version="1", revision="1")
    assert admitted(concurrency, latest, 1)[0] == 1
    assert admitted(concurrency, first, 2) == (1, {RESERVED})


@pytest.mark.parametrize(("limit", "left"), [(1, 0), (2, 1), (10, 1), (60, 6)])
def test_queued_events_leave_places_to_synchronous_callers(limit, left):
    concurrency = Concurrency(limit)
    assert admitted(concurrency, specification("a"), limit + 1, asynchronous=True) == (limit - left, {ACCOUNT})
    assert admitted(concurrency, specification("b"), limit)[0] == left


def test_a_throttled_caller_gets_the_next_place_before_the_queue_does(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    concurrency = Concurrency(10)
    function = specification("a", reserved_concurrency=1)
    concurrency.admit(function, asynchronous=True)
    assert admitted(concurrency, function, 1) == (0, {RESERVED})
    concurrency.release(function)
    assert admitted(concurrency, function, 1, asynchronous=True)[0] == 0, "the place is kept for the caller"
    assert admitted(concurrency, function, 1)[0] == 1
    concurrency.release(function)
    assert admitted(concurrency, function, 1, asynchronous=True)[0] == 1, "and then the queue goes on"


def test_a_place_is_not_kept_for_a_caller_who_does_not_come_back(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    concurrency = Concurrency(10)
    function = specification("a", reserved_concurrency=1)
    concurrency.admit(function, asynchronous=True)
    assert admitted(concurrency, function, 5)[0] == 0
    concurrency.release(function)
    now[0] += 1.01
    assert admitted(concurrency, function, 1, asynchronous=True)[0] == 1


def test_callers_who_ask_all_the_time_do_not_stop_the_queue(monkeypatch):
    """One place is kept for one queued event that has run: a caller's second throttle keeps nothing."""
    monkeypatch.setattr(module.time, "monotonic", lambda: 100.0)
    concurrency = Concurrency(10)
    function = specification("a", reserved_concurrency=1)
    concurrency.admit(function)
    assert admitted(concurrency, function, 5)[0] == 0
    concurrency.release(function)
    assert admitted(concurrency, function, 1, asynchronous=True)[0] == 1


def test_the_default_concurrency_fits_the_machine():
    assert default_concurrency(1 * 1024**3) == 10
    assert default_concurrency(8 * 1024**3) == 32
    assert default_concurrency(10_000 * 1024**3) == 1000
