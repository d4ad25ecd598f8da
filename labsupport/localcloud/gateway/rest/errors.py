"""Answers of a REST API that come from API Gateway itself: gateway responses, AWS's own or those the API has put.

Source: API Gateway Developer Guide, "Gateway response types for API Gateway" and "Gateway responses in API Gateway".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GatewayResponseType:
    """AWS's default of one type: ``message`` None means that the one who raises it says it."""

    name: str
    status: int
    message: str | None
    error_type: str


def _types(*rows: tuple[str, int, str | None, str]) -> dict[str, GatewayResponseType]:
    return {name: GatewayResponseType(name, status, message, error) for name, status, message, error in rows}


TYPES = _types(
    ("ACCESS_DENIED", 403, "User is not authorized to access this resource", "AccessDeniedException"),
    ("API_CONFIGURATION_ERROR", 500, "Internal server error", "InternalServerErrorException"),
    ("AUTHORIZER_CONFIGURATION_ERROR", 500, None, "AuthorizerConfigurationException"),
    ("AUTHORIZER_FAILURE", 500, None, "AuthorizerConfigurationException"),
    ("BAD_REQUEST_BODY", 400, "Invalid request body", "BadRequestException"),
    ("BAD_REQUEST_PARAMETERS", 400, None, "BadRequestException"),
    ("EXPIRED_TOKEN", 403, "The security token included in the request is expired", "ExpiredTokenException"),
    ("INTEGRATION_FAILURE", 504, "Network error communicating with endpoint", "InternalServerErrorException"),
    ("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "InternalServerErrorException"),
    ("INVALID_API_KEY", 403, "Forbidden", "ForbiddenException"),
    ("INVALID_SIGNATURE", 403, None, "InvalidSignatureException"),
    (
        "MISSING_AUTHENTICATION_TOKEN",
        403,
        "Missing Authentication Token",
        "MissingAuthenticationTokenException",
    ),
    ("QUOTA_EXCEEDED", 429, "Limit Exceeded", "LimitExceededException"),
    ("REQUEST_TOO_LARGE", 413, "Request Too Long", "RequestTooLargeException"),
    ("RESOURCE_NOT_FOUND", 404, "Not Found", "NotFoundException"),
    ("THROTTLED", 429, "Too Many Requests", "TooManyRequestsException"),
    ("UNAUTHORIZED", 401, "Unauthorized", "UnauthorizedException"),
    ("UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported Media Type", "BadRequestException"),
    ("WAF_FILTERED", 403, "Forbidden", "ForbiddenException"),
    # What has no type of its own, such as a function's answer that is not what a proxy integration wants: 502.
    ("DEFAULT_4XX", 400, None, "BadRequestException"),
    ("DEFAULT_5XX", 502, "Internal server error", "InternalServerErrorException"),
)


class GatewayError(Exception):
    """Ends a request with a gateway response. ``log`` is what the execution log of API Gateway says about it;
    ``status`` and ``error_type`` only where they are not the type's own; ``key`` is "Message" in some."""

    def __init__(
        self,
        kind: str,
        message: str | None = None,
        *,
        log: str = "",
        status: int | None = None,
        error_type: str | None = None,
        key: str = "message",
        context: dict[str, Any] | None = None,
    ) -> None:
        self.type = TYPES[kind]
        self.message = message if message is not None else self.type.message
        self.status = status or self.type.status
        self.error_type = error_type or self.type.error_type
        self.log = log
        self.key = key
        #: What ``$context`` has besides: ``authorizer``, ``validationErrorString``.
        self.context = context or {}
        super().__init__(f"{kind}: {self.message}. {log}")


def error_body(key: str, message: str | None) -> bytes:
    """AWS writes no spaces here: ``{"message":"Forbidden"}``."""
    return json.dumps({key: message}, separators=(",", ":"), ensure_ascii=False).encode()
