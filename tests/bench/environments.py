"""What one more execution environment costs, and whether everything comes back when environments are retired."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .contender import CannotMeasure
from .contenders import SLEEPER, Lab
from .raw_http import Call, all_at_once
from .run import Run, Samples, no_samples

_ENVIRONMENTS = 10
#: Idle environments are kept for 300 s on the lab's normal scale.
_TIME_SCALE = 0.005


class FastRetiring(Lab):
    """The lab on a time scale that retires idle environments after 1.5 s instead of 5 minutes."""

    options = ("--time-scale", str(_TIME_SCALE))


@dataclass(frozen=True)
class Level:
    """The cloud's processes at one moment; memory is MB of the cloud's processes and all environments."""

    processes: int
    open_files: int
    memory: float
    files: int

    @classmethod
    def of(cls, cloud: Lab) -> Level:
        place = cloud.folder / "home" / "tmp"
        return cls(
            processes=len(processes.tree(cloud.pid)),
            open_files=processes.open_files(cloud.pid),
            memory=processes.memory(cloud.pid).pss,
            files=_count(place),
        )


def environments(run: Run) -> Samples:
    """Rounds of 10 environments at once, each measured warm and again after all of them were retired.

    One round goes before and is not counted: it loads what the cloud loads once.
    """
    samples = no_samples()
    cloud = FastRetiring(run.folder)
    event = run.event()
    run.say(f"starting {cloud.label}")
    try:
        cloud.start({"sleeper": SLEEPER})
        call = Call.to(cloud.invoke_url("sleeper"), event)
        idle = len(processes.tree(cloud.pid))
        asyncio.run(all_at_once(call, _ENVIRONMENTS))
        _wait_for_retirement(cloud, idle)
        start = Level.of(cloud)
        for number in range(run.times(5, 2)):
            run.say(f"round {number + 1}: {_ENVIRONMENTS} environments come and go")
            asyncio.run(all_at_once(call, _ENVIRONMENTS))
            full = Level.of(cloud)
            samples["environment_memory"]["lab"].append([(full.memory - start.memory) / _ENVIRONMENTS])
            samples["environment_open_files"]["lab"].append([(full.open_files - start.open_files) / _ENVIRONMENTS])
            _wait_for_retirement(cloud, idle)
            after = Level.of(cloud)
            samples["left_memory"]["lab"].append([after.memory - start.memory])
            samples["left_open_files"]["lab"].append([float(after.open_files - start.open_files)])
            samples["left_processes"]["lab"].append([float(after.processes - start.processes)])
            samples["left_files"]["lab"].append([float(after.files - start.files)])
    finally:
        cloud.stop()
    return samples


def _wait_for_retirement(cloud: Lab, idle: int) -> None:
    deadline = time.monotonic() + 30
    while len(processes.tree(cloud.pid)) > idle:
        if time.monotonic() > deadline:
            raise CannotMeasure("environments were not retired within 30 s")
        time.sleep(0.1)
    processes.wait_until_quiet(cloud.pid)


def _count(place: Path) -> int:
    return sum(1 for path in place.rglob("*") if path.is_file())
