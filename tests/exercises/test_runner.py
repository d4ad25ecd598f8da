from __future__ import annotations

from decimal import Decimal

import pytest

from labsupport.exercises.messages import Message
from labsupport.exercises.model import SubCheck
from labsupport.exercises.outcomes import (
    LabProblem,
    NotAttempted,
    NotDeployed,
    NotYet,
    Outcome,
    YourCodeRaised,
)
from labsupport.exercises.probe import Probe
from labsupport.exercises.progress import Progress
from labsupport.exercises.runner import check_and_record, run_check


def fine(probe):
    return None


def raising(stop, came_back="no"):
    def step(probe):
        raise stop(Message(came_back=came_back))

    return step


@pytest.fixture
def run(exercise):
    def go(*steps, **options):
        details = []
        probe = Probe("http://127.0.0.1:9", exercise_id="test-1")
        report = run_check(exercise(*steps, **options), probe, lambda bug: details.append(bug) or "a file")
        report.to_dict(), repr(report), report._repr_html_()
        return report

    return go


def test_all_sub_checks_passed(run):
    report = run(fine, fine)
    assert (report.outcome, report.points, report.explanation) == (Outcome.PASSED, 3, "It works because.")


def test_every_sub_check_runs_whatever_failed_before(run):
    report = run(raising(NotYet, "first"), fine, raising(YourCodeRaised, "third"), fine)
    assert [subcheck.ok for subcheck in report.subchecks] == [False, True, False, True]
    assert (report.outcome, report.points) == (Outcome.PARTIAL, Decimal("1.5"))
    text = repr(report)
    assert "first" in text and "third" in text and "Why it works" not in text


def test_nothing_passed_gives_no_points(run):
    report = run(raising(NotYet), raising(YourCodeRaised))
    assert (report.outcome, report.points) == (Outcome.NOT_YET, 0)


def test_a_function_that_always_raises(run):
    assert run(raising(YourCodeRaised), raising(YourCodeRaised)).outcome is Outcome.YOUR_CODE_RAISED


def test_one_reason_for_all_is_said_once(run):
    report = run(raising(NotDeployed), raising(NotDeployed))
    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert report.subchecks == () and repr(report).count("Came back: no") == 1


def test_one_part_untouched_beside_a_passed_one_is_partial(run):
    assert run(fine, raising(NotAttempted)).outcome is Outcome.PARTIAL


def test_a_problem_of_the_lab_costs_no_points_and_is_said(run):
    report = run(fine, raising(LabProblem))
    assert report.outcome is Outcome.LAB_PROBLEM
    assert "costs no points" in repr(report)


def test_a_bug_in_our_check_is_a_line_with_a_pointer_and_no_traceback(run):
    def bug(probe):
        raise KeyError("secret internals")

    report = run(fine, bug)
    assert report.outcome is Outcome.LAB_PROBLEM
    assert "a file has the details" in repr(report)
    assert "Traceback" not in repr(report) and "KeyError" not in repr(report)


def test_a_stop_before_the_first_sub_check_is_the_whole_report(run):
    def check(probe):
        raise NotDeployed(Message(came_back="nothing there"))
        yield

    report = run(check=check)
    assert report.outcome is Outcome.NOT_ATTEMPTED and report.message.came_back == "nothing there"


def test_a_stop_half_way_keeps_what_was_found(run):
    def check(probe):
        yield SubCheck("one", True)
        raise NotYet(Message(came_back="then this"))

    report = run(check=check)
    assert report.outcome is Outcome.PARTIAL and len(report.subchecks) == 2


def test_a_check_that_looks_at_nothing_is_never_passed(run):
    assert run(check=lambda probe: ()).outcome is Outcome.LAB_PROBLEM


def test_an_exercise_without_points_can_pass(run):
    report = run(fine, points=0)
    assert report.outcome is Outcome.PASSED and report.points == 0 and "no points" in repr(report)


def test_an_interrupt_is_not_swallowed(run):
    def interrupted(probe):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupted)


def test_the_whole_way_through_the_cloud_is_recorded(exercise, deploy, cloud, tmp_path):
    progress = Progress(tmp_path)
    seen = []

    def doubles(probe):
        number = probe.whole_number(1, 10**9)
        seen.append(number)
        if probe.invoke("doubles", {"n": number}).payload != 2 * number:
            raise NotYet(Message(came_back="not twice"))

    def check():
        return check_and_record(exercise(doubles), cloud.endpoint, "us-east-1", progress)

    assert check().outcome is Outcome.NOT_ATTEMPTED
    assert progress.exercise("test-1").attempts == 0
    deploy("doubles", "def handler(event, context):\n    return event['n'] * 2")
    assert check().passed
    cloud.client("lambda").delete_function(FunctionName="doubles")
    gone = check()
    assert gone.outcome is Outcome.NOT_ATTEMPTED and "you had deployed it" in gone.message.came_back
    record = progress.exercise("test-1")
    assert (record.attempts, record.outcome, record.best_points) == (1, Outcome.PASSED, 3)
    assert len(set(seen)) == len(seen)
