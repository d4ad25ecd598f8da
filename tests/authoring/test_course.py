"""Lessons are named as one would name them; a wrong name gets a suggestion."""

from __future__ import annotations

import pytest

from labsupport.authoring.course import UnknownLesson, this_course

from .conftest import NAME, MakeCourse


@pytest.mark.parametrize(
    "name", ["03", "3", "03_prints", "03_prints.md", "solutions/03_prints.ipynb", "notebooks\\03_prints.ipynb"]
)
def test_a_lesson_goes_by_many_names(prints_course: MakeCourse, name: str) -> None:
    assert prints_course("a_whole_lesson").select([name]) == (NAME,)


def test_no_name_means_all_in_order(prints_course: MakeCourse) -> None:
    assert prints_course("a_whole_lesson").select([]) == ("02_before", "03_prints")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("03_print", "There is no lesson '03_print' in .*/solutions. Did you mean '03_prints'?"),
        ("zebra", "There is no lesson 'zebra' in .*/solutions. There is: 02_before, 03_prints."),
    ],
)
def test_an_unknown_name_gets_a_suggestion(prints_course: MakeCourse, name: str, line: str) -> None:
    with pytest.raises(UnknownLesson, match=line.replace("?", r"\?")):
        prints_course("a_whole_lesson").select([name])


def test_the_course_is_found_from_inside(prints_course: MakeCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    course = prints_course("a_whole_lesson")
    monkeypatch.delenv("LAB_COURSE", raising=False)

    assert this_course(course.notebooks).root == course.root


def test_outside_a_course_one_line_says_so(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_COURSE", raising=False)

    with pytest.raises(UnknownLesson, match="There is no lesson source .* Change to the course folder"):
        this_course(tmp_path)
