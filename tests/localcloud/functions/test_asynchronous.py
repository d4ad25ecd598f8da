"""The queue of asynchronous invocations, on a runner of the test's own: no process, no HTTP, little waiting."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import pytest

from labsupport.localcloud.functions.asynchronous import AsynchronousInvocations
from labsupport.localcloud.functions.concurrency import Concurrency
from labsupport.localcloud.functions.recursion import next_trace
from labsupport.localcloud.functions.specification import FunctionNotFound, InvocationOutcome

from .specimens import REGION, invocation, outcome, specification

#: AWS's minute is a fiftieth of a second here.
SCALE = 1 / 3000


class Runner:
    """Functions by name. ``answer`` decides what a run gives; it may wait. Keeps what was run, and the most at once."""

    def __init__(self, limit=50):
        self.functions = {"f": specification()}
        self.concurrency = Concurrency(limit)
        self.ran = []
        self.wait = lambda waiting, seconds_each: False
        self.most = 0
        self.lookup_faults = 0

        async def answer(_specification, _invocation):
            return outcome("done")

        self.answer = answer

    async def specification(self, region, name, qualifier):
        if self.lookup_faults:
            self.lookup_faults -= 1
            raise ConnectionError("moto is not there")
        if name not in self.functions:
            raise FunctionNotFound(f"arn:aws:lambda:{region}:123456789012:function:{name}:{qualifier or '$LATEST'}")
        return self.functions[name]

    def admit(self, specification, *, asynchronous=False):
        self.concurrency.admit(specification, asynchronous=asynchronous)

    def had_better_wait(self, specification, waiting, seconds_each):
        return self.wait(waiting, seconds_each)

    async def run_admitted(self, specification, invocation) -> InvocationOutcome:
        self.most = max(self.most, self.concurrency.running)
        self.ran.append((specification, invocation))
        try:
            return await self.answer(specification, invocation)
        finally:
            self.concurrency.release(specification)


class Cloud:
    """A queue on a Runner, and the ends it reported."""

    def __init__(self, limit=50, time_scale=SCALE):
        self.runner = Runner(limit)
        self.ends = []

        async def ended(end):
            self.ends.append(end)

        self.queue = AsynchronousInvocations(self.runner, ended, time_scale)

    def accept(self, event=None, name="f", **more):
        self.queue.accept(REGION, name, None, event or invocation(**more))

    async def all_done(self):
        async with asyncio.timeout(20):
            while self.queue.pending():
                await asyncio.sleep(0.005)

    @property
    def conditions(self):
        return [(end.condition, end.event.attempts) for end in self.ends]


def on_a_cloud(scenario, **options):
    async def run():
        cloud = Cloud(**options)
        try:
            await scenario(cloud)
        finally:
            await cloud.queue.close()
        return cloud

    return asyncio.run(run())


async def fail(_specification, _invocation):
    return outcome("it broke", error=True)


def test_an_event_that_succeeds_runs_once():
    async def scenario(cloud):
        cloud.accept()
        await cloud.all_done()

    assert on_a_cloud(scenario).conditions == [("Success", 1)]


def test_an_event_that_had_better_wait_runs_when_it_need_not_wait_any_more():
    asked = []

    async def scenario(cloud):
        def wait(waiting, seconds_each):
            asked.append((waiting, seconds_each))
            return len(asked) < 4

        cloud.runner.wait = wait
        cloud.accept()
        cloud.accept()
        await cloud.all_done()

    assert on_a_cloud(scenario).conditions == [("Success", 1)] * 2
    assert [waiting for waiting, _seconds in asked] == [2, 2, 2, 2, 1]


@pytest.mark.parametrize(("retries", "runs"), [(None, 3), (2, 3), (1, 2), (0, 1)])
def test_an_event_that_fails_is_tried_again_with_the_same_request_id(retries, runs):
    async def scenario(cloud):
        cloud.runner.functions["f"] = specification(retry_attempts=retries)
        cloud.runner.answer = fail
        cloud.accept()
        await cloud.all_done()

    cloud = on_a_cloud(scenario)
    assert cloud.conditions == [("RetriesExhausted", runs)]
    assert len({event.request_id for _function, event in cloud.runner.ran}) == 1
    assert len(cloud.runner.ran) == runs


def test_the_waits_between_attempts_are_one_and_two_minutes_times_the_scale(monkeypatch):
    waits = []

    async def scenario(cloud):
        retry = cloud.queue._retry
        monkeypatch.setattr(
            cloud.queue, "_retry", lambda queue, event, wait: (waits.append(wait), retry(queue, event, wait))
        )
        cloud.runner.answer = fail
        started = asyncio.get_running_loop().time()
        cloud.accept()
        await cloud.all_done()
        waits.append(asyncio.get_running_loop().time() - started)

    on_a_cloud(scenario)
    assert waits[:2] == [60.0, 120.0]
    assert waits[2] >= 180 * SCALE


def test_a_second_attempt_that_succeeds_ends_the_event():
    async def scenario(cloud):
        async def second_time_lucky(_specification, _invocation):
            return outcome("no", error=True) if len(cloud.runner.ran) == 1 else outcome("yes")

        cloud.runner.answer = second_time_lucky
        cloud.accept()
        await cloud.all_done()

    assert on_a_cloud(scenario).conditions == [("Success", 2)]


@pytest.mark.parametrize(("age", "attempts"), [(60, 1), (100, 2)])
def test_no_retry_is_made_that_would_come_after_the_age_limit(age, attempts):
    """Recorded from AWS: an age limit shorter than the next wait ends the event at once."""

    async def scenario(cloud):
        cloud.runner.functions["f"] = specification(maximum_event_age=age)
        cloud.runner.answer = fail
        cloud.accept()
        await cloud.all_done()

    # AWS's minute is a second here: the limit of 100 seconds must not pass while a busy machine starts the second attempt
    assert on_a_cloud(scenario, time_scale=1 / 60).conditions == [("EventAgeExceeded", attempts)]


def test_events_that_never_found_a_place_end_with_the_age_limit_and_no_attempt():
    async def scenario(cloud):
        function = cloud.runner.functions["f"] = specification(reserved_concurrency=1, maximum_event_age=60)
        cloud.runner.concurrency.admit(function)  # somebody else has the only place, and keeps it
        for _ in range(5):
            cloud.accept()
        await cloud.all_done()

    cloud = on_a_cloud(scenario)
    assert cloud.conditions == [("EventAgeExceeded", 0)] * 5
    assert {end.event.status for end in cloud.ends} == {429}
    assert cloud.runner.ran == []


def test_throttles_are_not_failed_attempts():
    async def scenario(cloud):
        function = cloud.runner.functions["f"] = specification(reserved_concurrency=1)
        cloud.runner.concurrency.admit(function)
        cloud.runner.answer = fail
        cloud.accept()
        await asyncio.sleep(0.1)  # dozens of looks at the queue on this scale
        cloud.runner.concurrency.release(function)
        await cloud.all_done()

    assert on_a_cloud(scenario).conditions == [("RetriesExhausted", 3)]


def test_a_throttled_queue_is_read_again_after_1_second_then_2_up_to_5_minutes(monkeypatch):
    from labsupport.localcloud.functions import asynchronous

    waits = []

    async def until_changed(queue, seconds):
        waits.append(seconds)
        if len(waits) > 12:
            await asyncio.Event().wait()

    monkeypatch.setattr(asynchronous, "_until_changed", until_changed)

    async def scenario(cloud):
        function = cloud.runner.functions["f"] = specification(reserved_concurrency=1)
        cloud.runner.concurrency.admit(function)
        cloud.accept()
        while len(waits) <= 12:
            await asyncio.sleep(0.001)

    on_a_cloud(scenario, time_scale=1.0)
    assert waits[:12] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_reserved_concurrency_zero_sends_the_event_away_without_an_attempt():
    async def scenario(cloud):
        cloud.runner.functions["f"] = specification(reserved_concurrency=0)
        cloud.accept()
        await cloud.all_done()

    assert on_a_cloud(scenario).conditions == [("ZeroReservedConcurrency", 0)]


def test_ten_thousand_queued_events_wait_for_places_without_tasks_of_their_own():
    """Trap: one process, or one task, for each queued event."""
    tasks = []

    async def scenario(cloud):
        cloud.runner.functions["f"] = specification(reserved_concurrency=3)

        async def answer(_specification, _invocation):
            tasks.append(len(asyncio.all_tasks()))
            for _ in range(8):
                await asyncio.sleep(0)
            return outcome()

        cloud.runner.answer = answer
        event = invocation()
        for _ in range(10_000):
            cloud.accept(event)
        await cloud.all_done()

    cloud = on_a_cloud(scenario, time_scale=1 / 30)
    assert Counter(cloud.conditions) == {("Success", 1): 10_000}
    assert cloud.runner.most == 3
    assert max(tasks) < 15


def test_events_start_in_the_order_in_which_they_came():
    async def scenario(cloud):
        cloud.runner.functions["f"] = specification(reserved_concurrency=1)
        for number in range(50):
            cloud.accept(payload=number)
        await cloud.all_done()

    assert [event.payload for _function, event in on_a_cloud(scenario).runner.ran] == [b"%d" % n for n in range(50)]


def test_a_caller_who_waits_is_served_while_the_queue_is_long():
    served = []

    async def scenario(cloud):
        async def answer(_specification, _invocation):
            await asyncio.sleep(0.01)
            return outcome()

        cloud.runner.answer = answer
        for _ in range(300):
            cloud.accept()
        await asyncio.sleep(0.02)
        for _ in range(3):
            cloud.runner.admit(specification("other"))
            served.append(cloud.queue.pending())
            cloud.runner.concurrency.release(specification("other"))
            await asyncio.sleep(0.01)
        await cloud.all_done()

    cloud = on_a_cloud(scenario, limit=10)
    assert min(served) > 100, "the queue should still have been long"
    assert cloud.runner.most == 9


def test_queued_events_run_what_is_current_when_they_run():
    async def scenario(cloud):
        cloud.runner.functions["f"] = specification(reserved_concurrency=1, revision="old")
        go_on = asyncio.Event()

        async def answer(_specification, _invocation):
            await go_on.wait()
            return outcome()

        cloud.runner.answer = answer
        for _ in range(5):
            cloud.accept()
        await asyncio.sleep(0.01)
        cloud.runner.functions["f"] = specification(reserved_concurrency=1, revision="new")
        go_on.set()
        await cloud.all_done()

    assert [function.revision for function, _event in on_a_cloud(scenario).runner.ran] == ["old"] + ["new"] * 4


def test_a_deleted_function_drops_its_events_and_says_so(capsys):
    async def scenario(cloud):
        cloud.runner.functions["f"] = specification(reserved_concurrency=1)
        go_on = asyncio.Event()

        async def answer(_specification, _invocation):
            await go_on.wait()
            return outcome("no", error=True)

        cloud.runner.answer = answer
        for _ in range(4):
            cloud.accept()
        await asyncio.sleep(0.01)
        del cloud.runner.functions["f"]
        cloud.queue.forget(REGION, "f")
        assert cloud.queue.pending() == 0
        go_on.set()
        await asyncio.sleep(0.05)
        assert len(cloud.runner.ran) == 1

    on_a_cloud(scenario)
    assert capsys.readouterr().err.splitlines() == [
        "labsupport cloud: 3 asynchronous events of f in us-east-1 dropped: the function was deleted.",
        "labsupport cloud: 1 asynchronous event of f in us-east-1 dropped: the function was deleted.",
    ]


def test_an_event_of_an_alias_that_is_gone_is_dropped_aloud(capsys):
    async def scenario(cloud):
        del cloud.runner.functions["f"]
        cloud.accept()
        await cloud.all_done()

    on_a_cloud(scenario)
    assert capsys.readouterr().err == (
        "labsupport cloud: 1 asynchronous event dropped: Function not found: "
        "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST\n"
    )


def test_the_seventeenth_run_of_a_chain_is_not_made():
    async def scenario(cloud):
        trace = None
        for _ in range(17):
            event = invocation(trace=trace)
            trace = event.trace_id
            cloud.accept(event)
            await cloud.all_done()

    assert Counter(on_a_cloud(scenario).conditions) == {("Success", 1): 16, ("RecursiveInvocation", 0): 1}


def test_a_function_that_may_loop_loops():
    async def scenario(cloud):
        function = cloud.runner.functions["f"] = specification(recursive_loop="Allow")
        trace = None
        for _ in range(30):
            trace = next_trace(trace, function.arn)
        cloud.accept(invocation(trace=trace))
        await cloud.all_done()

    assert on_a_cloud(scenario).conditions == [("Success", 1)]


def test_a_fault_of_the_lab_loses_no_event(capsys):
    """Trap: a system error counted as a failed attempt, or an event lost with the task that looked after it."""

    async def scenario(cloud):
        cloud.runner.lookup_faults = 3
        faults = iter([ConnectionError("once"), ConnectionError("twice")])

        async def answer(_specification, _invocation):
            with contextlib.suppress(StopIteration):
                raise next(faults)
            return outcome("at last")

        cloud.runner.answer = answer
        for _ in range(3):
            cloud.accept()
        await cloud.all_done()

    assert on_a_cloud(scenario).conditions == [("Success", 1)] * 3
    assert "ConnectionError: twice" in capsys.readouterr().err


def test_what_a_shutdown_drops_is_said(capsys):
    async def scenario(cloud):
        cloud.runner.functions |= {"g": specification("g"), "h": specification("h")}

        async def answer(function, _invocation):
            if function.name == "g":
                return outcome("no", error=True)  # waits a minute for its second attempt
            if function.name == "f":
                await asyncio.sleep(100)
            return outcome()

        cloud.runner.answer = answer
        for name in "fffgh":
            cloud.accept(name=name)
        await asyncio.sleep(0.05)

    on_a_cloud(scenario, time_scale=1.0)
    assert capsys.readouterr().err == (
        "labsupport cloud: 4 asynchronous events had not ended and are dropped: 3 of f (us-east-1), 1 of g (us-east-1).\n"
    )


def test_a_shutdown_with_nothing_to_drop_says_nothing(capsys):
    async def scenario(cloud):
        cloud.accept()
        await cloud.all_done()

    on_a_cloud(scenario)
    assert capsys.readouterr().err == ""
