"""The doctor: real findings on this machine, and what it says when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from labsupport import doctor
from labsupport.doctor import Finding


def run(*options, **environment):
    return subprocess.run(
        [sys.executable, "-m", "labsupport", "doctor", *options],
        capture_output=True,
        text=True,
        timeout=100,
        env=os.environ | environment,
    )


def test_a_healthy_lab_says_so_line_by_line():
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "The lab is healthy."
    for name in ("Python", "Packages", "Runtime client", "JupyterLab", "Write access", "Disk", "Sandbox"):
        assert any(f" {name}: " in line for line in lines), name
    assert any("A function: deployed and invoked in a process of its own" in line for line in lines)
    assert any("Loopback only: the cloud listens on 127.0.0.1 and nowhere else" in line for line in lines)
    assert "\x1b" not in done.stdout, "piped output is plain text"


def test_json_has_the_same_findings():
    document = json.loads(run("--json").stdout)
    assert document["ok"] is True
    assert {"name", "state", "text", "cure"} == set(document["findings"][0])
    assert "A function" in [finding["name"] for finding in document["findings"]]


def test_a_problem_is_told_with_what_to_do_and_in_the_exit_code(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = run(LAB_HOME=str(blocked / "home"))
    assert done.returncode == 1
    assert "✘ PROBLEM  Write access: " in done.stdout
    assert "  → Set LAB_HOME to a folder you may write to." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_state_is_told_by_symbol_and_word():
    assert doctor.line(Finding("X", "OK", "fine")) == "✔ OK       X: fine"
    assert doctor.line(Finding("X", "PROBLEM", "bad", "Mend it.")) == "✘ PROBLEM  X: bad\n  → Mend it."


@pytest.mark.parametrize(
    ("platform", "words"),
    [("darwin", "AWS publishes awslambdaric for Linux only"), ("linux", "native client is missing")],
)
def test_without_awslambdaric_the_fallback_is_named(monkeypatch, platform, words):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(doctor.sys, "platform", platform)
    finding = doctor._runtime_client()
    assert finding.state == "NOTE" and words in finding.text


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 9, 1, "final", 0))
    finding = doctor._python()
    assert (finding.state, finding.cure) == ("PROBLEM", "Install Python 3.11 or newer, then make lab.")


def test_a_full_disk_is_named(monkeypatch):
    usage = type("Usage", (), {"free": 10 * 1024**2})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage)
    finding = doctor._disk()
    assert finding.state == "PROBLEM" and "10 MB free" in finding.text


def test_a_look_that_fails_is_a_finding_not_a_crash():
    def _strange_look():
        raise RuntimeError("boom")

    assert doctor._guarded(_strange_look) == Finding("strange look", "PROBLEM", "RuntimeError: boom")
