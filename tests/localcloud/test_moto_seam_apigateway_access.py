"""What moto loses of authorizers, limits and logs, and does not export; each test tells when moto is right by itself."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.apigateway import urls
from moto.apigateway.responses import APIGatewayResponse

from labsupport.localcloud import moto_seam_apigateway_access

from .righted_apis import REGION, Api, told, unrighted  # noqa: F401

EXPRESSION = "Bearer [a-z]+"
ROLE = "arn:aws:iam::123456789012:role/logs"
LOGS = {"destinationArn": f"arn:aws:logs:{REGION}:123456789012:log-group:g:*", "format": "$context.requestId"}


@pytest.fixture
def righted(told, monkeypatch):  # noqa: F811
    monkeypatch.setattr(APIGatewayResponse, "get_export", APIGatewayResponse.get_export)
    before = dict(urls.url_paths)
    moto_seam_apigateway_access.answer_for_stages()
    yield told
    urls.url_paths.clear()
    urls.url_paths.update(before)
    del APIGatewayResponse.flush_stage_authorizers_cache


def deployed() -> Api:
    api = Api(boto3.client("apigateway", region_name=REGION))
    api.mock()
    api.client.put_method_response(**api.where, statusCode="200")
    api.deploy()
    return api


def authorizer(api: Api) -> dict:
    made = api.client.create_authorizer(
        restApiId=api.id,
        name="judge",
        type="TOKEN",
        authorizerUri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations",
        identitySource="method.request.header.Authorization",
        identityValidationExpression=EXPRESSION,
    )
    return api.client.get_authorizer(restApiId=api.id, authorizerId=made["id"])


def patched(api: Api, **values: str) -> dict:
    operations = [{"op": "replace", "path": path.replace("_", "/"), "value": value} for path, value in values.items()]
    return api.client.update_stage(restApiId=api.id, stageName="dev", patchOperations=operations)


def test_keep_validation_expressions(righted):
    assert authorizer(deployed())["identityValidationExpression"] == EXPRESSION


def test_moto_loses_validation_expressions_still(unrighted):  # noqa: F811
    assert "identityValidationExpression" not in authorizer(deployed())


def test_limit_as_the_account_does(righted):
    settings = patched(deployed(), **{"_*_*_metrics_enabled": "true"})["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (10_000.0, 5_000)


def test_motos_limits_are_lower_than_the_accounts_still(unrighted):  # noqa: F811
    settings = patched(deployed(), **{"_*_*_metrics_enabled": "true"})["methodSettings"]["*/*"]
    assert settings["throttlingRateLimit"] == 1000.0


def test_check_access_logs(righted):
    api = deployed()
    values = {f"_accessLogSettings_{name}": value for name, value in LOGS.items()}
    with pytest.raises(ClientError, match="CloudWatch Logs role ARN must be set in account settings"):
        patched(api, **values)
    with pytest.raises(ClientError, match="CloudWatch Logs role ARN must be set in account settings"):
        patched(api, **{"_*_*_logging_loglevel": "INFO"})
    api.client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}])
    with pytest.raises(ClientError, match="must contain"):
        patched(api, _accessLogSettings_format="$context.status")
    assert patched(api, **values)["accessLogSettings"]["destinationArn"] == LOGS["destinationArn"].removesuffix(":*")


def test_moto_takes_any_access_log_still(unrighted):  # noqa: F811
    assert patched(deployed(), _accessLogSettings_format="none")["accessLogSettings"] == {"format": "none"}


def test_flush_authorizers(righted):
    api = deployed()
    righted.clear()
    api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="dev")
    assert righted == ["authorizers_flushed"]


def test_export_deployments(righted):
    api = deployed()
    body = api.client.get_export(restApiId=api.id, stageName="dev", exportType="oas30")["body"].read()
    assert json.loads(body)["openapi"] == "3.0.1"


def test_moto_exports_swagger_whatever_is_asked_for_still(unrighted):  # noqa: F811
    api = deployed()
    body = api.client.get_export(restApiId=api.id, stageName="dev", exportType="oas30")["body"].read()
    assert "openapi" not in json.loads(body)
