"""The linter's command: findings in cell coordinates, an exit code, no traceback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from labsupport.authoring import lint

from .conftest import NAME, MakeCourse


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch):
    def go(course):
        monkeypatch.setattr(lint, "this_course", lambda: course)
        return course

    return go


def test_findings_are_counted_and_fail(prints_course: MakeCourse, here, capsys: pytest.CaptureFixture[str]) -> None:
    here(prints_course("star_import"))

    assert lint.main((NAME,)) == 1

    lines = capsys.readouterr().out.splitlines()
    assert "03_prints, cell 2: from json import * hides where a name comes from" in lines
    assert lines[-1] == f"1 lesson, {len(lint.RULES)} rules: {len(lines) - 1} findings."


def test_a_source_that_cannot_be_read_is_a_finding(
    prints_course: MakeCourse, here, capsys: pytest.CaptureFixture[str]
) -> None:
    here(prints_course("unknown_fact"))

    assert lint.main((NAME,)) == 1
    assert "solutions/03_prints.md, line 3: there is no fact" in capsys.readouterr().out


def test_a_starter_with_conflict_markers_is_a_finding(
    prints_course: MakeCourse, here, capsys: pytest.CaptureFixture[str]
) -> None:
    course = here(prints_course("star_import"))
    course.starter(NAME).write_text("<<<<<<< HEAD")

    assert lint.main((NAME,)) == 1
    assert "notebooks/03_prints.ipynb cannot be read: it is not JSON" in capsys.readouterr().out


def test_an_unknown_lesson_is_exit_code_2(prints_course: MakeCourse, here, capsys: pytest.CaptureFixture[str]) -> None:
    here(prints_course("star_import"))

    assert lint.main(("77",)) == 2
    assert "There is no lesson '77'" in capsys.readouterr().err


def test_neither_command_imports_the_slow_module() -> None:
    """Importing nbformat costs 1.6 s where JupyterLab is installed, all of it for one format nobody needs."""
    code = (
        "import sys\n"
        "from labsupport.authoring import build, lint, source, kernel\n"
        "import nbclient, nbformat, jupytext\n"
        "print(sys.modules.get('rfc3987_syntax'))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert run.stdout == "None\n", run.stderr
