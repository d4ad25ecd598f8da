"""The figures of the lessons: named once, with a source, and used by names that exist."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from labsupport.facts import FACTS, fact

SOURCES = sorted((Path(__file__).parents[1] / "solutions").glob("*.md"))


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_says_where_it_is_from(name: str) -> None:
    one = fact(name)

    assert one.name == name
    assert one.text.strip() and one.unit.strip() and one.source.strip()
    assert urlsplit(one.url).scheme == "https"
    assert urlsplit(one.url).hostname in ("docs.aws.amazon.com", "aws.amazon.com")
    assert datetime.date(2026, 1, 1) <= one.looked_up


@pytest.mark.parametrize("name", [name for name, one in FACTS.items() if isinstance(one.value, int)])
def test_the_text_has_the_figure_in_it(name: str) -> None:
    one = fact(name)
    written = one.text.replace(",", "").replace(" million", "000000")

    assert str(one.value) in written


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        KeyError, match="There is no fact 'timeout'. There is: python_runtime, function_timeout_default"
    ):
        fact("timeout")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_lessons_use_facts_that_exist(source: Path) -> None:
    used = set(re.findall(r"\{\{\s*facts\.(\w+)\s*\}\}", source.read_text(encoding="utf-8")))

    assert used
    assert used <= set(FACTS)
