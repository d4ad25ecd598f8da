"""An HTTP API as the gateway works with it, read from the document of the moto process. Nothing in it changes.

Source: API Gateway V2 API Reference. What a stage answers with is a deployment: a copy of the routes, integrations and
authorizers as they were. A stage that deploys by itself always has the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cors import Cors
from ..rest.throttling import Throttle
from .routing import Routes

DEFAULT = "$default"
#: "Amazon API Gateway quotas": HTTP APIs, integration timeout, 30 seconds.
_TIMEOUT_MILLISECONDS = 30_000


@dataclass(frozen=True)
class Integration:
    """Where a route leads. ``timeout`` is seconds. ``role`` is an IAM role to invoke with, instead of the function's
    own policy."""

    kind: str
    subtype: str | None
    uri: str
    payload_format: str
    timeout: float
    role: str | None = None
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Authorizer:
    """Who decides for a route. ``ttl`` is seconds; ``simple``: the function answers with ``isAuthorized``."""

    identifier: str
    kind: str
    sources: tuple[str, ...]
    uri: str = ""
    payload_format: str = "1.0"
    simple: bool = False
    ttl: int = 0
    role: str | None = None
    issuer: str = ""
    audience: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """``key`` is ``GET /pets/{id}``, ``ANY /{proxy+}`` or ``$default``. ``authorization``: NONE, JWT, CUSTOM, AWS_IAM."""

    key: str
    integration: Integration | None
    authorization: str = "NONE"
    authorizer: Authorizer | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A stage with what is deployed to it; None when nothing is."""

    name: str
    variables: Mapping[str, str]
    routes: Routes[Route] | None
    #: What all routes may do together is not limited: each has a bucket of its own.
    throttle: Throttle = field(default_factory=Throttle)
    throttles: Mapping[str, Throttle] = field(default_factory=dict)

    def throttle_of(self, route_key: str) -> Throttle:
        """The limits of a route: its own, or else the stage's."""
        return self.throttles.get(route_key, self.throttle)


@dataclass(frozen=True)
class HttpApi:
    """``enabled``: the API answers at its own host name (DisableExecuteApiEndpoint is not set)."""

    identifier: str
    region: str
    account: str
    enabled: bool
    cors: Cors | None
    stages: Mapping[str, Stage]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> HttpApi:
        """From the moto process; see ``api`` in the seam for the form."""
        now = _routes(document)
        stages: dict[str, Stage] = {}
        for name, stage in document["stages"].items():
            deployed = document["deployments"].get(stage.get("deploymentId"))
            routes = now if stage.get("autoDeploy") else _routes(deployed) if deployed else None
            stages[name] = Stage(
                name,
                stage.get("stageVariables") or {},
                routes,
                _throttle(stage.get("defaultRouteSettings") or {}),
                {key: _throttle(settings) for key, settings in (stage.get("routeSettings") or {}).items()},
            )
        api = document["api"]
        return cls(
            identifier=document["id"],
            region=document["region"],
            account=document["account"],
            enabled=not api.get("disableExecuteApiEndpoint"),
            cors=Cors.of(api.get("corsConfiguration")),
            stages=stages,
        )


def _routes(document: Mapping[str, Any]) -> Routes[Route]:
    integrations = {key: _integration(one) for key, one in document["integrations"].items()}
    authorizers = {key: _authorizer(key, one) for key, one in document["authorizers"].items()}
    return Routes(
        {
            route["routeKey"]: Route(
                key=route["routeKey"],
                integration=integrations.get((route.get("target") or "").removeprefix("integrations/")),
                authorization=route.get("authorizationType") or "NONE",
                authorizer=authorizers.get(route.get("authorizerId") or ""),
                scopes=tuple(route.get("authorizationScopes") or ()),
            )
            for route in document["routes"]
        }
    )


def _throttle(settings: Mapping[str, Any]) -> Throttle:
    return Throttle.from_wire(
        {"rateLimit": settings.get("throttlingRateLimit"), "burstLimit": settings.get("throttlingBurstLimit")}
    )


def _integration(document: Mapping[str, Any]) -> Integration:
    return Integration(
        kind=document.get("integrationType") or "",
        subtype=document.get("integrationSubtype"),
        uri=document.get("integrationUri") or "",
        payload_format=document.get("payloadFormatVersion") or "1.0",
        timeout=(document.get("timeoutInMillis") or _TIMEOUT_MILLISECONDS) / 1000,
        role=document.get("credentialsArn"),
        request_parameters=document.get("requestParameters") or {},
        response_parameters=document.get("responseParameters") or {},
    )


def _authorizer(identifier: str, document: Mapping[str, Any]) -> Authorizer:
    sources = document.get("identitySource") or ()
    jwt = document.get("jwtConfiguration") or {}
    return Authorizer(
        identifier=identifier,
        kind=document.get("authorizerType") or "",
        sources=tuple(sources.split(",") if isinstance(sources, str) else sources),
        uri=document.get("authorizerUri") or "",
        payload_format=document.get("authorizerPayloadFormatVersion") or "1.0",
        simple=bool(document.get("enableSimpleResponses")),
        ttl=int(document.get("authorizerResultTtlInSeconds") or 0),
        role=document.get("authorizerCredentialsArn"),
        issuer=jwt.get("issuer") or "",
        audience=tuple(jwt.get("audience") or ()),
    )
