"""Function URLs on a running local cloud, called over bare HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from .deployment import CloudUnderTest, Function
from .rest_apis import HttpAnswer, send

#: Answers as the event's body says.
ANSWERS_AS_TOLD = """
import json

def handler(event, context):
    return json.loads(event["body"])
"""


class FunctionUrl:
    """The URL of a function that anybody may call, unless ``permissions`` names fewer."""

    def __init__(
        self,
        cloud: CloudUnderTest,
        function: Function,
        *,
        permissions: tuple[str, ...] = ("InvokeFunctionUrl", "InvokeFunction"),
        auth: str = "NONE",
        qualifier: str | None = None,
        **settings: Any,
    ) -> None:
        self.cloud = cloud
        self.client = cloud.client("lambda", function.region)
        self.where = {"FunctionName": function.name, **({"Qualifier": qualifier} if qualifier else {})}
        self.address: str = self.client.create_function_url_config(**self.where, AuthType=auth, **settings)[
            "FunctionUrl"
        ]
        self.host = urlsplit(self.address).hostname or ""
        self.id = self.host.partition(".")[0]
        for action in permissions:
            self.allow(action)

    def allow(self, action: str, principal: str = "*") -> None:
        condition: dict[str, Any] = {"FunctionUrlAuthType": "NONE"}
        if action == "InvokeFunction":
            condition = {"InvokedViaFunctionUrl": True}
        if principal != "*":
            condition = {}
        self.client.add_permission(
            **self.where, StatementId=f"url-{action}", Action=f"lambda:{action}", Principal=principal, **condition
        )

    def call(
        self,
        method: str = "GET",
        path: str = "/",
        body: bytes | None = None,
        headers: list[tuple[str, str]] | None = None,
        *,
        by_host: bool = False,
    ) -> HttpAnswer:
        if by_host:
            return send(self.cloud, method, path, body, [("Host", self.host), *(headers or [])])
        return send(self.cloud, method, f"/_aws/lambda-url/{self.id}{path}", body, headers)
