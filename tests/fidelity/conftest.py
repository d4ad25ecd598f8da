"""Local clouds for the fidelity cases: each case runs under AWS's own runtime client and under the lab's loop."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator

import pytest

from .deployment import CloudUnderTest, running_cloud

RUNTIME_CLIENTS = ("awslambdaric", "fallback")
#: AWS waits a minute before it repeats a failed event; a fiftieth of that is enough to see the pattern. Environments
#: that have been idle for 6 s are retired then, so that a long run does not fill the machine with frozen processes.
TIME_SCALE = "0.02"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: waits for a limit of AWS's in real time (more than five seconds)")


@pytest.fixture(scope="session")
def cloud_of() -> Iterator[Callable[[str], CloudUnderTest]]:
    """``cloud_of("fallback")``: the cloud with this runtime client, started when first asked for."""
    running: dict[str, CloudUnderTest] = {}
    with contextlib.ExitStack() as clouds:

        def start_or_reuse(runtime_client: str) -> CloudUnderTest:
            if runtime_client == "awslambdaric" and not importlib.util.find_spec("awslambdaric"):
                pytest.skip("awslambdaric has wheels for Linux only")
            if runtime_client not in running:
                running[runtime_client] = clouds.enter_context(
                    running_cloud("--runtime-client", runtime_client, "--time-scale", TIME_SCALE, "--concurrency", "60")
                )
            return running[runtime_client]

        yield start_or_reuse


@pytest.fixture(scope="module", params=RUNTIME_CLIENTS)
def cloud(request: pytest.FixtureRequest, cloud_of: Callable[[str], CloudUnderTest]) -> CloudUnderTest:
    """A running local cloud; every test that uses it runs once with each runtime client."""
    return cloud_of(request.param)
