"""What every test gets: a watched network, a home of its own, and on demand a running cloud."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

GUARD = Path(__file__).parent / "network_guard"
_AWS_NAMES = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_SECURITY_TOKEN",
    "LAB_ENDPOINT",
    "LAB_TARGET",
)


def _aws_files() -> dict[str, str]:
    folder = Path.home() / ".aws"
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="session", autouse=True)
def room(tmp_path_factory):
    """LAB_HOME, LAB_WORK and dummy AWS settings for this session and all its children; the network is watched."""
    folder = tmp_path_factory.mktemp("room")
    violations = folder / "network-violations"
    violations.touch()
    before = _aws_files()
    patch = pytest.MonkeyPatch()
    patch.setenv("LAB_HOME", str(folder / "home"))
    patch.setenv("LAB_WORK", str(folder / "work"))
    patch.setenv("AWS_ACCESS_KEY_ID", "testing")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_CONFIG_FILE", os.devnull)
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    patch.setenv("LAB_NETWORK_VIOLATIONS", str(violations))
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(GUARD), os.environ.get("PYTHONPATH")))))
    for name in _AWS_NAMES:
        patch.delenv(name, raising=False)
    spec = importlib.util.spec_from_file_location("network_guard", GUARD / "sitecustomize.py")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))  # this process, too
    yield folder
    patch.undo()
    assert _aws_files() == before, "a test changed ~/.aws"


@pytest.fixture(autouse=True)
def no_network_beyond_loopback(room):
    """A connection that leaves this machine fails the test that made it, in whichever process it was."""
    violations = room / "network-violations"
    before = violations.stat().st_size
    yield
    with violations.open() as file:
        file.seek(before)
        new = file.read()
    assert not new, f"left this machine:\n{new}"


@dataclass(frozen=True)
class Cloud:
    """A running local cloud: what its first line said, and clients for it."""

    endpoint: str
    info: dict[str, Any]
    process: subprocess.Popen[bytes]

    @functools.cache  # noqa: B019 - one cloud per session
    def client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    def __hash__(self) -> int:
        return hash(self.endpoint)


def start_cloud(*options: str) -> Cloud:
    """A real ``labsupport cloud`` that ends with this process at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "labsupport.localcloud", "--owner-pid", str(os.getpid()), *options],
        stdout=subprocess.PIPE,
    )
    info = json.loads(process.stdout.readline())
    return Cloud(info["endpoint"], info, process)


def stop_cloud(cloud: Cloud) -> None:
    cloud.process.terminate()
    cloud.process.wait(20)
    cloud.process.stdout.close()


@pytest.fixture(scope="session")
def cloud(room):
    running = start_cloud()
    yield running
    stop_cloud(running)


@pytest.fixture
def own_cloud(room):
    """A cloud that no other test uses, for what would disturb the others."""
    running = start_cloud()
    yield running
    stop_cloud(running)


@pytest.fixture(scope="module")
def module_cloud(room):
    """A cloud for the tests of one module, for what looks at everything that is deployed."""
    running = start_cloud()
    yield running
    stop_cloud(running)
