from __future__ import annotations

import pytest

from labsupport.exercises import expectations
from labsupport.exercises.expectations import Mistake, answered
from labsupport.exercises.outcomes import NotYet, YourCodeRaised


def test_the_wanted_value_passes_and_another_does_not(answer):
    expectations.equal(answer({"a": 1}), {"a": 1.0}, expected="one")
    with pytest.raises(NotYet) as stop:
        expectations.equal(answer({"a": 2}), {"a": 1}, expected="the first number", look="the sum")
    message = stop.value.message
    assert message.did == 'We invoked kestrel with {"n": 1}.'
    assert message.came_back == '{"a": 2}'
    assert message.expected == "the first number"


def test_a_mistake_of_the_exercise_wins_over_the_general_ones(answer):
    with pytest.raises(NotYet) as stop:
        expectations.equal(
            answer("5"), 5, expected="x", mistakes_here=(Mistake(answered("5"), "our own line"),), look="else"
        )
    assert stop.value.message.look == "our own line"


def test_where_no_mistake_fits_the_author_s_line_is_shown(answer):
    with pytest.raises(NotYet) as stop:
        expectations.equal(answer(4), 5, expected="x", look="the sum")
    assert stop.value.message.look == "the sum"


def test_fails_with_accepts_the_named_exception_only(answer, failure_result):
    expectations.fails_with(failure_result("ValueError", "negative"), "ValueError", text="neg", expected="x")
    for result in (answer(1), failure_result("KeyError", "'a'"), failure_result("ValueError", "other")):
        with pytest.raises(NotYet):
            expectations.fails_with(result, "ValueError", text="neg", expected="a ValueError")


def test_fails_with_tells_a_failure_of_the_platform_apart(failure_result):
    with pytest.raises(NotYet) as stop:
        expectations.fails_with(
            failure_result("Sandbox.Timedout", "Task timed out after 1.00 seconds"), "V", expected="x"
        )
    assert "timed out" in stop.value.message.came_back
    with pytest.raises(YourCodeRaised):
        expectations.fails_with(failure_result("Runtime.UserCodeSyntaxError", "Syntax error"), "V", expected="x")


def test_logged_looks_at_the_function_s_own_lines_only(answer):
    log = "START RequestId: r Version: $LATEST\nhello\nEND RequestId: r\n"
    expectations.logged(answer(1, log=log), "hello", expected="a greeting in the log")
    with pytest.raises(NotYet):
        expectations.logged(answer(1, log=log), "RequestId", expected="x")


def test_state_kept_between_two_invocations_is_found_in_the_cloud(deploy, probe):
    deploy("keeps", "seen = []\ndef handler(event, context):\n    seen.append(event['n'])\n    return len(seen)")
    deploy("forgets", "def handler(event, context):\n    return len([event['n']])")
    expectations.same_answer_twice(probe, "forgets", {"n": 1})
    with pytest.raises(NotYet) as stop:
        expectations.same_answer_twice(probe, "keeps", {"n": 1})
    assert stop.value.message.came_back == "1 and then 2"
    assert "global" in stop.value.message.look
