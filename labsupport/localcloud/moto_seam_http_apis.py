"""The part of the seam for HTTP APIs: what moto's API Gateway V2 lacks (deployments, changes of stages, quick create), and
the refusals of AWS that it does not make.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_http_apis.py``.
"""

from __future__ import annotations

import functools
import json
import random
import re
import string
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.apigatewayv2.exceptions import APIGatewayV2Error, BadRequestException
from moto.apigatewayv2.models import Api, Stage
from moto.apigatewayv2.responses import ApiGatewayV2Response

from . import moto_notices

_ROUTE_KEY = re.compile(r"(?:ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /\S*|\$default")
_TIMEOUTS_MILLISECONDS = (50, 30_000)
_WEBSOCKET = "The local cloud has no WebSocket APIs: only HTTP APIs (ProtocolType HTTP) and REST APIs (apigateway)."
_MORE_PATHS = (
    "{0}/v2/apis/(?P<api_id>[^/]+)/deployments$",
    "{0}/v2/apis/(?P<api_id>[^/]+)/deployments/(?P<deployment_id>[^/]+)$",
)
#: What there must be one of to delete, and the index of its id in the path of the request.
_DELETED = {
    "delete_api": ("get_api", (-1,)),
    "delete_authorizer": ("get_authorizer", (-3, -1)),
    "delete_integration": ("get_integration", (-3, -1)),
    "delete_route": ("get_route", (-3, -1)),
    "delete_stage": ("get_stage", (-3, -1)),
}
_CREATED = ("api", "authorizer", "integration", "route", "stage", "deployment", "model")


class ConflictException(APIGatewayV2Error):
    """409."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ConflictException", message)


def add_operations() -> None:
    """Add to moto 5.2.5 deployments and UpdateStage, and make it answer with AWS's status codes and errors."""
    from moto.apigatewayv2 import urls

    for path in _MORE_PATHS:
        urls.url_paths[path] = ApiGatewayV2Response.dispatch
    for function in (
        create_deployment,
        get_deployment,
        get_deployments,
        delete_deployment,
        update_stage,
        _create_api,
        _create_route,
        _create_stage,
        _create_integration,
        _update_integration,
    ):
        name = function.__name__.removeprefix("_")
        original = getattr(ApiGatewayV2Response, name, None)
        setattr(ApiGatewayV2Response, name, functools.partialmethod(function, original) if original else function)
    for what in _CREATED:
        _answer_with(f"create_{what}", 201)
    for name, (get, places) in _DELETED.items():
        _refuse_missing(name, get, places)
        _answer_with(name, 204)
    _answer_with("delete_deployment", 204)
    to_json = Stage.to_json

    def stage_with_deployment(self: Stage) -> dict[str, Any]:
        deployment = getattr(self, "deployment_id", None)
        return to_json(self) | ({"deploymentId": deployment} if deployment else {})

    Stage.to_json = stage_with_deployment  # type: ignore[method-assign]


def deployed(api: Any) -> dict[str, Any]:
    """The routes, integrations and authorizers of each deployment of an API, by its id."""
    return {key: deployment["copy"] for key, deployment in _deployments(api).items()}


def routes_now(api: Any) -> dict[str, Any]:
    """What a deployment made now would have."""
    return {
        "routes": [route.to_json() for route in api.routes.values()],
        "integrations": {key: integration.to_json() for key, integration in api.integrations.items()},
        "authorizers": {key: authorizer.to_json() for key, authorizer in api.authorizers.items()},
    }


# --- operations that moto lacks ------------------------------------------------------------------------------------


def create_deployment(self: Any) -> Any:
    """CreateDeployment: a copy of the API, given to a stage if one is named."""
    api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
    wanted = json.loads(self.body or "{}")
    stage = api.get_stage(wanted["stageName"]) if wanted.get("stageName") else None
    if not api.routes:
        raise BadRequestException("At least one route is required before deploying the Api.")
    if stage is not None and stage.auto_deploy:
        raise BadRequestException("Cannot create deployment for stage with auto-deploy enabled.")
    made = _deploy(api, wanted.get("description"))
    if stage is not None:
        stage.deployment_id = made["shown"]["deploymentId"]
    _tell()
    return 201, {}, json.dumps(made["shown"])


def get_deployment(self: Any) -> Any:
    """GetDeployment."""
    return 200, {}, json.dumps(_deployment(self)["shown"])


def get_deployments(self: Any) -> Any:
    """GetDeployments, the newest first."""
    api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
    shown = [deployment["shown"] for deployment in reversed(_deployments(api).values())]
    return 200, {}, json.dumps({"items": shown})


def delete_deployment(self: Any) -> Any:
    """DeleteDeployment: not while a stage points to it."""
    identifier = _deployment(self)["shown"]["deploymentId"]
    api = self.apigatewayv2_backend.get_api(self.path.split("/")[-3])
    if any(getattr(stage, "deployment_id", None) == identifier for stage in api.stages.values()):
        raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
    del _deployments(api)[identifier]
    return 200, {}, "{}"


def update_stage(self: Any) -> Any:
    """UpdateStage."""
    parts = self.path.split("/")
    api = self.apigatewayv2_backend.get_api(parts[-3])
    stage = api.get_stage(unquote(parts[-1]))
    wanted = json.loads(self.body or "{}")
    if wanted.get("deploymentId"):
        _find(api, wanted["deploymentId"])
        stage.deployment_id = wanted["deploymentId"]
    for key, attribute in (
        ("accessLogSettings", "access_log_settings"),
        ("autoDeploy", "auto_deploy"),
        ("clientCertificateId", "client_certificate_id"),
        ("defaultRouteSettings", "default_route_settings"),
        ("description", "description"),
        ("routeSettings", "route_settings"),
    ):
        if wanted.get(key) is not None:
            setattr(stage, attribute, wanted[key])
    for name, value in (wanted.get("stageVariables") or {}).items():
        stage.stage_variables = {key: old for key, old in stage.stage_variables.items() if key != name}
        if value != "":  # an empty value takes the variable away
            stage.stage_variables[name] = value
    stage.updated = datetime.now(UTC).replace(tzinfo=None)
    _tell()
    return 200, {}, json.dumps(stage.to_json())


# --- operations of moto, with what it leaves out -------------------------------------------------------------------


def _create_api(self: Any, original: Any) -> Any:
    wanted = json.loads(self.body)
    if wanted.get("protocolType") == "WEBSOCKET":
        raise BadRequestException(_WEBSOCKET)
    cors = wanted.get("corsConfiguration") or {}
    if cors.get("allowCredentials") and "*" in (cors.get("allowOrigins") or ()):
        raise BadRequestException("allow-credentials is not supported if 'allow-origin' is *")
    key = wanted.get("routeKey") or "$default"
    if wanted.get("target"):
        _check_route_key(key)
    status, headers, body = original(self)
    if wanted.get("target"):
        _quick_create(self, json.loads(body)["apiId"], key, wanted["target"], wanted.get("credentialsArn"))
    return status, headers, body


def _quick_create(self: Any, api_id: str, key: str, target: str, credentials: str | None) -> None:
    """An integration, a route and a ``$default`` stage that deploys by itself, all in one call."""
    api = self.apigatewayv2_backend.get_api(api_id)
    is_function = ":lambda:" in target
    integration = api.create_integration(
        connection_type="INTERNET",
        description="",
        integration_method="POST" if is_function else "ANY",
        integration_type="AWS_PROXY" if is_function else "HTTP_PROXY",
        integration_uri=target,
        credentials_arn=credentials,
        payload_format_version="2.0" if is_function else "1.0",
    )
    api.create_route(False, None, key, f"integrations/{integration.id}", authorization_type="NONE")
    api.create_stage({"stageName": "$default", "autoDeploy": True})
    _tell()


def _create_route(self: Any, original: Any) -> Any:
    api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
    key = json.loads(self.body).get("routeKey")
    _check_route_key(key)
    if any(route.route_key == key for route in api.routes.values()):
        raise ConflictException(f"Route with key {key} already exists for this API")
    return original(self)


def _create_stage(self: Any, original: Any) -> Any:
    api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
    wanted = json.loads(self.body)
    if wanted["stageName"] in api.stages:
        raise ConflictException("Stage already exists")
    if wanted.get("deploymentId"):
        _find(api, wanted["deploymentId"])
    status, headers, body = original(self)
    stage = api.get_stage(wanted["stageName"])
    stage.deployment_id = wanted.get("deploymentId")
    return status, headers, json.dumps(stage.to_json())


def _create_integration(self: Any, original: Any) -> Any:
    _check_timeout(json.loads(self.body))
    return original(self)


def _update_integration(self: Any, original: Any) -> Any:
    _check_timeout(json.loads(self.body))
    return original(self)


# --- inside --------------------------------------------------------------------------------------------------------


def _check_route_key(key: Any) -> None:
    if not isinstance(key, str) or not _ROUTE_KEY.fullmatch(key):
        raise BadRequestException(
            "The provided route key is not formatted properly for HTTP protocol. Format should be "
            '"<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )


def _check_timeout(wanted: dict[str, Any]) -> None:
    timeout = wanted.get("timeoutInMillis")
    low, high = _TIMEOUTS_MILLISECONDS
    if timeout is not None and not low <= int(timeout) <= high:
        raise BadRequestException(f"Timeout should be between {low} ms and {high} ms")


def _deployments(api: Any) -> dict[str, Any]:
    if not hasattr(api, "labsupport_deployments"):
        api.labsupport_deployments = {}
    found: dict[str, Any] = api.labsupport_deployments
    return found


def _deploy(api: Api, description: str | None) -> dict[str, Any]:
    identifier = "".join(random.choice(string.ascii_lowercase + string.digits) for _ in range(6))
    shown = {
        "autoDeployed": False,
        "createdDate": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deploymentId": identifier,
        "deploymentStatus": "DEPLOYED",
        **({"description": description} if description else {}),
    }
    made = {"shown": shown, "copy": json.loads(json.dumps(routes_now(api)))}
    _deployments(api)[identifier] = made
    return made


def _deployment(self: Any) -> Any:
    parts = self.path.split("/")
    return _find(self.apigatewayv2_backend.get_api(parts[-3]), parts[-1])


def _find(api: Any, identifier: str) -> Any:
    if identifier not in _deployments(api):
        problem = APIGatewayV2Error("NotFoundException", f"Invalid Deployment identifier specified {identifier}")
        problem.code = 404
        raise problem
    return _deployments(api)[identifier]


def _tell() -> None:
    """Changes made past the backend's own methods are told of, too."""
    moto_notices.tell("apis_changed")


def _answer_with(name: str, status: int) -> None:
    original = getattr(ApiGatewayV2Response, name)

    def answer(self: Any) -> Any:
        _, headers, body = original(self)
        # moto takes the status from this header only, and not from the first of the three.
        return status, {**headers, "status": status}, "" if status == 204 else body

    setattr(ApiGatewayV2Response, name, answer)


def _refuse_missing(name: str, get: str, places: tuple[int, ...]) -> None:
    original = getattr(ApiGatewayV2Response, name)

    def delete(self: Any) -> Any:
        parts = self.path.split("/")
        getattr(self.apigatewayv2_backend, get)(*(unquote(parts[place]) for place in places))
        return original(self)

    setattr(ApiGatewayV2Response, name, delete)
