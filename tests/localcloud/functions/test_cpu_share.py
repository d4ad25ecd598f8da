"""CPU in proportion to memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from labsupport.localcloud.functions import cpu_share
from labsupport.localcloud.functions.cpu_share import CpuClock, CpuShare, share_of
from labsupport.localcloud.functions.runtime_process import RuntimeProcess

from .test_engine import engine, invocation

BURNING = "while True: pass"
HANDLER = """
import time
def handler(event, context):
    start = time.perf_counter()
    used = time.process_time()
    while time.perf_counter() < start + event["seconds"]:
        pass
    return [time.process_time() - used, time.perf_counter() - start]
"""


@pytest.mark.parametrize(("memory", "vcpus"), [(128, 0.072), (1769, 1.0), (3538, 2.0), (10_240, 5.789)])
def test_one_vcpu_comes_with_1769_mb(memory, vcpus):
    assert share_of(memory) == pytest.approx(vcpus, abs=0.001)


def test_the_clock_counts_children_and_what_is_new_only():
    source = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    process = subprocess.Popen([sys.executable, "-c", source], start_new_session=True)
    try:
        clock = CpuClock(process.pid)
        total = 0.0
        while total < 0.2:
            time.sleep(0.02)
            total += clock.spent()
        child = CpuClock(process.pid)
        assert child.spent() >= 0.2 and child.spent() < 0.2
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert CpuClock(process.pid).spent() == 0.0


async def ran(vcpus, seconds):
    """CPU seconds that a busy process had within ``seconds`` under that share, and whether it went on afterwards."""
    process = subprocess.Popen([sys.executable, "-c", BURNING], start_new_session=True)
    held = RuntimeProcess(process, False, 1 << 40, "2026/01/01/[$LATEST]none", lambda *_: None)
    clock, share = CpuClock(process.pid), CpuShare(vcpus)
    await asyncio.sleep(0.1)
    clock.spent()
    share.begin(held)
    await asyncio.sleep(seconds)
    share.end()
    spent = clock.spent()
    went_on = 0.0
    while went_on == 0.0:
        await asyncio.sleep(0.01)
        went_on = clock.spent()
    await held.kill()
    return spent


def test_a_busy_process_gets_its_share_and_goes_on_when_it_is_over():
    small = asyncio.run(ran(0.1, 1.0))
    large = asyncio.run(ran(1.0, 1.0))
    assert 0 < small < 0.4, "a tenth of a second, with room for a machine that has much to do"
    assert small < large / 2


def test_what_was_not_used_is_not_saved_up(monkeypatch):
    """After a long wait a share of a tenth still is a tenth."""
    seconds = {"now": 0.0, "cpu": 0.0}
    paused = []

    class Process:
        pid = 1

        def pause(self):
            paused.append(seconds["now"])

        def resume(self):
            pass

    class Clock:
        def __init__(self, pid):
            pass

        def spent(self):
            spent, seconds["cpu"] = seconds["cpu"], 0.0
            return spent

    real_sleep = asyncio.sleep
    naps = []

    async def sleep(duration):
        naps.append(duration)
        await real_sleep(0)
        seconds["now"] += duration
        if len(naps) <= 200:
            return  # idle for a second
        seconds["cpu"] += duration if duration == cpu_share._LOOK_SECONDS else 0.0
        if len(naps) > 400:
            raise asyncio.CancelledError

    monkeypatch.setattr(cpu_share.asyncio, "sleep", sleep)
    monkeypatch.setattr(cpu_share.time, "monotonic", lambda: seconds["now"])
    monkeypatch.setattr(cpu_share, "CpuClock", Clock)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(CpuShare(0.1)._hold_back(Process()))
    busy = sum(nap for nap in naps[200:] if nap == cpu_share._LOOK_SECONDS)
    assert busy / sum(naps[200:]) == pytest.approx(0.1, rel=0.1)
    assert paused[0] <= 1.0 + 0.02, "at most one period of 20 ms was in hand"


def test_a_function_of_128_mb_runs_on_less_cpu_than_one_of_1769(tmp_path):
    async def run():
        async with engine(tmp_path, scaled_cpu=True) as (running, plane):
            plane.put("small", HANDLER, memory_size=128)
            plane.put("large", HANDLER, memory_size=1769)
            figures = []
            for name in ("small", "large"):
                specification = await running.specification("us-east-1", name, None)
                for _ in range(2):  # the second is warm: a stopped process was continued in between
                    outcome = await running.invoke(specification, invocation({"seconds": 0.7}))
                figures.append(json.loads(outcome.payload))
            return figures

    (small_cpu, small_wall), (large_cpu, large_wall) = asyncio.run(run())
    assert small_cpu / small_wall < 0.5 * large_cpu / large_wall
