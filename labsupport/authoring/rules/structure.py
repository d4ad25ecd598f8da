"""Rules about the order of a lesson's parts and what each part has to hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..review import Cell, Finding, Review

PARTS = (
    "Where we are",
    "Predict, run, explain",
    "Worked example",
    "Exercises",
    "Look inside",
    "Break it",
    "Quiz",
    "Recap",
    "On real AWS this differs",
    "Clean up",
)
DIFFICULTIES = ("beginner", "intermediate", "advanced")
QUIZ_QUESTIONS = 5
_OUTCOME = "**Afterwards you can** "
_MINUTES = re.compile(r"(?P<minutes>\d+) minutes · (?P<difficulty>[\w ]+) · prerequisites: \S.*")


def the_catalogue_has_the_lesson(review: Review) -> Iterator[Finding]:
    if review.lesson is None:
        yield review.at(
            None, f"labsupport/exercises has no lesson {review.name}; add lesson{review.name}.py with a LESSON"
        )


def title_is_the_lessons(review: Review) -> Iterator[Finding]:
    titles = [heading for heading in review.headings if heading.level == 1]
    if not titles or titles[0].cell != 1 or not review.cells[0].text.startswith("# "):
        yield review.at(1, "the lesson does not begin with its title (# Title)")
    elif review.lesson and titles[0].text != review.lesson.title:
        yield review.at(1, f"the title is {titles[0].text!r}, the catalogue says {review.lesson.title!r}")
    for extra in titles[1:]:
        yield review.at(extra.cell, f"a second title: # {extra.text}. Parts begin with ##")


def outcome_is_one_sentence(review: Review) -> Iterator[Finding]:
    outcome = next((line for line in _lines(review) if line.startswith(_OUTCOME)), None)
    if outcome is None:
        yield review.at(1, f"the outcome is missing: a paragraph that begins with {_OUTCOME.strip()}")
    elif not re.fullmatch(r"[^.!?]+(?:\.\w[^.!?]*)*\.", outcome.strip()):
        yield review.at(1, "the outcome is not one sentence with a full stop")


def minutes_difficulty_prerequisites(review: Review) -> Iterator[Finding]:
    line = next((match for line in _lines(review) if (match := _MINUTES.fullmatch(line.strip()))), None)
    if line is None:
        yield review.at(1, "the line is missing: NN minutes · difficulty · prerequisites: ...")
        return
    if review.lesson and int(line["minutes"]) != review.lesson.minutes:
        yield review.at(1, f"{line['minutes']} minutes, the catalogue says {review.lesson.minutes}")
    if line["difficulty"] not in DIFFICULTIES:
        yield review.at(1, f"the difficulty {line['difficulty']!r} is none of {', '.join(DIFFICULTIES)}")


def set_up_cell_comes_first(review: Review) -> Iterator[Finding]:
    expected = f'from labsupport import lab\n\nlab.start("{review.number}")'
    first = next(iter(review.code), None)
    if first is None or first.text.strip() != expected:
        yield review.at(first.number if first else None, f"the first code cell is not the set-up cell {expected!r}")


def parts_in_order(review: Review) -> Iterator[Finding]:
    found = [heading for heading in review.headings if heading.level == 2]
    names = [heading.text for heading in found]
    for heading in found:
        if heading.text not in PARTS:
            yield review.at(heading.cell, f"## {heading.text} is no part of a lesson; sections inside a part have ###")
    for part in PARTS:
        if part not in names:
            yield review.at(None, f"the part ## {part} is missing")
    place = -1
    for heading in found:
        if heading.text not in PARTS:
            continue
        if PARTS.index(heading.text) <= place:
            yield review.at(
                heading.cell, f"## {heading.text} comes too late or twice; it belongs before ## {PARTS[place]}"
            )
        place = max(place, PARTS.index(heading.text))


def no_part_is_empty(review: Review) -> Iterator[Finding]:
    heading: str | None = None
    at = 0
    for cell in (*review.cells, Cell(0, "markdown", "## end")):
        if cell.kind == "code":
            heading = None
        for place, block in enumerate(cell.blocks):
            if block.type == "heading_open" and block.tag == "h2":
                if heading:
                    yield review.at(at, f"the part ## {heading} is empty")
                heading, at = cell.blocks[place + 1].content, cell.number
            elif block.type in ("paragraph_open", "fence", "table_open", "bullet_list_open", "ordered_list_open"):
                heading = None


def where_we_are_has_a_diagram(review: Review) -> Iterator[Finding]:
    part = ""
    for cell in review.cells:
        for place, block in enumerate(cell.blocks):
            if block.type == "heading_open" and block.tag == "h2":
                part = cell.blocks[place + 1].content
            if part == "Where we are" and block.type == "fence" and block.info.strip() == "mermaid":
                return
    yield review.at(None, "the part ## Where we are has no mermaid diagram")


def each_diagram_is_said_in_words(review: Review) -> Iterator[Finding]:
    for cell in review.cells:
        for place, block in enumerate(cell.blocks):
            if block.type == "fence" and block.info.strip() == "mermaid":
                after = cell.blocks[place + 1 : place + 3]
                if (
                    len(after) < 2
                    or after[0].type != "paragraph_open"
                    or not re.match(r"In words: \S", after[1].content)
                ):
                    yield review.at(cell.number, "after the diagram a paragraph 'In words: ...' has to say the same")


def predictions_come_before_what_they_predict(review: Review) -> Iterator[Finding]:
    for prediction in review.lesson.predictions if review.lesson else ():
        asked = _calls(review, f'lab.predict("{prediction.id}", "?")')
        revealed = _calls(review, f'lab.reveal("{prediction.id}")')
        if len(asked) != 1 or len(revealed) != 1:
            yield review.at(None, f"the prediction {prediction.id} is not asked once and revealed once")
            continue
        between = [cell for cell in review.code if asked[0].number < cell.number < revealed[0].number]
        if not between:
            yield review.at(asked[0].number, f"between predicting and revealing {prediction.id} nothing is run")


def quiz_has_five_questions(review: Review) -> Iterator[Finding]:
    if not review.lesson:
        return
    if len(review.lesson.quiz) != QUIZ_QUESTIONS:
        yield review.at(
            None, f"the catalogue has {len(review.lesson.quiz)} quiz questions, a lesson has {QUIZ_QUESTIONS}"
        )
    starts = {heading.text: heading.cell for heading in review.headings if heading.level == 2}
    for question in review.lesson.quiz:
        for option in question.options:
            if not question.explanations.get(option, "").strip():
                yield review.at(None, f"option {option} of {question.id} has no explanation")
        asked = _calls(review, f'lab.answer("{question.id}", "?")')
        if len(asked) != 1:
            yield review.at(
                None, f'{question.id} is asked {len(asked)} times; once a cell lab.answer("{question.id}", "?")'
            )
        elif not starts.get("Quiz", 0) < asked[0].number <= starts.get("Recap", len(review.cells)):
            yield review.at(asked[0].number, f"{question.id} is not asked in the part ## Quiz")


def clean_up_is_the_last_cell(review: Review) -> Iterator[Finding]:
    last = review.cells[-1] if review.cells else None
    if last is None or last.kind != "code" or last.text.strip() != "lab.clean()":
        yield review.at(last.number if last else None, "the last cell is not lab.clean()")


def _lines(review: Review) -> list[str]:
    return review.cells[0].text.splitlines() if review.cells else []


def _calls(review: Review, call: str) -> list[Cell]:
    return [cell for cell in review.code if call in cell.text]
