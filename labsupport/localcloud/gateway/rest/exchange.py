"""One request to a REST API on its way through the gateway."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..http_message import HttpRequest, new_trace_root
from .api import Integration, Method, Resource, RestApi, Stage


def _uuid() -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _extended_id() -> str:
    return base64.b64encode(random.randbytes(11)).decode()


@dataclass
class Exchange:
    """What the steps of the gateway find out and leave for each other: routing sets ``resource``, ``method`` and
    ``path_parameters``; authorizers set ``authorizer`` and keys and signatures add to ``identity``."""

    api: RestApi
    stage: Stage
    request: HttpRequest
    resource: Resource
    method: Method
    #: Undecoded, as AWS passes them on.
    path_parameters: Mapping[str, str]
    #: The path after the stage, undecoded.
    path: str
    request_id: str = field(default_factory=_uuid)
    extended_request_id: str = field(default_factory=_extended_id)
    trace: str = field(default_factory=new_trace_root)
    #: ``requestContext.identity``: what is known beyond the address and the user agent (``apiKey``, ``userArn`` …).
    identity: dict[str, Any] = field(default_factory=dict)
    #: ``requestContext.authorizer``; None when the method has none.
    authorizer: dict[str, Any] | None = None
    #: The API key that a Lambda authorizer named (``usageIdentifierKey``).
    usage_key: str | None = None
    #: What ``$context`` has beyond ``requestContext``: ``error``, ``authorizer`` …
    context: dict[str, Any] = field(default_factory=dict)
    #: What the function was sent and its name, for the tape.
    event: dict[str, Any] | None = None
    function: str = ""
    #: Bytes that went to the integration and came back, for the execution log.
    sent: bytes = b""
    received: bytes | None = None
    #: Lines of the execution log.
    log: list[str] = field(default_factory=list)
    #: Seconds that the integration took; None when none was called.
    integration_latency: float | None = None
    integration_status: int | None = None
    function_request_id: str | None = None

    @property
    def integration(self) -> Integration | None:
        return self.method.integration

    @property
    def method_arn(self) -> str:
        """``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/GET/orders/42``, as authorizers and policies see it."""
        return self._arn(self.path.lstrip("/"))

    @property
    def source_arn(self) -> str:
        """For whom a function is invoked: as ``method_arn``, but variables of the resource's path are ``*``."""
        parts = ["*" if part.startswith("{") else part for part in self.resource.path.lstrip("/").split("/")]
        return self._arn("/".join(parts))

    def _arn(self, path: str) -> str:
        place = f"arn:aws:execute-api:{self.api.region}:{self.api.account}:{self.api.identifier}"
        return f"{place}/{self.stage.name}/{self.request.method}/{path}"
