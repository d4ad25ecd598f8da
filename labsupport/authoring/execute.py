"""Executes a solution notebook as a learner would, away from the author's own progress and files."""

from __future__ import annotations

import copy
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .course import AuthoringProblem, Course
from .notebook import RAISES, tags_of, text_of

CELL_SECONDS = 120
KERNEL_SECONDS = 60
_SHOWN_LINES = 14
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

#: Called before each cell with its number, from 1.
Step = Callable[[int], None]


def execute(course: Course, name: str, notebook: Any, step: Step = lambda number: None) -> Any:
    """A copy of the notebook with outputs. Raises AuthoringProblem when a cell does what its tags do not say."""
    from .. import import_tax

    import_tax.avoid()
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from .kernel import AsyncOwnKernelManager

    executed = copy.deepcopy(notebook)
    current = 0
    replies: dict[int, dict[str, Any]] = {}

    def starts(cell: Any, cell_index: int) -> None:
        nonlocal current
        current = cell_index + 1
        step(current)

    def has_run(cell: Any, cell_index: int, execute_reply: dict[str, Any]) -> None:
        replies[cell_index + 1] = execute_reply["content"]

    home = Path(tempfile.mkdtemp(prefix="labsupport-build-"))
    said = home / "kernel.txt"
    client = NotebookClient(
        executed,
        kernel_manager_class=AsyncOwnKernelManager,
        timeout=CELL_SECONDS,
        startup_timeout=KERNEL_SECONDS,
        record_timing=False,
        coalesce_streams=True,
        shutdown_kernel="graceful",  # lets the kernel end its local cloud
        on_cell_start=starts,
        on_cell_executed=has_run,
        log=_silent(),
    )
    at = f"{name}, cell "
    try:
        with said.open("w") as stderr:
            # Not client.execute: its handlers of Ctrl-C leave the kernel to itself.
            client.reset_execution_trackers()
            with client.setup_kernel(cwd=str(_folder(home, "here")), env=_environment(course, home), stderr=stderr):
                for index, cell in enumerate(executed.cells):
                    client.execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
    except CellExecutionError as problem:
        trimmed = _trimmed(problem.traceback)
        raise AuthoringProblem(f"{at}{current}: {problem.ename}: {problem.evalue}{trimmed}") from None
    except CellTimeoutError:
        raise AuthoringProblem(f"{at}{current}: still running after {CELL_SECONDS} seconds. It was stopped.") from None
    except DeadKernelError:
        raise AuthoringProblem(f"{at}{current}: the kernel died.{_last_words(said)}") from None
    except RuntimeError as problem:  # nbclient, for a kernel that does not start
        raise AuthoringProblem(f"{name}: the kernel does not start. {problem}{_last_words(said)}") from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for number, cell in enumerate(executed.cells, 1):
        if cell.cell_type == "code":
            if complaint := _complaint(cell, replies.get(number, {}).get("status"), str(home)):
                raise AuthoringProblem(f"{at}{number}: {complaint}")
    return executed


def _complaint(cell: Any, status: str | None, home: str) -> str:
    if RAISES in tags_of(cell) and status != "error" and text_of(cell).strip():
        return f"it is tagged {RAISES}, and it does not raise."
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            return f"it writes to stderr, which is different at every place:\n    {_ANSI.sub('', output.text).strip()}"
    if home in str(cell.outputs):
        return "its output names a folder of this machine. Show a path from the work folder on."
    return ""


def _environment(course: Course, home: Path) -> dict[str, str]:
    """The author's environment with a progress, a work folder and an IPython of its own, and a cloud of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("LAB_ENDPOINT", "LAB_TARGET")}
    if kept.get("PYTHONPATH"):  # the kernel starts in another folder
        kept["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in kept["PYTHONPATH"].split(os.pathsep))
    kept.update(
        LAB_COURSE=str(course.root),
        LAB_HOME=str(_folder(home, "home")),
        LAB_WORK=str(_folder(home, "work")),
        IPYTHONDIR=str(_folder(home, "ipython")),
        LAB_QUIET="1",  # no lines that only a slow machine prints
    )
    return kept


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir(exist_ok=True)
    return folder


def _trimmed(traceback: str) -> str:
    """The end of the traceback, indented. nbclient's text has the whole cell in front of it."""
    lines = [line.rstrip() for line in _ANSI.sub("", traceback).splitlines()]
    shown = [line for line in lines if line.strip("- ")][-_SHOWN_LINES:]
    return "".join(f"\n    {line}" for line in shown)


def _last_words(said: Path) -> str:
    lines = said.read_text(errors="replace").strip().splitlines() if said.is_file() else []
    return f"\n    {lines[-1]}" if lines else ""


def _silent() -> logging.Logger:
    """nbclient logs the errors that are reported here anyway."""
    logger = logging.getLogger(f"{__name__}.nbclient")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
