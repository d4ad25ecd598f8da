"""Functions to deploy."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="session")
def role(cloud) -> str:
    iam = cloud.client("iam")
    name = f"insight-{uuid.uuid4().hex[:8]}"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    return arn


@pytest.fixture
def deploy(cloud, role) -> Callable[..., str]:
    """``deploy(code, ...)`` gives the new function's name."""

    def create(code: str, **options: Any) -> str:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", code)
        name = f"f-{uuid.uuid4().hex[:8]}"
        arguments = {"Handler": "app.handler", "Runtime": "python3.13", "Role": role, **options}
        client = cloud.client("lambda")
        client.create_function(FunctionName=name, Code={"ZipFile": package.getvalue()}, **arguments)
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
        return name

    return create
