"""Schedule expressions: which EventBridge takes, and when they come due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from labsupport.localcloud.triggers.scheduled_tasks import ScheduleClock, ScheduledTasks
from labsupport.localcloud.triggers.schedules import Bounded, InvalidSchedule, parse

BEGIN = datetime(2026, 1, 15, 10, 20, 30, tzinfo=UTC)


def times(expression, count=3, begin=BEGIN, **more):
    """The first times after ``begin``, as text."""
    schedule = parse(expression, begin=begin, **more)
    found = []
    moment = begin
    while len(found) < count and (moment := schedule.next_after(moment)):
        found.append(f"{moment:%Y-%m-%d %H:%M:%S}")
    return found


@pytest.mark.parametrize(
    "expression",
    [
        "rate(10 seconds)",
        "rate(10 years)",
        "rate(1 minutes)",
        "rate(1 hours)",
        "rate(1 days)",
        "rate(10 minute)",
        "rate(10 hour)",
        "rate(10 day)",
        "rate()",
        "rate(10)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(0 minutes)",
        "rate(-10 minutes)",
        "rate(10 MINUTES)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)",
        "cron(7 20 * * NOT *)",
        "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
        # not recorded: what the User Guide's table of fields leaves out
        "cron(0 24 * * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 1 13 ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * MON#6 *)",
        "cron(0 0 1 1 ? 1969)",
        "cron(0/0 0 1 1 ? *)",
        "cron(5-1 0 1 1 ? *)",
        "cron(0 0 * * ?)",
        "0 0 * * ? *",
        "at(2026-01-15T10:21:00)",
        "",
    ],
)
def test_these_expressions_are_refused(expression):
    """Recorded from AWS, but for those marked above."""
    with pytest.raises(InvalidSchedule):
        parse(expression, begin=BEGIN)


def test_a_rate_counts_from_its_beginning():
    assert times("rate(1 minute)") == ["2026-01-15 10:21:30", "2026-01-15 10:22:30", "2026-01-15 10:23:30"]
    assert times("rate(2 hours)", 2) == ["2026-01-15 12:20:30", "2026-01-15 14:20:30"]
    assert times("rate(1 day)", 1) == ["2026-01-16 10:20:30"]


def test_a_rate_that_was_late_keeps_its_beat():
    schedule = parse("rate(5 minutes)", begin=BEGIN)
    assert schedule.next_after(BEGIN + timedelta(minutes=12)) == BEGIN + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # The User Guide's own examples.
        ("cron(0 10 * * ? *)", ["2026-01-16 10:00:00", "2026-01-17 10:00:00", "2026-01-18 10:00:00"]),
        ("cron(15 12 * * ? *)", ["2026-01-15 12:15:00", "2026-01-16 12:15:00", "2026-01-17 12:15:00"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-01-15 18:00:00", "2026-01-16 18:00:00", "2026-01-19 18:00:00"]),
        ("cron(0 8 1 * ? *)", ["2026-02-01 08:00:00", "2026-03-01 08:00:00", "2026-04-01 08:00:00"]),
        ("cron(0/15 * * * ? *)", ["2026-01-15 10:30:00", "2026-01-15 10:45:00", "2026-01-15 11:00:00"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-01-15 10:25:00", "2026-01-15 10:30:00", "2026-01-15 10:35:00"]),
        ("cron(0/30 20-23 ? * MON-FRI *)", ["2026-01-15 20:00:00", "2026-01-15 20:30:00", "2026-01-15 21:00:00"]),
        ("cron(5,35 14 * * ? *)", ["2026-01-15 14:05:00", "2026-01-15 14:35:00", "2026-01-16 14:05:00"]),
        ("cron(15 10 ? * 6L 2002-2005)", []),
        ("cron(15 10 ? * 6L *)", ["2026-01-30 10:15:00", "2026-02-27 10:15:00", "2026-03-27 10:15:00"]),
        ("cron(0 2 ? * SAT#3 *)", ["2026-01-17 02:00:00", "2026-02-21 02:00:00", "2026-03-21 02:00:00"]),
        ("cron(0/5 5 ? JAN 1-5 2022)", []),
        # The special characters of its table.
        ("cron(0 0 L * ? *)", ["2026-01-31 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-01-30 00:00:00", "2026-02-27 00:00:00", "2026-03-31 00:00:00"]),
        ("cron(0 0 15W * ? *)", ["2026-02-16 00:00:00", "2026-03-16 00:00:00", "2026-04-15 00:00:00"]),
        ("cron(0 0 1W 8 ? *)", ["2026-08-03 00:00:00", "2027-08-02 00:00:00", "2028-08-01 00:00:00"]),
        ("cron(0 0 ? * L *)", ["2026-01-17 00:00:00", "2026-01-24 00:00:00", "2026-01-31 00:00:00"]),
        ("cron(0 0 ? * FRI-SUN *)", ["2026-01-16 00:00:00", "2026-01-17 00:00:00", "2026-01-18 00:00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00:00", "2032-02-29 00:00:00", "2036-02-29 00:00:00"]),
        ("cron(0 0 31 2 ? *)", []),
        ("cron(* * * * ? *)", ["2026-01-15 10:21:00", "2026-01-15 10:22:00", "2026-01-15 10:23:00"]),
        ("cron(59 23 31 12 ? 2026)", ["2026-12-31 23:59:00"]),
        ("cron(0 0 1 jan,Jul ? *)", ["2026-07-01 00:00:00", "2027-01-01 00:00:00", "2027-07-01 00:00:00"]),
    ],
)
def test_a_cron_expression_comes_due(expression, expected):
    assert times(expression) == expected


def test_a_moment_that_is_due_is_not_due_again():
    schedule = parse("cron(30 10 * * ? *)", begin=BEGIN)
    due = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    assert schedule.next_after(due - timedelta(microseconds=1)) == due
    assert schedule.next_after(due) == due + timedelta(days=1)


def test_a_time_zone_moves_the_hours_and_follows_summer_time():
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 3, 28, 0, 0, tzinfo=UTC)
    assert times("cron(0 8 * * ? *)", 2, begin, zone=berlin) == ["2026-03-28 07:00:00", "2026-03-29 06:00:00"]


def test_at_is_once_and_only_for_the_scheduler():
    zone = ZoneInfo("America/New_York")
    assert times("at(2026-01-15T06:00:00)", zone=zone, scheduler=True) == ["2026-01-15 11:00:00"]
    assert times("at(2026-01-15T05:00:00)", zone=zone, scheduler=True) == []
    with pytest.raises(InvalidSchedule):
        parse("at(2026-13-15T05:00:00)", begin=BEGIN, scheduler=True)


def test_a_bounded_schedule_begins_at_its_start_and_ends_with_its_end():
    start, end = BEGIN + timedelta(minutes=3), BEGIN + timedelta(minutes=5)
    schedule = Bounded(parse("rate(1 minute)", begin=start), start, end)
    assert schedule.next_after(BEGIN) == start + timedelta(minutes=1)
    assert schedule.next_after(start + timedelta(minutes=1)) == end
    assert schedule.next_after(end) is None
    once = Bounded(parse("cron(24 10 15 1 ? 2026)", begin=BEGIN), start, None)
    assert once.next_after(BEGIN) == datetime(2026, 1, 15, 10, 24, tzinfo=UTC)


def test_the_scheduler_does_not_mind_the_plural():
    """Recorded from AWS: what EventBridge rules refuse here is not among what Scheduler refuses."""
    assert times("rate(1 minutes)", 1, scheduler=True) == ["2026-01-15 10:21:30"]


def test_the_clock_gives_scheduled_times_faster_than_real_ones():
    async def run():
        tasks = ScheduledTasks(ScheduleClock(0.0005))
        due, ended = [], asyncio.Event()
        begin = tasks.clock.now()
        schedule = parse("rate(1 minute)", begin=begin)
        enough = asyncio.Event()

        def note(moment):
            due.append(moment)
            if len(due) == 3:
                enough.set()

        tasks.begin("r", schedule, note)
        await asyncio.wait_for(enough.wait(), 30)
        tasks.end("r")
        count = len(due)
        tasks.begin("past", parse("cron(0 0 1 1 ? 2001)", begin=begin), note, ended.set)
        await asyncio.wait_for(ended.wait(), 30)
        await tasks.close()
        assert len(due) == count
        beats = [(moment - begin) / timedelta(minutes=1) for moment in due]
        assert beats == sorted(set(beats)) and all(beat == int(beat) and beat >= 1 for beat in beats)

    asyncio.run(run())


def test_a_fault_at_one_time_does_not_stop_the_next(capfd):
    async def run():
        tasks = ScheduledTasks(ScheduleClock(0.0005))
        calls, twice = [], asyncio.Event()

        def fail(moment):
            calls.append(moment)
            if len(calls) == 2:
                twice.set()
            raise ValueError("a target's fault")

        tasks.begin("r", parse("rate(1 minute)", begin=tasks.clock.now()), fail)
        await asyncio.wait_for(twice.wait(), 30)
        await tasks.close()

    asyncio.run(run())
    assert "ValueError: a target's fault" in capfd.readouterr().err
