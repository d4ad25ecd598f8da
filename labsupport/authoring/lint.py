"""``labsupport lint``: holds every lesson to the course's rules, in cell coordinates."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from .course import AuthoringProblem, Course, UnknownLesson, this_course
from .review import Finding, Rule, review_of
from .rules import code, exercises, links, notebooks, prose, structure

#: Every rule, in the order of its findings.
RULES: tuple[Rule, ...] = (
    structure.the_catalogue_has_the_lesson,
    structure.title_is_the_lessons,
    structure.outcome_is_one_sentence,
    structure.minutes_difficulty_prerequisites,
    structure.set_up_cell_comes_first,
    structure.parts_in_order,
    structure.no_part_is_empty,
    structure.where_we_are_has_a_diagram,
    structure.each_diagram_is_said_in_words,
    structure.predictions_come_before_what_they_predict,
    structure.quiz_has_five_questions,
    structure.clean_up_is_the_last_cell,
    exercises.three_to_five_exercises,
    exercises.exercises_rise,
    exercises.every_exercise_has_its_cells,
    exercises.every_tag_is_known,
    exercises.check_cells_say_exactly_the_check,
    exercises.heading_agrees_with_the_catalogue,
    exercises.points_add_up,
    exercises.three_hints,
    exercises.solution_markers_are_balanced,
    exercises.ids_are_unique_in_the_course,
    code.code_is_python,
    code.magics_are_known,
    code.no_star_imports,
    code.no_placeholders,
    code.helpers_come_after_the_real_call,
    links.links_and_anchors_resolve,
    links.images_have_alt_text,
    links.no_console_screenshots,
    prose.british_spelling,
    prose.figures_come_from_facts,
    notebooks.nothing_of_the_solution_is_in_the_starter,
    notebooks.starter_is_cleared,
    notebooks.no_attachments,
    notebooks.solution_outputs_are_whole_and_quiet,
)


def main(names: tuple[str, ...]) -> int:
    """See ``labsupport.authoring.lint_command``."""
    try:
        course = this_course()
        chosen = course.select(names)
    except UnknownLesson as problem:
        print(f"labsupport: {problem}", file=sys.stderr)
        return 2
    found = 0
    for name in chosen:
        try:
            for finding in findings(course, name):
                found += 1
                print(finding)
        except AuthoringProblem as problem:
            found += 1
            print(problem)
    lessons = "1 lesson" if len(chosen) == 1 else f"{len(chosen)} lessons"
    print(f"{lessons}, {len(RULES)} rules: {_findings(found)}.")
    return 1 if found else 0


def findings(course: Course, name: str, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """What the rules find in one lesson. Raises AuthoringProblem when the source cannot be read at all."""
    review = review_of(course, name)
    return [finding for rule in rules for finding in rule(review)]


def _findings(count: int) -> str:
    return {0: "no findings", 1: "1 finding"}.get(count, f"{count} findings")
