"""S3 form uploads (``generate_presigned_post``): the credential and the signature stand in the form's fields.

Source: S3 API Reference, "Browser-based uploads using POST" (versions 4 and 2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from .credential import Credential
from .denial import WRONG_SIGNATURE, WRONG_TOKEN, Refusal
from .signature import Secret

_NAME = re.compile(rb'name="([^"]*)"', re.IGNORECASE)
_FILE_NAME = re.compile(rb'filename="([^"]*)"', re.IGNORECASE)
_SCOPE = re.compile(r"(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]*)/s3/aws4_request")
_POLICY_EXPIRED = Refusal(
    "Invalid according to Policy: Policy expired.", "AccessDenied", "AccessDenied", "AccessDenied"
)


def is_form(method: str, headers: Mapping[str, str]) -> bool:
    return method == "POST" and headers.get("Content-Type", "").lower().startswith("multipart/form-data")


def fields_of(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The fields before the file, names in lower case; ``key`` with ``${filename}`` filled in."""
    boundary = re.search(r'boundary="?([^";]+)"?', headers.get("Content-Type", ""))
    fields: dict[str, str] = {}
    for part in body.split(b"--" + boundary[1].encode())[1:] if boundary else ():
        head, _, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is None:
            continue
        field = name[1].decode(errors="replace").lower()
        if field == "file":
            file_name = _FILE_NAME.search(head)
            if "key" in fields:
                text = file_name[1].decode(errors="replace") if file_name else ""
                fields["key"] = fields["key"].replace("${filename}", text)
            break
        fields[field] = value.removesuffix(b"\r\n").decode(errors="replace")
    return fields


def credential_of_form(fields: Mapping[str, str]) -> Credential | None:
    """The credential of a signed form; None for an anonymous one."""
    token = fields.get("x-amz-security-token")
    match = _SCOPE.fullmatch(fields.get("x-amz-credential", ""))
    if match:
        signature = fields.get("x-amz-signature", "")
        return Credential(match["key"], match["region"], "s3", fields.get("x-amz-date", ""), (), signature, token)
    if "awsaccesskeyid" in fields:
        return Credential(
            fields["awsaccesskeyid"], "us-east-1", "s3", "", (), fields.get("signature", ""), token, version=2
        )
    return None


def check_form(credential: Credential, fields: Mapping[str, str], secret: Secret, now: datetime) -> Refusal | None:
    """None when token, signature of the policy and its time are right."""
    if (credential.token or None) != secret.token:
        return WRONG_TOKEN
    policy = fields.get("policy", "")
    if credential.version == 2:
        digest = hmac.digest(secret.secret_key.encode(), policy.encode(), "sha1")
        expected = base64.b64encode(digest).decode()
    else:
        key = b"AWS4" + secret.secret_key.encode()
        for part in (fields.get("x-amz-credential", "").split("/") + [""] * 5)[1:5]:
            key = hmac.digest(key, part.encode(), "sha256")
        expected = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), credential.signature.encode()):
        return WRONG_SIGNATURE
    try:
        expiration = datetime.fromisoformat(json.loads(base64.b64decode(policy))["expiration"])
    except (ValueError, KeyError, TypeError):
        return WRONG_SIGNATURE
    if now > (expiration if expiration.tzinfo else expiration.replace(tzinfo=UTC)):
        return _POLICY_EXPIRED
    return None
