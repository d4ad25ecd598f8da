"""AWS_IAM authorization of a REST API: the signature of a request, and what it says when there is none or a wrong one.

Sources: API Gateway Developer Guide, "Control access to a REST API with IAM permissions" and "Gateway response types for API
Gateway"; the words are those of answers seen from API Gateway.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from ...access import Access
from ...access.api_callers import ApiCaller, identify
from ...access.denial import Refusal
from ..http_message import HttpRequest
from .errors import GatewayError

SERVICE = "execute-api"
_ALGORITHM = "AWS4-HMAC-SHA256"
_PARTS = ("Credential", "Signature", "SignedHeaders")
_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
#: The type of gateway response for each error of a signature; the others have none of their own.
_TYPES = {
    "InvalidSignatureException": "INVALID_SIGNATURE",
    "ExpiredTokenException": "EXPIRED_TOKEN",
    "MissingAuthenticationTokenException": "MISSING_AUTHENTICATION_TOKEN",
}


async def signer(access: Access, request: HttpRequest) -> ApiCaller:
    """Who signed the request. Raises GatewayError when nobody did, or wrongly."""
    found = await identify(access, request.method, request.sent_target, request.sent_headers(), request.body, SERVICE)
    if isinstance(found, ApiCaller):
        return found
    raise _error(found.json_code, found.message) if isinstance(found, Refusal) else not_signed(request)


def not_signed(request: HttpRequest) -> GatewayError:
    """What API Gateway says to a request without a signature, and to every request to a path that no resource has:
    it takes the Authorization header for a signature."""
    authorization = request.header("Authorization")
    if authorization is None:
        return _error("MissingAuthenticationTokenException", None)
    code = "IncompleteSignatureException"
    fields = authorization.strip().removeprefix(_ALGORITHM).strip()
    if not authorization.strip():
        return _error("MissingAuthenticationTokenException", None)
    if "=" not in fields:
        return _error(
            code,
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with "
            f"Base64): '{_hashed(authorization)}'.",
        )
    missing = [f"Authorization header requires '{part}' parameter." for part in _PARTS if f"{part}=" not in fields]
    if request.header("X-Amz-Date") is None and request.header("Date") is None:
        missing.append(_DATE)
    if not missing:
        return _error("MissingAuthenticationTokenException", None)
    return _error(
        code,
        f"{' '.join(missing)} (Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(authorization)}",
    )


def _hashed(text: str) -> str:
    """API Gateway does not repeat what might be a secret."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()).decode()


def _error(code: str, message: str | None) -> GatewayError:
    return GatewayError(_TYPES.get(code, "DEFAULT_4XX"), message, status=403, error_type=code)


def identity_of(caller: ApiCaller) -> dict[str, Any]:
    """What a signature adds to ``requestContext.identity``."""
    return {
        "accountId": caller.account,
        "caller": caller.user_id,
        "user": caller.user_id,
        "userArn": caller.arn,
        "accessKey": caller.access_key,
    }
