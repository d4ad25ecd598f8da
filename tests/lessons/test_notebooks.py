"""The notebooks of the course are what their sources generate, keep to the rules, and are run by a check that notices.

The run itself is nbval's (``make test-notebooks``), with our look at the kernel's replies beside it. Here that look is tested
on notebooks that are bad on purpose.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import psutil
import pytest

from labsupport.authoring.build import check_lessons, strays
from labsupport.authoring.course import Course
from labsupport.authoring.lint import findings
from labsupport.authoring.reply_status import complaint
from labsupport.exercises import catalog, source

COURSE = Course(Path(__file__).parents[2], catalog.lessons())
PLANTED = Path(__file__).parent / "planted"
SANITIZE = Path(__file__).parent / "sanitize.cfg"


def cells(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


# --- generated from one source


@pytest.mark.parametrize("name", COURSE.names())
def test_both_notebooks_are_what_the_source_generates(name: str) -> None:
    assert check_lessons(COURSE, (name,)) == []


def test_every_notebook_and_every_lesson_has_a_source() -> None:
    assert strays(COURSE) == []


@pytest.mark.parametrize("name", COURSE.names())
def test_the_linter_has_no_findings(name: str) -> None:
    assert [str(finding) for finding in findings(COURSE, name)] == []


@pytest.mark.parametrize("lesson", catalog.lessons(), ids=lambda lesson: lesson.name)
def test_the_starter_of_an_exercise_is_what_lab_reset_gives_back(lesson) -> None:
    for exercise in lesson.exercises:
        tagged = [
            "".join(cell["source"])
            for cell in cells(COURSE.starter(lesson.name))
            if any(re.fullmatch(rf"exercise:{exercise.id}(/.*)?", tag) for tag in cell["metadata"].get("tags", []))
        ]
        given_back = [cell.text for cell in source.starter_cells(COURSE.root, lesson, exercise)]

        assert given_back == tagged
        assert all(f"Exercise {exercise.id}: write your code here" in text for text in tagged)


@pytest.mark.parametrize("lesson", catalog.lessons(), ids=lambda lesson: lesson.name)
def test_every_check_passes_in_the_solution(lesson) -> None:
    for cell in cells(COURSE.solution(lesson.name)):
        for tag in cell["metadata"].get("tags", []):
            if tag.startswith("check:"):
                shown = "".join(cell["outputs"][-1]["data"]["text/plain"])
                assert shown.startswith(f"✔ PASSED {tag.removeprefix('check:')}"), shown


# --- what is not to be compared


def sanitized(text: str) -> str:
    for pattern, replacement in re.findall("^regex: (.*)$\n^replace: (.*)$", SANITIZE.read_text(), re.MULTILINE):
        text = re.sub(pattern, replacement, text)
    return text


SAME = (
    ("END RequestId: 807e6993-4017-4fba-8af7-a262e32f865e\n", "END RequestId: 1eb05f87-5e71-468c-a856-117b5309ea9f\n"),
    ("Duration: 1.46 ms\tBilled Duration: 2 ms\tMemory", "Duration: 1,004.00 ms\tBilled Duration: 1005 ms\tMemory"),
    ("Memory Size: 128 MB\tMax Memory Used: 18 MB\t\n", "Memory Size: 128 MB\tMax Memory Used: 104 MB\t\n"),
    ("2026/11/25/[$LATEST]34ed26bbbaf6422fa469965722b726f5", "2027/01/02/[$LATEST]00000000000000000000000000000000"),
    ("08:56:57.084  PLATFORM", "18:06:07.184  PLATFORM"),
    ("[WARNING]\t2026-11-25T08:57:00.003Z\t\tLAMBDA_WARNING", "[WARNING]\t2027-01-01T18:07:00.123Z\t\tLAMBDA_WARNING"),
    ("Target: local cloud at http://127.0.0.1:36187", "Target: local cloud at http://127.0.0.1:80"),
    ("Versions: labsupport 0.1.0, Python 3.11.7, sandbox bwrap\n", "Versions: labsupport 0.2.0, Python 3.13.1, sandbox none\n"),
    ("  memory    21 MB of 128 MB\n", "  memory    9 MB of 128 MB\n"),
    ("<td>214.84 ms</td>", "<td>9 ms</td>"),
    ("'CodeSha256': 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg='", "'CodeSha256': 'LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564='"),
    ("Starting the local cloud …\nLesson 01", "Lesson 01"),
    ("START\nLAB NOTE: this machine runs python3.13 on Python 3.11.\nEND", "START\nEND"),
)  # fmt: skip


@pytest.mark.parametrize(("here", "there"), SAME)
def test_what_differs_between_two_runs_is_left_out_of_the_comparison(here: str, there: str) -> None:
    assert here != there
    assert sanitized(here) == sanitized(there)


DIFFERENT = (
    ("arn:aws:iam::123456789012:role/kestrel-function", "arn:aws:iam::123456789012:role/kestrel-price"),
    ("Memory Size: 128 MB", "Memory Size: 256 MB"),
    ("Duration: 1.46 ms\tBilled Duration: 2 ms\t", "Duration: 1.46 ms\t"),
    ("✔ PASSED hello-1 (2 of 2 points)", "◐ PARTIAL hello-1 (1 of 2 points)"),
    ("kestrel-price now runs your price.py.", "kestrel-price now runs your hello.py."),
    ("Ada 1\nGrace 2\n", "Ada 1\nGrace 1\n"),
)


@pytest.mark.parametrize(("here", "there"), DIFFERENT)
def test_what_a_learner_made_is_compared(here: str, there: str) -> None:
    assert sanitized(here) != sanitized(there)


# --- planted notebooks

#: notebook → the cell that must fail (as nbval counts) and what its report must say. None: it must pass.
MUST_FAIL: dict[str, tuple[int, str] | None] = {
    "as_it_should_be": None,
    "kernel_of_somebody_else": None,
    "unknown_cell_magic": (0, "cell 1: it raises UsageError: Cell magic `%%nosuchmagic` not found."),
    "unknown_magic_while_tracebacks_are_off": (1, "cell 2: it raises UsageError"),
    "exception_while_tracebacks_are_off": (1, "cell 2: it raises AssertionError: a check that fails"),
    "raises_exception_that_does_not_raise": (0, "cell 1: it is tagged raises-exception, and it does not raise"),
    "solution_whose_outputs_were_stripped": (0, "cell 1: it was never executed when the solution was built"),
    "output_that_differs": (0, "Cell outputs differ"),
    "progress_bar_on_stderr": (0, "cell 1: it writes to stderr: '10%|##########|"),
    "warning_on_stderr": (0, "cell 1: it writes to stderr"),
    "kernel_that_dies": (0, "cell 1: the kernel died while this cell ran"),
    "cell_that_hangs": (0, "Timeout of 3 seconds exceeded"),
    "connection_beyond_this_machine": (0, "left this machine:\nsocket.getaddrinfo '192.0.2.1'"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], str]:
    """What became of each cell of the planted notebooks, in one run as ``make test-notebooks`` does it: "" for passed."""
    folder = tmp_path_factory.mktemp("planted")
    for name in MUST_FAIL:
        shutil.copy(PLANTED / f"{name}.ipynb", folder)
    report = folder / "report.xml"
    options = "--nbval --nbval-current-env --nbval-cell-timeout=3 --nbval-kernel-startup-timeout=60 --color=no -q"
    command = [sys.executable, "-m", "pytest", "-p", "labsupport.authoring.reply_status", "-p", "conftest"]
    command += [
        *options.split(),
        f"--nbval-sanitize-with={SANITIZE}",
        f"--junit-xml={report}",
        f"--rootdir={folder}",
        ".",
    ]
    # So that the course's conftest.py, which watches the network, is found.
    path = os.pathsep.join(filter(None, (str(COURSE.root), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=110
    )
    assert report.exists(), done.stdout + done.stderr
    result = {}
    for case in ET.parse(report).iter("testcase"):
        failure = case.find("failure")
        cell = int(case.get("name", "").removeprefix("Cell "))
        notebook = case.get("classname", "").rpartition("/")[2].removesuffix(".ipynb").removesuffix("-ipynb")
        result[notebook, cell] = "" if failure is None else str(failure.text)
    assert done.returncode == 1
    return result


@pytest.mark.parametrize("name", MUST_FAIL)
def test_a_planted_notebook_fails_where_it_is_bad(run: dict[tuple[str, int], str], name: str) -> None:
    expected = MUST_FAIL[name]
    cells = {cell: text for (notebook, cell), text in run.items() if notebook == name}
    failed = {cell: text for cell, text in cells.items() if text}

    assert cells
    if expected is None:
        assert failed == {}
    else:
        assert list(failed) == [expected[0]]
        assert expected[1] in failed[expected[0]]


def test_every_planted_notebook_is_run() -> None:
    assert {path.stem for path in PLANTED.glob("*.ipynb")} == set(MUST_FAIL)


def test_no_kernel_is_left_behind(run: dict[tuple[str, int], str]) -> None:
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline", "cwd"])
        if "ipykernel_launcher" in " ".join(process.info["cmdline"] or ()) and "planted" in str(process.info["cwd"])
    ]

    assert left == []


@pytest.mark.parametrize(
    ("tags", "reply", "stderr", "expected"),
    [
        ([], {"status": "ok"}, "", ""),
        (["raises-exception"], {"status": "error", "ename": "E", "evalue": "x"}, "", ""),
        ([], {"status": "error", "ename": "E", "evalue": "x"}, "", "it raises E: x (whatever it shows)"),
        (["raises-exception"], {"status": "ok"}, "", "it is tagged raises-exception, and it does not raise"),
        ([], {"status": "ok"}, "10%|#\n", "it writes to stderr: '10%|#'"),
        ([], None, "", "the kernel gave no reply"),
    ],
)
def test_the_reply_decides(tags: list[str], reply, stderr: str, expected: str) -> None:
    assert complaint(tags, reply, stderr) == expected
