"""Access logs of a stage in CloudWatch Logs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .deployment import ACCOUNT, REGION, CloudUnderTest, refusal, unique_name
from .rest_apis import ECHO, RestApi

FORMAT = {
    "id": "$context.requestId",
    "path": "$context.path",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "length": "$context.responseLength",
    "ip": "$context.identity.sourceIp",
    "agent": "$context.identity.userAgent",
    "error": "$context.error.message",
    "type": "$context.error.responseType",
    "nothing": "$context.authorizer.principalId",
}


class Logged(RestApi):
    """An API whose stage writes an access log."""

    def __init__(self, cloud: CloudUnderTest) -> None:
        super().__init__(cloud)
        self.proxy("GET", "/orders", cloud.deploy(ECHO))
        self.deploy()
        self.group = f"/aws/apigateway/{unique_name('access')}"

    def log_to(self, group: str, text: str = json.dumps(FORMAT), op: str = "replace") -> Any:
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
        values = {"destinationArn": arn, "format": text}
        return self.client.update_stage(
            restApiId=self.id,
            stageName="dev",
            patchOperations=[
                {"op": op, "path": f"/accessLogSettings/{name}", "value": value} for name, value in values.items()
            ],
        )

    def lines(self) -> list[str]:
        logs = self.cloud.client("logs")
        (stream,) = logs.describe_log_streams(logGroupName=self.group)["logStreams"]
        found = logs.get_log_events(logGroupName=self.group, logStreamName=stream["logStreamName"], startFromHead=True)
        return [event["message"] for event in found["events"]]


@pytest.fixture(scope="module")
def api(cloud: CloudUnderTest) -> Logged:
    return Logged(cloud)


def test_the_account_needs_a_role_and_each_line_the_id_of_the_request(cloud: CloudUnderTest, api: Logged) -> None:
    client = cloud.client("apigateway")
    client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])
    assert refusal(api.log_to, group=api.group) == (
        "BadRequestException",
        400,
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
    )
    role = f"arn:aws:iam::{ACCOUNT}:role/logs"
    client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    code, status, message = refusal(api.log_to, group=api.group, text="$context.status")
    assert (code, status) == ("BadRequestException", 400)
    assert "$context.requestId" in message


def test_each_request_is_one_line(cloud: CloudUnderTest, api: Logged) -> None:
    role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": f"arn:aws:iam::{ACCOUNT}:role/logs"}]
    cloud.client("apigateway").update_account(patchOperations=role)
    cloud.client("logs").create_log_group(logGroupName=api.group)
    api.log_to(f"{api.group}:*", op="add")
    api.deploy()  # a new deployment leaves the settings of the stage as they are

    good = api.call("GET", "/dev/orders", headers={"User-Agent": 'a "browser"'})
    api.call("GET", "/dev/nothing")

    first, second = (json.loads(line) for line in api.lines())
    assert first == {
        "id": good.header("x-amzn-RequestId"),
        "path": "/dev/orders",
        "resource": "/orders",
        "status": "200",
        "length": str(len(good.body)),
        "ip": "127.0.0.1",
        "agent": 'a "browser"',
        "error": "-",
        "type": "-",
        "nothing": "-",
    }
    assert (second["status"], second["error"]) == ("403", "Missing Authentication Token")
    assert second["type"] == "MISSING_AUTHENTICATION_TOKEN"
