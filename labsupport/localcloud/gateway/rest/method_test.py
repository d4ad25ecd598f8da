"""TestInvokeMethod: a method run as it is now, without a deployment, past its authorizer and its API key.

Source: API Gateway REST API Reference, "TestInvokeMethod".
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ..addresses import Address, domain_name
from ..http_message import HttpRequest, HttpResponse
from ..invocation import ACCOUNT_ID
from . import execution_log
from .api import RestApi, Stage, deployment
from .exchange import Exchange
from .rest_apis import RestApis

_STAGE = "test-invoke-stage"


async def invoke_method(
    rest_apis: RestApis,
    api_id: str,
    region: str,
    found: Mapping[str, Any],
    resource_id: str,
    method: str,
    body: bytes,
) -> tuple[int, dict[str, Any]]:
    """Status and document of the answer. ``found`` is the API as it is (``moto_seam_apigateway.rest_api_now``)."""
    now = deployment("", found)
    resource = next((one for one in now.resources if one.identifier == resource_id), None)
    if resource is None:
        return _missing("Invalid Resource identifier specified")
    chosen = resource.methods.get(method)
    if chosen is None:
        return _missing("Invalid Method identifier specified")
    asked = json.loads(body or b"{}")
    request = _request(asked, api_id, region, method, resource.path)
    path = request.raw_path.removeprefix(f"/{_STAGE}")
    route = now.router.find(path)
    exchange = Exchange(
        RestApi(api_id, region, ACCOUNT_ID, "", False, {}),
        Stage(_STAGE, now, asked.get("stageVariables") or {}, {}),
        request,
        resource,
        chosen,
        route.parameters if route and route.target is resource else {},
        path,
    )
    started = time.monotonic()
    response = await rest_apis.run(exchange, steps=rest_apis.test_steps)
    return 200, _document(exchange, response, time.monotonic() - started)


def _request(asked: Mapping[str, Any], api_id: str, region: str, method: str, path: str) -> HttpRequest:
    target, _, query = (asked.get("pathWithQueryString") or path).partition("?")
    headers = [(name, value) for name, value in (asked.get("headers") or {}).items()]
    named = {name.lower() for name, _ in headers}
    for name, values in (asked.get("multiValueHeaders") or {}).items():
        headers += [(name, value) for value in values if name.lower() not in named]
    return HttpRequest(
        method=method,
        raw_path=f"/{_STAGE}/{target.lstrip('/')}",
        raw_query=query,
        headers=tuple(headers),
        body=(asked.get("body") or "").encode(),
        source_ip="test-invoke-source-ip",
        protocol="HTTP/1.1",
        received=time.time(),
        domain_name=domain_name(Address.API, api_id, region),
    )


def _document(exchange: Exchange, response: HttpResponse, seconds: float) -> dict[str, Any]:
    headers = [pair for pair in response.headers if pair[0].lower() not in ("x-amzn-requestid", "x-amz-apigw-id")]
    several: dict[str, list[str]] = {}
    for name, value in headers:
        several.setdefault(name, []).append(value)
    shown = HttpResponse(response.status, tuple(headers), response.body)
    return {
        "status": response.status,
        "body": response.body.decode("utf-8", "replace"),
        "headers": dict(headers),
        "multiValueHeaders": several,
        "log": execution_log.document(exchange, execution_log.lines(exchange, shown)),
        "latency": round(seconds * 1000),
    }


def _missing(message: str) -> tuple[int, dict[str, Any]]:
    return 404, {"message": message}
