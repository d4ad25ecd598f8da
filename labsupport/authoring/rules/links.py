"""Rules about links, anchors and images. Addresses on the web are not fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

from ..course import AuthoringProblem
from ..review import Finding, Review, review_of

_HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_HTML_ATTRIBUTE = re.compile(r"\b(?P<name>src|alt)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')", re.IGNORECASE)
_CONSOLE = re.compile(r"console|screen[ _-]?shot", re.IGNORECASE)


def links_and_anchors_resolve(review: Review) -> Iterator[Finding]:
    """Each cell stands in solutions/ and in notebooks/, so a relative link has to lead somewhere from both."""
    for cell in review.markdown:
        targets = [str(token.attrs["href"]) for token in cell.inline if token.type == "link_open"]
        for target in (*targets, *(source for source, _alt in _images(review, cell.number))):
            if problem := _problem_with(review, target):
                yield review.at(cell.number, f"the link {target}: {problem}")


def images_have_alt_text(review: Review) -> Iterator[Finding]:
    for cell in review.markdown:
        for source, alt in _images(review, cell.number):
            if not alt.strip():
                yield review.at(cell.number, f"the image {source} has no alt text")


def no_console_screenshots(review: Review) -> Iterator[Finding]:
    """Pictures of the AWS console are out of date within months (aws-serverless-workshops #220)."""
    for cell in review.markdown:
        for source, alt in _images(review, cell.number):
            if _CONSOLE.search(source) or _CONSOLE.search(alt):
                yield review.at(
                    cell.number, f"the image {source} looks like a screenshot of a console; say it in words or code"
                )


def _images(review: Review, number: int) -> list[tuple[str, str]]:
    """(address, alt text) of each image in the cell, Markdown or HTML."""
    cell = review.cells[number - 1]
    found = [(str(token.attrs["src"]), token.content) for token in cell.inline if token.type == "image"]
    html = [token.content for token in cell.inline if token.type == "html_inline"]
    html += [block.content for block in cell.blocks if block.type == "html_block"]
    for tag in _HTML_IMAGE.findall("\n".join(html)):
        attributes = {
            match["name"].lower(): match["double"] or match["single"] or "" for match in _HTML_ATTRIBUTE.finditer(tag)
        }
        found.append((attributes.get("src", ""), attributes.get("alt", "")))
    return found


def _problem_with(review: Review, target: str) -> str:
    parts = urlsplit(target)
    if parts.scheme:
        return "" if parts.scheme in ("https", "mailto") else "only https:// addresses and relative paths"
    if target.startswith("attachment:"):
        return "it is an attachment; put the image into a file"
    if parts.path.startswith("/"):
        return "an absolute path leads nowhere on another machine"
    for folder in (review.course.notebooks, review.course.solutions):
        path = (folder / unquote(parts.path)).resolve() if parts.path else folder / f"{review.name}.ipynb"
        anchors = _anchors(review, path)
        if anchors is None:
            return f"there is no such file, seen from {folder.name}/"
        if path.is_relative_to(review.course.solutions) and folder == review.course.notebooks:
            return "it leads from the starter into solutions/"
        if parts.fragment and unquote(parts.fragment) not in anchors:
            return f"there is no heading #{parts.fragment} in {path.name}. JupyterLab writes it as the heading, with - for spaces"
    return ""


def _anchors(review: Review, path: Path) -> set[str] | None:
    """The anchors in a file; None when there is no such file. A notebook may not be built yet: its source counts."""
    if path.suffix == ".ipynb" and path.stem in review.course.names():
        try:
            other = review if path.stem == review.name else review_of(review.course, path.stem)
        except AuthoringProblem:
            return set()
        return {_anchor(heading.text) for heading in other.headings}
    if not path.exists():
        return None
    if path.suffix == ".md":
        blocks = MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8"))
        return {
            _anchor(blocks[place + 1].content) for place, block in enumerate(blocks) if block.type == "heading_open"
        }
    return set()


def _anchor(heading: str) -> str:
    """How JupyterLab names a heading: it keeps the letters' case, unlike GitHub."""
    return re.sub(r"[`*_]", "", heading).strip().replace(" ", "-")
