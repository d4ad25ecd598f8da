"""A Lambda control plane alone: no cloud around it, requests as they come over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from labsupport.localcloud.lambda_api.api import LambdaApi
from labsupport.localcloud.lambda_api.store import Configuration, Function, Logging, Version

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"


class Neighbours:
    """IAM, S3 and the others: everything exists but what ``missing`` names."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    async def role_trust_policy(self, role_arn: str) -> dict[str, Any] | None:
        return {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}

    async def s3_object(self, region: str, bucket: str, key: str, version: str | None) -> bytes:
        raise NotImplementedError

    async def resource_exists(self, arn: str) -> bool:
        return arn not in self.missing

    async def event_source(self, arn: str) -> dict[str, Any] | None:
        return None if arn in self.missing else {"visibility_timeout": 30}


class Roles:
    """Execution roles that may do nothing but what ``allowed`` names as ``(role, action, resource)``."""

    def __init__(self) -> None:
        self.allowed: set[tuple[str, str, str]] = set()

    async def role_allows(self, role_arn: str, action: str, resource: str) -> bool:
        return (role_arn, action, resource) in self.allowed


def lambda_api(folder: Path) -> LambdaApi:
    """A control plane that keeps its packages in ``folder``."""
    return LambdaApi(Neighbours(), folder, "http://127.0.0.1:1", concurrency=10)


def add_function(api: LambdaApi, name: str, code_sha256: str = "sha") -> Function:
    """A function in the store, as CreateFunction would leave it when it is active."""
    configuration = Configuration(
        runtime="python3.13",
        handler="app.handler",
        role=ROLE,
        description="",
        timeout=3,
        memory_size=128,
        ephemeral_storage=512,
        variables=None,
        layers=(),
        code_sha256=code_sha256,
        code_size=1,
        architecture="x86_64",
        tracing_mode="PassThrough",
        logging=Logging("Text", f"/aws/lambda/{name}"),
    )
    versions = {"$LATEST": Version("$LATEST", configuration, "2026-01-01T00:00:00.000+0000")}
    function = Function(name, REGION, versions)
    api.store.region(REGION).functions[name] = function
    return function


async def request(
    api: LambdaApi, method: str, path: str, body: dict[str, Any] | None = None, **query: str
) -> tuple[int, dict[str, Any]]:
    """Status and document of the answer. ``path`` is not encoded yet."""
    answer = await api.handle(
        method,
        quote(path, safe="/"),
        list(query.items()),
        {},
        b"" if body is None else json.dumps(body).encode(),
        REGION,
    )
    return answer.status, json.loads(answer.body) if answer.body else {}
