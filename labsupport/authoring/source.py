"""Reads a lesson's source (MyST Markdown) into a notebook, with the figures of ``labsupport.facts`` in place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import import_tax
from ..facts import FACTS, Fact
from .course import AuthoringProblem, Course

_FACT = re.compile(r"\{\{\s*facts\.(?P<name>\w*)(?P<rest>.*?)\}\}")


@dataclass(frozen=True)
class Source:
    """A lesson's source. ``notebook`` is an nbformat node without outputs; ``facts`` are the ones it uses, in order."""

    name: str
    text: str
    facts: tuple[Fact, ...]
    notebook: Any


def read_source(course: Course, name: str, facts: Mapping[str, Fact] = FACTS) -> Source:
    """Read ``solutions/<name>.md``. Raises AuthoringProblem with the source's line where something is wrong."""
    path = course.source(name)
    shown = course.shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise AuthoringProblem(f"{shown} cannot be read: {problem}") from None
    used = _facts_of(text, shown, facts)
    filled = _FACT.sub(lambda match: facts[match["name"]].text, text)
    import_tax.avoid()
    import jupytext

    try:
        notebook = jupytext.reads(filled, fmt="md:myst")
    except Exception as problem:  # jupytext's reader passes on whatever its YAML and Markdown parsers raise
        raise AuthoringProblem(f"{shown} is not MyST Markdown that jupytext can read: {problem}") from None
    return Source(name, text, used, notebook)


def _facts_of(text: str, shown: str, facts: Mapping[str, Fact]) -> tuple[Fact, ...]:
    used: dict[str, Fact] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for match in _FACT.finditer(line):
            name = match["name"]
            if match["rest"].strip() or name not in facts:
                raise AuthoringProblem(f"{shown}, line {number}: {_about(match[0], name, facts)}")
            used[name] = facts[name]
    return tuple(used.values())


def _about(written: str, name: str, facts: Mapping[str, Fact]) -> str:
    if name in facts:
        return f"{written} is not understood. Write {{{{ facts.{name} }}}}."
    near = difflib.get_close_matches(name, facts, n=1, cutoff=0.4)
    guess = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(facts)}."
    return f"there is no fact {name!r} in labsupport/facts.py. {guess}"
