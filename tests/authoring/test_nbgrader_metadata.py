"""nbgrader itself reads our notebooks: it knows the exercises and checks, their points, and where the solutions are."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.nbgraderformat import read
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3
from nbgrader.preprocessors import CheckCellMetadata, ClearSolutions, ComputeChecksums, LockCells
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from labsupport.authoring.nbgrader_metadata import nbgrader_metadata
from labsupport.authoring.notebook import Role
from labsupport.exercises import catalog

COURSE = Path(__file__).parents[2]
LESSONS = catalog.lessons()
NOTEBOOKS = [(lesson, kind) for lesson in LESSONS for kind in ("solutions", "notebooks")]


def by_nbgrader(lesson, kind: str):
    return read(str(COURSE / kind / f"{lesson.name}.ipynb"), as_version=4)


@pytest.mark.parametrize(("lesson", "kind"), NOTEBOOKS, ids=lambda value: getattr(value, "name", value))
def test_nbgrader_lists_the_exercises_with_their_points(lesson, kind: str) -> None:
    notebook = by_nbgrader(lesson, kind)

    graded = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points for cell in notebook.cells if is_grade(cell)
    }
    answered = {cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_solution(cell)}

    assert graded == {f"{exercise.id}-check": exercise.points for exercise in lesson.exercises}
    for exercise in lesson.exercises:
        assert [one for one in answered if one == exercise.id or one.startswith(f"{exercise.id}-")]


@pytest.mark.parametrize(("lesson", "kind"), NOTEBOOKS, ids=lambda value: getattr(value, "name", value))
def test_nbgrader_finds_nothing_to_complain_about(lesson, kind: str) -> None:
    notebook = by_nbgrader(lesson, kind)

    MetadataValidatorV3().validate_nb(notebook)
    CheckCellMetadata().preprocess(notebook, {})
    for cell in notebook.cells:
        assert is_locked(cell) == is_grade(cell)
        assert not is_task(cell)
        if "nbgrader" in cell.metadata:
            assert cell.metadata.nbgrader.schema_version == 3


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_nbgraders_own_release_of_a_solution_holds_no_solution_and_the_same_ids(lesson) -> None:
    """What ``nbgrader generate_assignment`` does to the cells, when an instructor releases our solution notebook."""
    notebook = by_nbgrader(lesson, "solutions")
    ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
    for step in (LockCells(), ClearSolutions(), ComputeChecksums(), CheckCellMetadata()):
        notebook, _resources = step.preprocess(notebook, {})

    assert [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata] == ids
    for cell in notebook.cells:
        if is_solution(cell):
            assert "# YOUR CODE HERE" in cell.source
            assert "SOLUTION" not in cell.source


def test_ids_are_unique_over_all_lessons() -> None:
    ids = [
        cell.metadata.nbgrader.grade_id
        for lesson in LESSONS
        for cell in by_nbgrader(lesson, "notebooks").cells
        if "nbgrader" in cell.metadata
    ]

    assert len(ids) == len(set(ids))


def test_solution_and_starter_have_the_same_ids_in_the_same_places() -> None:
    for lesson in LESSONS:
        pair = [
            [cell.metadata.get("nbgrader") for cell in by_nbgrader(lesson, kind).cells]
            for kind in ("solutions", "notebooks")
        ]
        assert pair[0] == pair[1]


def test_an_exercise_worth_nothing_is_allowed() -> None:
    assert nbgrader_metadata(Role("check", "prints-3"), 0)["points"] == 0


def test_a_part_gets_an_id_of_its_own() -> None:
    assert nbgrader_metadata(Role("exercise", "prints-2", "deploy"), 5) == {
        "cell_type": "code",
        "grade": False,
        "grade_id": "prints-2-deploy",
        "locked": False,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
