"""What holds for the engine whatever happens in whatever order.

Random sequences of deployments, updates, invocations of both kinds, failures, crashes, timeouts, slow ends and deletions,
many of them at the same time, with environments that are simulated: thousands of turns in seconds. A few sequences run in
real processes.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labsupport.localcloud.functions import engine as engine_module
from labsupport.localcloud.functions.engine import Engine
from labsupport.localcloud.functions.specification import FunctionNotFound, Throttled

from .specimens import REGION, invocation, outcome, specification
from .test_engine import engine as real_engine

NAMES = ("a", "b", "c")
LIMIT = 4


class Record:
    """What happened, in order, and what must never happen."""

    def __init__(self):
        self.begun = Counter()
        self.ended = Counter()
        self.running = Counter()
        self.most = Counter()
        self.lines = defaultdict(list)
        self.alive = set()
        self.done = Counter()
        self.deleted = set()


class SimulatedEnvironment:
    """Stands for ExecutionEnvironment: same life, no process. The event says how the invocation goes."""

    record: Record

    def __init__(self, host, specification, folder, task, opt, credentials, notes=(), provisioned=False):
        self.specification = specification
        self.provisioned = provisioned
        self.log_stream = f"stream-{id(self)}-{len(self.record.alive)}"
        self.idle_since = 0.0
        self.is_free = False
        self.pid = None
        self.finishing = False
        self._host = host
        self._busy = self._old = False
        self._closed = False
        self.record.alive.add(self)

    async def invoke(self, invocation):
        record, name = self.record, self.specification.name
        assert not self._busy, "an environment handles one event at a time"
        assert not self._closed, "an environment that has ended runs nothing"
        self._busy, self.is_free = True, False
        record.begun[invocation.request_id] += 1
        record.running[name] += 1
        record.running["all"] += 1
        record.most[name] = max(record.most[name], record.running[name])
        record.most["all"] = max(record.most["all"], record.running["all"])
        event = json.loads(invocation.payload)
        try:
            record.lines[self.log_stream].append(("START", invocation.request_id))
            await asyncio.sleep(event["seconds"])
            record.lines[self.log_stream].append(("END", invocation.request_id))
            return outcome(self.specification.revision, error=event["fails"], log_stream=self.log_stream)
        finally:
            record.ended[invocation.request_id] += 1
            record.running[name] -= 1
            record.running["all"] -= 1
            self._busy = False
            self._old = event["old credentials"]
            if event["slow end"]:
                self.finishing = True
                asyncio.get_running_loop().call_later(0.002, self._free)
            else:
                self._free()

    def _free(self):
        self.finishing = False
        if not self._closed and not self.is_free:
            self.is_free = True
            self.idle_since = asyncio.get_running_loop().time()
            self._host.environment_is_free(self)

    def credentials_end_soon(self):
        return self._old

    def watch(self):
        pass

    async def close(self):
        self._closed = True
        self.record.alive.discard(self)
        await asyncio.sleep(0)


class Plane:
    """Functions in a dictionary, their revision counted up at every change."""

    def __init__(self):
        self.functions = {}
        self.counter = 0

    def put(self, name, reserved):
        self.counter += 1
        self.functions[name] = specification(
            name, reserved_concurrency=reserved, revision=f"r{self.counter}", retry_attempts=self.counter % 3
        )

    async def function(self, region, name, qualifier):
        return self.functions.get(name)

    def revisions(self, region, name):
        return {self.functions[name].revision} if name in self.functions else set()

    async def credentials(self, region, role, session_name):
        return {}

    def deliver_log(self, *_):
        pass

    def undelivered_log_bytes(self):
        return 0


class SimulatedSandbox:
    kind = "none"

    def limits_tmp(self, megabytes):
        return True


class FolderStore:
    """Stands for CodeStore: code is always there."""

    def __init__(self, root):
        self.root = root

    def task_folder(self, sha256):
        return self.root.parent.parent


class WatchedEngine(Engine):
    async def _asynchronous_ended(self, ended):
        SimulatedEnvironment.record.done[ended.event.invocation.request_id] += 1


names = st.sampled_from(NAMES)
events = st.fixed_dictionaries(
    {
        "seconds": st.sampled_from([0.0, 0.0, 0.001, 0.004]),
        "fails": st.booleans(),
        "slow end": st.booleans(),
        "old credentials": st.sampled_from([False, False, False, True]),
    }
)
actions = st.one_of(
    st.tuples(st.just("put"), names, st.sampled_from([None, None, 0, 1, 2])),
    st.tuples(st.just("delete"), names),
    st.tuples(st.just("invoke"), names, st.lists(events, min_size=1, max_size=5)),
    st.tuples(st.just("invoke"), names, st.lists(events, min_size=1, max_size=5)),
    st.tuples(st.just("queue"), names, st.lists(events, min_size=1, max_size=5)),
    # Bursts meet warm environments only after a pause.
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.005, 0.01])),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.005, 0.01])),
)


async def play(sequence, folder):
    record = SimulatedEnvironment.record = Record()
    plane = Plane()
    running = WatchedEngine(plane, SimulatedSandbox(), folder / "state", LIMIT, time_scale=1e-5)
    plane.put("a", None)
    plane.put("b", 2)
    synchronous, queued, reservations = {}, [], defaultdict(lambda: {None}, b={2})
    throttled = set()

    async def invoke(request, function):
        try:
            return await running.invoke(function, request)
        except Throttled as problem:
            throttled.add(request.request_id)
            return problem

    for action, *details in sequence:
        if action == "put":
            name, reserved = details
            plane.put(name, reserved)
            reservations[name].add(reserved)
        elif action == "delete":
            if plane.functions.pop(details[0], None):
                record.deleted.add(details[0])
                await running.forget_function(REGION, details[0])
        elif action == "wait":
            await asyncio.sleep(details[0])
        else:
            name, burst = details
            try:
                function = await running.specification(REGION, name, None)
            except FunctionNotFound:
                assert name not in plane.functions
                continue
            for event in burst:
                request = invocation(event, function)
                if action == "invoke":
                    synchronous[request.request_id] = (function, asyncio.ensure_future(invoke(request, function)))
                else:
                    running.asynchronous.accept(REGION, name, None, request)
                    queued.append((name, request.request_id))
    answers = {key: (function, await task) for key, (function, task) in synchronous.items()}
    for _ in range(2000):  # queued events run, are retried or are dropped with their function
        if not running.asynchronous.pending():
            break
        await asyncio.sleep(0.002)
    record.pending = running.asynchronous.pending()
    await running.close()
    return record, answers, throttled, queued, reservations


def check(record, answers, throttled, queued, reservations):
    assert record.pending == 0, "everything that was accepted ends"
    for key, (function, answer) in answers.items():
        accepted = key not in throttled
        assert record.begun[key] == record.ended[key] == accepted, "an accepted invocation runs exactly once"
        if accepted:
            text = json.loads(answer.payload)
            shown = text["errorMessage"] if answer.function_error else text
            assert shown == function.revision, "and under the revision that was looked up"
    for name, key in queued:
        done = record.done[key]
        assert done == 1 or (done == 0 and name in record.deleted), "an accepted event is done exactly once"
        assert record.begun[key] == record.ended[key] <= 3, "an event has three attempts at most, and none is cut off"
    assert record.most["all"] <= LIMIT
    for name in NAMES:
        if None not in reservations[name]:
            assert record.most[name] <= max(reservations[name])
    for lines in record.lines.values():
        assert all(
            (one[0], two[0], one[1]) == ("START", "END", two[1])
            for one, two in zip(lines[::2], lines[1::2], strict=True)
        ), "lines of two invocations never mix within a stream"
    assert not record.alive, "no environment outlives the engine"


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sequence=st.lists(actions, max_size=40))
def test_the_engine_keeps_its_promises(sequence, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(engine_module, "ExecutionEnvironment", SimulatedEnvironment)
    monkeypatch.setattr(engine_module, "CodeStore", FolderStore)
    monkeypatch.setattr(engine_module, "_FINISHING_SECONDS", 0.05)
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        check(*asyncio.run(play(sequence, Path(folder))))


REAL = """
import os, time
COUNT = 0
def handler(event, context):
    global COUNT
    COUNT += 1
    print("begin", context.aws_request_id)
    kind = event["kind"]
    if kind == "raise": raise ValueError("no")
    if kind == "exit": os._exit(3)
    if kind == "sleep": time.sleep(60)
    if kind == "wait": time.sleep(0.05)
    print("end", context.aws_request_id)
    return [context.log_stream_name, context.aws_request_id]
"""
kinds = st.sampled_from(["fine", "fine", "wait", "raise", "exit", "sleep"])


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(kinds, min_size=1, max_size=5), min_size=1, max_size=3))
@pytest.mark.timeout(300)
def test_logs_of_real_processes_never_mix(batches, tmp_path):
    """START, what the handler prints, END, REPORT: of one invocation after another in each stream."""

    async def run():
        async with real_engine(tmp_path) as (running, plane):
            plane.put("f", REAL, timeout=1)
            function = await running.specification(REGION, "f", None)
            requests = []
            for batch in batches:
                wanted = [(kind, invocation({"kind": kind}, function)) for kind in batch]
                requests += wanted
                outcomes = await asyncio.gather(*(running.invoke(function, one) for _kind, one in wanted))
                for (kind, one), ended in zip(wanted, outcomes, strict=True):
                    assert (ended.function_error is None) == (kind in ("fine", "wait"))
                    if ended.function_error is None:
                        assert json.loads(ended.payload) == [ended.log_stream, one.request_id]
        return requests, plane.logged

    requests, logged = asyncio.run(run())
    streams = defaultdict(list)
    for stream, message in logged:
        streams[stream].append(message)
    seen = Counter()
    for messages in streams.values():
        current = None
        for message in messages:
            word, *rest = message.split()
            if word == "START":
                assert current is None
                current = rest[1]
                seen[current] += 1
            elif word in ("begin", "end"):
                assert rest[0] == current
            elif word in ("END", "REPORT"):
                assert rest[1] == current
                current = None if word == "REPORT" else current
        assert current is None
    assert seen == Counter(one.request_id for _kind, one in requests)
