"""The frame of pollers: begun, updated and ended for mappings."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from labsupport.localcloud.triggers import poller as frame
from labsupport.localcloud.triggers.mapping import EventSourceMapping

MAPPING = EventSourceMapping(
    uuid="u",
    region="us-east-1",
    source_arn="arn:aws:sqs:us-east-1:123456789012:jobs",
    function_name="f",
    qualifier=None,
    batch_size=10,
)


class Counting(frame.Poller):
    """Notes what it is told; ends when it may."""

    def __init__(self, mapping, surroundings):
        self.seen = []
        self.starts = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.fault = None
        super().__init__(mapping, surroundings)

    async def run(self):
        self.starts += 1
        while not self.ending:
            self.seen.append(self.mapping.batch_size)
            await self.sleep(None)
            if self.fault:
                fault, self.fault = self.fault, None
                raise fault
        await self.may_end.wait()
        self.seen.append("ended")


def pollers():
    made = []

    def make(mapping, surroundings):
        made.append(Counting(mapping, surroundings))
        return made[-1]

    return frame.Pollers(None, {"sqs": make}), made  # type: ignore[arg-type]


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_poller_that_runs_goes_on_with_new_settings():
    async def scenario():
        running, made = pollers()
        running.begin(MAPPING)
        await settle()
        running.begin(replace(MAPPING, batch_size=5))
        await settle()
        await running.end("u")
        return [one.seen for one in made]

    assert asyncio.run(scenario()) == [[10, 5, "ended"]]


def test_end_returns_when_the_poller_has_ended_and_a_new_one_may_begin():
    async def scenario():
        running, made = pollers()
        running.begin(MAPPING)
        await settle()
        made[0].may_end.clear()
        ending = asyncio.create_task(running.end("u"))
        await settle()
        waited = not ending.done()
        running.begin(replace(MAPPING, batch_size=1))  # disabled and enabled again at once
        await settle()
        made[0].may_end.set()
        await ending
        await running.end("u")
        await running.end("u")  # one that is not there
        return waited, [one.seen for one in made]

    assert asyncio.run(scenario()) == (True, [[10, "ended"], [1, "ended"]])


def test_a_service_without_a_poller_is_passed_over():
    async def scenario():
        running, made = pollers()
        running.begin(replace(MAPPING, source_arn="arn:aws:kinesis:us-east-1:123456789012:stream/s"))
        await running.end("u")
        return made

    assert asyncio.run(scenario()) == []


def test_a_fault_is_printed_and_the_poller_begins_anew(monkeypatch, capfd):
    monkeypatch.setattr(frame, "_RESTART_SECONDS", 0.0)

    async def scenario():
        running, made = pollers()
        running.begin(MAPPING)
        await settle()
        made[0].fault = ValueError("a fault of the lab")
        made[0].wake()
        while made[0].starts < 2:
            await asyncio.sleep(0.001)
        await running.end("u")
        return made[0].starts

    assert asyncio.run(scenario()) == 2
    assert "ValueError: a fault of the lab" in capfd.readouterr().err


def test_close_stops_a_poller_that_does_not_end():
    async def scenario():
        running, made = pollers()
        running.begin(MAPPING)
        await settle()
        made[0].may_end.clear()
        made[0].ending = True
        await asyncio.wait_for(running.close(), 5)
        return made[0].seen

    assert asyncio.run(scenario()) == [10]
