"""A request as AWS reads it: which service, which operation, with which parameters.

JSON services name their operation in ``X-Amz-Target``, query services in ``Action``, CBOR services in the path; for the
others botocore's service model has the paths. S3 is read by ``questions.s3``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from .credential import Credential

#: Services whose name in a signature is not the name of their model in botocore.
_MODELS = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "aoss": ("opensearchserverless",),
    "elasticfilesystem": ("efs",),
    "email": ("sesv2",),
    "es": ("opensearch", "es"),
    "kafka": ("kafka",),
    "mobiletargeting": ("pinpoint",),
}
_CBOR_PATH = re.compile(r"/service/[^/]+/operation/(\w+)$")


@dataclass(frozen=True)
class AwsRequest:
    """One signed request. ``path`` is as sent, ``query`` decoded in order. ``operation`` is "" when it is not known.

    ``parameters`` holds what the questions need: the JSON body, the query protocol's fields, or path and query.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    credential: Credential
    protocol: str = ""
    operation: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> str:
        return self.credential.service

    @property
    def region(self) -> str:
        return self.credential.region


def split(raw_path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Path as sent, and the decoded query. A ``+`` in a query is a plus, as in AWS's canonical request."""
    path, _, query = raw_path.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return path, tuple((unquote(key), unquote(value)) for key, _, value in pairs)


def read(
    method: str,
    path: str,
    query: tuple[tuple[str, str], ...],
    headers: Mapping[str, str],
    body: bytes,
    credential: Credential,
) -> AwsRequest:
    """Find out operation and parameters. A body that cannot be read leaves the parameters empty: the service itself
    then answers with its own complaint, once the caller may call it at all."""

    def request(protocol: str, operation: str, parameters: dict[str, Any]) -> AwsRequest:
        return AwsRequest(method, path, query, headers, body, credential, protocol, operation, parameters)

    if credential.service in ("s3", "s3express", "s3-object-lambda"):
        return request("s3", "", {})
    target = headers.get("X-Amz-Target")
    if target:
        return request("json", target.rpartition(".")[2], _json(body))
    cbor = _CBOR_PATH.search(path)
    if cbor and headers.get("smithy-protocol") == "rpc-v2-cbor":
        return request("cbor", cbor[1], {})
    fields = dict(query)
    if method == "POST" and headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        fields |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    if "Action" in fields:
        return request("query", fields["Action"], fields)
    for route in routes(credential.service):
        match = route.pattern.fullmatch(path) if route.method == method else None
        if match and all(fields.get(key) == value for key, value in route.query):
            labels = {name: unquote(match[number + 1]) for number, name in enumerate(route.labels)}
            return request("rest", route.operation, {**_json(body), **fields, **labels})
    return request("rest", "", fields)


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


@dataclass(frozen=True)
class Route:
    """How one operation of a REST service is addressed. ``labels`` name the groups of ``pattern``."""

    method: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    operation: str


_routes: dict[str, tuple[Route, ...]] = {}


async def prepare(service: str) -> None:
    """Read a service's routes beside the event loop: the first time it takes a moment."""
    if service not in _routes:
        await asyncio.to_thread(routes, service)


def routes(service: str) -> tuple[Route, ...]:
    """The routes of a REST service from botocore's model, the most exact first; none when there is no such model.

    Only the routes are kept: a whole model takes megabytes.
    """
    if service not in _routes:
        _routes[service] = _read_routes(service)
    return _routes[service]


def _read_routes(service: str) -> tuple[Route, ...]:
    from botocore.exceptions import DataNotFoundError, UnknownServiceError
    from botocore.loaders import Loader

    found: list[Route] = []
    for model in _MODELS.get(service, (service,)):
        try:
            operations = Loader().load_service_model(model, "service-2")["operations"]
        except (UnknownServiceError, DataNotFoundError):
            continue
        found += [_route(name, operation["http"]) for name, operation in operations.items()]
    return tuple(sorted(found, key=lambda route: (-len(route.query), len(route.labels))))


def _route(operation: str, http: dict[str, str]) -> Route:
    path, _, query = http["requestUri"].partition("?")
    labels: list[str] = []
    pattern = ""
    for piece in re.split(r"(\{[^}]+\})", path.rstrip("/")):
        if piece.startswith("{"):
            labels.append(piece.strip("{+}"))
            pattern += "(.+)" if piece.endswith("+}") else "([^/]+)"
        else:
            pattern += re.escape(piece)
    pairs = tuple((key, value) for key, _, value in (part.partition("=") for part in query.split("&") if part))
    return Route(http.get("method", "POST"), re.compile(pattern + "/?"), tuple(labels), pairs, operation)
