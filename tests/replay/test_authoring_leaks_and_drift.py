"""Complaints about course material that gives answers away or drifts from its source (group E)."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import pytest

from labsupport.authoring.build import check_lessons
from labsupport.authoring.course import Course
from labsupport.authoring.lint import findings
from labsupport.exercises import catalog, source
from labsupport.exercises.guidance import Guidance
from labsupport.exercises.progress import Progress

COURSE = Path(__file__).parents[2]
LESSONS = catalog.lessons()
EXERCISES = [(lesson, exercise) for lesson in LESSONS for exercise in lesson.exercises]


@pytest.fixture
def copy_of_the_course(tmp_path: Path) -> Course:
    for folder in ("solutions", "notebooks"):
        shutil.copytree(COURSE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("work", ".ipynb_checkpoints"))
    return Course(tmp_path, LESSONS)


def plant(path: Path, number: int, **values) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][number - 1].update(values)
    path.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def cells(course: Path, lesson) -> list:
    return json.loads((course / "notebooks" / f"{lesson.name}.ipynb").read_text(encoding="utf-8"))["cells"]


def test_a_solution_image_left_as_an_attachment_is_found(copy_of_the_course: Course) -> None:
    """nbgrader #1782."""
    picture = {"solution.png": {"image/png": "iVBORw0KGgo="}}
    plant(copy_of_the_course.starter("01_hello_lambda"), 1, attachments=picture)

    found = [str(finding) for finding in findings(copy_of_the_course, "01_hello_lambda")]
    (difference,) = check_lessons(copy_of_the_course, ("01_hello_lambda",))

    assert found == ["01_hello_lambda, cell 1: the starter holds the attachment solution.png"]
    assert difference.startswith("notebooks/01_hello_lambda.ipynb, cell 1: its attachments are not what")


def test_a_solution_left_in_the_metadata_is_found(copy_of_the_course: Course) -> None:
    """nbgrader #1782, in the place nobody looks at."""
    lesson, exercise = EXERCISES[0]
    (solution,) = source.solution_cells(copy_of_the_course.root, lesson, exercise)
    place = next(n for n, cell in enumerate(cells(copy_of_the_course.root, lesson), 1) if cell["id"] == exercise.id)
    plant(copy_of_the_course.starter(lesson.name), place, metadata={"undo": [{"text": solution.text}]})

    found = [str(finding) for finding in findings(copy_of_the_course, lesson.name)]

    assert f"{lesson.name}, cell {place}: the starter holds the solution of {exercise.id}" in found


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_starters_carry_no_execution_counts_and_no_outputs(lesson) -> None:
    """otter #422, #137."""
    code = [cell for cell in cells(COURSE, lesson) if cell["cell_type"] == "code"]

    assert code
    assert {cell["execution_count"] for cell in code} == {None}
    assert not any(cell["outputs"] for cell in code)


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES, ids=[exercise.id for _lesson, exercise in EXERCISES])
def test_starter_and_solution_agree_in_everything_but_the_answer(lesson, exercise) -> None:
    """Kaggle/learntools PR #488: the signature in the solution was not the one in the starter."""
    marked = [cell.text for cell in source._marked_cells(COURSE, lesson, exercise)]
    starters = [cell.text for cell in source.starter_cells(COURSE, lesson, exercise)]
    assert len(marked) == len(starters) > 0

    for solution, starter in zip(marked, starters, strict=True):
        around = re.split(r"[ \t]*### BEGIN SOLUTION.*?### END SOLUTION[ \t]*", solution.rstrip("\n"), flags=re.DOTALL)
        given = re.split(
            r"[ \t]*(?:raise NotImplementedError\(\"|# )Exercise [\w-]+: write your code here(?:\"\))?", starter
        )
        assert [text.strip("\n") for text in given] == [text.strip("\n") for text in around]


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES, ids=[exercise.id for _lesson, exercise in EXERCISES])
def test_the_solution_on_request_reads_the_same_everywhere(lesson, exercise, tmp_path: Path) -> None:
    """QuantEcon/lecture-datascience.myst #87: a "hidden answer" that one renderer did not show."""
    shown = Guidance(Progress(tmp_path), COURSE).solution(exercise.id, sure=True)
    plain, page = repr(shown), html.unescape(re.sub(r"<[^>]+>", "", shown._repr_html_()))
    for cell in source.solution_cells(COURSE, lesson, exercise):
        for line in filter(None, (line.strip() for line in cell.text.splitlines())):
            assert line in plain
            assert line in page
    hidden = [cell["metadata"] for cell in cells(COURSE, lesson) if "source_hidden" in json.dumps(cell["metadata"])]
    assert hidden == []


def test_a_changed_source_is_noticed_before_it_is_built(copy_of_the_course: Course) -> None:
    """jupytext #63, #254, #1601: the pair was out of date, and the error came when it was opened."""
    path = copy_of_the_course.source("01_hello_lambda")
    path.write_text(
        path.read_text(encoding="utf-8").replace("# Hello, Lambda\n", "# Hello, Lambda!\n"), encoding="utf-8"
    )

    starter, solution = check_lessons(copy_of_the_course, ("01_hello_lambda",))

    assert starter.startswith(
        "notebooks/01_hello_lambda.ipynb, cell 1: its text is not what solutions/01_hello_lambda.md"
    )
    assert "(line 1: '# Hello, Lambda!')" in starter
    assert solution.startswith("solutions/01_hello_lambda.ipynb, cell 1: its text is not what")


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_the_notebooks_are_not_paired_so_that_opening_one_changes_no_source(folder: str) -> None:
    """jupytext #63: what is generated one way must not be synchronised back."""
    for lesson in LESSONS:
        notebook = json.loads((COURSE / folder / f"{lesson.name}.ipynb").read_text(encoding="utf-8"))
        assert "jupytext" not in notebook["metadata"]
