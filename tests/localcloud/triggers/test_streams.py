"""The poller of streams where no function is needed: what it asks of the moto process and when."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from labsupport.localcloud.functions.specification import InvocationOutcome
from labsupport.localcloud.triggers.mapping import EventSourceMapping
from labsupport.localcloud.triggers.streams import StreamPoller

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"
MAPPING = EventSourceMapping(
    uuid="u",
    region="us-east-1",
    source_arn=ARN,
    function_name="f",
    qualifier=None,
    batch_size=2,
    starting_position="TRIM_HORIZON",
)


class Stream:
    """Surroundings with one stream and a function that succeeds; ``asked`` and ``batches`` say what was done."""

    time_scale = 0.0

    def __init__(self):
        self.records: list[dict] = []
        self.asked: list[tuple] = []
        self.batches: list[list[str]] = []
        self.fault: Exception | None = None
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.moto = SimpleNamespace(ask=self.ask)
        self.access = SimpleNamespace(role_allows=self.role_allows)
        self.engine = SimpleNamespace(note=lambda *_: None)
        self.lambda_api = SimpleNamespace(mapping_processed=lambda *_: None)

    def add(self, *numbers: int) -> None:
        self.records += [{"dynamodb": {"SequenceNumber": str(one), "Keys": {"id": {"S": str(one)}}}} for one in numbers]

    async def ask(self, call, **arguments):
        self.asked.append((call, arguments.get("after")))
        if call == "open_stream":
            return {"shard": "shard", "after": 0}
        found = [one for one in self.records if int(one["dynamodb"]["SequenceNumber"]) > arguments["after"]][:3]
        last = int(self.records[-1]["dynamodb"]["SequenceNumber"]) if self.records else 0
        after = int(found[-1]["dynamodb"]["SequenceNumber"]) if found else last
        created = [4e9] * len(found)
        return {"records": found, "created": created, "after": after, "more": after < last, "ended": False}

    async def role_allows(self, role, action, resource):
        return True

    async def specification(self, mapping):
        return SimpleNamespace(role="role", arn="arn")

    async def invoke(self, mapping, specification, payload, trace, request_id=None):
        import json

        if self.fault:
            fault, self.fault = self.fault, None
            raise fault
        await self.may_end.wait()
        self.batches.append([one["dynamodb"]["SequenceNumber"] for one in json.loads(payload)["Records"]])
        return InvocationOutcome(b"null", "application/json", None, "$LATEST", b"")


async def settle():
    for _ in range(200):
        await asyncio.sleep(0)


def play(scenario):
    async def run():
        stream, checkpoints = Stream(), {}
        poller = StreamPoller(MAPPING, stream, checkpoints)
        try:
            await scenario(stream, poller, checkpoints)
        finally:
            await poller.cancel()

    asyncio.run(run())


def test_a_reader_that_has_read_all_asks_nothing_until_it_is_woken():
    async def scenario(stream, poller, _checkpoints):
        stream.add(1)
        await settle()
        before = list(stream.asked)
        stream.add(2)
        await settle()
        assert (stream.batches, stream.asked) == ([["1"]], before)
        poller.wake()
        await settle()
        assert stream.batches == [["1"], ["2"]]
        assert len(stream.asked) == len(before) + 1

    play(scenario)


def test_all_of_a_long_stream_is_read_in_order():
    async def scenario(stream, _poller, checkpoints):
        stream.add(*range(1, 8))
        await settle()
        assert [number for batch in stream.batches for number in batch] == [str(one) for one in range(1, 8)]
        assert all(len(batch) <= 2 for batch in stream.batches)

    play(scenario)


def test_a_poller_that_ends_remembers_what_is_done():
    async def scenario(stream, poller, checkpoints):
        stream.add(1, 2, 3)
        await settle()
        await poller.end()
        assert checkpoints == {"u": 3}

    play(scenario)


def test_a_poller_that_ends_while_a_batch_runs_waits_for_it_and_no_longer():
    async def scenario(stream, poller, checkpoints):
        stream.may_end.clear()
        stream.add(1)
        await settle()
        ending = asyncio.create_task(poller.end())
        await settle()
        assert not ending.done()
        stream.may_end.set()
        await asyncio.wait_for(ending, 30)
        assert (stream.batches, checkpoints) == ([["1"]], {"u": 1})

    play(scenario)


def test_a_new_poller_of_the_mapping_goes_on_there():
    async def scenario():
        stream = Stream()
        stream.add(1, 2, 3)
        poller = StreamPoller(MAPPING, stream, {"u": 2})
        await settle()
        await poller.end()
        assert stream.batches == [["3"]]

    asyncio.run(scenario())


def test_a_fault_of_the_lab_loses_no_record(capsys, monkeypatch):
    from labsupport.localcloud.triggers import poller as frame

    monkeypatch.setattr(frame, "_RESTART_SECONDS", 0.0)

    async def scenario(stream, _poller, _checkpoints):
        stream.fault = OSError("moto is slow today")
        stream.add(1, 2)
        for _ in range(20):
            await settle()
            await asyncio.sleep(0.01)
            if stream.batches:
                break
        assert stream.batches == [["1", "2"]]

    play(scenario)
    assert "moto is slow today" in capsys.readouterr().err
