from __future__ import annotations

from decimal import Decimal

import pytest

from labsupport.exercises import catalog
from labsupport.exercises.guidance import Guidance
from labsupport.exercises.model import CheckReport
from labsupport.exercises.outcomes import Outcome
from labsupport.exercises.progress import Progress

SOURCE = """```{code-cell} ipython3
:tags: [exercise:hello-1]

%%writefile greeting.py
def handler(event, context):
    ### BEGIN SOLUTION
    return "the very answer"
    ### END SOLUTION
```
"""
STARTER = 'def handler(event, context):\n    raise NotImplementedError("Exercise hello-1: write your code here")\n'


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "course"
    (folder / "solutions").mkdir(parents=True)
    (folder / "solutions" / "01_hello_lambda.md").write_text(SOURCE)
    return folder


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / "home")


@pytest.fixture
def guidance(progress, course):
    return Guidance(progress, course)


def text(shown) -> str:
    assert shown._repr_html_()
    return repr(shown)


# --- hints -----------------------------------------------------------------------------------------------------


def test_each_call_climbs_one_rung_and_after_the_last_the_solution_is_offered(guidance):
    hints = catalog.find_exercise("hello-1").hints
    for number, hint in enumerate(hints, 1):
        said = text(guidance.hint("hello-1"))
        assert f"Hint {number} of {len(hints)}" in said and hint[:40] in said
        assert not any(later[:40] in said for later in hints[number:])
    end = text(guidance.hint("hello-1"))
    assert "No more hints" in end and 'lab.solution("hello-1")' in end and hints[0][:40] in end


def test_the_rung_is_remembered_across_restarts(guidance, progress, course):
    guidance.hint("hello-1")
    again = Guidance(Progress(progress.path.parent), course)
    assert "Hint 2 of" in text(again.hint("hello-1"))


# --- solution --------------------------------------------------------------------------------------------------


def test_the_solution_is_asked_for_once_and_then_shown_and_remembered(guidance, progress):
    first = text(guidance.solution("hello-1", sure=False))
    assert "solved with help" in first and "the very answer" not in first
    assert not progress.exercise("hello-1").solution_seen
    second = text(guidance.solution("hello-1", sure=False))
    assert "the very answer" in second and "BEGIN SOLUTION" not in second and "Why it works" in second
    assert progress.exercise("hello-1").solution_seen


def test_yes_shows_it_at_once(guidance):
    assert "the very answer" in text(guidance.solution("hello-1", sure=True))


def test_after_passing_it_is_shown_without_asking_and_is_no_help(guidance, progress):
    progress.record_check(CheckReport("hello-1", "t", Outcome.PASSED, Decimal(2), 2))
    assert "the very answer" in text(guidance.solution("hello-1", sure=False))
    assert not progress.exercise("hello-1").solution_seen


def test_without_a_solution_in_the_folder_the_instructor_keeps_it(progress):
    said = text(Guidance(progress, None).solution("hello-1", sure=True))
    assert "your instructor keeps it" in said
    assert not progress.exercise("hello-1").solution_seen


# --- reset -----------------------------------------------------------------------------------------------------


def test_reset_keeps_a_copy_before_the_starter_comes_back(guidance, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "greeting.py").write_text("my own text")
    (work / "other.py").write_text("another file")
    said = text(guidance.reset("hello-1", work))
    assert (work / "greeting.py").read_text() == STARTER
    (backup,) = (work / "backup").iterdir()
    assert (backup / "greeting.py").read_text() == "my own text"
    assert (backup / "other.py").read_text() == (work / "other.py").read_text() == "another file"
    assert "%%writefile greeting.py" in said and str(backup) in said


def test_resetting_twice_makes_no_second_copy_and_twice_in_a_second_loses_none(guidance, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    for number in range(3):
        (work / "greeting.py").write_text(f"version {number}")
        guidance.reset("hello-1", work)
        guidance.reset("hello-1", work)
    kept = sorted((folder / "greeting.py").read_text() for folder in (work / "backup").iterdir())
    assert kept == ["version 0", "version 1", "version 2"]


def test_reset_with_no_file_yet_writes_the_starter(guidance, tmp_path):
    guidance.reset("hello-1", tmp_path / "new")
    assert (tmp_path / "new" / "greeting.py").read_text() == STARTER


def test_nothing_is_overwritten_when_the_copy_cannot_be_made(guidance, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "greeting.py").write_text("mine")
    (work / "backup").write_text("a file in the way")
    with pytest.raises(OSError):
        guidance.reset("hello-1", work)
    assert (work / "greeting.py").read_text() == "mine"


def test_a_starter_that_names_a_file_outside_the_folder_writes_nothing_there(guidance, course, tmp_path):
    path = course / "solutions" / "01_hello_lambda.md"
    path.write_text(SOURCE.replace("greeting.py", "../escaped.py"))
    (tmp_path / "work").mkdir()
    guidance.reset("hello-1", tmp_path / "work")
    assert not (tmp_path / "escaped.py").exists()


def test_a_starter_that_is_gone_says_where_to_get_it(progress, tmp_path):
    assert "cannot be found" in text(Guidance(progress, None).reset("hello-1", tmp_path))


# --- quiz and predictions --------------------------------------------------------------------------------------


def test_the_quiz_lists_every_question_and_gives_no_answer_away(guidance):
    lesson = catalog.find_lesson("01")
    said = text(guidance.quiz(lesson))
    for question in lesson.quiz:
        assert question.text[:30] in said and f'lab.answer("{question.id}"' in said
        assert question.explanations[question.answer] not in said


def test_each_option_has_its_explanation_and_the_answer_is_remembered(guidance, progress):
    question = catalog.find_lesson("01").quiz[0]
    for letter in question.options:
        said = text(guidance.answer(question.id, letter))
        assert question.explanations[letter].split("\n")[0] in said
        assert said.startswith("✔ RIGHT") is (letter == question.answer)
    assert progress.question(question.id).latest == list(question.options)[-1]


@pytest.mark.parametrize("open_choice", ["?", "", "z", None, 5])
def test_an_open_choice_shows_the_options_and_records_nothing(guidance, progress, open_choice):
    lesson = catalog.find_lesson("01")
    said = text(guidance.answer(lesson.quiz[0].id, open_choice))
    assert "Choose one of" in said
    guidance.predict(lesson.predictions[0].id, open_choice)
    assert progress.question(lesson.quiz[0].id) is None and progress.prediction(lesson.predictions[0].id) is None


def test_a_prediction_is_only_judged_when_it_is_revealed(guidance):
    prediction = catalog.find_lesson("01").predictions[0]
    wrong = next(letter for letter in prediction.options if letter != prediction.answer)
    assert "First predict" in text(guidance.reveal(prediction.id))
    committed = text(guidance.predict(prediction.id, wrong.upper()))
    assert prediction.options[wrong] in committed and prediction.explanations[wrong] not in committed
    revealed = text(guidance.reveal(prediction.id))
    assert f"It is {prediction.answer}" in revealed and prediction.explanations[wrong].split("\n")[0] in revealed
    guidance.predict(prediction.id, prediction.answer)
    assert "As you said" in text(guidance.reveal(prediction.id))


def test_the_map_shows_tries_hints_and_help(guidance, progress):
    guidance.hint("hello-1")
    progress.record_solution("hello-1")
    progress.record_check(CheckReport("hello-1", "t", Outcome.PASSED, Decimal(2), 2))
    row = next(line for line in text(guidance.progress()).splitlines() if "hello-1" in line)
    assert "✔ PASSED" in row and "1 try" in row and "1 hint" in row and "solved with help" in row


def test_an_unknown_id_is_asked_back_everywhere(guidance, tmp_path):
    for call in (
        lambda: guidance.hint("x"),
        lambda: guidance.solution("x", sure=True),
        lambda: guidance.reset("x", tmp_path),
        lambda: guidance.answer("x", "a"),
        lambda: guidance.predict("x", "a"),
        lambda: guidance.reveal("x"),
    ):
        with pytest.raises(catalog.UnknownId):
            call()
