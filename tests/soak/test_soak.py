"""A cloud in which thirty functions misbehave goes on answering, and in the end nothing of them is left.

``LABSUPPORT_SOAK_SECONDS`` makes it go on for longer (and print and answer ten times as much); by default every function
has three turns, one of them to warm up.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from ..fidelity.deployment import CloudUnderTest, Function, running_cloud
from .functions import LONG_FLOOD, SHORT_FLOOD, Behaviour, behaviours

SECONDS = float(os.environ.get("LABSUPPORT_SOAK_SECONDS", "0"))
ROUNDS = 2
AT_ONCE = 6
#: Environments that were idle for 300 s x 0.01 are retired.
OPTIONS = ("--time-scale", "0.01", "--concurrency", "40")
MB = 1024 * 1024

pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux", reason="without a sandbox nothing protects the cloud from its functions"
    ),
    pytest.mark.timeout(600 + SECONDS),
]


class Observer:
    """A caller of a function that behaves well, all the time; keeps what went wrong for it."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.calls = 0
        self.wrong: list[object] = []

    def __enter__(self) -> Observer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.02):
            self.calls += 1
            try:
                answer = self._function.invoke({"number": self.calls}, tail=False)
                if answer.function_error or answer.payload != [self.calls, self.calls]:
                    self.wrong.append(answer)
            except Exception as problem:  # whatever it is, it is a finding
                self.wrong.append(problem)


def children(cloud: CloudUnderTest) -> list[psutil.Process]:
    return psutil.Process(cloud.identity["pid"]).children(recursive=True)


def figures(cloud: CloudUnderTest) -> dict[str, int]:
    """What the front door holds: descriptors, processes, files of environments, memory in MB."""
    door = psutil.Process(cloud.identity["pid"])
    return {
        "descriptors": door.num_fds() - kept_connections(cloud, door),
        "processes": len(children(cloud)),
        "folders": len(list(state_folder(cloud).glob("environments/*"))),
        "threads": door.num_threads(),
        "memory": door.memory_info().rss // MB,
    }


def kept_connections(cloud: CloudUnderTest, door: psutil.Process) -> int:
    """Connections of these tests' clients, and to the moto process: both sides keep some open for the next request."""
    ports = {urlsplit(cloud.endpoint).port}
    for child in children(cloud):
        try:
            ports |= {one.laddr.port for one in child.net_connections("inet") if one.status == psutil.CONN_LISTEN}
        except psutil.Error:
            pass
    return sum(
        bool(one.raddr) and (one.laddr.port in ports or one.raddr.port in ports) for one in door.net_connections("inet")
    )


def state_folder(cloud: CloudUnderTest) -> Path:
    (folder,) = Path(os.environ.get("TMPDIR", "/tmp")).glob(f"labsupport-cloud-{cloud.identity['pid']}-*")
    return folder


def settle(cloud: CloudUnderTest, wanted: dict[str, int] | None = None, seconds: float = 60.0) -> dict[str, int]:
    """Wait until idle environments are retired, and until no more is held than ``wanted`` says."""
    end = time.monotonic() + seconds
    while True:
        found = figures(cloud)
        retired = found["folders"] == 0 and found["processes"] == 1
        if retired and (wanted is None or found["descriptors"] <= wanted["descriptors"]):
            return found
        if time.monotonic() > end:
            return found
        time.sleep(0.2)


def take_turns(deployed: list[tuple[Behaviour, Function]], rounds: int, seconds: float) -> list[str]:
    """Invoke all in random order, some at once, for so many rounds and at least so long; what was not as expected."""
    problems: list[str] = []
    order = random.Random(20261125)
    end = time.monotonic() + seconds

    def turn(behaviour: Behaviour, function: Function) -> None:
        answer = function.invoke(behaviour.event, tail=False)
        document = json.loads(answer.raw) if answer.raw else None
        if answer.status != 200 or not behaviour.expected(document):
            problems.append(f"{behaviour.name}: {answer.status} {answer.raw[:300]!r}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = 0
        while done < rounds or time.monotonic() < end:
            done += 1
            turns = order.sample(deployed, len(deployed))
            for running, (behaviour, _function) in [(pool.submit(turn, *one), one) for one in turns]:
                try:
                    running.result()
                except Exception as problem:
                    problems.append(f"{behaviour.name}: {type(problem).__name__}: {problem}")
    return problems


def test_nothing_is_left_of_functions_that_misbehave():
    flood = LONG_FLOOD if SECONDS else SHORT_FLOOD
    with running_cloud(*OPTIONS) as cloud:
        if cloud.sandbox != "bwrap":
            pytest.skip("without a sandbox nothing protects the cloud from its functions")
        good = cloud.deploy(
            "N = []\n\ndef handler(event, context):\n    N.append(event['number'])\n    return [event['number'], N[-1]]"
        )
        deployed = [
            (one, cloud.deploy(one.source, name=f"soak-{one.name}", **one.settings)) for one in behaviours(flood)
        ]
        take_turns(deployed, 1, 0)  # what is loaded once, and what an allocator keeps, belongs to the start level
        good.invoke({"number": 0}, tail=False)
        before = settle(cloud)
        with Observer(good) as observer:
            problems = take_turns(deployed, ROUNDS, SECONDS)
        after = settle(cloud, before)

        counted = Counter(problem.partition(":")[0] for problem in problems)
        assert not problems, (counted, problems[:5])
        assert not observer.wrong, observer.wrong[:3]
        assert observer.calls > 10
        assert (after["folders"], after["processes"]) == (0, 1), "moto's process only"
        assert after["descriptors"] <= before["descriptors"], (before, after)
        assert after["memory"] <= before["memory"] + 40, (before, after)
        assert good.invoke({"number": -1}, tail=False).payload == [-1, -1]
        family = [psutil.Process(cloud.identity["pid"]), *children(cloud)]
        folder = state_folder(cloud)
    _gone, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    assert not folder.exists()
