"""Rules that hold the text of the exercises and their entries in the catalogue together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...exercises.model import KINDS
from ...exercises.source import cut_solution
from ..course import AuthoringProblem
from ..notebook import RAISES, SKIP_IN_CI, VARIES, role_of
from ..review import Finding, Review, cells_of
from ..source import read_source

MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
_NEARLY_A_MARKER = re.compile(r"\b(?:begin|end)[ _-]?solution\b", re.IGNORECASE)
_PLAIN_TAGS = (RAISES, VARIES, SKIP_IN_CI)


def three_to_five_exercises(review: Review) -> Iterator[Finding]:
    least = 1 if review.number == "00" else 3
    count = len(review.lesson.exercises) if review.lesson else least
    if not least <= count <= 5:
        yield review.at(None, f"{count} exercises; a lesson has three to five")


def exercises_rise(review: Review) -> Iterator[Finding]:
    if review.lesson is None or review.number == "00":  # lesson 00 shows the lab, one kind of report after another
        return
    highest = 0
    for exercise in review.lesson.exercises:
        if KINDS.index(exercise.kind) < highest:
            yield review.at(
                _place(review, exercise.id),
                f"{exercise.id} ({exercise.kind}) comes after an exercise to {KINDS[highest]}; they rise: {' → '.join(KINDS)}",
            )
        highest = max(highest, KINDS.index(exercise.kind))


def every_exercise_has_its_cells(review: Review) -> Iterator[Finding]:
    wanted = [exercise.id for exercise in review.lesson.exercises] if review.lesson else []
    order: list[str] = []
    for cell in review.code:
        if cell.role and cell.role.exercise_id not in wanted:
            yield review.at(cell.number, f"the catalogue's lesson has no exercise {cell.role.exercise_id!r}")
        elif cell.role and cell.role.exercise_id not in order:
            order.append(cell.role.exercise_id)
    for exercise_id in wanted:
        cells, checks = review.cells_of(exercise_id, "exercise"), review.cells_of(exercise_id, "check")
        if not cells:
            yield review.at(None, f"{exercise_id} has no cell tagged exercise:{exercise_id}")
        if len(checks) != 1:
            yield review.at(None, f"{exercise_id} has {len(checks)} cells tagged check:{exercise_id}, it needs one")
        elif cells and checks[0].number < cells[-1].number:
            yield review.at(checks[0].number, f"the check of {exercise_id} comes before its last exercise cell")
    if order != [exercise_id for exercise_id in wanted if exercise_id in order]:
        yield review.at(None, f"the exercises come as {', '.join(order)}; the catalogue has {', '.join(wanted)}")


def every_tag_is_known(review: Review) -> Iterator[Finding]:
    for cell in review.cells:
        for tag in cell.tags:
            if tag not in _PLAIN_TAGS and (role_of([tag]) is None or cell.kind != "code"):
                known = f"exercise:<id>, exercise:<id>/<part>, check:<id>, {', '.join(_PLAIN_TAGS)}"
                yield review.at(cell.number, f"the tag {tag!r} does nothing here. There is, for code cells: {known}")
        if len([tag for tag in cell.tags if role_of([tag])]) > 1:
            yield review.at(cell.number, "a cell is of one exercise, or one check: it has two such tags")


def check_cells_say_exactly_the_check(review: Review) -> Iterator[Finding]:
    for cell in review.code:
        if cell.role and cell.role.kind == "check" and cell.text.strip() != f'lab.check("{cell.role.exercise_id}")':
            yield review.at(cell.number, f'a check cell is exactly lab.check("{cell.role.exercise_id}")')


def heading_agrees_with_the_catalogue(review: Review) -> Iterator[Finding]:
    for exercise in review.lesson.exercises if review.lesson else ():
        points = "1 point" if exercise.points == 1 else f"{exercise.points} points"
        minutes = "1 minute" if exercise.minutes == 1 else f"{exercise.minutes} minutes"
        expected = f"### {exercise.id} · {exercise.title}\n\n*{exercise.kind} · {points} · {minutes}*"
        if not any(expected in cell.text for cell in review.markdown):
            yield review.at(
                _place(review, exercise.id),
                f"above the cells of {exercise.id} there is no {expected!r}, as in the catalogue",
            )


def points_add_up(review: Review) -> Iterator[Finding]:
    for exercise in review.lesson.exercises if review.lesson else ():
        if exercise.points < 0:
            yield review.at(_place(review, exercise.id), f"{exercise.id} has {exercise.points} points; 0 is the least")
    for kind, notebook in review.notebooks:
        graded = [cell.get("metadata", {}).get("nbgrader", {}) for cell in notebook["cells"]]
        total = sum(metadata.get("points", 0) for metadata in graded)
        if review.lesson and total != review.lesson.points:
            yield review.at(
                None, f"the checks of the {kind} are worth {total} points, the catalogue has {review.lesson.points}"
            )


def three_hints(review: Review) -> Iterator[Finding]:
    for exercise in review.lesson.exercises if review.lesson else ():
        hints = {hint.strip() for hint in exercise.hints} - {""}
        if len(hints) < 3:
            yield review.at(
                _place(review, exercise.id),
                f"{exercise.id} has {len(hints)} different hints; at least three: concept, where to look, pseudo-code",
            )


def solution_markers_are_balanced(review: Review) -> Iterator[Finding]:
    for cell in review.cells:
        marked = [line.strip() for line in cell.text.splitlines() if _NEARLY_A_MARKER.search(line)]
        if cell.role is None or cell.role.kind != "exercise":
            if marked:
                yield review.at(cell.number, f"{marked[0]!r} in a cell that is no exercise: the starter would keep it")
        elif not marked:
            yield review.at(
                cell.number, f"nothing between {MARKERS[0]} and {MARKERS[1]}: the starter would be the solution"
            )
        elif marked != list(MARKERS) * (len(marked) // 2) or _NEARLY_A_MARKER.search(
            cut_solution(cell.text + "\n", "x")
        ):
            yield review.at(cell.number, f"{MARKERS[0]} and {MARKERS[1]} do not alternate, each alone on its line")


def ids_are_unique_in_the_course(review: Review) -> Iterator[Finding]:
    """Of one exercise each cell has an id of its own, and no other lesson has it: submissions are known by these ids."""
    taken: dict[str, str] = {}
    for name in review.course.names():
        try:
            cells = review.cells if name == review.name else cells_of(read_source(review.course, name).notebook)
        except AuthoringProblem:
            continue  # that lesson has its own finding
        for cell in cells:
            if cell.role is None:
                continue
            where = f"{name}, cell {cell.number}"
            other = taken.setdefault(cell.role.grade_id, where)
            if other != where and name == review.name:
                yield review.at(cell.number, f"the id {cell.role.grade_id!r} is that of {other}")
            elif other != where and other.startswith(f"{review.name}, "):
                yield review.at(int(other.rpartition(" ")[2]), f"the id {cell.role.grade_id!r} is that of {where}, too")


def _place(review: Review, exercise_id: str) -> int | None:
    cells = review.cells_of(exercise_id, "exercise")
    return cells[0].number if cells else None
