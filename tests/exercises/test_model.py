from __future__ import annotations

import json
from decimal import Decimal

import pytest

from labsupport.exercises.messages import Message
from labsupport.exercises.model import CheckReport, Exercise, Question, SubCheck, json_number, partial_points
from labsupport.exercises.outcomes import Outcome

GOOD = dict(
    id="a-1",
    lesson="01",
    title="t",
    kind="write",
    points=1,
    minutes=1,
    skills=(),
    hints=("a", "b", "c"),
    explanation="e",
    check=lambda probe: (),
)


@pytest.mark.parametrize(
    "change, word",
    [
        ({"kind": "guess"}, "kind"),
        ({"hints": ("only", "two")}, "hints"),
        ({"points": -1}, "points"),
        ({"minutes": 0}, "minutes"),
        ({"explanation": "  "}, "explanation"),
    ],
)
def test_an_author_who_left_something_out_is_told_at_once(change, word):
    with pytest.raises(ValueError, match=word):
        Exercise(**{**GOOD, **change})


def test_an_exercise_may_have_no_points():
    assert Exercise(**{**GOOD, "points": 0}).points == 0


def test_a_question_needs_an_explanation_for_each_option():
    with pytest.raises(ValueError, match="explanation"):
        Question("q", "?", {"a": "x", "b": "y"}, "a", {"a": "why"})
    with pytest.raises(ValueError, match="not an option"):
        Question("q", "?", {"a": "x"}, "b", {"a": "why"})


@pytest.mark.parametrize(
    "points, passed, total, share",
    [(4, 0, 3, "0"), (4, 1, 3, "1.33"), (4, 2, 3, "2.66"), (4, 3, 3, "4"), (1, 6, 7, "0.85"), (0, 1, 2, "0")],
)
def test_partial_points_are_exact_and_rounded_down(points, passed, total, share):
    assert partial_points(points, passed, total) == Decimal(share)


def test_a_share_of_nothing_is_nothing():
    assert partial_points(4, 0, 0) == 0


def test_points_in_json_are_whole_numbers_where_they_are_whole():
    assert json_number(Decimal("2.00")) == 2 and isinstance(json_number(Decimal("2.00")), int)
    assert json_number(Decimal("1.33")) == 1.33


def test_a_report_is_plain_json():
    report = CheckReport(
        "a-1",
        "t",
        Outcome.PARTIAL,
        Decimal("0.5"),
        1,
        (SubCheck("x", True), SubCheck("y", False, Message(did="d"), None, "tb")),
    )
    record = json.loads(json.dumps(report.to_dict()))
    assert record["outcome"] == "PARTIAL" and record["points"] == 0.5
    assert record["subchecks"][1] == {
        "title": "y",
        "outcome": "NOT YET",
        "message": {"did": "d"},
        "traceback": "tb",
    }
