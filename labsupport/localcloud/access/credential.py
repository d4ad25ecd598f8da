"""What a request says about who sends it: the access key and how the request is signed.

Source: IAM User Guide, "AWS Signature Version 4 for API requests" (Authorization header and query parameters), and S3
API Reference, "Signing and authenticating REST requests" (the older version 2, which boto3 still uses for presigned
S3 URLs).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: AKIA: a user's long-term key; ASIA: a temporary one. Everything else (``testing``, ``test``) belongs to no principal.
_AWS_KEY = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}")
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,]*)/(?P<service>[^/,]+)/aws4_request"
    r",\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]+)"
)
_SCOPE = re.compile(r"(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]*)/(?P<service>[^/]+)/aws4_request")
_VERSION_2 = re.compile(r"AWS (?P<key>[^:\s]+):(?P<signature>\S+)")


@dataclass(frozen=True)
class Credential:
    """A signed request's credential. ``timestamp`` has the form ``20260101T000000Z``; ``expires`` is None for a header,
    seconds after ``timestamp`` in a presigned URL (version 4), or an epoch second (version 2)."""

    access_key: str
    region: str
    service: str
    timestamp: str
    signed_headers: tuple[str, ...]
    signature: str
    token: str | None
    version: int = 4
    presigned: bool = False
    expires: int | None = None


def is_aws_key(access_key: str) -> bool:
    """Shaped like a key that AWS made, and not one of the documentation's (they end in EXAMPLE)."""
    return _AWS_KEY.fullmatch(access_key) is not None and not access_key.endswith("EXAMPLE")


def may_be_aws_key(raw_path: str, headers: Mapping[str, str]) -> bool:
    """A quick look that lets nearly all of the learner's own calls through without any work."""
    authorization = headers.get("Authorization")
    if authorization is not None:
        return "AKIA" in authorization or "ASIA" in authorization
    return "AKIA" in raw_path or "ASIA" in raw_path


def credential_of(query: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> Credential | None:
    """The request's credential; None when it is not signed, or in a way AWS does not know."""
    authorization = headers.get("Authorization", "")
    token = headers.get("X-Amz-Security-Token")
    match = _HEADER.match(authorization)
    if match:
        return Credential(
            access_key=match["key"],
            region=match["region"],
            service=match["service"],
            timestamp=headers.get("X-Amz-Date", ""),
            signed_headers=tuple(match["headers"].lower().split(";")),
            signature=match["signature"],
            token=token,
        )
    match = _VERSION_2.match(authorization)
    if match:
        return _version_2(match["key"], match["signature"], token, None)
    parameters = dict(query)
    match = _SCOPE.fullmatch(parameters.get("X-Amz-Credential", ""))
    if match:
        return Credential(
            access_key=match["key"],
            region=match["region"],
            service=match["service"],
            timestamp=parameters.get("X-Amz-Date", ""),
            signed_headers=tuple(parameters.get("X-Amz-SignedHeaders", "host").lower().split(";")),
            signature=parameters.get("X-Amz-Signature", ""),
            token=parameters.get("X-Amz-Security-Token", token),
            presigned=True,
            expires=_number(parameters.get("X-Amz-Expires")),
        )
    if "AWSAccessKeyId" in parameters and "Signature" in parameters:
        return _version_2(
            parameters["AWSAccessKeyId"],
            parameters["Signature"],
            parameters.get("x-amz-security-token", token),
            _number(parameters.get("Expires")),
        )
    return None


def _version_2(key: str, signature: str, token: str | None, expires: int | None) -> Credential:
    return Credential(key, "us-east-1", "s3", "", (), signature, token, 2, expires is not None, expires)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
