"""The four lines a check may say to a learner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..markup import printable

#: Longer lines are cut: a message is read at a glance.
LINE_CHARACTERS = 220
_VALUE_CHARACTERS = 90


@dataclass(frozen=True)
class Message:
    """What we did, what came back, what was expected (in words, never the answer), where to look. One short line each;
    an empty one is left out."""

    did: str = ""
    came_back: str = ""
    expected: str = ""
    look: str = ""

    def __post_init__(self) -> None:
        for field in ("did", "came_back", "expected", "look"):
            object.__setattr__(self, field, shortened(getattr(self, field), LINE_CHARACTERS))

    @property
    def labelled(self) -> tuple[tuple[str, str], ...]:
        """(label, line) pairs, at most four."""
        pairs = (
            ("We did", self.did),
            ("Came back", self.came_back),
            ("Expected", self.expected),
            ("Look at", self.look),
        )
        return tuple((label, line) for label, line in pairs if line)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as plain text, label first."""
        return tuple(f"{label}: {line}" for label, line in self.labelled)

    def to_dict(self) -> dict[str, str]:
        """For JSON; empty lines are left out."""
        fields = {"did": self.did, "came_back": self.came_back, "expected": self.expected, "look": self.look}
        return {name: line for name, line in fields.items() if line}


def shown(value: Any, limit: int = _VALUE_CHARACTERS) -> str:
    """A value as one line of JSON, cut in the middle when longer than ``limit`` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return shortened(text, limit)


def shortened(text: str, limit: int = _VALUE_CHARACTERS) -> str:
    """Text on one line, cut in the middle when longer than ``limit`` characters."""
    considered = text if len(text) <= 40 * limit else text[: 20 * limit] + text[-20 * limit :]
    line = " ".join(printable(considered).split())
    if len(line) <= limit:
        return line
    tail = limit // 4
    return f"{line[: limit - tail - 3]} … {line[-tail:]}"
