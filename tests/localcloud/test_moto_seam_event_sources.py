"""moto makes no event source mappings of its own: its CloudFormation asks the control plane, its queues push nothing."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws
from moto.awslambda import models as lambda_models
from moto.core.exceptions import JsonRESTError

from labsupport.localcloud import moto_seam_event_sources

REGION = "us-east-1"
QUEUE = f"arn:aws:sqs:{REGION}:123456789012:jobs"
MAPPINGS = "/2015-03-31/event-source-mappings"


class ControlPlane:
    """A LambdaClient whose front door keeps mappings in a dictionary. Each change takes two looks to end."""

    def __init__(self):
        self.mappings = {}
        self.asked = []
        self.looks = 0

    def call(self, region, method, path, body=None):
        self.asked.append((method, path, body))
        if method == "GET" and "?" in path:
            return {"EventSourceMappings": [one for one in self.mappings.values() if one["State"] != "Deleting"]}
        name = path.rpartition("/")[2]
        if method == "GET":
            return self.look_at(name)
        self.looks = 0
        if method == "DELETE":
            self.mappings[name]["State"] = "Deleting"
            return self.mappings[name]
        uuid = name if method == "PUT" else "u-1"
        self.mappings[uuid] = self.mappings.get(uuid, {}) | {
            "UUID": uuid,
            "EventSourceMappingArn": f"arn:aws:lambda:{region}:123456789012:event-source-mapping:{uuid}",
            "FunctionArn": "arn",
            "EventSourceArn": QUEUE,
            "State": "Creating",
            **body,
        }
        return self.mappings[uuid]

    def look_at(self, uuid):
        if uuid not in self.mappings:
            raise JsonRESTError("ResourceNotFoundException", "The resource you requested does not exist.")
        self.looks += 1
        if self.looks == 2 and self.mappings[uuid]["State"] == "Deleting":
            return self.mappings.pop(uuid)
        if self.looks == 2:
            self.mappings[uuid]["State"] = "Enabled"
        return self.mappings[uuid]


@pytest.fixture
def plane(monkeypatch):
    """moto with its event source mappings replaced, as in the moto process."""
    for name in ("create_event_source_mapping", "update_event_source_mapping", "list_event_source_mappings"):
        monkeypatch.setattr(lambda_models.LambdaBackend, name, getattr(lambda_models.LambdaBackend, name))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    plane = ControlPlane()
    moto_seam_event_sources.replace_event_source_mappings(plane)
    with mock_aws():
        yield plane


def client(service):
    return boto3.client(service, region_name=REGION)


def template(**properties):
    mapping = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"EventSourceArn": QUEUE, "FunctionName": "f", **properties},
    }
    return json.dumps({"Resources": {"M": mapping}})


def test_a_stack_makes_updates_and_deletes_its_mapping_in_the_control_plane_and_waits_for_it(plane):
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName="s",
        TemplateBody=template(
            BatchSize="5",
            Enabled="true",
            BisectBatchOnFunctionError="false",
            ScalingConfig={"MaximumConcurrency": "3"},
            Tags=[{"Key": "a", "Value": "1"}],
        ),
    )
    ((_, _, made), *_) = [call for call in plane.asked if call[0] == "POST"]
    assert made["BatchSize"] == 5
    assert (made["Enabled"], made["BisectBatchOnFunctionError"]) == (True, False)
    assert made["ScalingConfig"] == {"MaximumConcurrency": 3}
    assert made["Tags"]["a"] == "1"
    assert plane.mappings["u-1"]["State"] == "Enabled"
    (resource,) = cloudformation.describe_stack_resources(StackName="s")["StackResources"]
    assert resource["PhysicalResourceId"] == "u-1"

    cloudformation.update_stack(StackName="s", TemplateBody=template(BatchSize=7))
    ((_, path, changed), *_) = [call for call in plane.asked if call[0] == "PUT"]
    assert (path, changed) == (f"{MAPPINGS}/u-1", {"FunctionName": "f", "BatchSize": 7})
    assert plane.mappings["u-1"]["State"] == "Enabled"

    cloudformation.delete_stack(StackName="s")
    assert plane.mappings == {}


def test_a_queue_pushes_nothing_to_functions(plane):
    url = client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    client("cloudformation").create_stack(StackName="s", TemplateBody=template())
    asked = len(plane.asked)
    client("sqs").send_message(QueueUrl=url, MessageBody="job")
    assert len(plane.asked) == asked
    assert client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "job"
