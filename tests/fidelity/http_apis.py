"""HTTP APIs made with plain boto3 on a running local cloud, and requests to them over bare HTTP."""

from __future__ import annotations

from typing import Any

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, unique_name
from .rest_apis import HttpAnswer, invocation_uri, send


class HttpApi:
    """An HTTP API with a ``$default`` stage that deploys by itself, unless ``stage`` is None."""

    def __init__(
        self, cloud: CloudUnderTest, *, stage: str | None = "$default", region: str = REGION, **settings: Any
    ) -> None:
        self.cloud = cloud
        self.region = region
        self.client = cloud.client("apigatewayv2", region)
        self.api = self.client.create_api(Name=unique_name("api"), ProtocolType="HTTP", **settings)
        self.id: str = self.api["ApiId"]
        if stage:
            self.client.create_stage(ApiId=self.id, StageName=stage, AutoDeploy=True)
        self._integrations: dict[str, str] = {}

    def integration(self, function: Function, payload: str = "2.0", **settings: Any) -> str:
        """The id of a Lambda proxy integration, and a permission for the whole API to invoke the function."""
        made = self.client.create_integration(
            ApiId=self.id,
            **{
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": function.arn,
                "PayloadFormatVersion": payload,
                **settings,
            },
        )
        self.allow(function)
        return str(made["IntegrationId"])

    def route(self, key: str, integration: str, **settings: Any) -> str:
        """A route's id."""
        made = self.client.create_route(ApiId=self.id, RouteKey=key, Target=f"integrations/{integration}", **settings)
        return str(made["RouteId"])

    def allow(self, function: Function, source: str = "/*/*") -> None:
        self.cloud.client("lambda", self.region).add_permission(
            FunctionName=function.name,
            StatementId=unique_name("api"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{self.region}:{ACCOUNT}:{self.id}{source}",
        )

    def lambda_authorizer(self, function: Function, **settings: Any) -> str:
        """The id of a Lambda authorizer with simple responses; it may invoke the function."""
        made = self.client.create_authorizer(
            ApiId=self.id,
            Name=unique_name("authorizer"),
            **{
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": invocation_uri(function.arn, self.region),
                "IdentitySource": ["$request.header.Authorization"],
                "AuthorizerPayloadFormatVersion": "2.0",
                "EnableSimpleResponses": True,
                **settings,
            },
        )
        self.allow(function, f"/authorizers/{made['AuthorizerId']}")
        return str(made["AuthorizerId"])

    @property
    def host(self) -> str:
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: list[tuple[str, str]] | None = None,
        *,
        by_host: bool = False,
    ) -> HttpAnswer:
        """One request; ``path`` is sent as it is and begins with the stage unless that is ``$default``."""
        if by_host:
            return send(self.cloud, method, path, body, [("Host", self.host), *(headers or [])])
        return send(self.cloud, method, f"/_aws/execute-api/{self.id}{path}", body, headers)
