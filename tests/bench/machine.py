"""What a figure was measured on, so that it can be judged later."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from typing import Any

import psutil

_PACKAGES = ("aiohttp", "awslambdaric", "boto3", "labsupport", "moto", "waitress")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, systems; no name of the machine or of its user."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "node": _node(),
    }


def versions() -> dict[str, str]:
    """Of the packages whose speed is measured."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def load() -> dict[str, Any]:
    """How busy the machine is now: load averages, and CPU used in the last second by whomever, in percent of all."""
    return {"average": [round(value, 2) for value in os.getloadavg()], "cpu_percent": psutil.cpu_percent(1.0)}


def _processor() -> str:
    if sys.platform == "linux":
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _node() -> str | None:
    if not shutil.which("node"):
        return None
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("v") or None
