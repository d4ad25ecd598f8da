"""The environment variables of a function."""

from __future__ import annotations

import dataclasses

import pytest

from labsupport.localcloud.functions.variables import environment_variables

from .test_platform_log import specification

CREDENTIALS = {"access_key_id": "ASIA1", "secret_access_key": "s", "session_token": "t"}


@pytest.mark.parametrize("name", ["AWS_REGION", "_HANDLER", "AWS_ACCESS_KEY_ID", "LAMBDA_TASK_ROOT"])
def test_reserved_variables_cannot_be_replaced_by_the_function(name):
    variables = environment_variables(specification(variables={name: "mine"}), CREDENTIALS, "stream", 9001)
    assert variables[name] != "mine"


@pytest.mark.parametrize("name", ["PATH", "PYTHONPATH", "TZ", "TEST_KEY"])
def test_the_others_can(name):
    variables = environment_variables(specification(variables={name: "mine"}), CREDENTIALS, "stream", 9001)
    assert variables[name] == "mine"


def test_json_logs_are_told_to_the_runtime():
    spec = dataclasses.replace(specification(), log_format="JSON", application_log_level="DEBUG")
    variables = environment_variables(spec, CREDENTIALS, "stream", 9001)
    assert (variables["AWS_LAMBDA_LOG_FORMAT"], variables["AWS_LAMBDA_LOG_LEVEL"]) == ("JSON", "DEBUG")
    assert "AWS_LAMBDA_LOG_FORMAT" not in environment_variables(specification(), CREDENTIALS, "stream", 9001)
