"""Functions that behave badly towards their environment: what the engine makes of it, each alone.

How all of them together leave the cloud is in tests/soak.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

import psutil
import pytest

from labsupport.localcloud.functions import runtime_folder
from labsupport.localcloud.functions.engine import Engine
from labsupport.localcloud.functions.sandbox import Sandbox

from .test_engine import REGION, ControlPlane, call, engine, invocation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at through /proc")

#: Answers through the Runtime API by hand, and only then goes on with something else.
ANSWERING = """
import http.client, os, subprocess, sys, threading, time
COUNT = 0

def answer(context, text):
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    connection = http.client.HTTPConnection(host, int(port))
    connection.request("POST", f"/2018-06-01/runtime/invocation/{context.aws_request_id}/response", text)
    return connection.getresponse().read()
"""


async def until(condition, seconds=30.0):
    """Wait for something that happens by itself."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


def environments(running):
    return [one for pool in running._pools.values() for one in (*pool.idle, *pool.busy, *pool.finishing)]


def test_a_runtime_that_never_comes_back_for_its_next_event_is_started_anew(tmp_path):
    source = (
        ANSWERING
        + "def handler(event, context):\n    if event: answer(context, '\"by hand\"'); time.sleep(600)\n    return 'well'"
    )

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", source, timeout=1)
            assert await call(running, "f", True) == "by hand"
            (environment,) = environments(running)
            assert environment.finishing
            pid = environment.pid
            await until(lambda: environment.is_free)
            assert not psutil.pid_exists(pid)
            assert await call(running, "f") == "well"
            return environments(running) == [environment]

    assert asyncio.run(run()), "the same environment, with a new process"


def test_a_process_that_ends_between_two_invocations_is_replaced(tmp_path):
    source = ANSWERING + (
        "def handler(event, context):\n"
        "    if event: answer(context, '\"and gone\"'); os._exit(5)\n"
        "    return context.log_stream_name"
    )

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", source)
            first = await call(running, "f")
            assert await call(running, "f", True) == "and gone"
            (environment,) = environments(running)
            await until(lambda: environment.pid is None)
            assert not [one for pool in running._pools.values() for one in pool.finishing]
            return first, await call(running, "f"), len(environments(running))

    first, after, count = asyncio.run(run())
    assert first == after and count == 1


def test_an_answer_of_hundreds_of_megabytes_is_not_kept(tmp_path):
    source = "def handler(event, context):\n    return 'x' * (event * 1024 * 1024)"

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", source, memory_size=2048, timeout=60)
            await call(running, "f", 1)
            before = psutil.Process().memory_info().rss
            document = await call(running, "f", 200)
            return document, psutil.Process().memory_info().rss - before

    document, grown = asyncio.run(run())
    assert document["errorType"] == "Function.ResponseSizeTooLarge"
    assert grown < 60 * 1024 * 1024


def test_output_that_never_ends_does_not_stop_the_answer(tmp_path):
    """A child prints as fast as it can while the handler returns."""
    source = """
import subprocess, sys
def handler(event, context):
    subprocess.Popen([sys.executable, "-c", "while True: print('y' * 4000)"])
    return "answered"
"""

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("flood", source, timeout=20)
            plane.put("quiet", "def handler(event, context): return 'quiet'")
            answered = await call(running, "flood")
            quiet = await call(running, "quiet")
            await running.forget_function(REGION, "flood")
            return answered, quiet

    assert asyncio.run(run()) == ("answered", "quiet")


@pytest.mark.parametrize("kind", ["bwrap", "none"])
@pytest.mark.parametrize("end", ["retired", "timed out"])
def test_a_daemon_ends_with_its_environment(tmp_path, kind, end):
    """Forked twice and in a session of its own; it is found by where it writes."""
    source = """
import os, time
def handler(event, context):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.wait()
    if event: time.sleep(600)
    return "left behind"
"""

    def left():
        return [
            process
            for process in psutil.process_iter()
            if process.pid != os.getpid() and _is_of(process, tmp_path.name)
        ]

    async def run():
        client = "awslambdaric" if runtime_folder.awslambdaric_importable() else "fallback"
        sandbox = Sandbox(runtime_folder.prepare(client), "http://127.0.0.1:9", tmp_path, kind)
        plane = ControlPlane()
        running = Engine(plane, sandbox, tmp_path / "state", 20)
        try:
            plane.put("f", source, timeout=1, variables={"WHOSE": tmp_path.name})
            document = await call(running, "f", end == "timed out")
            if end == "retired":
                assert document == "left behind"
                assert len(left()) >= 2, "the runtime and the daemon"
                await running.forget_function(REGION, "f")
            else:
                assert document["errorType"] == "Sandbox.Timedout"
            await until(lambda: not left())
        finally:
            await running.close()

    asyncio.run(run())
    assert not left()


def _is_of(process, mark):
    try:
        return process.environ().get("WHOSE") == mark
    except psutil.Error:
        return False


def test_a_daemon_stands_still_between_invocations(tmp_path):
    """It left the process group, so a signal to the group does not reach it."""
    source = """
import os, time
def handler(event, context):
    if event == "start":
        if os.fork() == 0:
            os.setsid()
            while True:
                with open("/tmp/ticks", "ab") as file: file.write(b".")
                time.sleep(0.005)
        time.sleep(0.3)
    return [os.path.getsize("/tmp/ticks"), time.time()]
"""

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", source)
            before, _ = await call(running, "f", "start")
            await asyncio.sleep(1.0)
            after, _ = await call(running, "f")
            return before, after

    before, after = asyncio.run(run())
    assert before > 10
    assert after - before < 50, "a second of running would be about 200"


def test_many_small_processes_are_bounded(tmp_path):
    """Without a bound this would go on until the machine has none left. Whether fork fails (the kernel counts for each
    sandbox) or the environment is ended (root is not counted), others are not touched."""
    source = """
import os, signal, time
def handler(event, context):
    count = 0
    try:
        while count < 1200:
            if os.fork() == 0:
                signal.pause()
            count += 1
    except OSError as problem:
        return [count, problem.errno]
    time.sleep(20)  # on a busy machine the lab counts later than the function forks
    return count
"""

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("bomb", source, memory_size=3008, timeout=50)
            plane.put("quiet", "def handler(event, context): return 'quiet'")
            specification = await running.specification(REGION, "bomb", None)
            outcome = await running.invoke(specification, invocation())
            return json.loads(outcome.payload), await call(running, "quiet")

    document, quiet = asyncio.run(run())
    assert quiet == "quiet"
    if isinstance(document, dict):
        assert document["errorMessage"].endswith("Runtime exited with error: signal: killed")
    else:
        count, errno = document
        assert (count < 742, errno) == (True, 11)


def test_memory_that_the_watch_did_not_see_counts_at_the_end(tmp_path):
    """The watch looks from time to time: an invocation that answers before its first look has used what it has used."""
    source = """
def handler(event, context):
    return len(b"x" * (event or 1))
"""

    async def run():
        async with engine(tmp_path) as (running, plane):
            running._memory_watch.begin = lambda: None  # nobody looks
            plane.put("greedy", source, memory_size=128, timeout=20)
            small = await call(running, "greedy", 1000)
            large = await call(running, "greedy", 300_000_000)
            return small, large, await call(running, "greedy", 1000)

    small, large, after = asyncio.run(run())
    assert small == after == 1000
    assert large["errorMessage"].endswith("Runtime exited with error: signal: killed")


def test_memory_that_children_share_is_counted_once(tmp_path):
    """Sixty megabytes, forked ten times: on AWS that fits into 256 MB, since nobody writes to it."""
    source = """
import os, signal, time
BALLAST = bytearray(60 * 1024 * 1024)
def handler(event, context):
    for _ in range(10):
        if os.fork() == 0:
            time.sleep(600)
    time.sleep(0.5)
    return "fits"
"""

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", source, memory_size=256)
            return await call(running, "f")

    assert asyncio.run(run()) == "fits"


def test_idle_environments_give_everything_back(tmp_path):
    """Descriptors, children, folders: after retirement all is as before the first invocation."""

    others = set(psutil.Process().children())  # a cloud that other tests of this process use

    def figures(running):
        process = psutil.Process()
        own = set(process.children()) - others
        folders = list((tmp_path / "state" / "environments").glob("*"))
        return process.num_fds(), len(own), len(folders), len(running._pools)

    async def run():
        async with engine(tmp_path, time_scale=0.001) as (running, plane):
            plane.put("warm up", "def handler(event, context): return 1")
            await call(running, "warm up")
            await until(lambda: not environments(running))
            await asyncio.gather(*running._pools._closing)
            before = figures(running)
            for number in range(3):
                plane.put(f"f{number}", "import time\ndef handler(event, context): time.sleep(0.2)")
            await asyncio.gather(*(call(running, f"f{number % 3}") for number in range(9)))
            during = figures(running)
            await until(lambda: not environments(running))
            await asyncio.gather(*running._pools._closing)
            await until(lambda: figures(running) == before, 10)
            return before, during

    before, during = asyncio.run(run())
    assert during[0] > before[0] and during[1] >= 9 and during[2] == 9 and during[3] == 3
    assert before[1:] == (0, 0, 0)


def test_no_process_that_has_ended_is_named_for_killing(tmp_path):
    """The moto process kills the groups named here when the cloud was killed; a number may have a new owner by then."""

    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put(
                "f", "import os, time\ndef handler(e, c): os._exit(1) if e == 'exit' else time.sleep(e)", timeout=1
            )
            named = []
            for event in (0, "exit", 0, 60):
                await call(running, "f", event)
                named.append([path.read_text() for path in (tmp_path / "state").glob("environments/*/process_group")])
                (environment,) = environments(running)
                assert named[-1] == ([str(environment.pid)] if environment.pid else [])
            return [len(one) for one in named]

    assert asyncio.run(run()) == [1, 0, 1, 0]


def test_code_that_cannot_be_unpacked_leaves_no_folder(tmp_path):
    async def run():
        async with engine(tmp_path) as (running, plane):
            plane.put("f", "never read")

            async def no_zip(_sha256):
                return b"no zip"

            plane.code = no_zip
            document = await call(running, "f")
            return document, list((tmp_path / "state" / "environments").glob("*"))

    document, folders = asyncio.run(run())
    assert "Could not unzip uploaded file" in document["errorMessage"]
    assert folders == []
