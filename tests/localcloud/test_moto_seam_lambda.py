"""What moto's services see of functions: stand-ins of those that the control plane keeps, whatever calls them."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import boto3
import pytest
from moto import mock_aws
from moto.awslambda import models as lambda_models
from moto.core.exceptions import JsonRESTError

from labsupport.localcloud import moto_seam_lambda

REGION = "us-east-1"
ARN = f"arn:aws:lambda:{REGION}:123456789012:function:f"


class ControlPlane:
    """A LambdaClient whose front door is a dictionary; keeps what was asked."""

    def __init__(self):
        self.names = {"f"}
        self.asked = []

    def call(self, region, method, path, body=None):
        self.asked.append((method, path, body))
        if method == "POST" and path == "/2015-03-31/functions":
            self.names.add(body["FunctionName"])
            return {"FunctionName": body["FunctionName"]}
        if method == "POST" and path.endswith("/policy"):
            return {"Statement": json.dumps({"Sid": body["StatementId"]})}
        if method == "POST" and path.endswith("/versions"):
            return self.configuration(region, path.split("/")[3], "1")
        return {}

    def configuration(self, region, name, qualifier):
        if name not in self.names:
            raise JsonRESTError("ResourceNotFoundException", "Function not found")
        arn = f"arn:aws:lambda:{region}:123456789012:function:{name}"
        return {
            "FunctionName": name,
            "FunctionArn": f"{arn}:{qualifier}" if qualifier else arn,
            "Version": qualifier or "$LATEST",
        }

    def wait_until_active(self, region, name):
        return self.configuration(region, name, None)


@pytest.fixture
def plane(monkeypatch):
    """moto with its Lambda replaced, as in the moto process; ``plane.sent`` are the events handed over."""
    for owner, names in (
        (
            lambda_models.LambdaStorage,
            ("get_function_by_name_with_qualifier", "get_function_by_name_forbid_qualifier", "get_arn"),
        ),
        (lambda_models.LambdaBackend, ("create_function", "delete_function", "publish_version")),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, getattr(owner, name))  # put back after the test
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    plane = ControlPlane()
    plane.sent = []
    moto_seam_lambda.replace_functions(plane, lambda **event: plane.sent.append(event))
    with mock_aws():
        yield plane


def client(service):
    return boto3.client(service, region_name=REGION)


@pytest.mark.parametrize(
    ("asked", "arn"), [("f", ARN), ("f:live", f"{ARN}:live"), (ARN, ARN), (f"{ARN}:live", f"{ARN}:live")]
)
def test_a_function_is_found_by_every_name_that_services_use(plane, asked, arn):
    backend = lambda_models.lambda_backends["123456789012"][REGION]
    function = backend.get_function(asked)
    assert function.invoke(json.dumps({"a": 1}), {}, {}) == b""
    assert plane.sent == [{"function_arn": arn, "payload": b'{"a": 1}', "invocation_type": "Event"}]


def test_get_arn_is_what_subscription_filters_and_streams_use(plane):
    backend = lambda_models.lambda_backends["123456789012"][REGION]
    assert backend.get_function_by_arn(ARN).function_arn == ARN
    assert backend.get_function_by_arn(ARN + "x") is None


def test_an_unknown_function_is_motos_own_exception(plane):
    with pytest.raises(lambda_models.UnknownFunctionException):
        lambda_models.lambda_backends["123456789012"][REGION].get_function("nope")


def test_an_upload_reaches_the_function_of_a_bucket(plane):
    s3 = client("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": ARN, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_object(Bucket="uploads", Key="k", Body=b"x")
    events = [json.loads(event["payload"]) for event in plane.sent]
    assert events[-1]["Records"][0]["s3"]["object"]["key"] == "k"


TEMPLATE = {
    "Resources": {
        "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "made",
                "Runtime": "python3.13",
                "Role": "arn:aws:iam::123456789012:role/worker",
                "Handler": "index.handler",
                "MemorySize": "256",
                "ReservedConcurrentExecutions": 1,
                "Code": {"ZipFile": "def handler(event, context): return 1"},
            },
        },
        "V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}},
        "P": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "F"},
                "Action": "lambda:InvokeFunction",
                "Principal": "s3.amazonaws.com",
            },
        },
    }
}


def source(zip_file):
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(zip_file))) as archive:
        return archive.read("index.py").decode()


def test_a_stack_makes_updates_and_deletes_its_functions_in_the_control_plane(plane):
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE))
    calls = {(method, path): body for method, path, body in plane.asked}
    made = calls["POST", "/2015-03-31/functions"]
    assert (made["FunctionName"], made["MemorySize"]) == ("made", 256)
    assert source(made["Code"]["ZipFile"]) == "def handler(event, context): return 1"
    assert calls["PUT", "/2017-10-31/functions/made/concurrency"] == {"ReservedConcurrentExecutions": 1}
    assert ("POST", "/2015-03-31/functions/made/versions") in calls
    assert calls["POST", "/2015-03-31/functions/made/policy"]["Principal"] == "s3.amazonaws.com"

    plane.asked.clear()
    changed = json.loads(json.dumps(TEMPLATE).replace("return 1", "return 2"))
    cloudformation.update_stack(StackName="s", TemplateBody=json.dumps(changed))
    calls = {(method, path): body for method, path, body in plane.asked}
    code = calls["PUT", "/2015-03-31/functions/made/code"]
    assert source(code["ZipFile"]) == "def handler(event, context): return 2"
    assert "Code" not in calls["PUT", "/2015-03-31/functions/made/configuration"]

    plane.asked.clear()
    cloudformation.delete_stack(StackName="s")
    assert ("DELETE", "/2015-03-31/functions/made", None) in plane.asked
