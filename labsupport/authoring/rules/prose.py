"""Rules about what a learner reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...facts import FACTS
from ..review import Finding, Review

#: The course is written in British spelling. Names of AWS and of code stand in code spans, which nobody looks at here.
BRITISH = {
    "analyze": "analyse",
    "apologize": "apologise",
    "artifact": "artefact",
    "behavior": "behaviour",
    "canceled": "cancelled",
    "canceling": "cancelling",
    "catalog": "catalogue",
    "center": "centre",
    "color": "colour",
    "customize": "customise",
    "defense": "defence",
    "favor": "favour",
    "favorite": "favourite",
    "fulfill": "fulfil",
    "gray": "grey",
    "honor": "honour",
    "initialize": "initialise",
    "labeled": "labelled",
    "minimize": "minimise",
    "modeling": "modelling",
    "neighbor": "neighbour",
    "optimize": "optimise",
    "organize": "organise",
    "realize": "realise",
    "recognize": "recognise",
    "serialize": "serialise",
    "summarize": "summarise",
    "traveler": "traveller",
    "traveling": "travelling",
}
_AMERICAN = re.compile(rf"\b(?P<word>{'|'.join(BRITISH)})(?P<ending>s|d|r|rs|ed|ful|able)?\b", re.IGNORECASE)
_FENCE = re.compile(r"^(`{3,}).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


def british_spelling(review: Review) -> Iterator[Finding]:
    for cell in review.markdown:
        for match in _AMERICAN.finditer(cell.prose):
            better = BRITISH[match["word"].lower()] + (match["ending"] or "")
            yield review.at(cell.number, f"{match[0]!r} is American spelling; this course writes {better!r}")


def figures_come_from_facts(review: Review) -> Iterator[Finding]:
    """A figure with its unit that labsupport.facts knows has to come from there: prices and limits change in one place."""
    known: dict[str, str] = {}
    for fact in FACTS.values():
        if re.search(r"\d.* \w", fact.text):  # with a unit; a bare number may mean anything
            known.setdefault(fact.text, fact.name)
    text = _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), review.source)
    for figure, name in known.items():
        for match in re.finditer(rf"(?<![\w.,-]){re.escape(figure)}(?![\w-])", text):
            line = text.count("\n", 0, match.start()) + 1
            yield review.at(
                None, f"line {line} of the source says {figure!r}; write {{{{ facts.{name} }}}}, or another unit"
            )
