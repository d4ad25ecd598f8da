"""The command line: help texts, and one clear line for what cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def run(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "labsupport", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env=os.environ | environment,
    )


def test_help_lists_every_command():
    done = run("--help")
    assert done.returncode == 0
    for command in ("start", "doctor", "cloud", "check", "build", "lint", "clean"):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize("command", ["start", "doctor", "cloud", "check", "build", "lint", "clean"])
def test_each_command_has_a_help_text(command):
    done = run(command, "--help")
    assert done.returncode == 0 and "Usage: labsupport" in done.stdout


def test_help_is_instant_because_nothing_heavy_is_imported():
    code = (
        "import sys, labsupport.cli; print([m for m in ('boto3', 'nbformat', 'moto', 'jupytext') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_start_outside_the_course_is_one_line(tmp_path):
    done = run("start", "--no-browser", cwd=tmp_path, LAB_COURSE="")
    assert done.returncode == 2
    assert done.stderr.startswith("labsupport: There is no course in ") and done.stderr.count("\n") == 1


def test_check_of_an_unknown_exercise_asks_did_you_mean(cloud):
    done = run("check", "hello-9", LAB_ENDPOINT=cloud.endpoint)
    assert done.returncode == 2
    assert "Did you mean 'hello-" in done.stderr + done.stdout


def test_check_without_a_cloud_is_one_line():
    done = run("check", "01", LAB_ENDPOINT="")
    assert done.returncode == 2
    assert "LAB_ENDPOINT" in done.stderr + done.stdout and "Traceback" not in done.stderr


def test_an_unknown_lesson_cannot_be_built():
    done = run("build", "77", "--check", cwd=os.path.dirname(os.path.dirname(__file__)))
    assert done.returncode == 2
    assert "There is no lesson '77'" in done.stderr + done.stdout


def test_clean_says_what_it_removed_and_does_nothing_twice(own_cloud):
    own_cloud.client("iam").create_role(RoleName="left-over", AssumeRolePolicyDocument="{}")
    assert (
        run("clean", LAB_ENDPOINT=own_cloud.endpoint).stdout == "Removed from the local cloud:\n  1 role: left-over\n"
    )
    assert run("clean", LAB_ENDPOINT=own_cloud.endpoint).stdout == "Nothing to remove: the local cloud is empty.\n"


def test_clean_without_a_cloud_or_with_one_that_is_gone_is_one_line():
    for endpoint, code, words in (("", 2, "LAB_ENDPOINT is not set"), ("http://127.0.0.1:1", 3, "http://127.0.0.1:1")):
        done = run("clean", LAB_ENDPOINT=endpoint)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1)
        assert words in done.stderr
