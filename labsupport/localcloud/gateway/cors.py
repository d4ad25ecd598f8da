"""Cross-origin requests of browsers, answered from the configuration of an HTTP API or a function URL.

Sources: API Gateway Developer Guide, "Configure CORS for HTTP APIs in API Gateway"; Lambda Developer Guide, "Creating and
managing Lambda function URLs" (Cross-origin resource sharing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .http_message import Headers, HttpRequest

_PREFIX = "access-control-"


@dataclass(frozen=True)
class Cors:
    """A configuration. ``max_age`` is seconds, None when it was not set. ``echoes``: where every origin is allowed, the
    answer names the one that asked (function URLs) instead of ``*`` (HTTP APIs)."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None
    credentials: bool = False
    echoes: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any] | None, *, echoes: bool = False) -> Cors | None:
        """From ``Cors`` of a function URL or ``corsConfiguration`` of an API; None when there is none."""
        if not document:
            return None
        given = {name[:1].lower() + name[1:]: value for name, value in document.items()}
        return cls(
            origins=tuple(given.get("allowOrigins") or ()),
            methods=tuple(given.get("allowMethods") or ()),
            headers=tuple(given.get("allowHeaders") or ()),
            exposed=tuple(given.get("exposeHeaders") or ()),
            max_age=given.get("maxAge"),
            credentials=bool(given.get("allowCredentials")),
            echoes=echoes,
        )

    def preflight(self, request: HttpRequest) -> Headers:
        """Headers of the answer to a preflight request; none when its origin is not allowed."""
        origin = self._origin(request)
        if not origin:
            return ()
        return (
            *origin,
            *_list("Access-Control-Allow-Methods", self.methods),
            *_list("Access-Control-Allow-Headers", self.headers),
            *_list("Access-Control-Expose-Headers", self.exposed),
            *(() if self.max_age is None else (("Access-Control-Max-Age", str(self.max_age)),)),
        )

    def actual(self, request: HttpRequest) -> Headers:
        """Headers that every other answer to a cross-origin request has besides the function's."""
        origin = self._origin(request)
        return (*origin, *_list("Access-Control-Expose-Headers", self.exposed)) if origin else ()

    def _origin(self, request: HttpRequest) -> Headers:
        origin = request.header("Origin")
        if origin is None or not any(_matches(allowed, origin) for allowed in self.origins):
            return ()
        named = origin if self.echoes or "*" not in self.origins else "*"
        headers: Headers = (("Access-Control-Allow-Origin", named),)
        if named != "*":
            headers += (("Vary", "Origin"),)
        if self.credentials:
            headers += (("Access-Control-Allow-Credentials", "true"),)
        return headers


def is_preflight(request: HttpRequest) -> bool:
    """A browser asks before it sends the request itself. An OPTIONS request without these headers is one like others."""
    return (
        request.method == "OPTIONS"
        and request.header("Origin") is not None
        and request.header("Access-Control-Request-Method") is not None
    )


def without_cors(headers: Headers) -> Headers:
    """What is left of a function's headers where the API's configuration alone counts."""
    return tuple((name, value) for name, value in headers if not name.lower().startswith(_PREFIX))


def _matches(allowed: str, origin: str) -> bool:
    if allowed in ("*", "http://*", "https://*"):
        return origin.lower().startswith(allowed[:-1])
    return allowed.lower() == origin.lower()


def _list(name: str, values: tuple[str, ...]) -> Headers:
    return ((name, ",".join(values)),) if values else ()
