"""What a check can end with, and how a check stops early."""

from __future__ import annotations

from enum import Enum

from .messages import Message


class Outcome(Enum):
    """Result of a check or of one sub-check. ``word`` and ``symbol`` always go together: no meaning by colour alone."""

    PASSED = ("PASSED", "✔")
    PARTIAL = ("PARTIAL", "◐")
    NOT_YET = ("NOT YET", "✘")
    NOT_ATTEMPTED = ("NOT ATTEMPTED", "○")
    YOUR_CODE_RAISED = ("YOUR CODE RAISED", "⚠")
    LAB_PROBLEM = ("LAB PROBLEM", "■")

    def __init__(self, word: str, symbol: str) -> None:
        self.word = word
        self.symbol = symbol

    @property
    def is_attempt(self) -> bool:
        """Whether the learner's work was judged: an untouched starter and a problem of ours are no attempt."""
        return self not in (Outcome.NOT_ATTEMPTED, Outcome.LAB_PROBLEM)


class CheckStop(Exception):
    """Ends a sub-check (or, raised outside any sub-check, the whole check) with an outcome other than PASSED.

    ``traceback`` is the function's own, trimmed to the learner's lines; it is shown folded, below the message.
    """

    outcome = Outcome.NOT_YET

    def __init__(self, message: Message, traceback: str = "") -> None:
        super().__init__("; ".join(message.lines))
        self.message = message
        self.traceback = traceback


class NotYet(CheckStop):
    """The deployed thing does something else than asked; the message names the mistake."""


class NotAttempted(CheckStop):
    """The starter is untouched."""

    outcome = Outcome.NOT_ATTEMPTED


class NotDeployed(NotAttempted):
    """What the exercise asks for is not in the cloud (never deployed, or deleted since)."""


class YourCodeRaised(CheckStop):
    """The function failed with an exception of its own."""

    outcome = Outcome.YOUR_CODE_RAISED


class LabProblem(CheckStop):
    """Ours, not the learner's: the cloud is down, a version is wrong, a check is broken."""

    outcome = Outcome.LAB_PROBLEM
