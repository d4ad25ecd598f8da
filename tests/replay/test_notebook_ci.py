"""Complaints about running notebooks in CI (group F): what passes though it is broken, and what fails though it is not."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import psutil
import pytest

from labsupport.exercises import catalog

COURSE = Path(__file__).parents[2]

NOTEBOOKS = {
    "unknown_magic": ["%%nosuchmagic\nprice = 20"],
    "hangs": [
        "import os, pathlib, time\npathlib.Path('hangs.pid').write_text(str(os.getpid()))",
        "time.sleep(60)",
        "after = 1",
    ],
    "state_one": ["import time\nprice = 1\ntime.sleep(0.5)", "assert price == 1", "assert price == 1"],
    "state_two": ["import time\nprice = 2\ntime.sleep(0.5)", "assert price == 2", "assert price == 2"],
    "address": [
        "import json, ipykernel\n"
        "print(json.load(open(ipykernel.get_connection_file()))['transport'])\n"
        "import sys\nassert sys.platform == 'win32' or json.load(open(ipykernel.get_connection_file()))['transport'] == 'ipc'"
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ci")
    for name, sources in NOTEBOOKS.items():
        cells = [
            {"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": text}
            for n, text in enumerate(sources)
        ]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (made / f"{name}.ipynb").write_text(json.dumps(notebook))
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> dict[str, list[str]]:
    """notebook → what became of its cells in a lax run with two workers: "", or the text of the failure."""
    options = "-n 2 --dist loadscope --nbval-lax --nbval-current-env --nbval-cell-timeout=3 --color=no -q"
    command = [sys.executable, "-m", "pytest", "-p", "labsupport.authoring.reply_status", "-p", "no:cacheprovider"]
    command += [*options.split(), "--junit-xml=report.xml", f"--rootdir={folder}", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110)
    assert (folder / "report.xml").exists(), done.stdout + done.stderr
    became: dict[str, dict[int, str]] = {}
    for case in ET.parse(folder / "report.xml").iter("testcase"):
        failure = case.find("failure")
        notebook = case.get("classname", "").rpartition("/")[2].removesuffix(".ipynb").removesuffix("-ipynb")
        cell = int(case.get("name", "").removeprefix("Cell "))
        became.setdefault(notebook, {})[cell] = "" if failure is None else str(failure.text)
    return {notebook: [cells[n] for n in sorted(cells)] for notebook, cells in became.items()}


def test_an_unknown_magic_does_not_pass_in_lax_mode(run: dict[str, list[str]]) -> None:
    """nbval #147."""
    assert "it raises UsageError: Cell magic `%%nosuchmagic` not found." in run["unknown_magic"][0]


def test_a_hung_cell_is_stopped_and_reported(run: dict[str, list[str]], folder: Path) -> None:
    """nbval #41, #40: the cell went on running, and the report did not say what hung."""
    first, hung, after = run["hangs"]

    assert first == ""
    assert "Timeout of 3 seconds exceeded executing cell" in hung
    assert "time.sleep(60)" in hung
    assert after == ""  # not counted as a second failure
    assert not psutil.pid_exists(int((folder / "hangs.pid").read_text()))


def test_two_workers_do_not_mix_the_cells_of_two_notebooks(run: dict[str, list[str]]) -> None:
    """nbval #121, treebeardtech/nbmake #129."""
    assert run["state_one"] == ["", "", ""]
    assert run["state_two"] == ["", "", ""]


def test_kernels_of_two_workers_share_no_port(run: dict[str, list[str]]) -> None:
    """nbval #205: two kernels were given the same port. Ours have none."""
    assert run["address"] == [""]


@pytest.mark.parametrize("lesson", catalog.lessons(), ids=lambda lesson: lesson.name)
def test_stored_outputs_have_no_warnings_and_whole_streams(lesson) -> None:
    """MDAnalysis/UserGuide #357, nbval #54: a warning, or a print cut in another place, broke the comparison."""
    notebook = json.loads((COURSE / "solutions" / f"{lesson.name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        streams = [output["name"] for output in cell.get("outputs", ()) if output["output_type"] == "stream"]
        assert streams in ([], ["stdout"])
