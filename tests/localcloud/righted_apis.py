"""moto's API Gateway inside the tests' process, as the moto process has it, and put back after each test."""

from __future__ import annotations

import pytest
from moto import mock_aws
from moto.apigateway.models import APIGatewayBackend, RestAPI, Stage
from moto.apigateway.responses import APIGatewayResponse
from moto.apigatewayv2.models import ApiGatewayV2Backend

from labsupport.localcloud import moto_notices, moto_seam_apigateway, moto_seam_apigateway_answers

REGION = "us-east-1"
CLASSES = (APIGatewayBackend, APIGatewayResponse, RestAPI, Stage, ApiGatewayV2Backend)


def credentials(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture
def told(monkeypatch):
    """moto with its APIs righted; the notices that were told."""
    credentials(monkeypatch)
    before = {one: dict(vars(one)) for one in CLASSES}
    notices: list[str] = []
    monkeypatch.setattr(moto_notices, "tell", lambda kind, **_: notices.append(kind))
    moto_seam_apigateway.keep_rest_apis()
    moto_seam_apigateway.keep_http_apis()
    moto_seam_apigateway_answers.answer_as_aws_does()
    try:
        with mock_aws():
            yield notices
    finally:
        for one, members in before.items():
            for name in set(vars(one)) - set(members):
                delattr(one, name)
            for name, value in members.items():
                if vars(one).get(name) is not value:
                    setattr(one, name, value)


@pytest.fixture
def unrighted(monkeypatch):
    """moto as it is."""
    credentials(monkeypatch)
    with mock_aws():
        yield


class Api:
    """A REST API with a resource ``/x``."""

    def __init__(self, client, **settings) -> None:
        self.client = client
        self.id = client.create_rest_api(name="shop", **settings)["id"]
        self.root = client.get_resources(restApiId=self.id)["items"][0]["id"]
        made = client.create_resource(restApiId=self.id, parentId=self.root, pathPart="x")
        self.where = {"restApiId": self.id, "resourceId": made["id"], "httpMethod": "GET"}

    def mock(self, status: int = 200) -> None:
        """GET /x, answered by a mock."""
        self.client.put_method(**self.where, authorizationType="NONE")
        template = f'{{"statusCode": {status}}}'
        self.client.put_integration(**self.where, type="MOCK", requestTemplates={"application/json": template})

    def deploy(self, stage: str = "dev", **settings) -> str:
        return self.client.create_deployment(restApiId=self.id, stageName=stage, **settings)["id"]
