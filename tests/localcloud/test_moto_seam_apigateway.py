"""What the gateway is told and asks of moto's APIs, and where moto is wrong by itself."""

from __future__ import annotations

import json

import boto3
import pytest
from moto.apigateway.models import apigateway_backends

from labsupport.localcloud import moto_seam_apigateway

from .righted_apis import REGION, Api, told, unrighted  # noqa: F401


@pytest.fixture
def client(told):  # noqa: F811
    return boto3.client("apigateway", region_name=REGION)


def test_keep_rest_apis_tells_of_changes_and_of_nothing_else(told, client):  # noqa: F811
    api = Api(client)
    api.mock()
    api.deploy()
    assert set(told) == {"apis_changed"}
    told.clear()
    client.get_rest_apis()
    client.get_resources(restApiId=api.id)
    client.get_stages(restApiId=api.id)
    assert told == []
    client.delete_stage(restApiId=api.id, stageName="dev")
    assert told == ["apis_changed"]


def test_keep_rest_apis_tells_of_what_a_stack_makes(told):  # noqa: F811
    template = {
        "Resources": {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "shop"}},
        }
    }
    stacks = boto3.client("cloudformation", region_name=REGION)
    stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
    assert "apis_changed" in told


def test_keep_http_apis_tells_of_changes(told):  # noqa: F811
    client = boto3.client("apigatewayv2", region_name=REGION)
    made = client.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
    assert set(told) == {"apis_changed"}
    told.clear()
    client.get_apis()
    assert told == []
    document = moto_seam_apigateway.api(made)
    assert (document["kind"], document["region"], document["api"]["name"]) == ("http", REGION, "shop")


def test_api_has_the_deployments_that_stages_show_as_they_were(client):
    api = Api(client, binaryMediaTypes=["image/png"])
    api.mock(200)
    first = api.deploy("old")
    api.deploy("dev")
    change = [{"op": "replace", "path": "/requestTemplates/application~1json", "value": '{"statusCode": 418}'}]
    client.update_integration(**api.where, patchOperations=change)
    last = api.deploy("dev", variables={"ENV": "dev"})

    document = moto_seam_apigateway.api(api.id)
    assert (document["kind"], document["id"], document["region"]) == ("rest", api.id, REGION)
    assert {name: stage["deploymentId"] for name, stage in document["stages"].items()} == {"old": first, "dev": last}
    assert document["stages"]["dev"]["variables"] == {"ENV": "dev"}
    assert set(document["deployments"]) == {first, last}  # not the one in between, which no stage shows

    def template(deployment: str) -> str:
        (resource,) = [one for one in document["deployments"][deployment]["resources"] if one["path"] == "/x"]
        return resource["resourceMethods"]["GET"]["methodIntegration"]["requestTemplates"]["application/json"]

    assert (template(first), template(last)) == ('{"statusCode": 200}', '{"statusCode": 418}')
    assert document["deployments"][first]["binaryMediaTypes"] == ["image/png"]


def test_api_is_found_in_its_region_only(client):
    api = Api(client)
    assert moto_seam_apigateway.api(api.id, "eu-west-1") is None
    assert moto_seam_apigateway.api("0123456789") is None
    assert moto_seam_apigateway.api(api.id, REGION)["api"]["name"] == "shop"


def test_rest_api_now_is_the_api_without_a_deployment(client):
    api = Api(client)
    api.mock()
    paths = [resource["path"] for resource in moto_seam_apigateway.rest_api_now(api.id, REGION)["resources"]]
    assert paths == ["/", "/x"]
    assert moto_seam_apigateway.rest_api_now("none", REGION) is None


def test_rest_document_is_json(client):
    api = Api(client)
    api.mock()
    found = apigateway_backends["123456789012"][REGION].apis[api.id]
    document = moto_seam_apigateway.rest_document(found)
    assert json.loads(json.dumps(document)) == document
    assert set(document) >= {"resources", "authorizers", "models", "requestValidators", "gatewayResponses", "policy"}


def test_moto_still_keeps_no_copy_of_what_was_deployed(unrighted):  # noqa: F811
    client = boto3.client("apigateway", region_name=REGION)
    api = Api(client)
    api.mock()
    deployment = api.deploy()
    kept = vars(apigateway_backends["123456789012"][REGION].apis[api.id].deployments[deployment])
    assert set(kept) == {"id", "stage_name", "description", "created_date"}
