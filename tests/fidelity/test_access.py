"""Calls a function makes with its execution role's credentials are decided by the role's policies, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .deployment import ACCOUNT, BASIC_EXECUTION, REGION, TRUST, Answer, CloudUnderTest, unique_name

#: Calls what the event says and hands on the error as boto3 words it.
CALLER = """
    import boto3

    clients = {}

    def handler(event, context):
        service = event["service"]
        if service not in clients:
            clients[service] = boto3.client(service)
        answer = getattr(clients[service], event["call"])(**event.get("with", {}))
        answer.pop("ResponseMetadata", None)
        body = answer.pop("Body", None)
        if body is not None:
            answer["Body"] = body.read().decode()
        return answer if event.get("show") else "done"
"""


def statement(
    actions: str | list[str], resources: str | list[str] = "*", effect: str = "Allow", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Worker:
    """A function that makes any call, under a role of its own whose policies the test sets."""

    def __init__(self, cloud: CloudUnderTest) -> None:
        self.role = unique_name("role")
        self.iam = cloud.client("iam")
        made = self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role_arn = made["Role"]["Arn"]
        self.iam.attach_role_policy(RoleName=self.role, PolicyArn=BASIC_EXECUTION)
        self.function = cloud.deploy(CALLER, Role=self.role_arn, Timeout=20, MemorySize=512)
        self.arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/{self.function.name}"

    def may(self, *statements: dict[str, Any]) -> None:
        """From now on the role's inline policy has exactly these statements."""
        self.iam.put_role_policy(RoleName=self.role, PolicyName="own", PolicyDocument=document(*statements))

    def call(self, service: str, call: str, *, show: bool = False, **parameters: Any) -> Answer:
        return self.function.invoke({"service": service, "call": call, "with": parameters, "show": show}, tail=False)

    def error(self, service: str, call: str, **parameters: Any) -> str:
        """What the function's ClientError said; the call must have failed."""
        answer = self.call(service, call, **parameters)
        assert answer.function_error == "Unhandled", answer.raw
        return str(answer.payload["errorMessage"])

    def result(self, service: str, call: str, **parameters: Any) -> Any:
        """What the call answered; it must have been allowed."""
        answer = self.call(service, call, show=True, **parameters)
        assert answer.function_error is None, answer.raw
        return answer.payload


@pytest.fixture(scope="module")
def worker(cloud: CloudUnderTest) -> Worker:
    return Worker(cloud)


@pytest.fixture(scope="module")
def table(cloud: CloudUnderTest) -> str:
    name = unique_name("orders")
    cloud.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def test_a_role_without_the_right_cannot_write_to_a_table(worker: Worker, table: str) -> None:  # F213
    worker.may(statement("s3:ListAllMyBuckets"))
    answer = worker.call("dynamodb", "put_item", TableName=table, Item={"id": {"S": "1"}})
    assert answer.function_error == "Unhandled"
    assert answer.payload["errorType"] == "ClientError"
    assert answer.payload["errorMessage"] == (
        "An error occurred (AccessDeniedException) when calling the PutItem operation: "
        f"User: {worker.arn} is not authorized to perform: dynamodb:PutItem on resource: "
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table} "
        "because no identity-based policy allows the dynamodb:PutItem action"
    )


def test_a_role_with_the_right_can(worker: Worker, table: str) -> None:
    worker.may(statement(["dynamodb:PutItem", "dynamodb:GetItem"], f"arn:aws:dynamodb:*:*:table/{table}"))
    worker.result("dynamodb", "put_item", TableName=table, Item={"id": {"S": "2"}})
    assert worker.result("dynamodb", "get_item", TableName=table, Key={"id": {"S": "2"}})["Item"] == {"id": {"S": "2"}}
