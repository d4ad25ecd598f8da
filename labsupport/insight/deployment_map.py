"""What is deployed and how it is wired, as a diagram and in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..markup import printable, text_table

#: Each kind of resource with its plural and the brackets of its shape in the diagram, in the order they are listed.
_KINDS = {
    "API": ("APIs", "{{", "}}"),
    "bucket": ("buckets", "[(", ")]"),
    "table": ("tables", "[(", ")]"),
    "queue": ("queues", "[[", "]]"),
    "topic": ("topics", "([", "])"),
    "event bus": ("event buses", "([", "])"),
    "rule": ("rules", "([", "])"),
    "schedule": ("schedules", "([", "])"),
    "log group": ("log groups", "[(", ")]"),
    "stream": ("streams", "[[", "]]"),
    "function": ("functions", "[", "]"),
    "other": ("others", "[", "]"),
}
_RESOURCE_HEADERS = ("What", "Name", "Details")
_CONNECTION_HEADERS = ("From", "How", "To")
_NOT_THERE = "not there"
#: What Markdown, Mermaid or a formula between dollars could take for its own.
_SPECIAL = re.compile(r"[^A-Za-z0-9 .,:/()=→⚠-]")
_LABEL_CHARACTERS = 60


@dataclass(frozen=True)
class Resource:
    """One thing that is deployed. ``kind`` is "function", "bucket", "table", "queue", "topic", "rule", ...

    ``state`` is "" when it is there, "not there" when only something that points at it is, and "not looked at" when its
    service did not answer.
    """

    kind: str
    name: str
    details: str = ""
    state: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.kind != "other" else self.name


@dataclass(frozen=True)
class Connection:
    """An arrow from ``source`` to ``target`` (keys of resources). ``how`` says by what, ``warning`` why it cannot work.

    ``loose`` connections are known only from an environment variable that holds the target's name.
    """

    source: tuple[str, str]
    target: tuple[str, str]
    how: str
    warning: str = ""
    loose: bool = False

    @property
    def label(self) -> str:
        return f"{self.how} ⚠ {self.warning}" if self.warning else self.how


@dataclass(frozen=True)
class DeploymentMap:
    """Everything that was found in a region. ``unseen`` are lines about services that could not be looked at."""

    region: str
    resources: tuple[Resource, ...]
    connections: tuple[Connection, ...]
    unseen: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        counts = Counter(one.kind for one in self.resources if one.state == "")
        parts = [f"{counts[kind]} {_noun(kind, counts[kind])}" for kind in _KINDS if counts[kind]]
        if not parts:
            return f"Nothing is deployed in {self.region}."
        return f"Deployed in {self.region}: {', '.join(parts)}{self._problems()}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What cannot work as it is wired now, one line each."""
        names = {one.key: one for one in self.resources}
        found = []
        for one in self.connections:
            missing = [
                f"{names[key]} is not there" for key in (one.source, one.target) if names[key].state == _NOT_THERE
            ]
            for reason in [*missing, *filter(None, [one.warning])]:
                found.append(f"{names[one.source]} → {names[one.target]}: {reason}")
        return tuple(found)

    def _problems(self) -> str:
        count = len(self.warnings)
        return "" if not count else f" (⚠ {count} {'connection' if count == 1 else 'connections'} cannot work)"

    @property
    def mermaid(self) -> str:
        """The diagram's source (Mermaid, "Flowcharts - Basic Syntax")."""
        ids = {one.key: f"n{number}" for number, one in enumerate(self.resources, 1)}
        lines = ["flowchart LR"]
        for one in self.resources:
            _plural, opening, closing = _KINDS[one.kind]
            what = "" if one.kind == "other" else f"{one.kind}<br>"
            state = f"<br>⚠ {one.state}" if one.state else ""
            lines.append(f'    {ids[one.key]}{opening}"{what}{_label(one.name)}{state}"{closing}')
        for connection in self.connections:
            arrow = "-.->" if connection.loose else "-->"
            lines.append(
                f'    {ids[connection.source]} {arrow}|"{_label(_cut(connection.label))}"| {ids[connection.target]}'
            )
        lines += [f"    style {ids[one.key]} stroke-dasharray: 5 5" for one in self.resources if one.state]
        return "\n".join(lines)

    def __repr__(self) -> str:
        parts = [printable(self.title)]
        if self.resources:
            parts.append(text_table(_RESOURCE_HEADERS, self._resource_rows()))
        if self.connections:
            parts += ["", text_table(_CONNECTION_HEADERS, self._connection_rows())]
        elif self.resources:
            parts += ["", "Nothing is wired to anything yet."]
        return "\n".join([*parts, *(printable(line) for line in self.unseen)])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # Markdown, and no HTML beside it: JupyterLab draws a Mermaid diagram where Markdown has one.
        return {"text/plain": repr(self), "text/markdown": self._markdown()}

    def _markdown(self) -> str:
        parts = [f"**{_entities(self.title)}**"]
        if self.resources:
            parts += [f"```mermaid\n{self.mermaid}\n```", "In words:"]
            parts.append(_markdown_table(_RESOURCE_HEADERS, self._resource_rows()))
        if self.connections:
            parts.append(_markdown_table(_CONNECTION_HEADERS, self._connection_rows()))
        elif self.resources:
            parts.append("Nothing is wired to anything yet.")
        return "\n\n".join([*parts, *(_entities(line) for line in self.unseen)])

    def _resource_rows(self) -> list[tuple[str, str, str]]:
        return [
            (one.kind, one.name, ", ".join(filter(None, (f"⚠ {one.state}" if one.state else "", one.details))))
            for one in self.resources
        ]

    def _connection_rows(self) -> list[tuple[str, str, str]]:
        names = {one.key: str(one) for one in self.resources}
        return [(names[one.source], one.label, names[one.target]) for one in self.connections]


def order(resource: Resource) -> tuple[int, str]:
    """Sorts resources: by kind in the order of the list above, then by name."""
    return list(_KINDS).index(resource.kind), resource.name


def _noun(kind: str, count: int) -> str:
    return kind if count == 1 else _KINDS[kind][0]


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL_CHARACTERS else f"{text[: _LABEL_CHARACTERS - 1]}…"


def _entities(text: str) -> str:
    """Text in which nothing is markup: special characters as HTML entities, which Markdown shows as the characters."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", _without_formulas(printable(text)))


def _label(text: str) -> str:
    """The same for a label between quotes in a diagram (Mermaid, "Entity codes to escape characters")."""
    return _SPECIAL.sub(lambda match: f"#{ord(match.group())};", _without_formulas(printable(text)))


def _without_formulas(text: str) -> str:
    """JupyterLab takes what stands between two dollars for a formula, even when they are written as entities."""
    return text.replace("$", "\N{FULLWIDTH DOLLAR SIGN}")


def _markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *([_entities(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
