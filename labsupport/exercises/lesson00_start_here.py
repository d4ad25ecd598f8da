"""Lesson 00: the loop of write, deploy and check, and how to read what a check says."""

from __future__ import annotations

from ..insight.invocation import InvocationResult
from . import expectations
from .expectations import Mistake
from .model import Exercise, Lesson, Prediction, Question, sub_checks
from .probe import Probe

_SIGN = "kestrel-sign"
_LABEL = "kestrel-label"
_HOURS = "kestrel-hours"
#: The shop of start-3 is open from 9 o'clock up to 18 o'clock, when it closes.
_OPENS, _CLOSES = 9, 18


def _text(result: InvocationResult) -> str:
    return result.payload if isinstance(result.payload, str) else ""


# --- start-1 ---------------------------------------------------------------------------------------------------


def _name(probe: Probe) -> str:
    return probe.word(7).title()


def _sign_says_open(probe: Probe) -> None:
    name = _name(probe)
    result = probe.invoke(_SIGN, {"name": name})
    expectations.equal(
        result,
        f"Welcome {name}, the shop is open.",
        expected="the sentence of the exercise, with the name from the event",
        look="the sentence, letter by letter: capital, comma, full stop",
        mistakes_here=(
            Mistake(
                lambda got: "closed" in _text(got), "the word in your file: the sign still says that the shop is closed"
            ),
            Mistake(
                lambda got: _text(got) == "Welcome Ada, the shop is open.",
                "the name: it is written into your code, and the event says another",
            ),
            Mistake(
                lambda got: "{name}" in _text(got), "the f before the quotation mark: without it, {name} stays as it is"
            ),
        ),
    )


_START_1 = Exercise(
    id="start-1",
    lesson="00",
    title="Open the shop",
    kind="fill in",
    points=1,
    minutes=3,
    skills=("write, deploy, check",),
    hints=(
        "A handler is a Python function. What it returns is the answer. Only the sentence it returns has to change.",
        "Look at the line that begins with raise NotImplementedError. It stands where your line goes. The line "
        "above it has already taken the name out of the event.",
        'In words: return f"Welcome, then {name} in curly brackets, then the rest of the sentence". Run the cell, '
        "run the deploy cell below it, then run the check.",
    ),
    explanation="The check sent your function a name that nobody could know beforehand, and your function put it "
    "into the sentence. A name written into the code would have failed. Every check of this course works that way: "
    "it never reads your notebook, it uses what you deployed.",
    check=sub_checks(("The sign says that the shop is open", _sign_says_open)),
)


# --- start-2 ---------------------------------------------------------------------------------------------------


def _label_is_right(probe: Probe) -> None:
    order = probe.whole_number(1000, 9999)
    photos = probe.whole_number(2, 99)
    result = probe.invoke(_LABEL, {"order": order, "photos": photos})
    expectations.equal(
        result,
        f"Order {order}: {photos} photos",
        expected="one line of text: Order, the order's number, a colon, the number of photos, photos",
        look="the text, letter by letter: one space after Order, one after the colon, one before photos",
        mistakes_here=(
            Mistake(
                lambda got: _text(got) == f"Order {photos}: {order} photos", "the two numbers: they have changed places"
            ),
            Mistake(
                lambda got: "{" in _text(got),
                "the f before the quotation mark: without it, the curly brackets stay as they are",
            ),
        ),
    )


_START_2 = Exercise(
    id="start-2",
    lesson="00",
    title="Repair the label",
    kind="debug",
    points=1,
    minutes=3,
    skills=("read a traceback",),
    hints=(
        "Python does not join text and a number with +. It says so with a TypeError.",
        'The report names the file and the line. In that line, event["order"] and event["photos"] are numbers.',
        "In words: build the text with an f-string, and put each number in curly brackets inside it; or turn each "
        "number into text with str() before you join.",
    ),
    explanation="The traceback named the file, the line and the reason. An f-string turns every value into text by "
    "itself, so the numbers of the event fit in. Most failures of a function are read like this: last line first, "
    "then the place.",
    check=sub_checks(("The label shows order and photos", _label_is_right)),
)


# --- start-3 ---------------------------------------------------------------------------------------------------


def _ask(probe: Probe, hour: int, wanted: str, *, expected: str, look: str) -> None:
    result = probe.invoke(_HOURS, {"hour": hour})
    expectations.equal(
        result,
        wanted,
        expected=expected,
        look=look,
        mistakes_here=(
            Mistake(
                lambda got: isinstance(got.payload, bool),
                "what you return: the words open and closed are asked for, not True and False",
            ),
        ),
    )


def _open_by_day(probe: Probe) -> None:
    hour = probe.whole_number(_OPENS + 1, _CLOSES - 1)
    _ask(
        probe,
        hour,
        "open",
        expected="the word for an hour within the opening hours",
        look="the condition: this hour lies between opening and closing",
    )


def _closed_by_night(probe: Probe) -> None:
    hour = probe.rng.choice([*range(0, _OPENS), *range(_CLOSES + 1, 24)])
    _ask(
        probe,
        hour,
        "closed",
        expected="the word for an hour outside the opening hours",
        look="the condition: it must fail before opening and after closing",
    )


def _right_on_the_hour(probe: Probe) -> None:
    _ask(
        probe,
        _OPENS,
        "open",
        expected="the word for the very hour of opening",
        look="the comparison with 9: at 9 the shop is open already",
    )
    _ask(
        probe,
        _CLOSES,
        "closed",
        expected="the word for the very hour of closing",
        look="the comparison with 18: at 18 the shop is closed already",
    )


_START_3 = Exercise(
    id="start-3",
    lesson="00",
    title="Opening hours",
    kind="write",
    points=3,
    minutes=4,
    skills=("read a report with several parts", "use the hints"),
    hints=(
        "There are two answers and one condition. Python can compare from both sides at once: low <= x < high.",
        "Think about the two hours where the answer changes, 9 and 18. For each, decide which of < and <= is right.",
        'In words: hour is event["hour"]; if 9 is at most hour and hour is below 18, return the word open; else return '
        "the word closed.",
    ),
    explanation="The answer changes at two hours, so those two are tested by themselves. 9 <= hour < 18 says in one "
    "line that 9 is in and 18 is out. Ranges that are closed on the left and open on the right fit together without "
    "a gap: the next shift would start with 18 <= hour.",
    check=sub_checks(
        ("Open by day", _open_by_day),
        ("Closed by night", _closed_by_night),
        ("Right at 9 and at 18", _right_on_the_hour),
    ),
)


# --- predictions and quiz --------------------------------------------------------------------------------------

_PREDICTIONS = (
    Prediction(
        id="start-p1",
        text="The file sign.py is written. Nothing is deployed yet. What does the check say?",
        options={
            "a": "PASSED or NOT YET: it reads sign.py and judges it",
            "b": "NOT ATTEMPTED: it does not find the function",
            "c": "YOUR CODE RAISED: it runs the file and the file fails",
            "d": "LAB PROBLEM: something is broken",
        },
        answer="b",
        explanations={
            "a": "The check never opens your files. It asks the cloud for the function, and no function is there.",
            "b": "The check asks the cloud for a function, not the folder for a file.",
            "c": "Nothing ran your file. A file runs only after you deploy it and somebody invokes the function.",
            "d": "All is well. LAB PROBLEM is kept for faults of the lab itself, and it never costs points.",
        },
    ),
)

_QUIZ: tuple[Question, ...] = (
    Question(
        id="start-q1",
        text="You change one word in a %%writefile cell, run the cell, and run the check. The report is the same as "
        "before. Why?",
        options={
            "a": "The check is slow and needs some minutes to notice",
            "b": "The cloud still runs the old copy: the file was not deployed again",
            "c": "Checks only run once",
        },
        answer="b",
        explanations={
            "a": "A check starts afresh each time and looks at the cloud at once. Waiting changes nothing.",
            "b": "Deploying makes a copy. Write, deploy, check: the middle step was left out.",
            "c": "You may check as often as you like. Each time the inputs are new.",
        },
    ),
    Question(
        id="start-q2",
        text="A report says YOUR CODE RAISED. What happened?",
        options={
            "a": "Your function was invoked and ended with an exception of its own",
            "b": "Your notebook has a syntax error in some cell",
            "c": "The answer was wrong",
        },
        answer="a",
        explanations={
            "a": "The report shows the exception and the lines of yours that led to it.",
            "b": "A check does not look at the notebook. It only meets what you deployed.",
            "c": "A wrong answer is NOT YET: the function did answer, only not as asked.",
        },
    ),
    Question(
        id="start-q3",
        text="Why can a function that always returns the example's answer not pass a check?",
        options={
            "a": "The check reads your code and finds the constant",
            "b": "It can pass: the example is what is tested",
            "c": "The check invokes your function with inputs that are new each time",
        },
        answer="c",
        explanations={
            "a": "Nobody reads your code. You may write it in any way you like, as long as the answers are right.",
            "b": "The example is only there to explain the task. The check uses other inputs.",
            "c": "A constant is right for one input at most, and the check does not use that one.",
        },
    ),
    Question(
        id="start-q4",
        text="A report says PARTIAL, 2 of 3 points. What do you know?",
        options={
            "a": "The first two parts were right and the check stopped at the third",
            "b": "Two parts were right and one was not; the check looked at all three",
            "c": "One third of your lines are wrong",
        },
        answer="b",
        explanations={
            "a": "A check does not stop at the first fault. The part that failed may be any of the three.",
            "b": "Every part is looked at, so one fault never hides another.",
            "c": "A check counts parts of the task, not lines of code.",
        },
    ),
    Question(
        id="start-q5",
        text="Where does the cloud of this course run, and what can it cost you?",
        options={
            "a": "On this machine; nothing you do here can cost money",
            "b": "At AWS, within the free tier",
            "c": "On a server of the authors, free for a month",
        },
        answer="a",
        explanations={
            "a": "Its address begins with http://127.0.0.1, which is this machine. There is no account and no bill.",
            "b": "Nothing here reaches AWS. The lab removes your AWS settings from this kernel before it starts.",
            "c": "No server is involved. You can switch the network off and go on.",
        },
    ),
)

LESSON = Lesson(
    number="00",
    name="00_start_here",
    title="Start here",
    minutes=15,
    exercises=(_START_1, _START_2, _START_3),
    quiz=_QUIZ,
    predictions=_PREDICTIONS,
)
