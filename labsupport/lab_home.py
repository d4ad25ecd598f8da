"""The folder where the lab keeps what belongs to a learner and to no course folder: progress and logs."""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

_KEPT_FILES = 20


def lab_home() -> Path:
    """``LAB_HOME``, else the user's data folder of this system. It may not exist yet."""
    chosen = os.environ.get("LAB_HOME")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("labsupport", appauthor=False))


def log_folder() -> Path:
    """Where the local cloud's log and details of problems go. Made here; raises OSError."""
    folder = lab_home() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder)
    return folder


def write_problem(problem: BaseException) -> str:
    """Keep the traceback of an error of ours; returns where, for a line to the learner. Never raises."""
    try:
        path = log_folder() / f"problem-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write("".join(traceback.format_exception(problem)) + "\n")
    except OSError as reason:
        return f"nothing (the details could not be written: {reason.strerror or reason})"
    return str(path)


def _forget_old(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[_KEPT_FILES:]:
        path.unlink(missing_ok=True)
