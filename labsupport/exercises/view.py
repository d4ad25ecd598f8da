"""How reports, hints, quizzes and progress look: plain text and HTML that say the same. All content is escaped here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..markup import escape, folded, html_group, indented, printable
from .messages import Message
from .model import CheckReport, SubCheck
from .outcomes import Outcome

#: Beside symbol and word, never instead of them.
_BORDER = {
    Outcome.PASSED: "#2e7d32",
    Outcome.PARTIAL: "#b26a00",
    Outcome.NOT_YET: "#b71c1c",
    Outcome.YOUR_CODE_RAISED: "#b71c1c",
    Outcome.NOT_ATTEMPTED: "#616161",
    Outcome.LAB_PROBLEM: "#4a148c",
}


@dataclass(frozen=True)
class Shown:
    """Something to read. JupyterLab shows it as it is; ``print`` gives the plain text."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def notice(text: str) -> Shown:
    """A line (or a few) of the lab's own."""
    text = printable(text)
    return Shown(text, f'<div role="status" class="mathjax_ignore" style="white-space:pre-wrap">{escape(text)}</div>')


def panel(heading: str, body: str, outcome: Outcome | None = None) -> Shown:
    """A heading and text below it."""
    heading, body = printable(heading), printable(body)
    text = f"{heading}\n{indented(body, 2)}" if body else heading
    inner = f"<strong>{escape(heading)}</strong>"
    if body:
        inner += f'<div style="white-space:pre-wrap">{escape(body)}</div>'
    return Shown(text, _box(heading, inner, outcome))


def code_panel(heading: str, pieces: list[tuple[str, str]], footer: str = "") -> Shown:
    """Pieces of code, each with a line that says what it is."""
    lines = [printable(heading)]
    inner = f"<strong>{escape(heading)}</strong>"
    for title, code in pieces:
        lines += ["", printable(title), "", indented(printable(code), 4)]
        inner += f"<div>{escape(title)}</div><pre>{escape(code)}</pre>"
    if footer:
        lines += ["", printable(footer)]
        inner += f'<div style="white-space:pre-wrap">{escape(footer)}</div>'
    return Shown("\n".join(lines), _box(heading, inner, None))


def score(points: Decimal, max_points: int) -> str:
    """ "2.5 of 4 points"; without points for an exercise that has none."""
    if max_points == 0:
        return "no points"
    noun = "point" if max_points == 1 else "points"
    return f"{_plain(points)} of {max_points} {noun}"


def report_text(report: CheckReport) -> str:
    """A check's report as plain text: outcome first, then each sub-check, the traceback last and trimmed."""
    lines = [_headline(report)]
    if report.message:
        lines += [f"    {line}" for line in report.message.lines]
    for subcheck in report.subchecks:
        lines.append(f"  {subcheck.result.symbol} {subcheck.result.word}: {printable(subcheck.title)}")
        if subcheck.message and not subcheck.ok:
            lines += [f"      {line}" for line in subcheck.message.lines]
        if subcheck.traceback:
            lines += ["      Traceback (your lines):", indented(printable(subcheck.traceback), 8)]
    if report.traceback:
        lines += ["    Traceback (your lines):", indented(printable(report.traceback), 6)]
    if report.explanation:
        lines += ["  Why it works:", indented(printable(report.explanation.strip()), 4)]
    return "\n".join(lines)


def report_html(report: CheckReport) -> str:
    """A check's report for JupyterLab; tracebacks are folded."""
    inner = f"<strong>{escape(_headline(report))}</strong>"
    inner += _message_html(report.message, report.traceback)
    if report.subchecks:
        items = "".join(_subcheck_html(subcheck) for subcheck in report.subchecks)
        inner += f'<ul style="list-style:none;padding-left:1em;margin:0.3em 0">{items}</ul>'
    if report.explanation:
        inner += (
            '<div><em>Why it works:</em> <span style="white-space:pre-wrap">'
            f"{escape(report.explanation.strip())}</span></div>"
        )
    return _box(f"Check of {report.exercise_id}", inner, report.outcome)


def _headline(report: CheckReport) -> str:
    outcome = report.outcome
    text = f"{outcome.symbol} {outcome.word} {report.exercise_id}: {printable(report.title)}"
    if outcome is Outcome.LAB_PROBLEM:
        return f"{text} (ours, not yours: it costs no points)"
    if outcome is Outcome.NOT_ATTEMPTED:
        return text
    return f"{text} ({score(report.points, report.max_points)})"


def _subcheck_html(subcheck: SubCheck) -> str:
    result = subcheck.result
    message = "" if subcheck.ok else _message_html(subcheck.message, subcheck.traceback)
    return f"<li>{result.symbol} <strong>{result.word}</strong>: {escape(subcheck.title)}{message}</li>"


def _message_html(message: Message | None, traceback: str) -> str:
    html = ""
    if message:
        rows = "".join(f"<div><em>{escape(label)}:</em> {escape(line)}</div>" for label, line in message.labelled)
        html += f'<div style="padding-left:1.5em">{rows}</div>'
    if traceback:
        html += f'<div style="padding-left:1.5em">{folded("Traceback (your lines)", traceback)}</div>'
    return html


def _box(label: str, inner: str, outcome: Outcome | None) -> str:
    colour = _BORDER[outcome] if outcome else "#1565c0"
    return html_group(label, inner, f"border-left:4px solid {colour};padding:0.3em 0.8em;margin:0.2em 0")


def _plain(points: Decimal) -> str:
    return str(int(points)) if points == points.to_integral_value() else str(points.normalize())


@dataclass(frozen=True)
class ProgressRow:
    """One exercise on the map."""

    exercise_id: str
    title: str
    outcome: Outcome
    points: Decimal
    note: str


@dataclass(frozen=True)
class LessonRow:
    """One lesson on the map."""

    number: str
    title: str
    exercises: tuple[ProgressRow, ...]
    max_points: int
    quiz_right: int
    quiz_total: int

    @property
    def points(self) -> Decimal:
        return sum((row.points for row in self.exercises), Decimal(0))

    @property
    def summary(self) -> str:
        """ "7 of 20 points, 35 %, quiz 3 of 5"."""
        parts = []
        if self.exercises:
            parts += [score(self.points, self.max_points), f"{_percent(self.points, self.max_points)} %"]
        if self.quiz_total:
            parts.append(f"quiz {self.quiz_right} of {self.quiz_total}")
        return ", ".join(parts) or "nothing to check"


def progress_map(lessons: list[LessonRow]) -> Shown:
    """All lessons with their exercises, and the share of all points."""
    points = sum((lesson.points for lesson in lessons), Decimal(0))
    max_points = sum(lesson.max_points for lesson in lessons)
    heading = f"Your progress: {score(points, max_points)}, {_percent(points, max_points)} %"
    lines = [heading]
    inner = f"<strong>{escape(heading)}</strong>"
    for lesson in lessons:
        title = f"{lesson.number} {printable(lesson.title)}: {lesson.summary}"
        lines += ["", title, *(f"  {_row_text(row)}" for row in lesson.exercises)]
        items = "".join(f"<li>{escape(_row_text(row))}</li>" for row in lesson.exercises)
        inner += f'<div>{escape(title)}</div><ul style="list-style:none;padding-left:1em;margin:0">{items}</ul>'
    return Shown("\n".join(lines), _box("Your progress", inner, None))


def _row_text(row: ProgressRow) -> str:
    return f"{row.outcome.symbol} {row.outcome.word} {row.exercise_id}: {printable(row.title)} ({row.note})"


def _percent(points: Decimal, max_points: int) -> int:
    """Rounded down: 100 % only when nothing is missing."""
    return int(points * 100 / max_points) if max_points else 0
