"""``make``: what it says before it can do anything, and that it installs only once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

COURSE = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments, **environment):
    # Settings of a make that runs these tests would be this one's too.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=COURSE,
        capture_output=True,
        text=True,
        env=clean | environment,
    )


def program(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_make_alone_lists_its_targets():
    done = make()
    assert done.returncode == 0
    for target in ("lab", "test", "lint", "build", "clean"):
        assert f"make {target} " in done.stdout


def test_an_old_python_is_named_in_one_line(tmp_path):
    python = program(tmp_path, "old", '[ "$1" = --version ] && echo Python 3.9.1 && exit 0; exit 1')
    done = make("lab", f"PYTHON={python}", f"VENV={tmp_path}/venv")
    assert done.returncode != 0
    assert done.stdout.splitlines() == [
        f"Lambda Lab needs Python 3.11 or newer; '{python}' is Python 3.9.1. "
        "Install one, or name it: make lab PYTHON=/path/to/python3.12"
    ]
    assert not (tmp_path / "venv").exists()


def test_a_python_without_the_venv_module_is_named_in_one_line(tmp_path):
    python = program(tmp_path, "bare", 'case "$2" in *venv*) exit 1;; esac; exit 0')
    done = make("lab", f"PYTHON={python}", f"VENV={tmp_path}/venv")
    assert done.returncode != 0
    assert done.stdout == f"{python} has no venv module. On Debian and Ubuntu: apt-get install python3-venv\n"


def test_a_full_disk_is_named_before_anything_is_installed(tmp_path):
    program(tmp_path, "df", "echo Filesystem 1024-blocks Used Available Capacity Mounted; echo /dev/x 9 9 1000 99% /")
    done = make("lab", f"VENV={tmp_path}/venv", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode != 0
    assert done.stdout.startswith("Less than 1.5 GB is free on this disk") and done.stdout.count("\n") == 1


def test_a_second_run_installs_nothing_until_a_pin_changes(tmp_path):
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "lab.stamp").touch()
    assert "pip install" not in make("-n", "lab", f"VENV={venv}").stdout
    os.utime(venv / "lab.stamp", (0, 0))
    assert "pip install" in make("-n", "lab", f"VENV={venv}").stdout
