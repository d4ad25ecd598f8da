"""Draws a timeline as SVG. The only module of this room that needs matplotlib; import it when a picture is wanted."""

from __future__ import annotations

import bisect
import io
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .timeline import Timeline, TimelineInvocation

_INCHES_WIDE = 9.0
_INCHES_A_ROW = 1.1
#: Shares of the width: the least a piece of a bar gets, and the most a pause gets.
_LEAST_PIECE = 0.014
_SHORTENED_PAUSE = 0.045
_LONG_PAUSE = timedelta(seconds=1)
#: More labels than this would cover each other; then only what stands out has one.
_MOST_LABELS = 30
_LABEL_SHARE = 0.021
_LABEL_LETTERS = 16
_BAR = 0.28
_INIT: dict[str, Any] = {"facecolor": "#ffffff", "edgecolor": "#1a4b84", "hatch": "////"}
_RUN: dict[str, Any] = {"facecolor": "#9ec9f0", "edgecolor": "#1a4b84"}
_FAILED: dict[str, Any] = {"facecolor": "#f6d5a8", "edgecolor": "#8a3b00", "hatch": "xx"}
_RUNNING: dict[str, Any] = {"facecolor": "#ffffff", "edgecolor": "#444444", "linestyle": "--"}


@dataclass(frozen=True)
class _Piece:
    """A stretch of time between two moments at which something began or ended."""

    begin: datetime
    end: datetime
    busy: bool

    @property
    def length(self) -> timedelta:
        return self.end - self.begin


class _Axis:
    """Puts moments on the width 0..1: in proportion, but each piece of a bar can be seen and no pause takes the place."""

    def __init__(self, spans: list[tuple[datetime, datetime]]) -> None:
        self.pieces = list(_pieces(spans))
        busy = sum((piece.length for piece in self.pieces if piece.busy), timedelta()) or timedelta(milliseconds=1)
        widths = [_width(piece, busy) for piece in self.pieces]
        total = sum(widths) or 1.0
        self._places = list(itertools.accumulate((width / total for width in widths), initial=0.0))

    def place(self, moment: datetime) -> float:
        """Where this moment is, from 0 (the first of all) to 1 (the last)."""
        number = max(bisect.bisect(self.pieces, moment, key=lambda piece: piece.begin) - 1, 0)
        piece, begin, end = self.pieces[number], self._places[number], self._places[number + 1]
        return begin + (end - begin) * min((moment - piece.begin) / piece.length, 1.0)

    def long_pauses(self) -> list[_Piece]:
        return [piece for piece in self.pieces if not piece.busy and piece.length >= _LONG_PAUSE]


def draw(timeline: Timeline) -> bytes:
    """The SVG: a row for each environment, a bar for each invocation, the init phase in front of it."""
    # At its first import matplotlib says on stderr that it looks for fonts.
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return _draw(timeline)
    finally:
        logger.setLevel(level)


def _draw(timeline: Timeline) -> bytes:
    import matplotlib
    from matplotlib.figure import Figure

    rows = max(one.environment for one in timeline.invocations)
    # Text stays text, ids are the same in every run, and no settings of the learner's change the picture.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "timeline", "font.size": 9}):
        figure = Figure(figsize=(_INCHES_WIDE, _INCHES_A_ROW * (rows + 0.3) + 1.25), layout="constrained")
        axes = figure.add_subplot()
        _fill(axes, timeline, rows)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Title": timeline.title})
    return written.getvalue()


def _fill(axes: Any, timeline: Timeline, rows: int) -> None:
    spans = {one.number: _span(one) for one in timeline.invocations}
    axis = _Axis(list(spans.values()))
    many = len(timeline.invocations) > _MOST_LABELS
    free = dict.fromkeys(range(1, rows + 1), -1.0)
    for one in timeline.invocations:
        _bar(axes, axis, one)
        if not many or one.start != "warm" or one.outcome != "success":
            free[one.environment] = _label(axes, max(axis.place(_span(one)[0]), free[one.environment]), one)
    for pause in axis.long_pauses():
        begin, end = axis.place(pause.begin), axis.place(pause.end)
        axes.axvspan(begin, end, facecolor="#f2f2f2", zorder=0)
        axes.text((begin + end) / 2, rows + 0.35, _pause(pause.length), ha="center", va="center", fontsize=7)
    begun = [axis.pieces[0].begin, *(pause.end for pause in axis.long_pauses())]
    free_from = -1.0
    for moment in begun:
        if axis.place(moment) >= free_from:
            axes.text(axis.place(moment), rows + 0.55, f"{moment:%H:%M:%S}", va="center", fontsize=7)
            free_from = axis.place(moment) + 0.09
    versions = {one.environment: one.version for one in timeline.invocations}
    axes.set_yticks(
        range(1, rows + 1),
        [f"E{row}" + (f"\nversion {versions[row]}" if versions[row] else "") for row in range(1, rows + 1)],
        parse_math=False,
    )
    axes.set_xlim(-0.01, 1.03)
    axes.set_ylim(rows + 0.65, -0.15)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.set_title(timeline.title, loc="left", fontsize=10, parse_math=False)
    axes.set_xlabel(
        "Times are UTC. Grey: pauses, drawn shorter than they were. Very short bars are drawn longer; the table has the figures.",
        fontsize=8,
        loc="left",
    )
    _legend(axes, timeline)


def _bar(axes: Any, axis: _Axis, one: TimelineInvocation) -> None:
    begun, end = axis.place(one.started), axis.place(_span(one)[1])
    if one.init_began is not None:
        _box(axes, axis.place(one.init_began), begun, one.environment, _INIT)
    _box(axes, begun, end, one.environment, {"success": _RUN, "running": _RUNNING}.get(one.outcome, _FAILED))


def _label(axes: Any, place: float, one: TimelineInvocation) -> float:
    """Number and words above the bar; returns from where on the next label has room."""
    outcome = (
        ""
        if one.outcome == "success"
        else one.outcome
        if len(one.outcome) <= _LABEL_LETTERS
        else f"{one.outcome[: _LABEL_LETTERS - 1]}…"
    )
    axes.text(
        place,
        one.environment - _BAR / 2 - 0.05,
        f"{one.number} {', '.join(filter(None, (one.start, outcome)))}",
        rotation=55,
        rotation_mode="anchor",
        fontsize=8,
        parse_math=False,
    )
    return place + _LABEL_SHARE


def _box(axes: Any, begin: float, end: float, row: int, style: dict[str, Any]) -> None:
    axes.barh(row, end - begin, left=begin, height=_BAR, linewidth=0.8, **style)


def _legend(axes: Any, timeline: Timeline) -> None:
    from matplotlib.patches import Patch

    outcomes = {one.outcome for one in timeline.invocations}
    entries = [Patch(label="handler runs", **_RUN)]
    if any(one.init_ms is not None for one in timeline.invocations):
        entries.insert(0, Patch(label="init phase (a cold start)", **_INIT))
    if outcomes - {"success", "running"}:
        entries.append(Patch(label="handler runs and fails", **_FAILED))
    if "running" in outcomes:
        entries.append(Patch(label="no REPORT line yet", **_RUNNING))
    axes.figure.legend(handles=entries, loc="outside lower left", ncols=len(entries), fontsize=8, frameon=False)


def _span(one: TimelineInvocation) -> tuple[datetime, datetime]:
    return one.init_began or one.started, one.ran_until or one.started + timedelta(milliseconds=1)


def _pieces(spans: list[tuple[datetime, datetime]]) -> Iterator[_Piece]:
    moments = sorted({moment for span in spans for moment in span})
    if len(moments) == 1:
        moments.append(moments[0] + timedelta(milliseconds=1))
    for begin, end in itertools.pairwise(moments):
        yield _Piece(begin, end, any(first <= begin and end <= last for first, last in spans))


def _width(piece: _Piece, busy: timedelta) -> float:
    share = piece.length / busy
    if piece.busy:
        return max(share, _LEAST_PIECE)
    return _SHORTENED_PAUSE if piece.length >= _LONG_PAUSE else min(max(share, _LEAST_PIECE), _SHORTENED_PAUSE)


def _pause(length: timedelta) -> str:
    seconds = length.total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
