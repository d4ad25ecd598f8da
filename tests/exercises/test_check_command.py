from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from labsupport.exercises.catalog import find_lesson
from labsupport.exercises.check_command import check_command

GREETING = """
def handler(event, context):
    return {"message": f"Hello {event['customer']}, we are printing {event['photos']} photos."}
"""


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    """check_command changes the AWS variables of its process for good; here they come back."""
    before = dict(os.environ)
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    yield
    monkeypatch.undo()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def joined(monkeypatch, cloud):
    """LAB_ENDPOINT names the tests' cloud, in which nothing of a lesson is left from other tests."""
    functions = cloud.client("lambda")
    for one in functions.list_functions()["Functions"]:
        if one["FunctionName"].startswith("kestrel-"):
            functions.delete_function(FunctionName=one["FunctionName"])
    monkeypatch.setenv("LAB_ENDPOINT", cloud.endpoint)


def test_an_unknown_name_is_wrong_use_and_says_what_was_meant(joined, capsys):
    assert check_command("hello-11") == 2
    assert capsys.readouterr().err == "labsupport check: Unknown exercise 'hello-11'. Did you mean 'hello-1'?\n"
    assert check_command("77") == 2
    assert "Unknown lesson '77'" in capsys.readouterr().err


def test_without_an_endpoint_it_says_where_to_get_one(monkeypatch, capsys):
    monkeypatch.delenv("LAB_ENDPOINT", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert check_command("01", json_output=True) == 2
    captured = capsys.readouterr()
    assert "LAB_ENDPOINT" in json.loads(captured.out)["error"] and "LAB_ENDPOINT" in captured.err


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "https://lambda.us-east-1.amazonaws.com", "nonsense"])
def test_an_endpoint_that_is_no_local_cloud(monkeypatch, capsys, endpoint):
    monkeypatch.setenv("LAB_ENDPOINT", endpoint)
    assert check_command("01") == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_nothing_deployed_is_a_failing_exit_code(joined, capsys):
    assert check_command("01", json_output=True) == 1
    record = json.loads(capsys.readouterr().out)
    lesson = find_lesson("01")
    assert (record["passed"], record["total"], record["max_points"]) == (0, len(lesson.exercises), lesson.points)
    assert {report["outcome"] for report in record["reports"]} == {"NOT ATTEMPTED"}


def test_one_exercise_that_passes(joined, capsys, deploy):
    deploy("kestrel-greeting", GREETING)
    assert check_command("hello-1") == 0
    out = capsys.readouterr().out
    assert out.startswith("✔ PASSED hello-1") and out.endswith("1 of 1 passed, 2 of 2 points\n")


def test_a_learner_s_own_aws_profile_does_no_harm(joined, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert check_command("hello-1", json_output=True) == 1
    assert "NOT ATTEMPTED" in capsys.readouterr().out


def test_the_command_line_runs_the_same(cloud, tmp_path):
    environment = {**os.environ, "LAB_ENDPOINT": cloud.endpoint, "LAB_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "labsupport", "check", "start-1", "--json"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["reports"][0]["exercise"] == "start-1"
