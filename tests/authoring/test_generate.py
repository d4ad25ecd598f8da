"""What the two notebooks hold before anything is executed."""

from __future__ import annotations

import dataclasses
import json

import nbformat
import pytest

from labsupport.authoring.course import AuthoringProblem
from labsupport.authoring.generate import solution_notebook, source_hash, starter_notebook
from labsupport.authoring.notebook import to_text
from labsupport.authoring.source import read_source

from .conftest import LESSON, NAME, MakeCourse


@pytest.fixture
def pair(prints_course: MakeCourse):
    course = prints_course("a_lesson_that_runs")
    source = read_source(course, NAME)
    return solution_notebook(course, source), starter_notebook(course, source)


def by_id(notebook, cell_id: str):
    return next(cell for cell in notebook.cells if cell["id"] == cell_id)


def test_a_block_inside_a_function_becomes_an_exception_that_names_the_exercise(pair) -> None:
    _solution, starter = pair

    assert by_id(starter, "prints-1").source == (
        "%%writefile one.py\n"
        "def handler(event, context):\n"
        '    raise NotImplementedError("Exercise prints-1: write your code here")'
    )


def test_a_block_at_top_level_becomes_a_comment_so_that_the_starter_runs_to_its_end(pair) -> None:
    _solution, starter = pair

    assert by_id(starter, "prints-2-how-many").source == ("# Say how many.\n# Exercise prints-2: write your code here")


def test_the_solution_keeps_its_markers_so_that_nbgrader_can_cut_it_too(pair) -> None:
    solution, _starter = pair

    assert "    ### BEGIN SOLUTION\n    return 42\n    ### END SOLUTION" in by_id(solution, "prints-1").source


def test_ids_come_from_the_exercise_or_from_lesson_and_place(pair) -> None:
    for notebook in pair:
        assert [cell["id"] for cell in notebook.cells] == [
            "03-001",
            "03-002",
            "03-003",
            "prints-1",
            "prints-2-how-many",
            "03-006",
            "03-007",
            "prints-1-check",
        ]


def test_tags_are_kept_and_nbvals_own_added(pair) -> None:
    for notebook in pair:
        assert [cell.metadata.get("tags") for cell in notebook.cells] == [
            None,
            None,
            ["raises-exception"],
            ["exercise:prints-1"],
            ["exercise:prints-2/how-many"],
            ["varies", "nbval-ignore-output"],
            ["skip-in-ci", "nbval-skip"],
            ["check:prints-1"],
        ]


def test_the_starter_keeps_a_copy_of_its_exercise_cells_for_lab_reset(pair) -> None:
    _solution, starter = pair
    cell = by_id(starter, "prints-1")

    assert cell.metadata["labsupport"] == {"starter": cell.source}
    assert "labsupport" not in by_id(starter, "prints-1-check").metadata


def test_the_notebooks_name_our_kernel_and_no_other_and_are_not_paired_with_the_source(pair) -> None:
    for notebook, kind in zip(pair, ("solution", "starter"), strict=True):
        assert set(notebook.metadata) == {"kernelspec", "language_info", "labsupport"}
        assert notebook.metadata["kernelspec"]["name"] == "python3"
        assert "version" not in notebook.metadata["language_info"]
        assert notebook.metadata["labsupport"]["kind"] == kind
        assert notebook.metadata["labsupport"]["lesson"] == "03"


def test_both_are_valid_notebooks_of_format_4_5(pair) -> None:
    for notebook in pair:
        read = nbformat.reads(to_text(notebook), as_version=4)
        nbformat.validate(read)
        assert (read.nbformat, read.nbformat_minor) == (4, 5)


def test_the_same_source_makes_the_same_text(prints_course: MakeCourse) -> None:
    course = prints_course("a_lesson_that_runs")
    texts = {to_text(starter_notebook(course, read_source(course, NAME))) for _ in range(2)}

    assert len(texts) == 1
    assert json.loads(texts.pop())


def test_a_tag_of_no_exercise_is_named(prints_course: MakeCourse) -> None:
    course = prints_course("tag_of_no_exercise")

    with pytest.raises(AuthoringProblem, match=r"^03_prints, cell 2: its tag names the exercise 'posters-7'"):
        solution_notebook(course, read_source(course, NAME))


def test_two_cells_of_an_exercise_need_parts(prints_course: MakeCourse) -> None:
    course = prints_course("exercise_cells_without_parts")

    with pytest.raises(AuthoringProblem, match=r"^03_prints, cell 3: the id 'prints-1' is that of cell 2"):
        solution_notebook(course, read_source(course, NAME))


class TestHash:
    def test_it_changes_with_the_text(self, prints_course: MakeCourse) -> None:
        source = read_source(prints_course("a_lesson_that_runs"), NAME)

        assert source_hash(source, LESSON) != source_hash(dataclasses.replace(source, text=source.text + "\n"), LESSON)

    def test_it_changes_with_a_figure_the_lesson_uses(self, prints_course: MakeCourse) -> None:
        source = read_source(prints_course("a_lesson_that_runs"), NAME)
        dearer = dataclasses.replace(source.facts[0], text="9 seconds")

        assert source_hash(source, LESSON) != source_hash(dataclasses.replace(source, facts=(dearer,)), LESSON)

    def test_it_changes_with_the_points(self, prints_course: MakeCourse) -> None:
        source = read_source(prints_course("a_lesson_that_runs"), NAME)
        more = dataclasses.replace(LESSON, exercises=(dataclasses.replace(LESSON.exercises[0], points=9),))

        assert source_hash(source, LESSON) != source_hash(source, more)

    def test_it_changes_with_the_module_of_the_exercises(self, prints_course: MakeCourse) -> None:
        source = read_source(prints_course("a_lesson_that_runs"), NAME)
        with_module = dataclasses.replace(LESSON, name="01_hello_lambda")

        assert source_hash(source, LESSON) != source_hash(source, with_module)

    def test_line_ends_of_another_system_do_not_change_it(self, prints_course: MakeCourse) -> None:
        course = prints_course("a_lesson_that_runs")
        before = source_hash(read_source(course, NAME), LESSON)
        course.source(NAME).write_bytes(course.source(NAME).read_bytes().replace(b"\n", b"\r\n"))

        assert source_hash(read_source(course, NAME), LESSON) == before
