"""What nbval's runs over notebooks/ and solutions/ get: the same watch over the network as the tests in tests/."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_GUARD = Path(__file__).parent / "tests" / "network_guard"


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "nbval", False) or getattr(config.option, "nbval_lax", False):
        config.pluginmanager.register(_WatchedKernels(), "watched-kernels")


class _WatchedKernels:
    """Kernels inherit the guard through PYTHONPATH; a cell whose kernel tried to leave this machine fails."""

    def __init__(self) -> None:
        self._file: Path | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item):
        if not _is_notebook_cell(item):
            return (yield)
        if self._file is None:
            self._file = item.config._tmp_path_factory.mktemp("network") / "violations"
            self._file.touch()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAB_NETWORK_VIOLATIONS", str(self._file))
            patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(_GUARD), os.environ.get("PYTHONPATH")))))
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item):
        if not _is_notebook_cell(item):
            return (yield)
        seen = self._file.stat().st_size
        result = yield
        with self._file.open() as file:
            file.seek(seen)
            left = file.read()
        if left:
            raise RuntimeError(f"{item.nodeid} left this machine:\n{left}")
        return result


def _is_notebook_cell(item: pytest.Item) -> bool:
    return type(item).__name__ == "IPyNbCell"
