"""Building blocks of what a notebook shows: plain text and HTML that say the same, with nothing by colour alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text safe to show anywhere: control characters (terminal escapes, bidirectional overrides) become visible
    escapes, and so do lone surrogates, which no notebook can carry."""
    text = text.replace("\r\n", "\n").encode("utf-8", "backslashreplace").decode()
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def escape(text: object) -> str:
    """Printable and with HTML's special characters escaped."""
    return html.escape(printable(str(text)), quote=True)


def text_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their content. A cell of several lines continues below itself."""
    table = [[printable(cell).split("\n") for cell in row] for row in rows]
    widths = [
        max([len(header), *(len(line) for row in table for line in row[column])])
        for column, header in enumerate(headers)
    ]
    lines = [_text_row(headers, widths), _text_row(["-" * len(header) for header in headers], widths)]
    for row in table:
        for number in range(max(len(cell) for cell in row)):
            lines.append(_text_row([cell[number] if number < len(cell) else "" for cell in row], widths))
    return "\n".join(lines)


def _text_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def html_table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a caption and column headers; cells are escaped here, line breaks kept."""
    left = "text-align:left;vertical-align:top"
    head = "".join(f'<th scope="col" style="{left}">{escape(header)}</th>' for header in headers)
    body = "".join(
        "<tr>" + "".join(f'<td style="{left};white-space:pre-wrap">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<table><caption style="{left};caption-side:top">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def html_group(label: str, inner: str, style: str = "") -> str:
    """HTML that belongs together, with a name for who cannot see it. ``inner`` is HTML, ``label`` is escaped here.

    The class keeps JupyterLab from making a formula of what stands between two dollars (MathJax, "ignoreHtmlClass").
    """
    written = f' style="{style}"' if style else ""
    return f'<div role="group" aria-label="{escape(label)}" class="mathjax_ignore"{written}>{inner}</div>'


def folded(summary: str, text: str) -> str:
    """Text behind a line that opens it, reachable by keyboard."""
    return f"<details><summary>{escape(summary)}</summary><pre>{escape(text)}</pre></details>"


def indented(text: str, by: int = 4) -> str:
    """Every line moved right by ``by`` spaces."""
    return "\n".join((" " * by + line).rstrip() for line in text.split("\n"))
