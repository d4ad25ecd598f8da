"""REST APIs made with plain boto3 on a running local cloud, and requests to them over bare HTTP."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .deployment import ACCOUNT, REGION, CloudUnderTest, Function, unique_name

#: Answers with the event it was called with.
ECHO = """
import json

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""


@dataclass(frozen=True)
class HttpAnswer:
    """One answer; ``headers`` in the spelling and order they came in."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RestApi:
    """A REST API. Paths are resource paths such as ``/orders/{id}``; what is missing of them is made."""

    def __init__(self, cloud: CloudUnderTest, region: str = REGION, **settings: Any) -> None:
        self.cloud = cloud
        self.region = region
        self.client = cloud.client("apigateway", region)
        self.api = self.client.create_rest_api(name=unique_name("api"), **settings)
        self.id: str = self.api["id"]
        self._resources = {"/": self.client.get_resources(restApiId=self.id)["items"][0]["id"]}

    def resource(self, path: str) -> str:
        """The id of a resource."""
        if path not in self._resources:
            parent, _, part = path.rpartition("/")
            made = self.client.create_resource(restApiId=self.id, parentId=self.resource(parent or "/"), pathPart=part)
            self._resources[path] = made["id"]
        return self._resources[path]

    def method(self, http_method: str, path: str, **settings: Any) -> dict[str, str]:
        """A method without an integration; what the calls about it need."""
        where = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": http_method}
        self.client.put_method(**where, **{"authorizationType": "NONE", **settings})
        return where

    def proxy(
        self,
        http_method: str,
        path: str,
        function: Function,
        *,
        permission: bool = True,
        method: dict[str, Any] | None = None,
        **settings: Any,
    ) -> dict[str, str]:
        """A method with a Lambda proxy integration; ``settings`` are those of the integration."""
        where = self.method(http_method, path, **(method or {}))
        integration = {
            "type": "AWS_PROXY",
            "integrationHttpMethod": "POST",
            "uri": invocation_uri(function.arn, self.region),
            **settings,
        }
        self.client.put_integration(**where, **integration)
        if permission:
            self.allow(function)
        return where

    def allow(self, function: Function, source: str = "/*/*") -> None:
        self.cloud.client("lambda", self.region).add_permission(
            FunctionName=function.name,
            StatementId=unique_name("api"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{self.region}:{ACCOUNT}:{self.id}{source}",
        )

    def deploy(self, stage: str = "dev", **settings: Any) -> str:
        """Deploy to a stage; the deployment's id."""
        made = self.client.create_deployment(restApiId=self.id, stageName=stage, **settings)
        return str(made["id"])

    @property
    def host(self) -> str:
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: list[tuple[str, str]] | dict[str, str] | None = None,
        *,
        by_host: bool = False,
    ) -> HttpAnswer:
        """One request; ``path`` begins with the stage and is sent as it is."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        if by_host:
            return send(self.cloud, method, path, body, [("Host", self.host), *pairs])
        return send(self.cloud, method, f"/_aws/execute-api/{self.id}{path}", body, pairs)


def invocation_uri(function_arn: str, region: str = REGION) -> str:
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"


def send(
    cloud: CloudUnderTest,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: list[tuple[str, str]] | None = None,
) -> HttpAnswer:
    """One request over bare HTTP: path and header names go out as they are."""
    address = urlsplit(cloud.endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    names = {name.lower() for name, _ in headers or []}
    try:
        connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in headers or []:
            connection.putheader(name, value.encode())
        if body is not None and "content-length" not in names and "transfer-encoding" not in names:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return HttpAnswer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()
