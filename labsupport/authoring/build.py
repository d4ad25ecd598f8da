"""``labsupport build``: every lesson whose source changed is made anew; ``--check`` only looks."""

from __future__ import annotations

import sys
import time
from typing import Any

from .course import AuthoringProblem, Course, UnknownLesson, this_course
from .difference import first_difference
from .execute import execute
from .generate import solution_notebook, starter_notebook
from .notebook import to_text, write_whole
from .source import read_source


def main(names: tuple[str, ...], *, check: bool, force: bool) -> int:
    """See ``labsupport.authoring.build_command``."""
    try:
        course = this_course()
        chosen = course.select(names)
        problems = check_lessons(course, chosen) if check else build_lessons(course, chosen, force=force)
    except UnknownLesson as problem:
        _complain(str(problem))
        return 2
    except KeyboardInterrupt:
        _complain("Interrupted. Lessons that are not finished are as they were.")
        return 130
    if check and not names:
        problems += strays(course)
    for line in problems:
        _complain(line)
    if check and not problems:
        print(f"{_count(len(chosen), 'lesson')}: the notebooks are what their sources generate.")
    return 1 if problems else 0


def check_lessons(course: Course, names: tuple[str, ...]) -> list[str]:
    """A line for each notebook that is not what its source generates. Nothing is executed or written."""
    problems = []
    for name in names:
        try:
            source = read_source(course, name)
            generated = {"starter": starter_notebook(course, source), "solution": solution_notebook(course, source)}
        except AuthoringProblem as problem:
            problems.append(str(problem))
            continue
        for kind, notebook in generated.items():
            if difference := first_difference(course, name, kind, notebook):
                problems.append(difference)
    return problems


def strays(course: Course) -> list[str]:
    """A line for each notebook without a source and for each lesson of the catalogue without one."""
    sources = course.names()
    notebooks = [*course.notebooks.glob("[0-9][0-9]_*.ipynb"), *course.solutions.glob("[0-9][0-9]_*.ipynb")]
    return [
        f"{course.shown(path)} has no source {course.shown(course.source(path.stem))}."
        for path in sorted(notebooks)
        if path.stem not in sources
    ] + [
        f"Lesson {lesson.name} of the catalogue has no source {course.shown(course.source(lesson.name))}."
        for lesson in course.lessons
        if lesson.name not in sources
    ]


def build_lessons(course: Course, names: tuple[str, ...], *, force: bool = False) -> list[str]:
    """Build what changed, all lessons even when one fails. Returns what went wrong; shows its progress."""
    problems = []
    with _progress() as progress:
        for name in names:
            try:
                _build(course, name, progress, force=force)
            except AuthoringProblem as problem:
                problems.append(str(problem))
            except OSError as problem:
                problems.append(f"{name} was not written: {problem.filename or ''}: {problem.strerror or problem}")
    return problems


def _build(course: Course, name: str, progress: Any, *, force: bool) -> None:
    source = read_source(course, name)
    solution, starter = solution_notebook(course, source), starter_notebook(course, source)
    kinds = {"starter": starter, "solution": solution}
    if not force and not any(first_difference(course, name, kind, notebook) for kind, notebook in kinds.items()):
        progress.console.print(f"{name}: unchanged")
        return
    started = time.monotonic()
    task = progress.add_task(name, total=len(solution.cells))
    try:
        # The starter first: while the solution is executed, the lab looks for it (lab.reset shows its text).
        write_whole(course.starter(name), to_text(starter))
        executed = execute(course, name, solution, step=lambda number: progress.update(task, completed=number - 1))
        write_whole(course.solution(name), to_text(executed))
    finally:
        progress.remove_task(task)
    cells = sum(cell.cell_type == "code" for cell in solution.cells)
    progress.console.print(f"{name}: {_count(cells, 'cell')} executed in {time.monotonic() - started:.1f} s")


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(highlight=False, soft_wrap=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _complain(line: str) -> None:
    print(f"labsupport: {line}", file=sys.stderr)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
