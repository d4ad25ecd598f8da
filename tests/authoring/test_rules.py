"""Each rule of the linter finds the flaw planted for it, and nothing in a lesson without flaws."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from labsupport.authoring.generate import solution_notebook, starter_notebook
from labsupport.authoring.lint import RULES, findings
from labsupport.authoring.notebook import to_text
from labsupport.authoring.review import Rule
from labsupport.authoring.rules import code, exercises, links, notebooks, prose, structure
from labsupport.authoring.source import read_source

from .conftest import FIXTURES, LESSON, NAME, MakeCourse, exercise

#: (rule, fixture, findings). A finding is (cell, part of its message).
PLANTED: tuple[tuple[Rule, str, tuple[tuple[int | None, str], ...]], ...] = (
    (
        structure.title_is_the_lessons,
        "title_that_is_not_the_catalogues",
        (
            (1, "the title is 'Posters', the catalogue says 'Prints'"),
            (2, "a second title: # Prints again"),
        ),
    ),
    (structure.title_is_the_lessons, "no_title", ((1, "does not begin with its title"),)),
    (structure.outcome_is_one_sentence, "outcome_in_two_sentences", ((1, "not one sentence"),)),
    (structure.outcome_is_one_sentence, "no_outcome", ((1, "begins with **Afterwards you can**"),)),
    (
        structure.minutes_difficulty_prerequisites,
        "minutes_that_are_not_the_catalogues",
        ((1, "45 minutes, the catalogue says 30"), (1, "'easy' is none of beginner")),
    ),
    (structure.minutes_difficulty_prerequisites, "no_line_of_minutes", ((1, "NN minutes · difficulty"),)),
    (
        structure.set_up_cell_comes_first,
        "set_up_cell_after_other_code",
        ((2, "the first code cell is not the set-up cell 'from labsupport import lab\\n\\nlab.start(\"03\")'"),),
    ),
    (
        structure.parts_in_order,
        "parts_out_of_order",
        (
            (4, "## Summary is no part of a lesson"),
            (None, "the part ## Break it is missing"),
            (3, "## Predict, run, explain comes too late or twice; it belongs before ## Worked example"),
        ),
    ),
    (structure.no_part_is_empty, "empty_part", ((1, "## Look inside is empty"), (5, "## Clean up is empty"))),
    (structure.where_we_are_has_a_diagram, "no_diagram_where_we_are", ((None, "no mermaid diagram"),)),
    (
        structure.each_diagram_is_said_in_words,
        "diagrams_without_words",
        ((1, "'In words: ...' has to say the same"), (2, "'In words: ...' has to say the same")),
    ),
    (
        structure.predictions_come_before_what_they_predict,
        "prediction_without_a_demo",
        ((2, "between predicting and revealing prints-p1 nothing is run"),),
    ),
    (
        structure.predictions_come_before_what_they_predict,
        "prediction_never_revealed",
        ((None, "prints-p1 is not asked once and revealed once"),),
    ),
    (
        structure.quiz_has_five_questions,
        "quiz_question_asked_elsewhere",
        (
            (2, "prints-q1 is not asked in the part ## Quiz"),
            (None, "prints-q4 is asked 2 times"),
            (None, "prints-q5 is asked 0 times"),
        ),
    ),
    (structure.clean_up_is_the_last_cell, "clean_up_that_cleans_nothing", ((2, "the last cell is not lab.clean()"),)),
    (
        exercises.every_exercise_has_its_cells,
        "exercise_without_a_check",
        (
            (5, "the catalogue's lesson has no exercise 'posters-1'"),
            (None, "prints-1 has 0 cells tagged check:prints-1, it needs one"),
            (3, "the check of prints-2 comes before its last exercise cell"),
            (None, "prints-3 has no cell tagged exercise:prints-3"),
        ),
    ),
    (
        exercises.every_exercise_has_its_cells,
        "exercises_in_another_order",
        ((None, "come as prints-2, prints-1, prints-3; the catalogue has prints-1, prints-2, prints-3"),),
    ),
    (
        exercises.every_tag_is_known,
        "misspelt_tags",
        (
            (2, "the tag 'raise-exception' does nothing here"),
            (3, "the tag 'exercise-prints-1' does nothing here"),
            (5, "it has two such tags"),
        ),
    ),
    (
        exercises.check_cells_say_exactly_the_check,
        "check_cell_with_more_in_it",
        ((2, 'exactly lab.check("prints-1")'), (3, 'exactly lab.check("prints-2")')),
    ),
    (
        exercises.heading_agrees_with_the_catalogue,
        "heading_with_other_points",
        ((2, "no '### prints-1 · One print\\n\\n*fill in · 1 point · 3 minutes*'"),),
    ),
    (
        exercises.solution_markers_are_balanced,
        "solution_markers_that_do_not_match",
        (
            (2, "do not alternate"),
            (3, "do not alternate"),
            (4, "the starter would be the solution"),
            (5, "in a cell that is no exercise"),
        ),
    ),
    (
        exercises.ids_are_unique_in_the_course,
        "exercise_cells_without_parts",
        ((3, "the id 'prints-1' is that of 03_prints, cell 2"),),
    ),
    (
        code.code_is_python,
        "code_that_is_no_python",
        ((2, "line 2 is not Python: invalid syntax"), (3, "line 2 is not Python: expected ':'")),
    ),
    (
        code.magics_are_known,
        "unknown_magics",
        ((2, "unknown magic %%writefiel. There is: %%capture"), (3, "unknown magic %tiem. There is: %cd")),
    ),
    (
        code.no_star_imports,
        "star_import",
        ((2, "from json import * hides"), (3, "from boto3 import * hides")),
    ),
    (
        code.no_placeholders,
        "placeholders",
        (
            (1, "the placeholder '<your name>'"),
            (1, "the placeholder 'TODO'"),
            (2, "the placeholder 'YOUR_BUCKET'"),
            (2, "the placeholder 'XXXX'"),
        ),
    ),
    (
        code.helpers_come_after_the_real_call,
        "helper_before_the_call_by_hand",
        (
            (2, "lab.invoke(...) before boto3's invoke was used by hand"),
            (4, "lab.logs(...) before boto3's logs client was used by hand"),
        ),
    ),
    (
        links.links_and_anchors_resolve,
        "links_that_lead_nowhere",
        (
            (1, "../notebooks/nothing.md: there is no such file, seen from notebooks/"),
            (1, "../notebooks/words.md#Price: there is no heading #Price in words.md"),
            (1, "04_after.ipynb: there is no such file"),
            (1, "http://example.com: only https:// addresses and relative paths"),
            (1, "/etc/hosts: an absolute path leads nowhere on another machine"),
            (1, "#Worked-Example: there is no heading"),
            (1, "../solutions/hidden.txt: it leads from the starter into solutions/"),
            (1, "pictures/gone.svg: there is no such file"),
        ),
    ),
    (
        links.images_have_alt_text,
        "images_without_alt_text",
        ((1, "the image pictures/prints.svg has no alt text"), (2, "the image pictures/prints.svg has no alt text")),
    ),
    (
        links.no_console_screenshots,
        "console_screenshot",
        ((1, "pictures/prints.svg looks like a screenshot"), (2, "pictures/screenshot-1.png looks like")),
    ),
    (
        prose.british_spelling,
        "american_spelling",
        (
            (1, "'color' is American spelling; this course writes 'colour'"),
            (1, "'Behavior' is American spelling; this course writes 'behaviour'"),
            (1, "'colorful' is American spelling; this course writes 'colourful'"),
        ),
    ),
    (
        prose.figures_come_from_facts,
        "figure_written_by_hand",
        ((None, "line 3 of the source says '128 MB'; write {{ facts.function_memory_default }}"),),
    ),
)


@pytest.mark.parametrize(("rule", "fixture", "expected"), PLANTED, ids=[f"{p[0].__name__}-{p[1]}" for p in PLANTED])
def test_a_rule_finds_the_flaw_planted_for_it(prints_course: MakeCourse, rule: Rule, fixture: str, expected) -> None:
    found = findings(prints_course(fixture), NAME, [rule])

    assert [finding.cell for finding in found] == [cell for cell, _part in expected], [str(one) for one in found]
    for finding, (_cell, part) in zip(found, expected, strict=True):
        assert part in finding.message


def test_a_finding_is_shown_in_cell_coordinates(prints_course: MakeCourse) -> None:
    (finding, _other) = findings(prints_course("star_import"), NAME, [code.no_star_imports])

    assert str(finding) == "03_prints, cell 2: from json import * hides where a name comes from"


def whole_course(make: MakeCourse, lesson=LESSON):
    """A lesson without flaws, with both notebooks; the solution is marked as executed."""
    course = make("a_whole_lesson", lesson)
    source = read_source(course, NAME)
    executed = solution_notebook(course, source)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1
    course.solution(NAME).write_text(to_text(executed))
    course.starter(NAME).write_text(to_text(starter_notebook(course, source)))
    return course


def test_a_lesson_without_flaws_has_no_findings(prints_course: MakeCourse) -> None:
    found = findings(whole_course(prints_course), NAME)

    assert [str(finding) for finding in found] == []


# --- what the catalogue says


def _with_exercises(*made):
    return dataclasses.replace(LESSON, exercises=made)


CATALOGUES = (
    (structure.the_catalogue_has_the_lesson, None, (None, "labsupport/exercises has no lesson 03_prints")),
    (
        structure.quiz_has_five_questions,
        dataclasses.replace(LESSON, quiz=LESSON.quiz[:4]),
        (None, "has 4 quiz questions"),
    ),
    (
        structure.quiz_has_five_questions,
        dataclasses.replace(
            LESSON,
            quiz=(
                *LESSON.quiz[:4],
                dataclasses.replace(LESSON.quiz[4], explanations={"a": "Yes.", "b": " "}),
            ),
        ),
        (None, "option b of prints-q5 has no explanation"),
    ),
    (exercises.three_to_five_exercises, _with_exercises(*LESSON.exercises[:2]), (None, "2 exercises; a lesson has")),
    (
        exercises.exercises_rise,
        _with_exercises(exercise(1, "A", "write", 1, 1), exercise(2, "B", "fill in", 1, 1)),
        (16, "prints-2 (fill in) comes after an exercise to write"),
    ),
    (
        exercises.three_hints,
        _with_exercises(dataclasses.replace(LESSON.exercises[0], hints=("think", "think ", " ", "look"))),
        (13, "prints-1 has 2 different hints"),
    ),
)


@pytest.mark.parametrize(
    ("rule", "lesson", "expected"), CATALOGUES, ids=[f"{c[0].__name__}-{c[2][1]}" for c in CATALOGUES]
)
def test_a_rule_finds_a_flaw_of_the_catalogue(prints_course: MakeCourse, rule: Rule, lesson, expected) -> None:
    (finding,) = findings(prints_course("a_whole_lesson", lesson), NAME, [rule])

    assert finding.cell == expected[0]
    assert expected[1] in finding.message


def test_lesson_00_may_have_fewer_exercises_and_in_any_order(prints_course: MakeCourse) -> None:
    one = dataclasses.replace(_with_exercises(LESSON.exercises[1], LESSON.exercises[0]), number="00", name="00_prints")
    course = prints_course("a_whole_lesson", one)
    course.source(NAME).rename(course.source("00_prints"))

    assert findings(course, "00_prints", [exercises.three_to_five_exercises, exercises.exercises_rise]) == []


def test_points_that_do_not_add_up_are_found(prints_course: MakeCourse) -> None:
    course = whole_course(prints_course)
    raised = _with_exercises(*LESSON.exercises[:2], dataclasses.replace(LESSON.exercises[2], points=4))
    course = dataclasses.replace(course, lessons=(raised,))

    assert [finding.message for finding in findings(course, NAME, [exercises.points_add_up])] == [
        "the checks of the starter are worth 3 points, the catalogue has 7",
        "the checks of the solution are worth 3 points, the catalogue has 7",
    ]


def test_an_id_that_two_lessons_have_is_found_in_both(prints_course: MakeCourse) -> None:
    course = prints_course("a_whole_lesson")
    course.source("04_posters").write_text("```{code-cell} ipython3\n:tags: [exercise:prints-1]\n\n1\n```\n")

    (first,) = findings(course, NAME, [exercises.ids_are_unique_in_the_course])
    (second,) = findings(course, "04_posters", [exercises.ids_are_unique_in_the_course])

    assert str(first) == "03_prints, cell 13: the id 'prints-1' is that of 04_posters, cell 1, too"
    assert str(second) == "04_posters, cell 1: the id 'prints-1' is that of 03_prints, cell 13"


# --- what is left in a generated notebook

IMAGE = {"solution.png": {"image/png": "iVBORw0KGgo="}}
SOLUTION = "prints = [20, 20]\nprint(sum(prints))"


def _in_metadata(cell) -> None:
    cell["metadata"]["previous"] = {"text": ["  prints = [20, 20]\n", "  print(sum(prints))\n"]}


NOTEBOOK_FLAWS = (
    (notebooks.nothing_of_the_solution_is_in_the_starter, "starter", "the starter holds the solution of prints-2",
     lambda cell: cell.update(source=f"# Mine\n{SOLUTION}\n")),
    (notebooks.nothing_of_the_solution_is_in_the_starter, "starter", "the starter holds the solution of prints-2", _in_metadata),
    (notebooks.nothing_of_the_solution_is_in_the_starter, "starter", "the starter holds a solution marker",
     lambda cell: cell.update(source="### BEGIN SOLUTION\n")),
    (notebooks.nothing_of_the_solution_is_in_the_starter, "starter", "the starter holds the solution of prints-2",
     lambda cell: cell.update(outputs=[{"output_type": "execute_result", "data": {"text/plain": [SOLUTION]}}])),
    (notebooks.starter_is_cleared, "starter", "the starter holds outputs",
     lambda cell: cell.update(outputs=[{"output_type": "stream", "name": "stdout", "text": "40"}])),
    (notebooks.starter_is_cleared, "starter", "the starter holds an execution count",
     lambda cell: cell.update(execution_count=7)),
    (notebooks.no_attachments, "starter", "the starter holds the attachment solution.png",
     lambda cell: cell.update(attachments=IMAGE)),
    (notebooks.no_attachments, "solution", "the solution holds the attachment solution.png",
     lambda cell: cell.update(attachments=IMAGE)),
    (notebooks.solution_outputs_are_whole_and_quiet, "solution", "the solution was not executed here",
     lambda cell: cell.update(execution_count=None)),
    (notebooks.solution_outputs_are_whole_and_quiet, "solution", "something on stderr",
     lambda cell: cell.update(outputs=[{"output_type": "stream", "name": "stderr", "text": "warning"}])),
)  # fmt: skip


@pytest.mark.parametrize(("rule", "kind", "message", "plant"), NOTEBOOK_FLAWS)
def test_what_is_left_in_a_notebook_is_found(
    prints_course: MakeCourse, rule: Rule, kind: str, message: str, plant
) -> None:
    course = whole_course(prints_course)
    path: Path = course.starter(NAME) if kind == "starter" else course.solution(NAME)
    notebook = json.loads(path.read_text())
    number = next(n for n, c in enumerate(notebook["cells"], 1) if c["id"] == "prints-2")
    plant(notebook["cells"][number - 1])
    path.write_text(json.dumps(notebook))

    (finding,) = findings(course, NAME, [rule])

    assert finding.cell == number
    assert message in finding.message


def test_every_rule_has_a_flaw_planted_for_it() -> None:
    planted = {*(p[0] for p in PLANTED), *(c[0] for c in CATALOGUES), *(n[0] for n in NOTEBOOK_FLAWS)}

    assert set(RULES) - planted == {exercises.points_add_up}  # has a test of its own above


def test_every_fixture_is_used() -> None:
    texts = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]

    for path in FIXTURES.glob("*.md"):
        assert any(f'"{path.stem}"' in text for text in texts), path.name
