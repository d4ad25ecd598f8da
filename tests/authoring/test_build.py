"""Building executes a lesson, writes its two notebooks, and says in cell coordinates what goes wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from labsupport.authoring import build
from labsupport.authoring.build import build_lessons, check_lessons, strays
from labsupport.authoring.course import Course

from .conftest import NAME, MakeCourse, make_course


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch):
    """Stand in the course's folder, as an author does."""

    def go(course: Course) -> Course:
        monkeypatch.setattr(build, "this_course", lambda: course)
        course.source("02_before").unlink()
        return course

    return go


def read(path: Path):
    return json.loads(path.read_text())


def outputs(notebook) -> list:
    return [
        ["".join(o.get("text") or o.get("data", {}).get("text/plain") or o.get("ename")) for o in cell["outputs"]]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The lesson that runs, built once for the tests that only look."""
    course = make_course(tmp_path_factory.mktemp("course"), "a_lesson_that_runs")
    assert build_lessons(course, (NAME,)) == []
    return course


def test_the_solution_holds_what_a_learner_sees(built: Course) -> None:
    assert outputs(read(built.solution(NAME))) == [
        ["hello\n", "4"],
        ["ValueError"],
        ["Writing one.py\n"],
        ["two prints\n"],
        ["3 seconds\n"],
        ["'not needed here'"],
        ["checked\n"],
    ]


def test_the_solution_counts_its_cells_and_names_no_version_of_python(built: Course) -> None:
    solution = read(built.solution(NAME))

    counts = [cell["execution_count"] for cell in solution["cells"] if cell["cell_type"] == "code"]
    assert counts == [1, 2, 3, 4, 5, 6, 7]
    assert "version" not in solution["metadata"]["language_info"]


def test_the_starter_holds_no_output_and_no_count(built: Course) -> None:
    cells = [cell for cell in read(built.starter(NAME))["cells"] if cell["cell_type"] == "code"]

    assert [cell["outputs"] for cell in cells] == [[]] * 7
    assert [cell["execution_count"] for cell in cells] == [None] * 7


def test_building_leaves_nothing_else_behind(built: Course) -> None:
    generated = {built.source(NAME), built.solution(NAME), built.starter(NAME)}

    assert {path for path in built.root.rglob(f"*{NAME}*")} == generated
    assert not list(built.root.rglob("one.py"))


def test_what_has_not_changed_is_not_built_again(built: Course, capsys: pytest.CaptureFixture[str]) -> None:
    before = built.solution(NAME).stat().st_mtime_ns

    assert build_lessons(built, (NAME,)) == []

    assert built.solution(NAME).stat().st_mtime_ns == before
    assert capsys.readouterr().out == "03_prints: unchanged\n"


def test_a_built_lesson_passes_the_check(built: Course) -> None:
    assert check_lessons(built, (NAME,)) == []


# --- --check


def _spoil(path: Path, change) -> None:
    notebook = read(path)
    change(notebook)
    path.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def _cell(number: int, **values):
    return lambda notebook: notebook["cells"][number - 1].update(values)


DIFFERENCES = (
    ("starter", _cell(4, source="mine"), "cell 4: its text is not what solutions/03_prints.md generates (line 1: '%%writefile one.py')"),
    ("starter", _cell(2, outputs=[{"output_type": "stream", "name": "stdout", "text": "4"}]), "cell 2: its outputs are not what"),
    ("starter", _cell(2, execution_count=3), "cell 2: its execution count is not what"),
    ("starter", _cell(1, attachments={"a.png": {"image/png": "AA=="}}), "cell 1: its attachments are not what"),
    ("starter", _cell(3, metadata={}), "cell 3: its metadata are not what"),
    ("starter", _cell(2, id="another"), "cell 2: its id is not what"),
    ("starter", lambda notebook: notebook["cells"].pop(), "has 7 cells, solutions/03_prints.md generates 8"),
    ("starter", lambda notebook: notebook["metadata"].update(jupytext={}), "the metadata of the notebook are not what"),
    ("starter", lambda notebook: notebook["metadata"]["labsupport"].update(source_sha256="0"), "is older than solutions/03_prints.md"),
    ("solution", _cell(4, source="mine"), "cell 4: its text is not what"),
    ("solution", _cell(3, cell_type="markdown"), "cell 3: it is a markdown cell; solutions/03_prints.md generates a code cell"),
    ("solution", _cell(2, execution_count=None), "cell 2: it was never executed"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "change", "expected"), DIFFERENCES, ids=[f"{d[0]}-{d[2]}" for d in DIFFERENCES])
def test_the_first_difference_is_named(built: Course, kind: str, change, expected: str) -> None:
    path = built.starter(NAME) if kind == "starter" else built.solution(NAME)
    before = path.read_text()
    try:
        _spoil(path, change)
        (line,) = check_lessons(built, (NAME,))
    finally:
        path.write_text(before)

    assert line.startswith(f"{'notebooks' if kind == 'starter' else 'solutions'}/03_prints.ipynb")
    assert expected in line
    assert "labsupport build 03" in line


def test_other_outputs_of_a_solution_are_nbvals_business(built: Course) -> None:
    before = built.solution(NAME).read_text()
    try:
        _spoil(built.solution(NAME), _cell(2, outputs=[]))
        assert check_lessons(built, (NAME,)) == []
    finally:
        built.solution(NAME).write_text(before)


def test_a_starter_that_jupyterlab_saved_is_noticed(built: Course) -> None:
    before = built.starter(NAME).read_text()
    try:
        built.starter(NAME).write_text(json.dumps(json.loads(before)))
        (line,) = check_lessons(built, (NAME,))
    finally:
        built.starter(NAME).write_text(before)

    assert "has the same cells, but was written by another program" in line


def test_a_missing_and_a_broken_notebook_are_named(prints_course: MakeCourse) -> None:
    course = prints_course("a_lesson_that_runs")
    course.solution(NAME).write_text("<<<<<<< HEAD")

    missing, broken = check_lessons(course, (NAME,))

    assert missing == "notebooks/03_prints.ipynb is missing. Run: labsupport build 03"
    assert broken.startswith("solutions/03_prints.ipynb cannot be read: it is not JSON")


def test_checking_writes_and_executes_nothing(
    prints_course: MakeCourse, at_home, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = at_home(prints_course("a_lesson_that_runs"))
    monkeypatch.setattr(build, "execute", None)
    before = {path: path.stat().st_mtime_ns for path in course.root.rglob("*")}

    assert build.main((), check=True, force=False) == 1

    assert {path: path.stat().st_mtime_ns for path in course.root.rglob("*")} == before


def test_notebooks_and_lessons_without_a_source_are_named(prints_course: MakeCourse) -> None:
    course = prints_course("a_lesson_that_runs")
    course.source(NAME).unlink()
    course.starter("09_old").write_text("{}")

    assert strays(course) == [
        "notebooks/09_old.ipynb has no source solutions/09_old.md.",
        "Lesson 03_prints of the catalogue has no source solutions/03_prints.md.",
    ]


# --- what goes wrong while executing

FAILING = {
    "cell_that_fails": "03_prints, cell 3: KeyError: 'prints'",
    "cell_that_should_raise_and_does_not": "03_prints, cell 2: it is tagged raises-exception, and it does not raise.",
    "unknown_magic_in_a_cell": "03_prints, cell 2: UsageError: Cell magic `%%nosuchmagic` not found.",
    "warning_on_stderr": "03_prints, cell 2: it writes to stderr",
    "kernel_that_dies": "03_prints, cell 2: the kernel died.",
    "output_with_a_path_of_this_machine": "03_prints, cell 2: its output names a folder of this machine.",
}


@pytest.mark.parametrize("fixture", FAILING)
def test_a_cell_that_goes_wrong_is_named(
    prints_course: MakeCourse, at_home, fixture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    course = at_home(prints_course(fixture))

    assert build.main((), check=False, force=False) == 1

    said = capsys.readouterr().err
    assert said.startswith(f"labsupport: {FAILING[fixture]}")
    assert "site-packages" not in said, "a traceback of ours"
    assert not course.solution(NAME).exists()


def test_the_learners_lines_of_a_traceback_are_shown(
    prints_course: MakeCourse, at_home, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home(prints_course("cell_that_fails"))
    build.main((), check=False, force=False)

    said = capsys.readouterr().err
    assert "----> 2     return order['prints']" in said
    assert "\x1b" not in said


def test_a_lesson_that_fails_does_not_stop_the_others(
    prints_course: MakeCourse, capsys: pytest.CaptureFixture[str]
) -> None:
    course = prints_course("a_lesson_that_runs")
    course.source("02_before").write_text("```{code-cell} ipython3\nnowhere\n```\n")

    (problem,) = build_lessons(course, course.names())

    assert problem.startswith("02_before, cell 1: NameError")
    assert capsys.readouterr().out.startswith("03_prints: 7 cells executed in ")


def test_a_folder_that_cannot_be_written_is_named(
    prints_course: MakeCourse, capsys: pytest.CaptureFixture[str]
) -> None:
    course = prints_course("a_lesson_that_runs")
    course.starter(NAME).mkdir()  # a folder where the file should be

    (problem,) = build_lessons(course, (NAME,))

    assert "03_prints.ipynb" in problem
    assert not list(course.notebooks.glob(".*"))


def test_an_unknown_lesson_is_one_line_and_exit_code_2(
    prints_course: MakeCourse, at_home, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home(prints_course("a_lesson_that_runs"))

    assert build.main(("04",), check=False, force=False) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_authors_own_settings_are_not_used(
    prints_course: MakeCourse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    course = prints_course("a_lesson_that_runs")
    profile = tmp_path / "ipython" / "profile_default" / "startup"
    profile.mkdir(parents=True)
    (profile / "mine.py").write_text("print = None")
    kernels = tmp_path / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    (kernels / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "x", "language": "python"}')
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("LAB_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "mine"))
    course.source(NAME).write_text(
        "```{code-cell} ipython3\nimport os\nprint(os.environ.get('LAB_ENDPOINT'), 'mine' in os.environ['LAB_HOME'])\n```\n"
    )

    assert build_lessons(course, (NAME,)) == []

    assert outputs(read(course.solution(NAME))) == [["None False\n"]]
    assert os.environ["LAB_ENDPOINT"] == "http://127.0.0.1:9"
