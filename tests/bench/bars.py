"""What the local cloud is to reach. Bars are shown as met or not met; nothing fails when one is not met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .results import Results

#: MB by which the cloud's memory may differ after environments came and went: what an allocator keeps for next time.
_MEMORY_NOISE = 4.0


@dataclass(frozen=True)
class Verdict:
    """``met`` None when what it needs was not measured. ``measured`` says the figure that decided."""

    bar: str
    measured: str
    met: bool | None

    @property
    def text(self) -> str:
        if self.met is None:
            return f"{self.bar}: not measured"
        return f"{self.bar}: {self.measured}, {'met' if self.met else '**not met**'}"


@dataclass(frozen=True)
class Bar:
    """A bar of one row of the table."""

    row: str
    judge: Callable[[Results], Verdict]


def _at_most_times(figure: str, other: str, other_name: str, limit: float) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        bar = f"≤ {limit:g} × {other_name}"
        mine, theirs = results.median(figure, "lab"), results.median(figure, other)
        if mine is None or not theirs:
            return Verdict(bar, "", None)
        times = mine / theirs
        return Verdict(bar, f"{times:.2f} ×", times <= limit)

    return judge


def _one_of(figure: str, other: str, parts: int) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        bar = f"≤ 1/{parts} of {other}"
        mine, theirs = results.median(figure, "lab"), results.median(figure, other)
        if not mine or theirs is None:
            return Verdict(bar, "", None)
        return Verdict(bar, f"1/{theirs / mine:.0f}", mine * parts <= theirs)

    return judge


def _own_times(figure: str, own: str, own_name: str, limit: float) -> Callable[[Results], Verdict]:
    """Against another figure of the lab's own."""

    def judge(results: Results) -> Verdict:
        bar = f"≤ {limit:g} × {own_name}"
        mine, base = results.median(figure, "lab"), results.median(own, "lab")
        if mine is None or not base:
            return Verdict(bar, "", None)
        return Verdict(bar, f"{mine / base:.2f} ×", mine / base <= limit)

    return judge


def _own_share(figure: str, own: str, own_name: str, percent: float) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        bar = f"≥ {percent:g} % of {own_name}"
        mine, base = results.median(figure, "lab"), results.median(own, "lab")
        if mine is None or not base:
            return Verdict(bar, "", None)
        return Verdict(bar, f"{mine / base * 100:.0f} %", mine / base * 100 >= percent)

    return judge


def _none_wrong(results: Results) -> Verdict:
    wrong = results.maximum("api_wrong", "lab")
    return Verdict(
        "no wrong answer", "" if wrong is None else f"{wrong:g} wrong", None if wrong is None else wrong == 0
    )


def _at_least_share(figure: str, other: str, percent: float) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        bar = f"≥ {percent:g} % of the {other}"
        mine, theirs = results.median(figure, "lab"), results.median(figure, other)
        if mine is None or not theirs:
            return Verdict(bar, "", None)
        share = mine / theirs * 100
        return Verdict(bar, f"{share:.0f} %", share >= percent)

    return judge


def _at_most(figure: str, limit: float, unit: str, scale: float, digits: int) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        bar = f"≤ {limit:g} {unit}"
        mine = results.median(figure, "lab")
        if mine is None:
            return Verdict(bar, "", None)
        return Verdict(bar, f"{mine / scale:.{digits}f} {unit}", mine / scale <= limit)

    return judge


def _no_cpu(results: Results) -> Verdict:
    mine = results.median("idle_cpu", "lab")
    if mine is None:
        return Verdict("0 %, rounded", "", None)
    return Verdict("0 %, rounded", f"{mine:.1f} %", round(mine) == 0)


def _all_back(results: Results) -> Verdict:
    bar = "all back after retirement"
    left = {
        name: results.median(f"left_{figure}", "lab")
        for name, figure in (
            ("MB", "memory"),
            ("processes", "processes"),
            ("open files", "open_files"),
            ("files", "files"),
        )
    }
    memory = left.pop("MB")
    if memory is None or any(value is None for value in left.values()):
        return Verdict(bar, "", None)
    rest = ", ".join(f"{value:g} {name}" for name, value in left.items())
    met = memory <= _MEMORY_NOISE and not any(left.values())
    return Verdict(bar, f"{rest}, {memory:.1f} MB left", met)


def _each_item_once(results: Results) -> Verdict:
    lost, twice = (results.maximum(figure, "lab") for figure in ("uploads_lost", "uploads_twice"))
    if lost is None or twice is None:
        return Verdict("every item exactly once", "", None)
    return Verdict("every item exactly once", f"{lost:g} lost, {twice:g} twice", lost == twice == 0)


def _each_message_ended(results: Results) -> Verdict:
    bar = "each deleted or in the DLQ"
    lost, left = (results.maximum(figure, "lab") for figure in ("messages_lost", "messages_left"))
    if lost is None or left is None:
        return Verdict(bar, "", None)
    return Verdict(bar, f"{lost:g} lost, {left:g} left", lost == left == 0)


BARS = (
    Bar("warm_boto3", _at_most_times("warm_boto3", "floor", "floor", 1.3)),
    Bar("warm_boto3", _one_of("warm_boto3", "ministack", 20)),
    Bar("throughput", _at_least_share("throughput", "floor", 70)),
    Bar("cold", _at_most_times("cold", "bare", "the bare process", 1.4)),
    Bar("sleepers_warm", _at_most("sleepers_warm", 0.3, "s", 1000, 2)),
    Bar("sleepers_cold", _at_most("sleepers_cold", 1.0, "s", 1000, 2)),
    Bar("start", _at_most("start", 1.5, "s", 1000, 2)),
    Bar("idle_memory", _at_most_times("idle_memory", "moto", "moto server", 1.3)),
    Bar("idle_cpu", _no_cpu),
    Bar("environment_memory", _all_back),
    Bar("upload_start", _at_most("upload_start", 15, "ms", 1, 1)),
    Bar("uploads", _one_of("uploads", "ministack", 2)),
    Bar("uploads", _each_item_once),
    Bar("api_get", _one_of("api_get", "ministack", 20)),
    Bar("api_get", _own_times("api_get", "api_invoke", "its own Invoke", 1.5)),
    Bar("api_throughput", _own_share("api_throughput", "api_invoke_throughput", "its own Invoke", 70)),
    Bar("api_mixed", _none_wrong),
    Bar("messages", _each_message_ended),
)


def verdicts(results: Results, row: str | None = None) -> list[Verdict]:
    """Of all bars, or of one row's."""
    return [bar.judge(results) for bar in BARS if row is None or bar.row == row]
