"""A pytest plugin beside nbval: looks at what nbval does not look at, in the same execution of the notebook.

nbval compares outputs. So it passes a cell whose magic is unknown or whose traceback is switched off (nbval #147), a cell
tagged ``raises-exception`` that raises nothing, and a solution whose outputs were stripped. The kernel's reply to each
execution says whether the cell raised, whatever was shown; this plugin reads it. A cell fails, too, when it writes to
stderr: warnings and progress bars differ from place to place (nbval #54).

Use it with ``-p labsupport.authoring.reply_status``; it does nothing unless nbval runs. Each notebook gets a kernel of the
running Python and a new home and work folder, so that neither the author's progress nor another notebook's files matter.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from .. import import_tax

# Plugins named with -p come before nbval's own, which imports nbformat.
import_tax.avoid()

_RAISES = "raises-exception"
_STILL_ALIVE_SECONDS = 1.0


class KernelRecord:
    """Listens to what nbval reads from a kernel, and keeps what it throws away."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._read: Callable[..., Any] = kernel.get_message
        self.reply: dict[str, Any] | None = None
        self.stderr = ""
        kernel.get_message = self._get_message

    def begin(self) -> None:
        """A cell is about to run."""
        self.reply, self.stderr = None, ""

    def _get_message(self, stream: str, timeout: float | None = None) -> Any:
        message = self._message_or_death(stream, timeout)
        if message["msg_type"] == "execute_reply":
            self.reply = message["content"]
        elif message["msg_type"] == "stream" and message["content"]["name"] == "stderr":
            self.stderr += message["content"]["text"]
        return message

    def _message_or_death(self, stream: str, timeout: float | None) -> Any:
        """nbval waits the whole time-out of a cell for the answer of a dead kernel."""
        end = time.monotonic() + (timeout or 0)
        while True:
            left = _STILL_ALIVE_SECONDS if timeout is None else min(_STILL_ALIVE_SECONDS, end - time.monotonic())
            try:
                return self._read(stream, timeout=max(left, 0.01))
            except Empty:
                if not self._kernel.is_alive():
                    raise RuntimeError("the kernel died while this cell ran") from None
                if timeout is not None and time.monotonic() >= end:
                    raise


def complaint(tags: list[str], reply: dict[str, Any] | None, stderr: str) -> str:
    """What is wrong with a cell that has these tags and got this reply; empty when nothing is."""
    raised = reply is not None and reply.get("status") == "error"
    if reply is None:
        return "the kernel gave no reply"
    if raised and _RAISES not in tags:
        return f"it raises {reply.get('ename')}: {reply.get('evalue')} (whatever it shows)"
    if not raised and _RAISES in tags:
        return f"it is tagged {_RAISES}, and it does not raise"
    if stderr:
        return f"it writes to stderr: {stderr.strip()!r}"
    return ""


def never_executed(cell: Any, notebook: Any, folder: str) -> bool:
    """Whether this is a cell of a solution that has no outputs to compare with."""
    solution = notebook.metadata.get("labsupport", {}).get("kind") == "solution" or folder == "solutions"
    return bool(solution and cell.source.strip() and cell.execution_count is None)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "nbval", False) or getattr(config.option, "nbval_lax", False):
        config.pluginmanager.register(_BesideNbval(config), "labsupport-reply-status")


class _BesideNbval:
    """The hooks; registered only when nbval runs."""

    def __init__(self, config: pytest.Config) -> None:
        import nbval.kernel
        import nbval.plugin

        from .kernel import OwnKernelManager

        # Kernels of the running Python whatever the notebook names, on sockets that no other worker can be given.
        nbval.kernel.KernelManager = OwnKernelManager
        self._nbval = nbval.plugin
        self._records: dict[Any, KernelRecord] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        if not isinstance(item, self._nbval.IPyNbCell):
            return (yield)
        factory: Any = item.config._tmp_path_factory
        with _room(factory) if item.parent.kernel is None else contextlib.nullcontext():
            result = yield
        if item.parent not in self._records:
            self._records[item.parent] = KernelRecord(item.parent.kernel)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        if not isinstance(item, self._nbval.IPyNbCell) or item.options["skip"]:
            return (yield)
        notebook, path = item.parent.nb, Path(item.path)
        number = next(place for place, cell in enumerate(notebook.cells, 1) if cell is item.cell)

        def fail(what: str) -> None:
            message = f"{path.stem}, cell {number}: {what}"
            raise self._nbval.NbCellError(item.cell_num, message, item.cell.source) from None

        if never_executed(item.cell, notebook, path.parent.name):
            fail(
                "it was never executed when the solution was built, so nbval compares nothing. Run: labsupport build --force"
            )
        record = self._records[item.parent]
        record.begin()
        try:
            result = yield
        except RuntimeError as problem:
            if isinstance(problem, self._nbval.NbCellError):
                raise
            fail(str(problem))
        if what := complaint(list(item.cell.metadata.get("tags", [])), record.reply, record.stderr):
            fail(what)
        return result


@contextlib.contextmanager
def _room(factory: Any) -> Iterator[None]:
    """Environment variables for the kernel that is about to start."""
    folder = factory.mktemp("notebook")
    wanted = {
        "LAB_HOME": str(folder / "home"),
        "LAB_WORK": str(folder / "work"),
        "IPYTHONDIR": str(folder / "ipython"),
        "LAB_QUIET": "1",
        "LAB_ENDPOINT": None,
        "LAB_TARGET": None,
    }
    had = {name: os.environ.get(name) for name in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(had)


def _set(variables: dict[str, Any]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
