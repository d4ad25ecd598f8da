"""A REST API as the gateway uses it: its stages, and for each the API as it was when it was deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .authorizers import Authorizer, authorizer
from .routing import Router
from .usage_plans import UsagePlan, usage_plan
from .validation import Models, Validator

#: API Gateway Developer Guide, "Amazon API Gateway quotas": the default, and once the longest, integration timeout.
INTEGRATION_TIMEOUT_MILLISECONDS = 29_000


@dataclass(frozen=True)
class Integration:
    """What a method does. ``kind`` is AWS's type: AWS_PROXY, MOCK, AWS, HTTP, HTTP_PROXY."""

    kind: str
    uri: str
    http_method: str | None
    credentials: str | None
    timeout: float
    request_parameters: Mapping[str, str]
    request_templates: Mapping[str, str | None]
    passthrough_behavior: str
    content_handling: str | None
    responses: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Method:
    """``http_method`` may be ANY."""

    http_method: str
    authorization_type: str
    authorizer_id: str | None
    authorization_scopes: tuple[str, ...]
    api_key_required: bool
    request_validator_id: str | None
    request_parameters: Mapping[str, bool]
    request_models: Mapping[str, str]
    integration: Integration | None


@dataclass(frozen=True)
class Resource:
    identifier: str
    path: str
    methods: Mapping[str, Method]

    def method(self, http_method: str) -> Method | None:
        """The method itself, or ANY."""
        return self.methods.get(http_method) or self.methods.get("ANY")


#: Of a request that no method is for.
NO_METHOD = Method("", "NONE", None, (), False, None, {}, {}, None)
NO_RESOURCE = Resource("", "", {})


@dataclass(frozen=True)
class Deployment:
    """``authorizers`` and ``validators`` are by id, ``gateway_responses`` (by type) are documents as the API shows
    them."""

    identifier: str
    resources: tuple[Resource, ...]
    router: Router[Resource]
    authorizers: Mapping[str, Authorizer]
    models: Models
    validators: Mapping[str, Validator]
    gateway_responses: Mapping[str, Mapping[str, Any]]
    binary_media_types: tuple[str, ...]
    minimum_compression_size: int | None
    api_key_source: str
    policy: str | None


@dataclass(frozen=True)
class Stage:
    """``settings`` is the whole document of the stage (methodSettings, accessLogSettings, …)."""

    name: str
    deployment: Deployment
    variables: Mapping[str, str]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class RestApi:
    """``usage_plans`` are those with a stage of this API."""

    identifier: str
    region: str
    account: str
    name: str
    disabled: bool
    stages: Mapping[str, Stage]
    usage_plans: tuple[UsagePlan, ...] = ()


def rest_api(document: Mapping[str, Any]) -> RestApi:
    """From what the moto process says about a REST API (``moto_seam_apigateway.api``)."""
    deployments = {key: deployment(key, value) for key, value in document["deployments"].items()}
    return RestApi(
        identifier=document["id"],
        region=document["region"],
        account=document["account"],
        name=document["api"]["name"] or "",
        disabled=bool(document["api"].get("disableExecuteApiEndpoint")),
        stages={
            name: Stage(name, deployments[stage["deploymentId"]], stage.get("variables") or {}, stage)
            for name, stage in document["stages"].items()
            if stage["deploymentId"] in deployments
        },
        usage_plans=tuple(usage_plan(entry) for entry in document["usagePlans"]),
    )


def deployment(identifier: str, document: Mapping[str, Any]) -> Deployment:
    """From ``moto_seam_apigateway.rest_document``."""
    resources = tuple(
        Resource(
            entry["id"],
            entry["path"],
            {name: _method(name, method) for name, method in (entry.get("resourceMethods") or {}).items()},
        )
        for entry in document["resources"]
    )
    return Deployment(
        identifier=identifier,
        resources=resources,
        router=Router({resource.path: resource for resource in resources if resource.methods}),
        authorizers={entry["id"]: authorizer(entry) for entry in document["authorizers"]},
        models=Models(tuple((entry["name"], entry.get("schema") or "{}") for entry in document["models"])),
        validators={
            entry["id"]: Validator(bool(entry.get("validateRequestParameters")), bool(entry.get("validateRequestBody")))
            for entry in document["requestValidators"]
        },
        gateway_responses={entry["responseType"]: entry for entry in document["gatewayResponses"]},
        binary_media_types=tuple(document["binaryMediaTypes"]),
        minimum_compression_size=document["minimumCompressionSize"],
        api_key_source=document["apiKeySource"] or "HEADER",
        policy=document["policy"],
    )


def _method(name: str, document: Mapping[str, Any]) -> Method:
    integration = document.get("methodIntegration")
    return Method(
        http_method=name,
        authorization_type=document.get("authorizationType") or "NONE",
        authorizer_id=document.get("authorizerId"),
        authorization_scopes=tuple(document.get("authorizationScopes") or ()),
        api_key_required=bool(document.get("apiKeyRequired")),
        request_validator_id=document.get("requestValidatorId"),
        request_parameters=document.get("requestParameters") or {},
        request_models=document.get("requestModels") or {},
        integration=_integration(integration) if integration else None,
    )


def _integration(document: Mapping[str, Any]) -> Integration:
    return Integration(
        kind=document["type"],
        uri=document.get("uri") or "",
        http_method=document.get("httpMethod"),
        credentials=document.get("credentials"),
        timeout=int(document.get("timeoutInMillis") or INTEGRATION_TIMEOUT_MILLISECONDS) / 1000,
        request_parameters=document.get("requestParameters") or {},
        request_templates=document.get("requestTemplates") or {},
        passthrough_behavior=document.get("passthroughBehavior") or "WHEN_NO_MATCH",
        content_handling=document.get("contentHandling"),
        responses=document.get("integrationResponses") or {},
    )
