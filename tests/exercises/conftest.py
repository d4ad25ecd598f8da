"""Functions to deploy, and results of invocations made by hand."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from labsupport.exercises.model import Exercise, SubCheck, sub_checks
from labsupport.exercises.probe import Probe
from labsupport.insight.invocation import InvocationResult
from labsupport.insight.platform_line import Report

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="session")
def role(cloud) -> str:
    iam = cloud.client("iam")
    try:
        iam.create_role(RoleName="tests", AssumeRolePolicyDocument=json.dumps(_TRUST))
    except iam.exceptions.EntityAlreadyExistsException:
        pass
    iam.attach_role_policy(
        RoleName="tests", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    return iam.get_role(RoleName="tests")["Role"]["Arn"]


@pytest.fixture
def deploy(cloud, role) -> Callable[..., None]:
    """``deploy(name, code, Handler=..., ...)``; removed after the test."""
    made = []

    def create(name: str, code: str, **options: Any) -> None:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", code)
        made.append(name)
        arguments = {"Handler": "app.handler", "Runtime": "python3.13", "Role": role, **options}
        client = cloud.client("lambda")
        client.create_function(FunctionName=name, Code={"ZipFile": package.getvalue()}, **arguments)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})

    yield create
    client = cloud.client("lambda")
    for name in made:
        try:
            client.delete_function(FunctionName=name)
        except client.exceptions.ResourceNotFoundException:
            pass


@pytest.fixture
def probe(cloud) -> Probe:
    return Probe(cloud.endpoint, exercise_id="test-1")


@pytest.fixture
def answer() -> Callable[..., InvocationResult]:
    """``answer(payload)``: a function that returned this; ``log`` is what it printed."""

    def make(payload: Any = None, *, log: str = "", **fields: Any) -> InvocationResult:
        result = InvocationResult(
            function_name="kestrel",
            event={"n": 1},
            status_code=200,
            raw=json.dumps(payload).encode(),
            payload=payload,
            is_json=True,
            error=None,
            log=log,
            request_id="r",
            executed_version="$LATEST",
            report=None,
        )
        return dataclasses.replace(result, **fields)

    return make


@pytest.fixture
def failure_result(answer) -> Callable[..., InvocationResult]:
    """``failure_result(error type, message)``: a function that failed; the report's figures as keywords."""

    def make(error_type: str, message: str, trace: list[str] | None = None, /, **report: Any) -> InvocationResult:
        error = {"errorType": error_type, "errorMessage": message}
        if trace is not None:
            error["stackTrace"] = trace
        return answer(error, error=error, report=Report("r", **report))

    return make


@pytest.fixture
def exercise() -> Callable[..., Exercise]:
    """``exercise(step, step)`` or ``exercise(check=generator function)``."""

    def make(*steps: Callable[[Probe], None], check=None, points: int = 3) -> Exercise:
        return Exercise(
            id="test-1",
            lesson="01",
            title="A test",
            kind="write",
            points=points,
            minutes=1,
            skills=(),
            hints=("idea", "place", "words"),
            explanation="It works because.",
            check=check or sub_checks(*((f"step {number}", step) for number, step in enumerate(steps, 1))),
        )

    return make


@pytest.fixture
def passing() -> SubCheck:
    return SubCheck("fine", True)
