"""Lesson 00: the starter is not attempted, the solution and other right answers pass, each mistake gets its message."""

from __future__ import annotations

from typing import Any

import pytest

from labsupport.exercises.outcomes import Outcome

FUNCTIONS = {
    "start-1": ("kestrel-sign", "sign.py", "sign.handler"),
    "start-2": ("kestrel-label", "label.py", "label.handler"),
    "start-3": ("kestrel-hours", "hours.py", "hours.handler"),
}

ALSO_RIGHT = {
    "start-1": (
        """
        def handler(event, context):
            return "Welcome " + event["name"] + ", the shop is open."
        """,
        """
        def handler(event, context):
            return "Welcome {}, the shop is open.".format(event.get("name"))
        """,
    ),
    "start-2": (
        """
        def handler(event, context):
            return "Order " + str(event["order"]) + ": " + str(event["photos"]) + " photos"
        """,
        """
        def handler(event, context):
            return "Order %d: %d photos" % (event["order"], event["photos"])
        """,
    ),
    "start-3": (
        """
        def handler(event, context):
            return "open" if event["hour"] in range(9, 18) else "closed"
        """,
        """
        HOURS = ["closed"] * 9 + ["open"] * 9 + ["closed"] * 6

        def handler(event, context):
            return HOURS[event["hour"]]
        """,
    ),
}

MISTAKES = {
    "start-1": {
        "the word is not changed": (
            """
            def handler(event, context):
                name = event["name"]
                return f"Welcome {name}, the shop is closed."
            """,
            Outcome.NOT_YET,
            "Look at: the word in your file: the sign still says that the shop is closed",
        ),
        "the name of the example is written into the code": (
            """
            def handler(event, context):
                return "Welcome Ada, the shop is open."
            """,
            Outcome.NOT_YET,
            "Look at: the name: it is written into your code, and the event says another",
        ),
        "the f is forgotten": (
            """
            def handler(event, context):
                name = event["name"]
                return "Welcome {name}, the shop is open."
            """,
            Outcome.NOT_YET,
            "Look at: the f before the quotation mark: without it, {name} stays as it is",
        ),
        "print in place of return": (
            """
            def handler(event, context):
                name = event["name"]
                print(f"Welcome {name}, the shop is open.")
            """,
            Outcome.NOT_YET,
            "Look at: print instead of return: the value is in the log, but only return makes it the answer",
        ),
        "a full stop is missing": (
            """
            def handler(event, context):
                return f"Welcome {event['name']}, the shop is open"
            """,
            Outcome.NOT_YET,
            "Look at: the sentence, letter by letter: capital, comma, full stop",
        ),
        "a syntax error": (
            """
            def handler(event, context)
                return "Welcome"
            """,
            Outcome.YOUR_CODE_RAISED,
            "Came back: Runtime.UserCodeSyntaxError: Syntax error in module 'sign': expected ':' (sign.py, line 1)",
        ),
    },
    "start-2": {
        "numbers are joined to text": (
            """
            def handler(event, context):
                return "Order " + event["order"] + ": " + event["photos"] + " photos"
            """,
            Outcome.YOUR_CODE_RAISED,
            'Came back: TypeError: can only concatenate str (not "int") to str',
        ),
        "the numbers have changed places": (
            """
            def handler(event, context):
                return f"Order {event['photos']}: {event['order']} photos"
            """,
            Outcome.NOT_YET,
            "Look at: the two numbers: they have changed places",
        ),
        "a key that is not in the event": (
            """
            def handler(event, context):
                return f"Order {event['number']}: {event['photos']} photos"
            """,
            Outcome.YOUR_CODE_RAISED,
            "Look at: is that key in the event we sent? label.py, line 2",
        ),
        "the colon is missing": (
            """
            def handler(event, context):
                return f"Order {event['order']} {event['photos']} photos"
            """,
            Outcome.NOT_YET,
            "Look at: the text, letter by letter: one space after Order, one after the colon, one before photos",
        ),
    },
    "start-3": {
        "nine is left out": (
            """
            def handler(event, context):
                return "open" if 9 < event["hour"] < 18 else "closed"
            """,
            Outcome.PARTIAL,
            "Look at: the comparison with 9: at 9 the shop is open already",
        ),
        "eighteen is let in": (
            """
            def handler(event, context):
                return "open" if 9 <= event["hour"] <= 18 else "closed"
            """,
            Outcome.PARTIAL,
            "Look at: the comparison with 18: at 18 the shop is closed already",
        ),
        "always open": (
            """
            def handler(event, context):
                return "open"
            """,
            Outcome.PARTIAL,
            "Look at: the condition: it must fail before opening and after closing",
        ),
        "True and False": (
            """
            def handler(event, context):
                return 9 <= event["hour"] < 18
            """,
            Outcome.NOT_YET,
            "Look at: what you return: the words open and closed are asked for, not True and False",
        ),
        "capital letters": (
            """
            def handler(event, context):
                return "Open" if 9 <= event["hour"] < 18 else "Closed"
            """,
            Outcome.NOT_YET,
            "Look at: spaces and upper or lower case: the letters are right",
        ),
    },
}


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_starter_is_not_attempted(classroom: Any, exercise: str) -> None:
    classroom.hand_in(FUNCTIONS[exercise], classroom.file_of(classroom.starter(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert f"the starter's own line: exercise {exercise} is still to be written" in repr(report)
    assert report.points == 0


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_nothing_deployed_is_not_attempted(classroom: Any, exercise: str) -> None:
    classroom.remove(FUNCTIONS[exercise][0])

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert "there is no function of that name in the local cloud" in repr(report)


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_solution_passes(classroom: Any, exercise: str) -> None:
    classroom.hand_in(FUNCTIONS[exercise], classroom.file_of(classroom.solution(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)
    assert report.points == report.max_points
    assert "Why it works:" in repr(report)


@pytest.mark.parametrize(
    ("exercise", "number"), [(name, at) for name, texts in ALSO_RIGHT.items() for at in range(len(texts))]
)
def test_another_right_answer_passes(classroom: Any, exercise: str, number: int) -> None:
    classroom.hand_in(FUNCTIONS[exercise], ALSO_RIGHT[exercise][number])

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(("exercise", "mistake"), [(name, what) for name, many in MISTAKES.items() for what in many])
def test_a_mistake_gets_its_message(classroom: Any, exercise: str, mistake: str) -> None:
    text, outcome, line = MISTAKES[exercise][mistake]
    classroom.hand_in(FUNCTIONS[exercise], text)

    report = classroom.check(exercise)

    assert report.outcome is outcome, repr(report)
    assert line in repr(report)
    assert report.points < report.max_points


def test_the_lesson_demonstrates_the_outcomes_it_explains(classroom: Any) -> None:
    classroom.hand_in(FUNCTIONS["start-1"], classroom.given_file("00", "sign.py"))
    assert classroom.check("start-1").outcome is Outcome.NOT_YET

    classroom.hand_in(FUNCTIONS["start-2"], classroom.given_file("00", "label.py"))
    assert classroom.check("start-2").outcome is Outcome.YOUR_CODE_RAISED
