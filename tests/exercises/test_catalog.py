from __future__ import annotations

import dataclasses

import pytest

from labsupport.exercises import catalog


def test_a_lesson_is_found_by_any_of_its_names():
    lesson = catalog.find_lesson("01")
    for name in (1, "1", "01", " 01 ", "01_hello_lambda", "01_hello_lambda.ipynb"):
        assert catalog.find_lesson(name) is lesson


@pytest.mark.parametrize(
    "find, wrong, line",
    [
        (catalog.find_lesson, "01_helo_lambda", "Unknown lesson '01_helo_lambda'. Did you mean '01_hello_lambda'?"),
        (catalog.find_exercise, "helo-1", "Unknown exercise 'helo-1'. Did you mean 'hello-1'?"),
        (catalog.find_exercise, "HELLO-1", "Unknown exercise 'HELLO-1'. Did you mean 'hello-1'?"),
        (catalog.find_question, "hello-q11", "Unknown question 'hello-q11'. Did you mean 'hello-q1'?"),
        (catalog.find_prediction, "hello-pp1", "Unknown prediction 'hello-pp1'. Did you mean 'hello-p1'?"),
    ],
)
def test_an_unknown_id_asks_what_was_meant(find, wrong, line):
    with pytest.raises(catalog.UnknownId) as problem:
        find(wrong)
    assert str(problem.value) == line


def test_an_id_like_no_other_lists_what_there_is():
    with pytest.raises(catalog.UnknownId, match="There is: .*start-1"):
        catalog.find_exercise("zzzzzzzz")


def test_something_that_is_no_text_is_an_unknown_id_too():
    with pytest.raises(catalog.UnknownId):
        catalog.find_exercise(None)


def test_an_id_used_twice_in_the_course_is_refused():
    lesson = catalog.find_lesson("01")
    other = dataclasses.replace(lesson, number="99", name="99_copy")
    with pytest.raises(ValueError, match="hello-1.* used twice"):
        catalog._refuse_duplicates((lesson, other))


def test_each_module_is_named_like_its_lesson():
    for lesson in catalog.lessons():
        assert lesson.name.startswith(f"{lesson.number}_")
        assert all(exercise.lesson == lesson.number for exercise in lesson.exercises)
