"""Schedule expressions of EventBridge rules and of EventBridge Scheduler: ``rate(…)``, ``cron(…)`` and ``at(…)``.

Sources: Amazon EventBridge User Guide, "Creating a rule that runs on a schedule"; EventBridge Scheduler User Guide,
"Schedule types in EventBridge Scheduler". Six fields: minutes, hours, day of month, month, day of week, year. What is
refused is recorded from AWS (tests/localcloud/triggers/test_schedules.py).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Protocol

_RATE = re.compile(r"rate\(([1-9]\d*) (minutes?|hours?|days?)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = {name: number for number, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
#: Sunday is 1, as in EventBridge.
_DAYS = {name: number for number, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}
_YEARS = (1970, 2199)


class Schedule(Protocol):
    """When something happens."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after ``moment``, both aware; None when there is none any more."""


class InvalidSchedule(ValueError):
    """An expression that EventBridge refuses."""


def parse(expression: str, *, begin: datetime, zone: tzinfo = UTC, scheduler: bool = False) -> Schedule:
    """Read an expression. A rate counts from ``begin``; cron fields are in ``zone``. EventBridge
    ``scheduler`` takes ``at(…)``, too, and does not mind the plural. Raises InvalidSchedule."""
    rate = _RATE.fullmatch(expression)
    if rate:
        value, unit = int(rate[1]), rate[2]
        if not scheduler and (value == 1) == unit.endswith("s"):  # "1 minutes" and "5 minute" are refused
            raise InvalidSchedule(expression)
        try:
            return Rate(timedelta(seconds=value * _SECONDS[unit.removesuffix("s")]), begin)
        except OverflowError:
            raise InvalidSchedule(expression) from None
    cron = _CRON.fullmatch(expression)
    if cron:
        return _cron(cron.groups(), zone)
    at = _AT.fullmatch(expression) if scheduler else None
    if at:
        try:
            return At(datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC))
        except ValueError:
            pass
    raise InvalidSchedule(expression)


@dataclass(frozen=True)
class Rate:
    """Every ``interval``, the first time one ``interval`` after ``begin``."""

    interval: timedelta
    begin: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        passed = max((moment - self.begin) // self.interval, 0)
        try:
            return self.begin + (passed + 1) * self.interval
        except OverflowError:
            return None


@dataclass(frozen=True)
class At:
    """Once."""

    when: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        return self.when if self.when > moment else None


@dataclass(frozen=True)
class Bounded:
    """Another schedule's times from ``start`` on and up to ``end``."""

    schedule: Schedule
    start: datetime | None
    end: datetime | None

    def next_after(self, moment: datetime) -> datetime | None:
        if self.start is not None and self.start > moment:
            moment = self.start - timedelta(microseconds=1)
        found = self.schedule.next_after(moment)
        return found if found is None or self.end is None or found <= self.end else None


@dataclass(frozen=True)
class Cron:
    """The six fields, read. ``days(year, month)`` gives the days of a month that fit either day field, in order."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Callable[[int, int], Iterator[int]]
    months: tuple[int, ...]
    years: tuple[int, ...]
    zone: tzinfo

    def next_after(self, moment: datetime) -> datetime | None:
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        for found in self._times_from(local.replace(second=0, microsecond=0)):
            # An hour that a change to summer time leaves out is moved, one that comes twice counts once.
            when = found.replace(tzinfo=self.zone).astimezone(UTC)
            if when > moment:
                return when
        return None

    def _times_from(self, start: datetime) -> Iterator[datetime]:
        for year in self.years:
            if year < start.year:
                continue
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                for day in self.days(year, month):
                    if date(year, month, day) < start.date():
                        continue
                    for hour in self.hours:
                        for minute in self.minutes:
                            found = datetime(year, month, day, hour, minute)
                            if found >= start:
                                yield found


def _cron(fields: tuple[str, ...], zone: tzinfo) -> Cron:
    minutes, hours, days_of_month, months, days_of_week, years = fields
    if (days_of_month == "?") == (days_of_week == "?"):
        raise InvalidSchedule("one of the day fields must be ?")
    if days_of_week == "?":
        tests = [_day_of_month(part) for part in days_of_month.split(",")]
    else:
        tests = [_day_of_week(part) for part in days_of_week.split(",")]

    def days(year: int, month: int) -> Iterator[int]:
        length = calendar.monthrange(year, month)[1]
        return (day for day in range(1, length + 1) if any(test(year, month, day) for test in tests))

    return Cron(
        minutes=_values(minutes, 0, 59),
        hours=_values(hours, 0, 23),
        days=days,
        months=_values(months, 1, 12, _MONTHS),
        years=_values(years, *_YEARS),
        zone=zone,
    )


def _values(field: str, lowest: int, highest: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    """The numbers a field stands for: ``*``, ``5``, ``1-5``, ``0/15``, ``10-50/5``, and lists of them."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = lowest, highest
        else:
            low = _number(first, names)
            # "5/10" goes on from 5 to the end of the range.
            high = _number(last, names) if dash else highest if slash else low
        if not lowest <= low <= high <= highest:
            raise InvalidSchedule(field)
        every = _number(step) if slash else 1
        if every < 1:
            raise InvalidSchedule(field)
        found.update(range(low, high + 1, every))
    return tuple(sorted(found))


def _number(text: str, names: dict[str, int] | None = None) -> int:
    if names and text.upper() in names:
        return names[text.upper()]
    if not re.fullmatch(r"\d{1,4}", text):
        raise InvalidSchedule(text)
    return int(text)


_DayTest = Callable[[int, int, int], bool]


def _day_of_month(part: str) -> _DayTest:
    """``15``, ``1-7``, ``*/2``; ``L`` the last day, ``LW`` the last weekday, ``15W`` the weekday nearest to the 15th."""
    if part == "L":
        return lambda year, month, day: day == _length(year, month)
    if part == "LW":
        return lambda year, month, day: day == _nearest_weekday(year, month, _length(year, month))
    if part.endswith("W"):
        wanted = _number(part[:-1])
        if not 1 <= wanted <= 31:
            raise InvalidSchedule(part)
        return lambda year, month, day: wanted <= _length(year, month) and day == _nearest_weekday(year, month, wanted)
    values = frozenset(_values(part, 1, 31))
    return lambda year, month, day: day in values


def _day_of_week(part: str) -> _DayTest:
    """``MON-FRI``, ``2``; ``6L`` the last Friday, ``SAT#3`` the third Saturday, ``L`` Saturday."""
    if part == "L":
        return lambda year, month, day: _weekday(year, month, day) == 7
    name, hash_sign, count = part.partition("#")
    if hash_sign:
        wanted, which = _values(name, 1, 7, _DAYS), _number(count)
        if len(wanted) != 1 or not 1 <= which <= 5:
            raise InvalidSchedule(part)
        return lambda year, month, day: _weekday(year, month, day) == wanted[0] and (day - 1) // 7 + 1 == which
    if part.endswith("L") and len(part) > 1:
        wanted = _values(part[:-1], 1, 7, _DAYS)
        if len(wanted) != 1:
            raise InvalidSchedule(part)
        return lambda year, month, day: _weekday(year, month, day) == wanted[0] and day + 7 > _length(year, month)
    first, dash, last = part.partition("-")
    if dash and "/" not in part and _number(first, _DAYS) > _number(last, _DAYS):  # FRI-MON goes over the week's end
        values = frozenset((*range(_number(first, _DAYS), 8), *range(1, _number(last, _DAYS) + 1)))
    else:
        values = frozenset(_values(part, 1, 7, _DAYS))
    if not values <= set(range(1, 8)):
        raise InvalidSchedule(part)
    return lambda year, month, day: _weekday(year, month, day) in values


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _weekday(year: int, month: int, day: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Monday to Friday nearest to a day, in the same month."""
    weekday = _weekday(year, month, day)
    if weekday == 7:  # Saturday
        return day - 1 if day > 1 else day + 2
    if weekday == 1:  # Sunday
        return day + 1 if day < _length(year, month) else day - 2
    return day
