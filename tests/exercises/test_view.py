from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from labsupport.exercises import view
from labsupport.exercises.messages import Message
from labsupport.exercises.model import CheckReport, SubCheck
from labsupport.exercises.outcomes import Outcome

NASTY = '<script>alert("x")</script> & \x1b[2J\ud800'


def report(outcome: Outcome, *subchecks: SubCheck, **fields) -> CheckReport:
    return CheckReport("a-1", "A title", outcome, Decimal("1.5"), 3, subchecks, **fields)


class Text(HTMLParser):
    """What a screen reader would get, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_said_with_symbol_and_word_in_both_forms(outcome):
    shown = report(outcome)
    assert repr(shown).startswith(f"{outcome.symbol} {outcome.word} a-1: A title")
    parsed = Text(shown._repr_html_())
    assert parsed.open == [] and f"{outcome.symbol} {outcome.word}" in parsed.text


def test_symbols_and_words_are_all_different():
    assert len({outcome.symbol for outcome in Outcome}) == len({outcome.word for outcome in Outcome}) == 6


def test_message_comes_first_and_the_traceback_is_folded():
    failed = SubCheck("It adds", False, Message("d", "c", "e", "l"), Outcome.YOUR_CODE_RAISED, "app.py, line 1")
    shown = report(Outcome.YOUR_CODE_RAISED, failed)
    text = repr(shown)
    assert text.index("We did: d") < text.index("Look at: l") < text.index("app.py, line 1")
    html = shown._repr_html_()
    assert html.index("We did") < html.index("<details>") < html.index("app.py, line 1") < html.index("</details>")


def test_both_forms_say_the_same():
    shown = report(
        Outcome.PARTIAL,
        SubCheck("one", True),
        SubCheck("two", False, Message("d", "c", "e", "l"), Outcome.YOUR_CODE_RAISED, "trace"),
        explanation="because",
    )
    words = set(re.findall(r"\w+", repr(shown)))
    assert words <= set(re.findall(r"\w+", Text(shown._repr_html_()).text))


def test_what_a_learner_s_function_returned_cannot_become_markup_or_control_the_terminal():
    nasty = SubCheck(NASTY, False, Message(NASTY, NASTY, NASTY, NASTY), None, NASTY)
    shown = report(Outcome.NOT_YET, nasty, message=Message(NASTY), traceback=NASTY, explanation=NASTY)
    for form in (
        shown,
        view.notice(NASTY),
        view.panel(NASTY, NASTY),
        view.code_panel(NASTY, [(NASTY, NASTY)], NASTY),
    ):
        html, text = form._repr_html_(), repr(form)
        assert "<script" not in html and "script" not in Text(html).tags
        for shown_form in (html, text):
            assert "\x1b" not in shown_form
            shown_form.encode("utf-8")


@pytest.mark.parametrize(
    "points, most, words",
    [(0, 1, "0 of 1 point"), (1, 2, "1 of 2 points"), ("1.50", 3, "1.5 of 3 points"), (0, 0, "no points")],
)
def test_points_read_naturally(points, most, words):
    assert view.score(Decimal(points), most) == words


def test_the_map_counts_points_exactly_and_rounds_down():
    rows = tuple(
        view.ProgressRow(f"x-{n}", "t", Outcome.PARTIAL, Decimal("1.1"), view.score(Decimal("1.1"), 2))
        for n in range(3)
    )
    text = repr(view.progress_map([view.LessonRow("01", "One", rows, 6, 1, 5)]))
    assert text.startswith("Your progress: 3.3 of 6 points, 55 %")
    assert "01 One: 3.3 of 6 points, 55 %, quiz 1 of 5" in text
    almost = view.ProgressRow("y", "t", Outcome.PARTIAL, Decimal("99.99"), "")
    assert "99 %" in repr(view.progress_map([view.LessonRow("01", "One", (almost,), 100, 0, 0)]))


def test_an_empty_course_has_a_map_too():
    assert "0 %" in repr(view.progress_map([]))
