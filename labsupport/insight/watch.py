"""Follows buckets, queues, tables and functions while something happens: live in JupyterLab, as one picture elsewhere."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from ..markup import html_group, html_table, printable, text_table
from .watched import Look, Watched

#: How often it looks; when looking itself takes long, three quarters of the time are pauses.
_EVERY_SECONDS = 0.4
_PAUSE_FOR_A_LOOK = 3.0
_SHOWN_NEWS = 15
_SHOWN_LEVELS = 10
_HEADERS = ("What", "Name", "At the start", "Now", "On the way")
_NEWS_HEADERS = ("Time (UTC)", "Where", "What happened")


class Followed:
    """One watched thing and what was seen of it. Made with the first look, which may raise botocore's exceptions."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.name = f"{watched.kind} {watched.name}"
        self.first = self.last = watched.look()
        #: Every figure it went through.
        self.levels = [self.last.level]

    def look(self) -> tuple[bool, list[tuple[datetime, str, str]]]:
        """Look again: whether anything moved, and what happened, each with time and place."""
        now, before, look = datetime.now(UTC), self.last, self.watched.look()
        news = [(moment, self.name, text) for moment, text in look.news]
        news += [(now, self.name, text) for text in _differences(before, look)]
        if look.level != before.level:
            self.levels.append(look.level)
        self.last = look
        return bool(news) or look.busy or look.words != before.words, news


class Watch:
    """A watch that runs. It ends by itself: ``quiet`` seconds after the last thing that happened, or after ``seconds``.

    It goes on beside the next cells; ``with`` around what makes things happen, or ``wait()``, returns at its end. Where
    nothing can be shown ``live``, it shows once what it saw, at its end.
    """

    def __init__(self, followed: Sequence[Followed], *, seconds: float, quiet: float, live: bool) -> None:
        self.followed = followed
        #: Why it ended; empty while it goes on.
        self.ended = ""
        #: What happened, in the order it was seen: when, where, what.
        self.news: list[tuple[datetime, str, str]] = []
        self._seconds, self._quiet, self._live = seconds, quiet, live
        self._began = self._moved = time.monotonic()
        self._something_happened = False
        self._inside_with = False
        self._handle: Any = None
        self._shown = False
        self._stop = threading.Event()
        self._over = threading.Event()

    def begin(self) -> None:
        """Start to look, in a thread of its own that shows in the cell it was started from."""
        if self._live:
            from IPython.display import display

            self._handle = display(self._bundle(), raw=True, display_id=True)
            self._shown = True
        context = contextvars.copy_context()  # it has the cell
        threading.Thread(target=context.run, args=(self._run,), name="lab-watch", daemon=True).start()

    def wait(self) -> None:
        """Return when it has ended, and show what it saw. An interrupt (■) ends it at once."""
        self._something_happened = True  # whoever waits has done already what makes things happen
        self._moved = time.monotonic()
        self._inside_with = False
        try:
            while not self._over.wait(0.1):
                pass
        except KeyboardInterrupt:
            self.stop()
        self._show()

    def stop(self) -> None:
        """End it now."""
        self._stop.set()
        self._over.wait(10)

    def __enter__(self) -> Watch:
        self._inside_with = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.wait()
        else:
            self.stop()
            self._show()

    # --- looking -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = _EVERY_SECONDS
        try:
            while not self.ended:
                stopped = self._stop.wait(pause)
                begun = time.monotonic()
                if self._look() and self._handle is not None:
                    self._handle.update(self._bundle(), raw=True)
                self.ended = self._why_ended(stopped)
                pause = max(_EVERY_SECONDS, _PAUSE_FOR_A_LOOK * (time.monotonic() - begun))
        except Exception as problem:  # noqa: BLE001 - whatever it is, it must not be a traceback in somebody's cell
            self.ended = f"it could not go on: {problem}"
        if self._handle is not None:
            self._handle.update(self._bundle(), raw=True)
        self._over.set()

    def _look(self) -> bool:
        moved = False
        for one in self.followed:
            one_moved, news = one.look()
            moved |= one_moved
            self.news += news
        if moved:
            self._something_happened = True
            self._moved = time.monotonic()
        return moved

    def _why_ended(self, stopped: bool) -> str:
        now = time.monotonic()
        if stopped:
            return "stopped"
        if now - self._began > self._seconds and not self._inside_with:
            return f"after {self._seconds:g} seconds"
        if self._something_happened and now - self._moved > self._quiet and not self._inside_with:
            return f"nothing happened for {self._quiet:g} seconds"
        return ""

    # --- showing -----------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        names = ", ".join(one.name for one in self.followed)
        return f"Watched {names} ({self.ended})" if self.ended else f"Watching {names} (it ends by itself)"

    def __repr__(self) -> str:
        parts = [printable(self.title), text_table(_HEADERS, self._rows())]
        if news := self._news_rows():
            parts += ["", text_table(_NEWS_HEADERS, news)]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [html_table(self.title, _HEADERS, self._rows())]
        if news := self._news_rows():
            parts.append(html_table("What happened", _NEWS_HEADERS, news))
        return html_group(self.title, "".join(parts))

    def _ipython_display_(self) -> None:
        """As the value of a cell: shown already when it is live; else the cell ends with the watch."""
        if not self._shown:
            self.wait()

    def _bundle(self) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _show(self) -> None:
        """Once, where it is not live: in a notebook as an output, elsewhere as text."""
        if self._shown:
            return
        self._shown = True
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            from IPython.display import display

            display(self._bundle(), raw=True)
        else:
            print(repr(self))

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (one.watched.kind, one.watched.name, one.first.words, one.last.words, _on_the_way(one.levels))
            for one in self.followed
        ]

    def _news_rows(self) -> list[tuple[str, ...]]:
        news = sorted(self.news, key=lambda entry: entry[0])
        rows: list[tuple[str, ...]] = [
            (f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}", where, what) for moment, where, what in news
        ]
        left_out = len(rows) - _SHOWN_NEWS
        return rows if left_out <= 0 else [("", "", f"… {left_out:,} earlier"), *rows[-_SHOWN_NEWS:]]


def _differences(before: Look, now: Look) -> list[str]:
    """What came, changed or went between two looks."""
    lines = [f"{name} went" for name in before.entries if name not in now.entries]
    for name, (mark, text) in now.entries.items():
        about = f" ({text})" if text else ""
        if name not in before.entries:
            lines.append(f"{name} came{about}")
        elif before.entries[name][0] != mark:
            lines.append(f"{name} changed{about}")
    return lines


def _on_the_way(levels: Sequence[int]) -> str:
    """The figures it went through: "0 → 3 → 1"; of many the last ones."""
    if len(levels) == 1:
        return ""
    shown = [f"{level:,}" for level in levels[-_SHOWN_LEVELS:]]
    return " → ".join(["…", *shown] if len(levels) > _SHOWN_LEVELS else shown)
