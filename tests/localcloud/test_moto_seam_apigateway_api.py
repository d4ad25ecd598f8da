"""Where moto's API of REST APIs is righted. ``tests/fidelity/test_rest_api_errors.py`` has AWS's refusals one by one."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from .righted_apis import REGION, Api, told, unrighted  # noqa: F401

MOCK = {"application/json": '{"statusCode": 200}'}


@pytest.fixture
def client(told):  # noqa: F811
    return boto3.client("apigateway", region_name=REGION)


@pytest.fixture
def moto(unrighted):  # noqa: F811
    return boto3.client("apigateway", region_name=REGION)


def replace(path, value):
    return [{"op": "replace", "path": path, "value": value}]


def test_right_rest_apis_patches_by_path(client):
    api = Api(client, binaryMediaTypes=["image/png"])
    changes = [
        {"op": "add", "path": "/binaryMediaTypes/image~1gif"},
        {"op": "replace", "path": "/binaryMediaTypes/image~1png", "value": "image/jpeg"},
        {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "false"},
        {"op": "replace", "path": "/minimumCompressionSize", "value": "1000"},
        {"op": "replace", "path": "/description", "value": "prints"},
    ]
    changed = client.update_rest_api(restApiId=api.id, patchOperations=changes)
    assert changed["binaryMediaTypes"] == ["image/gif", "image/jpeg"]
    assert changed["disableExecuteApiEndpoint"] is False
    assert changed["minimumCompressionSize"] == 1000
    assert changed["description"] == "prints"
    with pytest.raises(ClientError, match="Invalid patch path /binaryMediaTypes"):
        client.update_rest_api(restApiId=api.id, patchOperations=[{"op": "add", "path": "/binaryMediaTypes"}])


def test_right_resources_moves_a_resource(client):
    api = Api(client)
    child = client.create_resource(restApiId=api.id, parentId=api.where["resourceId"], pathPart="y")["id"]
    place = {"restApiId": api.id, "resourceId": child}
    with pytest.raises(ClientError, match="Resources cannot be cyclical"):
        client.update_resource(
            restApiId=api.id, resourceId=api.where["resourceId"], patchOperations=replace("/parentId", child)
        )
    with pytest.raises(ClientError, match="Must be one of: \\[/parentId, /pathPart\\]"):
        client.update_resource(**place, patchOperations=replace("/invalid", "y"))
    assert client.update_resource(**place, patchOperations=replace("/parentId", api.root))["path"] == "/y"


def test_right_resources_lets_an_import_go_through_paths_that_are_there(client):
    api = Api(client)
    operation = {"responses": {"200": {"description": "ok"}}}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "shop", "version": "1", "description": ""},
        "paths": {"/x": {"get": operation}, "/x/y": {"get": operation}},
    }
    client.put_rest_api(restApiId=api.id, mode="merge", body=json.dumps(document).encode())
    paths = sorted(item["path"] for item in client.get_resources(restApiId=api.id)["items"])
    assert paths == ["/", "/x", "/x/y"]


def test_right_methods_changes_and_deletes(client):
    api = Api(client)
    api.mock()
    changes = [
        {"op": "replace", "path": "/apiKeyRequired", "value": "true"},
        {"op": "add", "path": "/requestParameters/method.request.querystring.tag", "value": "true"},
    ]
    changed = client.update_method(**api.where, patchOperations=changes)
    assert changed["apiKeyRequired"] is True
    assert changed["requestParameters"] == {"method.request.querystring.tag": True}
    client.delete_method(**api.where)
    with pytest.raises(ClientError, match="Invalid Method identifier specified"):
        client.delete_method(**api.where)


def test_right_integrations_changes_an_integration(client):
    api = Api(client)
    api.mock()
    changed = client.update_integration(**api.where, patchOperations=replace("/timeoutInMillis", "500"))
    assert changed["timeoutInMillis"] == 500
    with pytest.raises(ClientError, match="Timeout should be between"):
        client.update_integration(**api.where, patchOperations=replace("/timeoutInMillis", "5"))
    client.delete_integration(**api.where)
    with pytest.raises(ClientError, match="Invalid Integration identifier specified"):
        client.get_integration(**api.where)


def test_right_deployments_keeps_a_stage_that_is_deployed_to(client):
    api = Api(client)
    api.mock()
    first = api.deploy("dev", variables={"ENV": "dev"}, description="one")
    settings = replace("/*/*/throttling/burstLimit", "7")
    client.update_stage(restApiId=api.id, stageName="dev", patchOperations=settings)
    last = api.deploy("dev")
    stage = client.get_stage(restApiId=api.id, stageName="dev")
    assert stage["deploymentId"] == last != first
    assert stage["variables"] == {"ENV": "dev"}
    assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == 7
    with pytest.raises(ClientError, match="Deployment id does not exist"):
        client.create_stage(restApiId=api.id, stageName="prod", deploymentId="none")


def test_answer_as_aws_does_takes_binary_media_types(client):
    assert client.create_rest_api(name="a", binaryMediaTypes=["image/png"])["binaryMediaTypes"] == ["image/png"]


# --- so that we hear of it when moto is mended --------------------------------------------------------------------


def test_moto_still_forgets_binary_media_types(moto):
    assert not moto.create_rest_api(name="a", binaryMediaTypes=["image/png"]).get("binaryMediaTypes")


def test_moto_still_takes_resources_that_aws_refuses(moto):
    api = Api(moto)
    for part in ("x", "{a}", "{b}"):
        moto.create_resource(restApiId=api.id, parentId=api.root, pathPart=part)
    assert len(moto.get_resources(restApiId=api.id)["items"]) == 5


def test_moto_still_replaces_a_method_that_is_there(moto):
    api = Api(moto)
    for _ in range(2):
        moto.put_method(**api.where, authorizationType="CUSTOM", authorizerId="none")


def test_moto_still_cannot_change_methods_and_integrations(moto):
    api = Api(moto)
    api.mock()
    for call in (moto.update_method, moto.update_integration):
        with pytest.raises((ClientError, NotImplementedError)):
            call(**api.where, patchOperations=replace("/timeoutInMillis", "500"))


def test_moto_still_shows_no_default_time_limit_and_maps_to_any_header(moto):
    api = Api(moto)
    api.mock()
    assert "timeoutInMillis" not in moto.get_integration(**api.where)
    header = {"method.response.header.X": "'1'"}
    moto.put_integration_response(**api.where, statusCode="200", responseParameters=header)


def test_moto_still_deploys_what_is_half_made_and_forgets_the_stage(moto):
    api = Api(moto)
    api.mock()
    moto.put_method(**{**api.where, "httpMethod": "POST"}, authorizationType="NONE")
    api.deploy("dev", variables={"ENV": "dev"})
    api.deploy("dev")
    assert not moto.get_stage(restApiId=api.id, stageName="dev").get("variables")
