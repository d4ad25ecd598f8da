"""Hints, solution, quiz, predictions, reset: what a learner asks for between two checks, each as something to show."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

from . import catalog, source
from .model import Choice, Exercise, Lesson
from .outcomes import Outcome
from .progress import Progress
from .view import LessonRow, ProgressRow, Shown, code_panel, notice, panel, progress_map, score


class Guidance:
    """What the lab says about exercises. ``course`` is None when the course folder was not found."""

    def __init__(self, progress: Progress, course: Path | None) -> None:
        self._progress = progress
        self._course = course
        self._asked: set[str] = set()

    def hint(self, exercise_id: str) -> Shown:
        """The next rung of the ladder; it is remembered. Raises UnknownId."""
        exercise = catalog.find_exercise(exercise_id)
        total = len(exercise.hints)
        rung = self._progress.exercise(exercise.id).hints + 1
        if rung > total:
            given = "\n".join(f"{number}. {text}" for number, text in enumerate(exercise.hints, 1))
            return panel(
                f"No more hints for {exercise.id}: you have seen all {total}",
                f'{given}\nStill stuck? lab.solution("{exercise.id}") shows the solution.',
            )
        self._progress.record_hint(exercise.id, rung)
        left = total - rung
        more = f'{left} more: lab.hint("{exercise.id}")' if left else f'After this only lab.solution("{exercise.id}")'
        return panel(f"Hint {rung} of {total} for {exercise.id}", f"{exercise.hints[rung - 1].strip()}\n({more})")

    def solution(self, exercise_id: str, *, sure: bool) -> Shown:
        """The solution, after asking once; it is remembered. Raises UnknownId."""
        exercise = catalog.find_exercise(exercise_id)
        record = self._progress.exercise(exercise.id)
        cells = source.solution_cells(self._course, catalog.find_lesson(exercise.lesson), exercise)
        if not cells:
            return notice(
                f"The solution of {exercise.id} is not in this course folder: your instructor keeps it. "
                f'lab.hint("{exercise.id}") has hints.'
            )
        if not (sure or record.passed or record.solution_seen or exercise.id in self._asked):
            self._asked.add(exercise.id)
            return notice(
                f"Show the solution of {exercise.id}? It will count as solved with help. "
                f'Call lab.solution("{exercise.id}") again for yes, or lab.hint("{exercise.id}") for a hint.'
            )
        if not record.passed:
            self._progress.record_solution(exercise.id)
        pieces = [(f"Cell {cell.part}" if cell.part else "Your cell", cell.text) for cell in cells]
        footer = f"Why it works: {exercise.explanation.strip()}"
        return code_panel(f"Solution of {exercise.id}: {exercise.title}", pieces, footer)

    def reset(self, exercise_id: str, work: Path) -> Shown:
        """Put the starter's file back and show the starter's text; the old files are copied first.

        Raises UnknownId, and OSError when a copy or a file cannot be written (nothing is overwritten then).
        """
        exercise = catalog.find_exercise(exercise_id)
        cells = source.starter_cells(self._course, catalog.find_lesson(exercise.lesson), exercise)
        if not cells:
            return notice(
                f"The starter of {exercise.id} cannot be found any more: the cell was changed and this course "
                "folder keeps "
                "no copy. Get the notebook again from where you got the course."
            )
        files = [file for cell in cells if (file := source.written_file(cell.text))]
        done = self._restore(files, work)
        pieces = [
            (f"Paste this into cell {cell.part}:" if cell.part else "Paste this into your cell:", cell.text)
            for cell in cells
        ]
        return code_panel(f"{exercise.id} is reset: {exercise.title}", pieces, "\n".join(done))

    def quiz(self, lesson: Lesson) -> Shown:
        """The lesson's questions with how to answer them."""
        if not lesson.quiz:
            return notice(f"Lesson {lesson.number} has no quiz.")
        body = "\n\n".join(f"{number}. {_asked(question)}" for number, question in enumerate(lesson.quiz, 1))
        first = lesson.quiz[0]
        how = "\n".join(f'   {question.id}: lab.answer("{question.id}", "…")' for question in lesson.quiz)
        return panel(
            f"Quiz of lesson {lesson.number}: {lesson.title}",
            f"{body}\n\nAnswer with a letter, such as {next(iter(first.options))}:\n{how}",
        )

    def answer(self, question_id: str, letter: str) -> Shown:
        """Whether the chosen option is right, and why. Raises UnknownId."""
        question = catalog.find_question(question_id)
        chosen = _letter(question, letter)
        if chosen is None:
            return self._ask_again("answer", question, letter)
        self._progress.record_question(question.id, chosen)
        right = chosen == question.answer
        heading = f"✔ RIGHT {question.id}" if right else f"✘ NOT YET {question.id}"
        outcome = Outcome.PASSED if right else Outcome.NOT_YET
        body = f"You chose {chosen}: {question.options[chosen]}\n{question.explanations[chosen]}"
        return panel(heading, body if right else f"{body}\nTry another letter.", outcome)

    def predict(self, prediction_id: str, letter: str) -> Shown:
        """Write the prediction down; whether it is right comes after the demo. Raises UnknownId."""
        prediction = catalog.find_prediction(prediction_id)
        chosen = _letter(prediction, letter)
        if chosen is None:
            return self._ask_again("predict", prediction, letter)
        self._progress.record_prediction(prediction.id, chosen)
        return panel(f"You predict {chosen}: {prediction.options[chosen]}", "Now run the next cell and compare.")

    def reveal(self, prediction_id: str) -> Shown:
        """What was predicted against what happens. Raises UnknownId."""
        prediction = catalog.find_prediction(prediction_id)
        record = self._progress.prediction(prediction.id)
        if record is None:
            return notice(f'First predict: lab.predict("{prediction.id}", …) with one of {_letters(prediction)}.')
        right = record.latest == prediction.answer
        heading = f"You predicted {record.latest}: {prediction.options.get(record.latest, 'an option that is gone')}"
        verdict = "✔ As you said." if right else f"✘ It is {prediction.answer}: {prediction.options[prediction.answer]}"
        body = [verdict, prediction.explanations.get(record.latest, "")]
        if not right:
            body.append(prediction.explanations[prediction.answer])
        return panel(heading, "\n".join(line for line in body if line))

    def progress(self) -> Shown:
        """The map of all lessons."""
        return progress_map([self._lesson_row(lesson) for lesson in catalog.lessons()])

    def _lesson_row(self, lesson: Lesson) -> LessonRow:
        rows = [self._exercise_row(exercise) for exercise in lesson.exercises]
        answers = [self._progress.question(question.id) for question in lesson.quiz]
        right = sum(
            bool(answer) and answer.latest == question.answer
            for answer, question in zip(answers, lesson.quiz, strict=True)
            if answer
        )
        return LessonRow(lesson.number, lesson.title, tuple(rows), lesson.points, right, len(lesson.quiz))

    def _exercise_row(self, exercise: Exercise) -> ProgressRow:
        record = self._progress.exercise(exercise.id)
        points = min(record.best_points, Decimal(exercise.points))
        notes = [score(points, exercise.points)]
        if record.attempts:
            notes.append("1 try" if record.attempts == 1 else f"{record.attempts} tries")
        if record.hints:
            notes.append("1 hint" if record.hints == 1 else f"{record.hints} hints")
        if record.solved_with_help:
            notes.append("solved with help")
        return ProgressRow(exercise.id, exercise.title, record.outcome, points, ", ".join(notes))

    @staticmethod
    def _ask_again(verb: str, choice: Choice, letter: str) -> Shown:
        wrong = "" if str(letter).strip() in ("", "?", "None") else f"{letter!r} is not one of the options. "
        return panel(
            f"{choice.id}: your choice is open",
            f"{_asked(choice)}\n{wrong}Choose one of {_letters(choice)}: "
            f'lab.{verb}("{choice.id}", "{next(iter(choice.options))}")',
        )

    @staticmethod
    def _restore(files: list[tuple[str, str]], work: Path) -> list[str]:
        """Copy the folder's Python files aside, then write the starter's; says what was done."""
        inside = [(work / name, text) for name, text in files if _is_inside(work, work / name)]
        changed = [(path, text) for path, text in inside if not path.exists() or path.read_bytes() != text.encode()]
        if not changed:
            return []
        done = []
        old = sorted({*work.glob("*.py"), *(path for path, _text in changed if path.exists())})
        if old:
            folder = _new_folder(work / "backup")
            for path in old:
                copy = folder / path.relative_to(work)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
            done.append(f"Your files are kept in {folder}: {', '.join(str(path.relative_to(work)) for path in old)}")
        for path, text in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            done.append(f"{path.relative_to(work)} holds the starter's text again; what is deployed is unchanged.")
        return done


def _new_folder(parent: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        folder = parent / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise OSError(f"no free name for a folder in {parent}")


def _is_inside(folder: Path, path: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _asked(choice: Choice) -> str:
    options = "\n".join(f"   {letter}) {text}" for letter, text in choice.options.items())
    return f"{choice.text}\n{options}"


def _letters(choice: Choice) -> str:
    return ", ".join(choice.options)


def _letter(choice: Choice, given: str) -> str | None:
    wanted = str(given).strip().rstrip(")").lower()
    return next((letter for letter in choice.options if letter.lower() == wanted), None)
