"""The source is read with its figures in place; what is wrong in it is named with its line."""

from __future__ import annotations

import pytest

from labsupport.authoring.course import AuthoringProblem
from labsupport.authoring.source import read_source
from labsupport.facts import fact

from .conftest import NAME, MakeCourse


def test_figures_are_put_into_prose_and_code(prints_course: MakeCourse) -> None:
    source = read_source(prints_course("a_lesson_that_runs"), NAME)

    assert [one.name for one in source.facts] == ["function_timeout_default"]
    assert f'print("{fact("function_timeout_default").text}")' in [cell.source for cell in source.notebook.cells]


def test_an_unknown_figure_is_named_with_its_line(prints_course: MakeCourse) -> None:
    with pytest.raises(AuthoringProblem) as problem:
        read_source(prints_course("unknown_fact"), NAME)

    assert str(problem.value) == (
        "solutions/03_prints.md, line 3: there is no fact 'function_memory_defualt' in labsupport/facts.py. "
        "Did you mean 'function_memory_default'?"
    )


def test_a_figure_written_in_another_way_is_named_with_its_line(prints_course: MakeCourse) -> None:
    with pytest.raises(
        AuthoringProblem, match=r"03_prints\.md, line 3: .* Write \{\{ facts\.function_memory_default \}\}"
    ):
        read_source(prints_course("malformed_fact"), NAME)


def test_double_braces_of_an_f_string_stay(prints_course: MakeCourse) -> None:
    course = prints_course("a_lesson_that_runs")
    course.source(NAME).write_text('```{code-cell} ipython3\nprint(f"{{ 1 }} {{facts}}")\n```\n')

    (cell,) = read_source(course, NAME).notebook.cells

    assert cell.source == 'print(f"{{ 1 }} {{facts}}")'


def test_magics_and_tags_come_through(prints_course: MakeCourse) -> None:
    cells = read_source(prints_course("a_lesson_that_runs"), NAME).notebook.cells

    assert cells[3].source.startswith("%%writefile one.py\ndef handler")
    assert cells[3].metadata["tags"] == ["exercise:prints-1"]


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", None])
def test_a_source_that_cannot_be_read_is_one_line(prints_course: MakeCourse, text: bytes | None) -> None:
    course = prints_course("a_lesson_that_runs")
    course.source(NAME).unlink()
    if text:
        course.source(NAME).write_bytes(text)

    with pytest.raises(AuthoringProblem, match=r"^solutions/03_prints\.md cannot be read: [^\n]*$"):
        read_source(course, NAME)


def test_broken_front_matter_is_named(prints_course: MakeCourse) -> None:
    course = prints_course("a_lesson_that_runs")
    course.source(NAME).write_text("---\nkernelspec: [\n---\n\n# Prints\n")

    with pytest.raises(AuthoringProblem, match=r"solutions/03_prints\.md is not MyST Markdown"):
        read_source(course, NAME)
