"""Rules about code cells."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from ..review import Cell, Finding, Review

#: The magics a lesson may use. A misspelt one does not raise: it prints, and a lax nbval lets the cell pass (nbval #147).
CELL_MAGICS = ("capture", "time", "timeit", "writefile")
LINE_MAGICS = ("cd", "env", "load_ext", "matplotlib", "pwd", "time", "timeit")

#: A helper, and what the learner must have called by hand before it appears (course page, "One lesson", 5).
BY_HAND = {
    "lab.invoke(": ("boto3's invoke", r"(?<!\blab)\.invoke\("),
    "lab.logs(": ("boto3's logs client", r"\.get_log_events\("),
    "lab.timeline(": ("boto3's logs client", r"\.get_log_events\("),
}

_PLACEHOLDER = re.compile(
    r"\b(?:YOUR[_-][A-Z][A-Z_-]*|TODO|FIXME|TBD|XXX+|CHANGE[_-]?ME|REPLACE[_-]?ME)\b|<your[ _-][^>]*>|\blorem ipsum\b",
    re.IGNORECASE,
)
_MAGIC = re.compile(r"get_ipython\(\)\.run_(?P<kind>line|cell)_magic\('(?P<name>[^']*)'")
_WRITTEN = re.compile(r"\s*%%writefile\s+(?:-a\s+)?(?P<file>\S+)[^\n]*\n?(?P<text>.*)", re.DOTALL)


def code_is_python(review: Review) -> Iterator[Finding]:
    for cell in review.code:
        try:
            _tree(cell)
        except SyntaxError as problem:
            yield review.at(cell.number, f"line {problem.lineno} is not Python: {problem.msg}")


def magics_are_known(review: Review) -> Iterator[Finding]:
    for cell in review.code:
        for match in _MAGIC.finditer(_transformed(cell.text)):
            known, signs = (CELL_MAGICS, "%%") if match["kind"] == "cell" else (LINE_MAGICS, "%")
            if match["name"] not in known:
                yield review.at(
                    cell.number, f"unknown magic {signs}{match['name']}. There is: {signs}{f', {signs}'.join(known)}"
                )


def no_star_imports(review: Review) -> Iterator[Finding]:
    for cell in review.code:
        for node in _nodes(cell):
            if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names):
                yield review.at(cell.number, f"from {node.module} import * hides where a name comes from")


def no_placeholders(review: Review) -> Iterator[Finding]:
    for cell in review.cells:
        for match in _PLACEHOLDER.finditer(cell.text):
            yield review.at(cell.number, f"the placeholder {match[0]!r}: a lesson runs as it is")


def helpers_come_after_the_real_call(review: Review) -> Iterator[Finding]:
    earlier = [review.course.source(name) for name in review.course.names() if name < review.name]
    done = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in earlier)
    for cell in review.code:
        for helper, (original, call) in BY_HAND.items():
            before, found, _after = cell.text.partition(helper)
            if found and not re.search(call, f"{done}\n{before}"):
                yield review.at(cell.number, f"{helper}...) before {original} was used by hand")
        done += f"\n{cell.text}"


def _nodes(cell: Cell) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(_tree(cell))
    except SyntaxError:
        return  # code_is_python says so


def _tree(cell: Cell) -> ast.AST:
    """The cell's Python, or that of the file it writes. Raises SyntaxError with the line in the cell."""
    written = _WRITTEN.fullmatch(cell.text)
    text, first_line, flags = _transformed(cell.text), 0, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if written:
        if not written["file"].strip("\"'").endswith(".py"):
            return ast.Module([], [])
        text, first_line, flags = written["text"], 1, 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a learner's file is the lesson's business
            return compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | flags)
    except ValueError as problem:  # a null byte
        raise SyntaxError(str(problem), ("<cell>", 1, 0, "")) from None
    except SyntaxError as problem:
        problem.lineno = (problem.lineno or 1) + first_line
        raise


def _transformed(text: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(text)
