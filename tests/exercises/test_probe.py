from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from labsupport.exercises.outcomes import (
    LabProblem,
    NotAttempted,
    NotDeployed,
    NotYet,
    Outcome,
    YourCodeRaised,
)
from labsupport.exercises.probe import Probe

STARTER = 'def handler(event, context):\n    raise NotImplementedError("Exercise test-1: write your code here")\n'


def test_inputs_are_new_for_every_check(cloud):
    words = {Probe(cloud.endpoint, exercise_id="x").word() for _ in range(20)}
    assert len(words) == 20
    same = {Probe(cloud.endpoint, exercise_id="x", seed=7).word() for _ in range(3)}
    assert len(same) == 1


def test_a_function_s_configuration_is_read_from_the_cloud(deploy, probe):
    deploy("configured", "def handler(e, c): pass", Timeout=7, MemorySize=256, Environment={"Variables": {"AB": "b"}})
    function = probe.function("configured")
    assert (function.handler, function.timeout, function.memory) == ("app.handler", 7, 256)
    assert function.environment == {"AB": "b"}


def test_what_is_not_there_is_not_attempted_and_says_how_to_go_on(probe, cloud):
    with pytest.raises(NotDeployed) as stop:
        probe.invoke("nowhere", {})
    assert stop.value.outcome is Outcome.NOT_ATTEMPTED
    assert "no function of that name" in stop.value.message.came_back
    assert "you had deployed it" not in stop.value.message.came_back
    with pytest.raises(NotDeployed) as stop:
        Probe(cloud.endpoint, exercise_id="x", attempted_before=True).invoke("nowhere", {})
    assert "you had deployed it: it was deleted, or the cloud is a new one" in stop.value.message.came_back


def test_the_untouched_starter_is_not_attempted(deploy, probe):
    deploy("starter", STARTER)
    with pytest.raises(NotAttempted) as stop:
        probe.invoke("starter", {}, may_fail=True)
    assert "exercise test-1 is still to be written (app.py, line 2)" in stop.value.message.came_back


def test_another_not_implemented_error_is_the_learner_s_own(deploy, probe):
    deploy("own", "def handler(e, c):\n    raise NotImplementedError('later')")
    with pytest.raises(YourCodeRaised):
        probe.invoke("own", {})


def test_the_answer_comes_with_everything_about_the_invocation(deploy, probe):
    deploy("echo", "def handler(event, context):\n    print('seen', event['n'])\n    return event")
    first, second = probe.invoke("echo", {"n": 1}), probe.invoke("echo", {"n": 2})
    assert first.payload == {"n": 1} and first.raw == b'{"n": 1}' and first.status_code == 200
    assert first.output == "seen 1"
    assert first.cold is True and second.cold is False
    assert first.report.billed_ms >= first.report.duration_ms > 0
    assert first.report.request_id == first.request_id


def test_an_exception_ends_the_step_unless_it_was_expected(deploy, probe):
    deploy("raises", "def handler(event, context):\n    return 1 / event['n']")
    with pytest.raises(YourCodeRaised) as stop:
        probe.invoke("raises", {"n": 0})
    assert stop.value.message.came_back == "ZeroDivisionError: division by zero"
    assert "app.py, line 2" in stop.value.message.look
    assert "/var/" not in stop.value.traceback
    assert probe.invoke("raises", {"n": 0}, may_fail=True).error_type == "ZeroDivisionError"


def test_a_qualifier_reaches_the_version(deploy, probe, cloud):
    deploy("versioned", "def handler(event, context):\n    return context.function_version")
    version = cloud.client("lambda").publish_version(FunctionName="versioned")["Version"]
    assert probe.invoke("versioned", {}, qualifier=version).payload == version


def test_a_cloud_that_is_gone_is_a_problem_of_the_lab():
    probe = Probe("http://127.0.0.1:9", exercise_id="x")
    with pytest.raises(LabProblem) as stop:
        probe.invoke("any", {})
    assert "lab.start" in stop.value.message.look


@pytest.fixture
def broken_cloud():
    """An endpoint that answers everything with 500."""

    class Broken(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.send_response(500)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_cloud_that_answers_500_is_a_problem_of_the_lab(broken_cloud):
    with pytest.raises(LabProblem):
        Probe(broken_cloud, exercise_id="x").function("any")


def test_a_step_s_own_client_calls_that_are_refused_are_not_yet(probe):
    subcheck = probe.run_step("its role", lambda one: one.client("iam").get_role(RoleName="nobody"))
    assert subcheck.result is Outcome.NOT_YET
    assert "NoSuchEntity" in subcheck.message.came_back


def test_a_bug_in_a_step_is_not_swallowed_here(probe):
    with pytest.raises(ZeroDivisionError):
        probe.run_step("ours", lambda one: 1 / 0)


def test_a_failed_function_is_not_yet(probe, monkeypatch):
    class Client:
        def get_function_configuration(self, FunctionName):  # noqa: N803
            return {"FunctionName": FunctionName, "State": "Failed", "StateReason": "no such image"}

    monkeypatch.setattr(probe, "client", lambda service: Client())
    with pytest.raises(NotYet) as stop:
        probe.function("f")
    assert "no such image" in stop.value.message.came_back


def test_other_settings_for_a_while_and_then_the_learner_s_own(deploy, probe, cloud):
    code = "import os\ndef handler(event, context):\n    return [os.environ['SIZE'], context.memory_limit_in_mb]"
    deploy("lent", code, MemorySize=160, Timeout=9, Environment={"Variables": {"SIZE": "mine", "MORE": "too"}})
    with probe.settings("lent", MemorySize=192, Environment={"Variables": {"SIZE": "yours"}}):
        assert probe.invoke("lent", {}).payload == ["yours", "192"]
        assert probe.function("lent").timeout == 9
    assert probe.invoke("lent", {}).payload == ["mine", "160"]
    assert probe.function("lent").environment == {"SIZE": "mine", "MORE": "too"}


def test_the_learner_s_settings_come_back_whatever_happens(deploy, probe):
    deploy("lent-2", "def handler(event, context):\n    return 1 / 0")
    with pytest.raises(YourCodeRaised), probe.settings("lent-2", Timeout=20, Environment={"Variables": {"SIZE": "b"}}):
        probe.invoke("lent-2", {})
    function = probe.function("lent-2")
    assert (function.timeout, function.environment) == (3, {})
