"""``labsupport build``: source → solved notebook with outputs → starter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .notebook import (
    LessonFiles,
    SourceProblem,
    first_difference,
    lesson_files,
    lesson_of,
    read_source,
    starter_of,
    to_text,
)

_CELL_SECONDS = 120


def build_command(names: tuple[str, ...] = (), *, check: bool = False, course: Path | None = None) -> int:
    """Build what changed, or with ``check`` only compare. Returns the exit code: 0, or 1 with a line for each problem."""
    console = Console(stderr=True)
    try:
        lessons = lesson_files(course or Path.cwd(), names)
        for files in lessons:
            lesson_of(files)
        if check:
            return _check(lessons, console)
        return _build(lessons, console)
    except (SourceProblem, ValueError) as problem:
        console.print(f"labsupport build: {problem}", style="bold", markup=False, highlight=False)
        return 1


def _check(lessons: list[LessonFiles], console: Console) -> int:
    problems = [problem for files in lessons for problem in out_of_date(files)]
    for problem in problems:
        console.print(f"labsupport build: {problem}", markup=False, highlight=False)
    if not problems:
        console.print(f"{len(lessons)} lessons: the notebooks are what the sources make.", highlight=False)
    return 1 if problems else 0


def out_of_date(files: LessonFiles) -> list[str]:
    """Lines that name what differs from the source; empty when both notebooks are up to date."""
    solution = read_source(files)
    found = [
        first_difference(files.name, solution, files.solution, outputs=False),
        first_difference(files.name, starter_of(solution), files.starter, outputs=True),
    ]
    return [line for line in found if line]


def _build(lessons: list[LessonFiles], console: Console) -> int:
    waiting = [files for files in lessons if out_of_date(files)]
    for files in lessons:
        if files not in waiting:
            console.print(f"{files.name}: up to date", highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for files in waiting:
            solution = read_source(files)
            task = progress.add_task(files.name, total=sum(cell.cell_type == "code" for cell in solution.cells))
            _execute(files, solution, lambda task=task: progress.advance(task))
            _write(files.solution, to_text(solution))
            _write(files.starter, to_text(starter_of(solution)))
    return 0


def _execute(files: LessonFiles, notebook: Any, advance: Any) -> None:
    """Run the notebook in a kernel of this very Python, with a home of its own: the author's progress is untouched."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    manager = AsyncKernelManager()
    # Not looked up by name: a kernel called python3 in the author's home folder may be any other Python.
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="Python 3 (ipykernel)",
        language="python",
    )
    with _lesson_room(files) as (folder, environment):
        client = NotebookClient(
            notebook,
            km=manager,
            timeout=_CELL_SECONDS,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: advance(),
        )
        kept = notebook.metadata.get("language_info")
        try:
            client.execute(env=environment, stderr=subprocess.DEVNULL)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
            number, reason = _failed_cell(notebook, problem)
            raise SourceProblem(f"{files.name}, cell {number}: {reason}") from None
        notebook.metadata["language_info"] = kept
    for number, cell in enumerate(notebook.cells, 1):
        if "raises-exception" in cell.metadata.get("tags", []) and not _raised(cell):
            raise SourceProblem(f"{files.name}, cell {number}: tagged raises-exception, but it does not raise")


@contextmanager
def _lesson_room(files: LessonFiles) -> Iterator[tuple[Path, dict[str, str]]]:
    with tempfile.TemporaryDirectory(prefix="labsupport-build-") as folder:
        environment = {key: value for key, value in os.environ.items() if key != "LAB_ENDPOINT"}
        environment |= {
            "LAB_HOME": str(Path(folder) / "home"),
            "LAB_WORK": str(Path(folder) / "notebooks" / "work"),
            "LAB_COURSE": str(files.source.parent.parent.resolve()),
            "PYTHONHASHSEED": "0",
        }
        yield Path(folder), environment


def _failed_cell(notebook: Any, problem: Exception) -> tuple[int, str]:
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", []):
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    return number, f"{output.ename}: {output.evalue}"
    done = sum(1 for cell in notebook.cells if cell.get("execution_count"))
    return done + 1, str(problem).strip().splitlines()[0]


def _raised(cell: Any) -> bool:
    return any(output.output_type == "error" for output in cell.get("outputs", []))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    working = path.with_name(f".{path.name}.{os.getpid()}")
    working.write_text(text, encoding="utf-8")
    working.replace(path)
