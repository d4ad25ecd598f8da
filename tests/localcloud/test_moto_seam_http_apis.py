"""What moto's HTTP APIs lack, and where moto is wrong by itself."""

from __future__ import annotations

import json
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.apigatewayv2 import urls
from moto.apigatewayv2.exceptions import BadRequestException
from moto.apigatewayv2.models import Stage, apigatewayv2_backends
from moto.apigatewayv2.responses import ApiGatewayV2Response

from labsupport.localcloud import moto_notices, moto_seam_http_apis

REGION = "us-east-1"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:f"
RIGHTED = (
    *(f"create_{what}" for what in ("api", "authorizer", "integration", "route", "stage", "model")),
    *(f"delete_{what}" for what in ("api", "authorizer", "integration", "route", "stage")),
    "update_integration",
)
ADDED = ("create_deployment", "get_deployment", "get_deployments", "delete_deployment", "update_stage")


@pytest.fixture
def plain(monkeypatch):
    """moto as it comes."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("apigatewayv2", region_name=REGION)


@pytest.fixture
def told(monkeypatch):
    """The notices that were told."""
    notices: list[str] = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **_fields: notices.append(kind))
    return notices


@pytest.fixture
def client(monkeypatch, told):
    """moto with its HTTP APIs as in the moto process."""
    for name in RIGHTED:
        monkeypatch.setattr(ApiGatewayV2Response, name, getattr(ApiGatewayV2Response, name))
    monkeypatch.setattr(Stage, "to_json", Stage.to_json)
    monkeypatch.setattr(urls, "url_paths", dict(urls.url_paths))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    moto_seam_http_apis.add_operations()
    with mock_aws():
        yield boto3.client("apigatewayv2", region_name=REGION)
    for name in ADDED:
        delattr(ApiGatewayV2Response, name)


def status(answer) -> int:
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def backend():
    return apigatewayv2_backends["123456789012"][REGION]


def test_moto_lacks_what_add_operations_adds(plain):
    """When this fails, moto has deployments or the right statuses by itself and the seam can lose a part."""
    assert [name for name in ADDED if hasattr(ApiGatewayV2Response, name)] == []
    api = plain.create_api(Name="a", ProtocolType="HTTP", Target=FUNCTION)
    assert status(api) == 200  # AWS: 201
    assert plain.get_routes(ApiId=api["ApiId"])["Items"] == []  # AWS: the $default route
    assert plain.create_api(Name="a", ProtocolType="WEBSOCKET")["ProtocolType"] == "WEBSOCKET"
    for _ in range(2):  # AWS: ConflictException
        plain.create_route(ApiId=api["ApiId"], RouteKey="no route key at all")
        plain.create_stage(ApiId=api["ApiId"], StageName="s")
    plain.create_integration(ApiId=api["ApiId"], IntegrationType="AWS_PROXY", TimeoutInMillis=99_999)
    plain.delete_api(ApiId="nowhere")


def test_add_operations_makes_quick_create_work(client, told):
    api = client.create_api(Name="a", ProtocolType="HTTP", Target=FUNCTION, RouteKey="GET /one")
    (route,) = client.get_routes(ApiId=api["ApiId"])["Items"]
    (integration,) = client.get_integrations(ApiId=api["ApiId"])["Items"]
    (stage,) = client.get_stages(ApiId=api["ApiId"])["Items"]
    assert (route["RouteKey"], route["Target"]) == ("GET /one", f"integrations/{integration['IntegrationId']}")
    assert (integration["IntegrationUri"], integration["PayloadFormatVersion"]) == (FUNCTION, "2.0")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert "apis_changed" in told


def test_quick_create_of_an_address_makes_an_http_proxy(client):
    api = client.create_api(Name="a", ProtocolType="HTTP", Target="https://shop.example")
    (integration,) = client.get_integrations(ApiId=api["ApiId"])["Items"]
    assert (integration["IntegrationType"], integration["IntegrationMethod"]) == ("HTTP_PROXY", "ANY")


def deploy(api_id: str, **wanted):
    """CreateDeployment, called directly: a mock that has begun knows no further addresses."""
    path = f"/v2/apis/{api_id}/deployments"
    call = SimpleNamespace(apigatewayv2_backend=backend(), path=path, body=json.dumps(wanted))
    status, _, body = moto_seam_http_apis.create_deployment(call)
    assert status == 201
    return json.loads(body)["deploymentId"]


def test_deployed_is_what_was_and_routes_now_what_is(client, told):
    api_id = client.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    with pytest.raises(BadRequestException, match="At least one route is required before deploying the Api."):
        deploy(api_id)
    client.create_route(ApiId=api_id, RouteKey="GET /one")
    client.create_stage(ApiId=api_id, StageName="s")
    told.clear()
    made = deploy(api_id, stageName="s")
    assert told == ["apis_changed"]
    client.create_route(ApiId=api_id, RouteKey="GET /two")
    api = backend().get_api(api_id)
    kept = moto_seam_http_apis.deployed(api)[made]
    assert [route["routeKey"] for route in kept["routes"]] == ["GET /one"]
    assert [route["routeKey"] for route in moto_seam_http_apis.routes_now(api)["routes"]] == ["GET /one", "GET /two"]
    assert client.get_stage(ApiId=api_id, StageName="s")["DeploymentId"] == made


def test_a_stage_that_deploys_by_itself_takes_no_deployment(client):
    api_id = client.create_api(Name="a", ProtocolType="HTTP", Target=FUNCTION)["ApiId"]
    with pytest.raises(BadRequestException, match="Cannot create deployment for stage with auto-deploy enabled."):
        deploy(api_id, stageName="$default")


def test_an_update_of_a_stage_changes_what_it_names(client, told):
    api_id = client.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api_id, StageName="s", Description="old", StageVariables={"a": "1", "b": "2"})
    told.clear()
    changed = client.update_stage(ApiId=api_id, StageName="s", AutoDeploy=True, StageVariables={"a": "", "c": "3"})
    assert (changed["AutoDeploy"], changed["Description"]) == (True, "old")
    assert changed["StageVariables"] == {"b": "2", "c": "3"}
    assert told == ["apis_changed"]
    with pytest.raises(ClientError, match="Invalid Deployment identifier specified nowhere"):
        client.update_stage(ApiId=api_id, StageName="s", DeploymentId="nowhere")
    with pytest.raises(ClientError, match="Invalid Deployment identifier specified nowhere"):
        client.create_stage(ApiId=api_id, StageName="t", DeploymentId="nowhere")


@pytest.mark.parametrize("what", ["Api", "Authorizer", "Integration", "Route", "Stage"])
def test_what_is_not_there_cannot_be_deleted(client, what):
    api_id = client.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    wanted = {"Api": {"ApiId": "nowhere"}, "Stage": {"ApiId": api_id, "StageName": "nowhere"}}
    with pytest.raises(ClientError) as problem:
        getattr(client, f"delete_{what.lower()}")(**wanted.get(what, {"ApiId": api_id, f"{what}Id": "nowhere"}))
    assert problem.value.response["Error"]["Code"] == "NotFoundException"
