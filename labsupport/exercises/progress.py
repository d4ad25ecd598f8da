"""The learner's progress: one JSON file that survives restarts, upgrades, two kernels at once and a full disk.

A change is never applied to a copy in memory only: it is a function, run on the file's content under a lock. A change
that cannot be saved waits and is saved with the next one.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from .model import CheckReport, json_number
from .outcomes import Outcome

SCHEMA = 1
#: How to lift the content from a schema number to the next one.
UPGRADES: dict[int, Callable[[dict[str, Any]], None]] = {}
_LOCK_SECONDS = 3.0
_PARTS = ("exercises", "questions", "predictions")

Change = Callable[[dict[str, Any]], None]


class _Unusable(Exception):
    """The file cannot be used and is not to be written; one line that says why."""


@dataclass(frozen=True)
class ExerciseRecord:
    """What is remembered of one exercise. ``outcome`` is the best so far; ``hints`` how many rungs were shown."""

    attempts: int = 0
    best_points: Decimal = Decimal(0)
    outcome: Outcome = Outcome.NOT_ATTEMPTED
    hints: int = 0
    solution_seen: bool = False
    solved_with_help: bool = False

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


@dataclass(frozen=True)
class ChoiceRecord:
    """What was chosen for a question or prediction, first and last."""

    first: str
    latest: str


class Progress:
    """The progress file in ``folder``. No method raises; what went wrong is said once through ``take_notices``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "progress.json"
        self._waiting: list[Change] = []
        self._notices: list[str] = []
        self._said: set[str] = set()

    # --- reading -----------------------------------------------------------------------------------------------

    def exercise(self, exercise_id: str) -> ExerciseRecord:
        record = self._content()["exercises"].get(exercise_id, {})
        return ExerciseRecord(
            attempts=record.get("attempts", 0),
            best_points=Decimal(str(record.get("best_points", 0))),
            outcome=_outcome(record.get("outcome")),
            hints=record.get("hints", 0),
            solution_seen=record.get("solution_seen", False),
            solved_with_help=record.get("solved_with_help", False),
        )

    def question(self, question_id: str) -> ChoiceRecord | None:
        return _choice(self._content()["questions"].get(question_id))

    def prediction(self, prediction_id: str) -> ChoiceRecord | None:
        return _choice(self._content()["predictions"].get(prediction_id))

    def take_notices(self) -> tuple[str, ...]:
        """Lines to tell the learner, each once."""
        notices, self._notices = tuple(self._notices), []
        return notices

    # --- recording ---------------------------------------------------------------------------------------------

    def record_check(self, report: CheckReport) -> None:
        """An attempt counts when the learner's work was judged. Points never go down."""
        if not report.outcome.is_attempt:
            return

        def change(content: dict[str, Any]) -> None:
            record = content["exercises"].setdefault(report.exercise_id, {})
            record["attempts"] = record.get("attempts", 0) + 1
            passed_before = _outcome(record.get("outcome")) is Outcome.PASSED
            if report.points >= Decimal(str(record.get("best_points", 0))) and not passed_before:
                record["best_points"] = json_number(report.points)
                record["outcome"] = report.outcome.name
            if report.passed and not passed_before:
                record["passed_at"] = _now()
                record["solved_with_help"] = bool(record.get("solution_seen"))

        self._apply(change)

    def record_hint(self, exercise_id: str, rung: int) -> None:
        """The highest rung shown, counted from 1."""

        def change(content: dict[str, Any]) -> None:
            record = content["exercises"].setdefault(exercise_id, {})
            record["hints"] = max(rung, record.get("hints", 0))

        self._apply(change)

    def record_solution(self, exercise_id: str) -> None:
        """The solution was shown; passing after this counts as solved with help."""

        def change(content: dict[str, Any]) -> None:
            content["exercises"].setdefault(exercise_id, {})["solution_seen"] = True

        self._apply(change)

    def record_question(self, question_id: str, letter: str) -> None:
        self._apply(lambda content: _choose(content["questions"], question_id, letter))

    def record_prediction(self, prediction_id: str, letter: str) -> None:
        self._apply(lambda content: _choose(content["predictions"], prediction_id, letter))

    # --- the file ----------------------------------------------------------------------------------------------

    def _content(self) -> dict[str, Any]:
        try:
            content = self._load()
        except _Unusable as reason:
            self._say(str(reason))
            content = _empty()
        for change in self._waiting:
            change(content)
        return content

    def _apply(self, change: Change) -> None:
        self._waiting.append(change)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock():
                content = self._load()
                for waiting in self._waiting:
                    waiting(content)
                self._save(content)
        except _Unusable as reason:
            self._say(str(reason))
        except OSError as reason:
            self._say(
                f"Your progress could not be saved in {self.path}: {reason.strerror or reason}. "
                "It is kept while this kernel runs; the lesson goes on."
            )
        else:
            self._waiting.clear()

    def _load(self) -> dict[str, Any]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return _empty()
        except UnicodeDecodeError:
            return self._set_aside()
        except OSError as reason:
            raise _Unusable(
                f"Your progress in {self.path} could not be read: {reason.strerror or reason}. It is left as it is."
            ) from None
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            return self._set_aside()
        if not isinstance(content, dict) or not _is_whole_number(content.get("schema")):
            return self._set_aside()
        if content["schema"] > SCHEMA:
            raise _Unusable(
                f"Your progress in {self.path} was written by a newer version of the lab (schema {content['schema']}, "
                f"this one knows {SCHEMA}). It is left as it is; update the lab to record progress again."
            )
        if content["schema"] < SCHEMA:
            content = self._upgraded(content)
        return content if _is_well_formed(content) else self._set_aside()

    def _upgraded(self, content: dict[str, Any]) -> dict[str, Any]:
        while content["schema"] < SCHEMA:
            step = UPGRADES.get(content["schema"])
            if step is None:
                return self._set_aside()
            step(content)
            content["schema"] += 1
        return content

    def _set_aside(self) -> dict[str, Any]:
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"progress.broken-{stamp}.json")
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:  # another kernel was quicker
            return _empty()
        except OSError as reason:
            raise _Unusable(
                f"Your progress file {self.path} is damaged and could not be set aside: {reason.strerror or reason}."
            ) from None
        self._say(f"Your progress file was damaged. It is kept as {aside}; progress starts anew.")
        return _empty()

    def _save(self, content: dict[str, Any]) -> None:
        """Readers see the old file or the new one, never half of one."""
        temporary = self.path.with_name(f"progress.{os.getpid()}.tmp")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                json.dump(content, file, indent=1, sort_keys=True, ensure_ascii=False)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One kernel at a time. Where the file system has no locks (some network folders) it goes on without."""
        import fcntl

        with self.path.with_name("progress.lock").open("a") as file:
            deadline = time.monotonic() + _LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise OSError("another kernel is writing it") from None
                    time.sleep(0.02)
                    continue
                except OSError:
                    pass
                break
            yield

    def _say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._notices.append(line)


def _empty() -> dict[str, Any]:
    return {"schema": SCHEMA, **{part: {} for part in _PARTS}}


def _choose(records: dict[str, Any], name: str, letter: str) -> None:
    record = records.setdefault(name, {"first": letter, "at": _now()})
    record["latest"] = letter


def _choice(record: dict[str, Any] | None) -> ChoiceRecord | None:
    return ChoiceRecord(record["first"], record["latest"]) if record else None


def _outcome(name: object) -> Outcome:
    return Outcome.__members__.get(str(name), Outcome.NOT_ATTEMPTED)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_well_formed(content: dict[str, Any]) -> bool:
    """Whether what we read from the file is of the kinds we wrote. Fields we do not know are kept as they are."""
    for part in _PARTS:
        records = content.setdefault(part, {})
        if not isinstance(records, dict) or not all(isinstance(record, dict) for record in records.values()):
            return False
    for record in content["exercises"].values():
        counts = (record.get("attempts", 0), record.get("hints", 0))
        flags = (record.get("solution_seen", False), record.get("solved_with_help", False))
        if not all(_is_whole_number(count) and count >= 0 for count in counts):
            return False
        if not all(isinstance(flag, bool) for flag in flags) or not _is_points(record.get("best_points", 0)):
            return False
    return all(
        isinstance(record.get(key), str)
        for part in ("questions", "predictions")
        for record in content[part].values()
        for key in ("first", "latest")
    )


def _is_points(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return 0 <= Decimal(str(value)) < 10_000
    except InvalidOperation:
        return False
