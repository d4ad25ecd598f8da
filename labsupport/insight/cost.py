"""What was used so far, in money: what it would have cost on AWS."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from ..markup import escape, html_group, html_table, printable, text_table
from .pricing import PRICES, REGION, REGION_NAME, Price, gb_seconds, quantities
from .usage import Usage

_HEADERS = ("Service", "What", "Quantity", "Price", "US dollars")
_FUNCTION_HEADERS = ("Function", "Memory", "Requests", "Billed ms", "GB-s", "US dollars")
_FREE_HEADERS = ("Service", "What", "Used", "Free each month")
_NOT_IN_IT = (
    "Not in it: what is stored (it costs by the month), data sent to the internet, taxes, and requests of lab.check "
    "and of the lab's displays."
)


@dataclass(frozen=True)
class CostLine:
    """One price and how much of it was used; ``dollars`` before any free tier."""

    price: Price
    quantity: float

    @property
    def dollars(self) -> float:
        return self.quantity * self.price.dollars_each

    @property
    def quantity_text(self) -> str:
        return f"{_number(self.quantity)} {self.price.unit}".rstrip()


@dataclass(frozen=True)
class Cost:
    """The bill for ``usage``. ``counted`` is the moment it was read, ``region`` the lab's.

    ``counter`` is what the counters stood at then: a later bill can leave out what was used up to here.
    """

    usage: Usage
    counter: Usage
    counted: datetime
    region: str = REGION

    @property
    def lines(self) -> tuple[CostLine, ...]:
        found = quantities(self.usage)
        return tuple(CostLine(PRICES[name], found[name]) for name in PRICES if name in found)

    @property
    def dollars(self) -> float:
        """Before the free tier."""
        return sum(line.dollars for line in self.lines)

    @property
    def dollars_after_free_tier(self) -> float:
        """If nothing else uses the month's free tier. Prices that share an allowance are used up together."""
        left = {line.price.free.name: float(line.price.free.value) for line in self.lines if line.price.free}
        total = 0.0
        for line in self.lines:
            free = min(line.quantity, left[line.price.free.name]) if line.price.free else 0.0
            if line.price.free:
                left[line.price.free.name] -= free
            total += (line.quantity - free) * line.price.dollars_each
        return total

    @property
    def title(self) -> str:
        return (
            f"On AWS this would have cost {money(self.dollars)} since {self.usage.since:%H:%M:%S} UTC, free tier aside"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know to read the figures, a line each."""
        dates = sorted({line.price.fact.looked_up for line in self.lines})
        sources = list(dict.fromkeys(line.price.fact.source for line in self.lines))
        lines = []
        if self.dollars:
            lines.append(f"For one cent you could do all this {_number(0.01 / self.dollars)} times.")
        if sources:
            lines.append(f"Prices of {REGION_NAME}, looked up {dates[-1]:%Y-%m-%d}: {', '.join(sources)}.")
        if self.region != REGION:
            lines.append(f"This lab runs in {self.region}, where prices may differ.")
        if any(caller == "trigger" for _service, _operation, caller in self.usage.requests):
            lines.append(
                "On AWS Lambda asks a queue all the time, also while it is empty; those requests are not in it."
            )
        if not self.usage.complete:
            lines.append(
                "Read from the logs of the functions that are there now. AWS does not tell at once how many requests "
                "S3, DynamoDB and SQS got: its bill does, a day later."
            )
        lines.append(_NOT_IN_IT)
        return tuple(lines)

    def __repr__(self) -> str:
        if not self.lines:
            return f"Nothing that AWS charges for was used since {self.usage.since:%H:%M:%S} UTC."
        parts = [self.title, text_table(_HEADERS, self._rows())]
        if len(self._function_rows()) > 1:
            parts += ["", "Lambda by function", text_table(_FUNCTION_HEADERS, self._function_rows())]
        if self._free_rows():
            parts += ["", self._free_title(), text_table(_FREE_HEADERS, self._free_rows())]
        return "\n".join(printable(part) for part in [*parts, "", *self.notes])

    def _repr_html_(self) -> str:
        if not self.lines:
            return f'<div role="status">{escape(repr(self))}</div>'
        parts = [html_table(self.title, _HEADERS, self._rows())]
        if len(self._function_rows()) > 1:
            parts.append(html_table("Lambda by function", _FUNCTION_HEADERS, self._function_rows()))
        if self._free_rows():
            parts.append(html_table(self._free_title(), _FREE_HEADERS, self._free_rows()))
        parts += [f"<div>{escape(line)}</div>" for line in self.notes]
        return html_group(self.title, "".join(parts))

    def _rows(self) -> list[tuple[str, ...]]:
        rows = [
            (line.price.service, line.price.what, line.quantity_text, str(line.price), _plain(line.dollars))
            for line in self.lines
        ]
        return [*rows, ("Total", "", "", "", _plain(self.dollars))]

    def _function_rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for (name, memory_mb, architecture), used in sorted(self.usage.functions.items()):
            duration = gb_seconds(used.billed_ms, memory_mb)
            dollars = (
                used.invocations * PRICES["lambda-requests"].dollars_each
                + duration * PRICES[f"lambda-{architecture}"].dollars_each
            )
            rows.append(
                (
                    name,
                    f"{memory_mb} MB",
                    f"{used.invocations:,}",
                    f"{used.billed_ms:,}",
                    _number(duration),
                    _plain(dollars),
                )
            )
        return rows

    def _free_title(self) -> str:
        return (
            "The free tier of each month, if nothing else uses it: "
            f"of the {money(self.dollars)} you would have paid {money(self.dollars_after_free_tier)}"
        )

    def _free_rows(self) -> list[tuple[str, ...]]:
        used: Counter[str] = Counter()
        first: dict[str, CostLine] = {}
        for line in self.lines:
            if line.price.free:
                used[line.price.free.name] += line.quantity  # type: ignore[assignment]
                first.setdefault(line.price.free.name, line)
        return [
            (
                line.price.service,
                line.price.what.partition(",")[0],
                f"{_number(used[name])} {line.price.unit}".rstrip(),
                line.price.free.text.removesuffix(" a month") if line.price.free else "",
            )
            for name, line in first.items()
        ]


def make_cost(counter: Usage, region: str, *, after: tuple[Usage, datetime] | None = None) -> Cost:
    """The bill for what the counters say now, or for what came ``after`` an earlier reading of them."""
    # A new cloud counts from zero: what an earlier one had counted is not in its figures.
    usage = counter.without(*after) if after and after[0].since == counter.since else counter
    return Cost(usage, counter, datetime.now(UTC), region)


def money(dollars: float) -> str:
    """ "$0.0000052", "$1.24": all of a cent or more in cents, less than a cent with two figures that count."""
    return f"${_plain(dollars)}"


def _plain(dollars: float) -> str:
    if dollars >= 0.01 or not dollars:
        return f"{dollars:,.2f}"
    return _significant(dollars, 3)


def _number(quantity: float) -> str:
    if quantity == int(quantity):
        return f"{int(quantity):,}"
    return f"{quantity:,.0f}" if quantity >= 1000 else _significant(quantity, 3)


def _significant(value: float, digits: int) -> str:
    """Never with an exponent: 0.0000052."""
    places = max(0, digits - 1 - _exponent(value))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])
