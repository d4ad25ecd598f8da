from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from decimal import Decimal

import pytest

from labsupport.exercises import progress as module
from labsupport.exercises.model import CheckReport
from labsupport.exercises.outcomes import Outcome
from labsupport.exercises.progress import Progress


def report(outcome: Outcome, points: str = "0", most: int = 3) -> CheckReport:
    return CheckReport("a-1", "t", outcome, Decimal(points), most)


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path)


def test_a_new_learner_has_nothing_and_hears_nothing(progress):
    record = progress.exercise("a-1")
    assert (record.attempts, record.outcome, record.hints) == (0, Outcome.NOT_ATTEMPTED, 0)
    assert progress.take_notices() == ()
    assert not progress.path.exists()


def test_points_never_go_down_and_passing_stays(progress, tmp_path):
    progress.record_check(report(Outcome.PARTIAL, "1.33"))
    progress.record_check(report(Outcome.PASSED, "3"))
    progress.record_check(report(Outcome.YOUR_CODE_RAISED, "0"))
    record = Progress(tmp_path).exercise("a-1")
    assert (record.attempts, record.best_points, record.outcome) == (3, 3, Outcome.PASSED)


def test_partial_points_survive_exactly(progress, tmp_path):
    progress.record_check(report(Outcome.PARTIAL, "1.33"))
    assert Progress(tmp_path).exercise("a-1").best_points == Decimal("1.33")


def test_an_exercise_without_points_can_be_passed(progress):
    progress.record_check(report(Outcome.NOT_YET, "0", 0))
    progress.record_check(report(Outcome.PASSED, "0", 0))
    assert progress.exercise("a-1").passed


@pytest.mark.parametrize("outcome", [Outcome.NOT_ATTEMPTED, Outcome.LAB_PROBLEM])
def test_what_was_no_attempt_is_not_counted(progress, outcome):
    progress.record_check(report(outcome))
    assert progress.exercise("a-1").attempts == 0


def test_the_solution_seen_before_passing_is_help_and_after_it_is_not(progress):
    progress.record_solution("a-1")
    progress.record_check(report(Outcome.PASSED, "3"))
    assert progress.exercise("a-1").solved_with_help
    progress.record_check(CheckReport("b-1", "t", Outcome.PASSED, Decimal(1), 1))
    progress.record_solution("b-1")
    progress.record_check(CheckReport("b-1", "t", Outcome.PASSED, Decimal(1), 1))
    assert not progress.exercise("b-1").solved_with_help


def test_hints_questions_and_predictions_survive_a_restart(progress, tmp_path):
    progress.record_hint("a-1", 2)
    progress.record_hint("a-1", 1)
    progress.record_question("q", "b")
    progress.record_question("q", "c")
    progress.record_prediction("p", "a")
    again = Progress(tmp_path)
    assert again.exercise("a-1").hints == 2
    assert (again.question("q").first, again.question("q").latest) == ("b", "c")
    assert again.prediction("p").latest == "a"
    assert again.question("other") is None


# --- the file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"schema": "1"}',
        b'{"schema": true}',
        b'{"schema": 0}',
        b"\xff\xfe\x00",
        b'{"schema": 1, "exercises": []}',
        b'{"schema": 1, "exercises": {"a-1": 5}}',
        b'{"schema": 1, "exercises": {"a-1": {"attempts": "many"}}}',
        b'{"schema": 1, "exercises": {"a-1": {"best_points": -1}}}',
        b'{"schema": 1, "exercises": {"a-1": {"best_points": 1e999}}}',
        b'{"schema": 1, "exercises": {"a-1": {"best_points": NaN}}}',
        b'{"schema": 1, "questions": {"q": {"latest": 1}}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_with_a_message_and_never_lost(progress, tmp_path, content):
    progress.path.write_bytes(content)
    assert progress.exercise("a-1").attempts == 0
    progress.record_hint("a-1", 1)
    (line,) = progress.take_notices()
    (aside,) = tmp_path.glob("progress.broken-*.json")
    assert aside.read_bytes() == content and str(aside) in line
    assert Progress(tmp_path).exercise("a-1").hints == 1


def test_a_file_of_a_newer_lab_is_left_alone_and_the_lesson_goes_on(progress, tmp_path):
    content = '{"schema": 99, "exercises": {"a-1": {"attempts": 7}}}'
    progress.path.write_text(content)
    progress.record_hint("a-1", 1)
    assert progress.exercise("a-1").hints == 1
    (line,) = progress.take_notices()
    assert "newer version" in line and "schema 99" in line
    assert progress.path.read_text() == content
    progress.record_hint("a-1", 2)
    assert progress.take_notices() == (), "once is enough"


def test_fields_this_version_does_not_know_are_kept(progress):
    progress.path.write_text('{"schema": 1, "mood": "good", "exercises": {"a-1": {"attempts": 1, "colour": "x"}}}')
    progress.record_check(report(Outcome.NOT_YET))
    content = json.loads(progress.path.read_text())
    assert content["mood"] == "good" and content["exercises"]["a-1"]["colour"] == "x"
    assert content["exercises"]["a-1"]["attempts"] == 2


def test_an_older_file_is_lifted_step_by_step(progress, monkeypatch):
    progress.record_hint("a-1", 2)

    def rename_hints(content):
        for record in content["exercises"].values():
            record["rungs"] = record.pop("hints")

    def and_back(content):
        for record in content["exercises"].values():
            record["hints"] = record.pop("rungs") + 10

    monkeypatch.setattr(module, "SCHEMA", 3)
    monkeypatch.setattr(module, "UPGRADES", {1: rename_hints, 2: and_back})
    assert progress.exercise("a-1").hints == 12
    progress.record_hint("a-1", 13)
    content = json.loads(progress.path.read_text())
    assert content["schema"] == 3 and content["exercises"]["a-1"]["hints"] == 13


def test_every_schema_before_this_one_has_its_step():
    assert set(module.UPGRADES) == set(range(1, module.SCHEMA))


def test_with_no_free_disk_the_lesson_goes_on_and_nothing_is_lost_when_space_comes_back(progress, monkeypatch):
    progress.record_hint("a-1", 1)

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        progress.record_hint("a-1", 2)
        progress.record_check(report(Outcome.PASSED, "3"))
        assert progress.exercise("a-1").hints == 2 and progress.exercise("a-1").passed
        (line,) = progress.take_notices()
        assert "No space left on device" in line and "the lesson goes on" in line
        assert json.loads(progress.path.read_text())["exercises"]["a-1"]["hints"] == 1
        assert list(progress.path.parent.glob("*.tmp")) == []
    progress.record_question("q", "a")
    content = json.loads(progress.path.read_text())
    assert content["exercises"]["a-1"]["hints"] == 2 and content["exercises"]["a-1"]["outcome"] == "PASSED"
    assert content["questions"]["q"]["latest"] == "a"


def test_a_folder_that_cannot_be_made_is_said_once(tmp_path):
    (tmp_path / "file").write_text("in the way")
    progress = Progress(tmp_path / "file" / "home")
    progress.record_hint("a-1", 1)
    assert progress.exercise("a-1").hints == 1
    assert len(progress.take_notices()) >= 1


def test_a_file_that_cannot_be_read_is_left_as_it_is(progress):
    progress.path.mkdir()
    progress.record_hint("a-1", 1)
    assert progress.exercise("a-1").hints == 1
    assert "could not be read" in progress.take_notices()[0]


def child(code: str, folder) -> subprocess.Popen:
    program = "import sys, pathlib\nfrom labsupport.exercises.progress import Progress\n"
    program += "progress = Progress(pathlib.Path(sys.argv[1]))\n" + textwrap.dedent(code)
    return subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)


def test_three_kernels_writing_at_once_lose_nothing(tmp_path):
    code = """
    from decimal import Decimal
    from labsupport.exercises.model import CheckReport
    from labsupport.exercises.outcomes import Outcome
    for number in range(30):
        progress.record_check(CheckReport("a-1", "t", Outcome.NOT_YET, Decimal(0), 1))
    """
    children = [child(code, tmp_path) for _ in range(3)]
    assert [one.wait(60) for one in children] == [0, 0, 0]
    assert Progress(tmp_path).exercise("a-1").attempts == 90


def test_killed_in_the_middle_of_writing_the_file_is_whole(tmp_path):
    writer = child(
        'print("go", flush=True)\nnumber = 0\nwhile True:\n    number += 1\n    progress.record_hint(f"x-{number}", 1)',
        tmp_path,
    )
    writer.stdout.readline()
    time.sleep(0.3)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    progress = Progress(tmp_path)
    assert progress.exercise("x-1").hints == 1
    assert list(tmp_path.glob("progress.broken*")) == []
    progress.record_hint("after", 1)
    assert progress.take_notices() == ()


def test_a_lock_held_by_another_kernel_does_not_stop_the_lesson(progress, tmp_path, monkeypatch):
    import fcntl

    monkeypatch.setattr(module, "_LOCK_SECONDS", 0.05)
    with (tmp_path / "progress.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        progress.record_hint("a-1", 1)
        assert "another kernel" in progress.take_notices()[0]
    progress.record_hint("a-1", 2)
    assert Progress(tmp_path).exercise("a-1").hints == 2
