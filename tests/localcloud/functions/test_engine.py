"""The engine's choices, with real processes but a control plane of the test's own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import time
import uuid
import zipfile
from contextlib import asynccontextmanager

import pytest

from labsupport.localcloud.functions import engine as engine_module
from labsupport.localcloud.functions import runtime_folder
from labsupport.localcloud.functions.engine import Engine
from labsupport.localcloud.functions.sandbox import Sandbox
from labsupport.localcloud.functions.specification import (
    FunctionNotFound,
    FunctionSpecification,
    Invocation,
    Throttled,
)

REGION = "us-east-1"


class ControlPlane:
    """Functions in a dictionary; keeps what was logged."""

    def __init__(self):
        self.sources = {}
        self.settings = {}
        self.logged = []
        self.credentials_end = time.time() + 12 * 3600

    def put(self, name, source, **settings):
        self.sources[name] = source
        self.settings[name] = settings

    async def function(self, region, name, qualifier):
        if name not in self.sources:
            return None
        digest = self.digest(self.sources[name])
        values = {
            "account_id": "123456789012", "region": region, "name": name, "version": "$LATEST",
            "runtime": "python3.13", "handler": "app.handler", "role": "role", "timeout": 10,
            "memory_size": 256, "ephemeral_storage": 512, "variables": {}, "layers": (),
            "code_sha256": digest, "architecture": "x86_64", "log_format": "Text",
            "application_log_level": None, "system_log_level": None, "log_group": f"/aws/lambda/{name}",
            "reserved_concurrency": None, "retry_attempts": None, "maximum_event_age": None,
            "revision": digest,
        }  # fmt: skip
        return FunctionSpecification(**(values | self.settings[name]))

    def revisions(self, region, name):
        return {self.digest(self.sources[name])}

    @staticmethod
    def digest(source):
        return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()

    async def code(self, code_sha256):
        (source,) = {source for source in self.sources.values() if self.digest(source) == code_sha256}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", source)
        return buffer.getvalue()

    async def layer(self, region, arn):
        return None

    async def credentials(self, region, role, session_name):
        expires = str(self.credentials_end)
        return {"access_key_id": "ASIA1", "secret_access_key": "s", "session_token": "t", "expires": expires}

    def deliver_log(self, region, group, stream, events, role=None):
        self.logged.extend((stream, event["message"]) for event in events)

    def undelivered_log_bytes(self):
        return 0


@asynccontextmanager
async def engine(tmp_path, concurrency=20, time_scale=1.0, **options):
    client = "awslambdaric" if runtime_folder.awslambdaric_importable() else "fallback"
    sandbox = Sandbox(runtime_folder.prepare(client), "http://127.0.0.1:9", tmp_path)
    plane = ControlPlane()
    running = Engine(plane, sandbox, tmp_path / "state", concurrency, time_scale, **options)
    try:
        yield running, plane
    finally:
        await running.close()


def invocation(payload=None):
    return Invocation(
        request_id=str(uuid.uuid4()),
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
        payload=json.dumps(payload).encode(),
        trace_id="Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0",
    )


async def call(running, name, payload=None):
    outcome = await running.invoke(await running.specification(REGION, name, None), invocation(payload))
    return json.loads(outcome.payload)


SLEEPER = """
import time
N = 0
def handler(event, context):
    global N
    N += 1
    time.sleep(event or 0)
    return [context.log_stream_name, N]
"""


def test_a_warm_environment_is_used_again(tmp_path):
    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", SLEEPER)
            return [await call(running, "f") for _ in range(5)]

    answers = asyncio.run(run())
    assert [count for _stream, count in answers] == [1, 2, 3, 4, 5]
    assert len({stream for stream, _count in answers}) == 1


@pytest.mark.parametrize("pause", [0, 0.3], ids=["waited for", "found idle"])
def test_an_environment_ends_before_its_credentials_do(tmp_path, pause):
    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", SLEEPER)
            plane.credentials_end = time.time() + 3600
            answers = [await call(running, "f"), await call(running, "f")]
            plane.credentials_end = time.time() + 60  # less than the timeout and a margin
            plane.put("f", SLEEPER + "# anew")
            for _ in range(2):
                await asyncio.sleep(pause)
                answers.append(await call(running, "f"))
            return answers

    first, second, third, fourth = asyncio.run(run())
    assert second == [first[0], 2]
    assert third[1] == fourth[1] == 1
    assert len({first[0], third[0], fourth[0]}) == 3


def test_events_at_the_same_moment_get_environments_of_their_own(tmp_path):
    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", SLEEPER)
            return await asyncio.gather(*(call(running, "f", 0.5) for _ in range(6)))

    answers = asyncio.run(run())
    assert len({stream for stream, _count in answers}) == 6
    assert {count for _stream, count in answers} == {1}


def test_more_events_than_the_limit_are_throttled(tmp_path):
    async def run():
        async with engine(tmp_path, concurrency=2) as (running, plane):
            plane.put("f", SLEEPER)
            done = await asyncio.gather(*(call(running, "f", 0.5) for _ in range(5)), return_exceptions=True)
            return done, await call(running, "f")

    done, after = asyncio.run(run())
    refused = [one for one in done if isinstance(one, Throttled)]
    assert len(refused) == 3
    assert {one.reason for one in refused} == {"ConcurrentInvocationLimitExceeded"}
    assert after[1] == 2  # the engine is not stuck, and a warm environment was used


@pytest.mark.parametrize("reserved", [0, 1])
def test_reserved_concurrency_has_its_own_reason(tmp_path, reserved):
    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", SLEEPER, reserved_concurrency=reserved)
            return await asyncio.gather(*(call(running, "f", 0.3) for _ in range(3)), return_exceptions=True)

    refused = [one for one in asyncio.run(run()) if isinstance(one, Throttled)]
    assert len(refused) == 3 - reserved
    assert {one.reason for one in refused} == {"ReservedFunctionConcurrentInvocationLimitExceeded"}


def test_one_caller_after_another_never_needs_a_second_environment(tmp_path):
    """The runtime needs a moment between its answer and its next question; that must not cost a cold start."""

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", SLEEPER, reserved_concurrency=1)
            return [await call(running, "f") for _ in range(100)]

    assert [count for _stream, count in asyncio.run(run())] == list(range(1, 101))


def test_new_code_runs_in_new_environments(tmp_path):
    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", "def handler(event, context): return 'old'")
            old = await call(running, "f")
            plane.put("f", "def handler(event, context): return 'new'")
            return old, await call(running, "f"), len(os.listdir(tmp_path / "state" / "environments"))

    old, new, _folders = asyncio.run(run())
    assert (old, new) == ("old", "new")


def test_idle_environments_retire_and_leave_no_files(tmp_path):
    async def run():
        async with engine(tmp_path, time_scale=0.001) as (running, plane):
            plane.put("f", SLEEPER)
            await call(running, "f")
            folder = tmp_path / "state" / "environments"
            before = len(os.listdir(folder))
            deadline = time.monotonic() + 10
            while os.listdir(folder) and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
            return before, len(os.listdir(folder)), await call(running, "f")

    before, after, again = asyncio.run(run())
    assert (before, after) == (1, 0)
    assert again[1] == 1


def test_provisioned_environments_wait_for_events_however_long(tmp_path):
    source = "import os, time\nBEGAN = time.time()\ndef handler(event, context): return BEGAN"

    async def run():
        async with engine(tmp_path, time_scale=0.001) as (running, plane):
            plane.put("f", source)
            specification = await running.specification(REGION, "f", None)
            ready = await running.provision(specification, 2)
            ready_at = time.time()
            folder = tmp_path / "state" / "environments"
            await asyncio.sleep(2.5)  # others would retire after a second
            kept, began = len(os.listdir(folder)), await call(running, "f")
            await running.provision(specification, 0)
            deadline = time.monotonic() + 10
            while os.listdir(folder) and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
            return ready, kept, ready_at - began, len(os.listdir(folder)), await call(running, "f") - ready_at

    ready, kept, head_start, left, later = asyncio.run(run())
    assert (ready, kept, left) == (2, 2, 0)
    assert head_start > 0 and later > 0


def test_an_init_phase_that_fails_provisions_nothing(tmp_path):
    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", "import nowhere")
            ready = await running.provision(await running.specification(REGION, "f", None), 3)
            return ready, os.listdir(tmp_path / "state" / "environments")

    assert asyncio.run(run()) == (0, [])


def test_between_invocations_the_process_is_frozen(tmp_path):
    source = (
        "import threading, time\nTICKS = [0]\n"
        "def tick():\n    while True:\n        time.sleep(0.01)\n        TICKS[0] += 1\n"
        "threading.Thread(target=tick, daemon=True).start()\n"
        "def handler(event, context): return TICKS[0]\n"
    )

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", source)
            first = await call(running, "f")
            await asyncio.sleep(0.6)
            return first, await call(running, "f")

    first, second = asyncio.run(run())
    assert second - first < 20, "the thread went on while the environment should have been frozen"


def test_a_function_that_is_not_there(tmp_path):
    async def run():
        async with engine(tmp_path) as (running, _plane):
            await running.specification(REGION, "nope", None)

    with pytest.raises(FunctionNotFound, match=r"Function not found: .*:function:nope:\$LATEST"):
        asyncio.run(run())


def test_a_burst_of_queued_events_starts_few_environments_at_once_and_loses_none(tmp_path, monkeypatch):
    """A hundred init phases on two cores: none would get on. Long runs are still served by many environments."""
    monkeypatch.setattr(engine_module, "_STARTS_AT_ONCE", 2)

    async def burst(running, count, seconds):
        done, most = set(), 0
        specification = await running.specification(REGION, "f", None)
        before = running.run_admitted

        async def watched(*args):
            nonlocal most
            task = asyncio.ensure_future(before(*args))
            while not task.done():
                environments = [one for pool in running._pools.values() for one in pool.busy]
                most = max(most, sum(one.starting for one in environments))
                await asyncio.wait({task}, timeout=0.003)
            outcome = await task
            done.add(json.loads(outcome.payload)[0])
            return outcome

        monkeypatch.setattr(running, "run_admitted", watched)
        for _ in range(count):
            running.asynchronous.accept(REGION, specification.name, None, invocation(seconds))
        async with asyncio.timeout(60):
            while running.asynchronous.pending():
                await asyncio.sleep(0.01)
        monkeypatch.setattr(running, "run_admitted", before)
        return len(done), most

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", SLEEPER)
            short = await burst(running, 60, 0)
            plane.put("f", SLEEPER + "# anew")
            return short, await burst(running, 12, 1.5)

    (few, most_short), (many, most_long) = asyncio.run(run())
    assert most_short <= 2 and most_long <= 2
    assert few <= 6, "short runs share environments"
    assert many >= 5, "long ones do not wait for each other"
