"""Is the request signed with the secret of its access key? The expected signature is computed by botocore's signer.

Sources: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating requests: using query
parameters" and "Signature calculations for the Authorization header: transferring payload in multiple chunks".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from . import chunks
from .credential import Credential
from .denial import BODY_CHANGED, WRONG_SIGNATURE, WRONG_TOKEN, Refusal, skewed, url_expired
from .request import AwsRequest

#: "Elements of an AWS API request signature": 5 minutes for most services, 15 for S3 and STS-like query services.
_SKEW_MINUTES = {"s3": 15, "sts": 15, "iam": 15, "sns": 15}
_USUAL_SKEW_MINUTES = 5
_FORMAT = "%Y%m%dT%H%M%SZ"
_LONGEST_URL_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Secret:
    """What only the owner of an access key knows."""

    access_key: str
    secret_key: str
    token: str | None


def check(request: AwsRequest, raw_query: str, secret: Secret, now: datetime) -> Refusal | None:
    """None when token, time, signature and body are right. ``raw_query`` is the query as sent."""
    credential = request.credential
    if (credential.token or None) != secret.token:
        return WRONG_TOKEN
    if credential.version == 2:
        return _check_version_2(request, raw_query, secret, now)
    refusal = _check_time(credential, now)
    if refusal:
        return refusal
    if not hmac.compare_digest(_expected(request, secret), credential.signature):
        return WRONG_SIGNATURE
    return _check_body(request, secret)


def _check_time(credential: Credential, now: datetime) -> Refusal | None:
    try:
        signed = datetime.strptime(credential.timestamp, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return WRONG_SIGNATURE
    if credential.presigned:
        end = signed + timedelta(seconds=min(credential.expires or 0, _LONGEST_URL_SECONDS))
        if now > end:
            return url_expired(
                (
                    ("X-Amz-Expires", str(credential.expires)),
                    ("Expires", end.strftime("%Y-%m-%dT%H:%M:%SZ")),
                    ("ServerTime", now.strftime("%Y-%m-%dT%H:%M:%SZ")),
                )
            )
    minutes = _SKEW_MINUTES.get(credential.service, _USUAL_SKEW_MINUTES)
    skew = timedelta(minutes=minutes)
    if signed < now - skew and not credential.presigned:
        return skewed(
            f"Signature expired: {credential.timestamp} is now earlier than {(now - skew).strftime(_FORMAT)} "
            f"({now.strftime(_FORMAT)} - {minutes} min.)"
        )
    if signed > now + skew:
        return skewed(
            f"Signature not yet current: {credential.timestamp} is still later than {(now + skew).strftime(_FORMAT)} "
            f"({now.strftime(_FORMAT)} + {minutes} min.)"
        )
    return None


def _expected(request: AwsRequest, secret: Secret) -> str:
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credential = request.credential
    signer = _signer(credential, Credentials(secret.access_key, secret.secret_key, secret.token))
    headers: dict[str, str] = {}
    for name in credential.signed_headers:
        values = _all(request.headers, name)
        if not values:
            return ""
        headers[name] = ",".join(values)
    if credential.presigned and credential.service == "s3":
        headers.setdefault("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")
    elif not credential.presigned and "x-amz-content-sha256" in request.headers:
        headers.setdefault("x-amz-content-sha256", request.headers["x-amz-content-sha256"])
    query = [(key, value) for key, value in request.query if key != "X-Amz-Signature"]
    original = AWSRequest(
        method=request.method,
        url="http://" + request.headers.get("Host", "") + request.path,
        headers=headers,
        data=request.body,
        params=query,
    )
    original.context["timestamp"] = credential.timestamp
    signature: str = signer.signature(signer.string_to_sign(original, signer.canonical_request(original)), original)
    return signature


def _all(headers: Mapping[str, str], name: str) -> list[str]:
    getall = getattr(headers, "getall", None)
    if getall is not None:
        return list(getall(name, ()))
    return [value for key, value in headers.items() if key.lower() == name]


def _signer(credential: Credential, credentials: Any) -> Any:
    """botocore's signer, told to sign exactly the headers the sender signed."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.compat import HTTPHeaders

    base: Any = S3SigV4Auth if credential.service == "s3" else SigV4Auth

    class Signer(base):
        def headers_to_sign(self, request: Any) -> Any:
            chosen = HTTPHeaders()
            for name in credential.signed_headers:
                chosen[name] = request.headers[name]
            return chosen

    return Signer(credentials, credential.service, credential.region)


def _check_body(request: AwsRequest, secret: Secret) -> Refusal | None:
    """The signature covers a hash of the body where the sender gave one; this is where the hash meets the body."""
    declared = request.headers.get("x-amz-content-sha256")
    if declared is None or request.credential.presigned or declared == "UNSIGNED-PAYLOAD":
        return None
    if declared.startswith("STREAMING-"):
        signed = declared.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
        return None if not signed or chunks.are_signed(request, secret.secret_key) else WRONG_SIGNATURE
    return None if hashlib.sha256(request.body).hexdigest() == declared.lower() else BODY_CHANGED


def _check_version_2(request: AwsRequest, raw_query: str, secret: Secret, now: datetime) -> Refusal | None:
    """boto3's usual presigned S3 URL: ``AWSAccessKeyId``, ``Signature``, ``Expires``."""
    from botocore.auth import HmacV1Auth
    from botocore.compat import HTTPHeaders
    from botocore.credentials import Credentials

    credential = request.credential
    date = request.headers.get("Date", "")
    if credential.presigned:
        date = str(credential.expires or 0)
        end = datetime.fromtimestamp(credential.expires or 0, UTC)
        if now > end:
            return url_expired(
                (
                    ("Expires", end.strftime("%Y-%m-%dT%H:%M:%SZ")),
                    ("ServerTime", now.strftime("%Y-%m-%dT%H:%M:%SZ")),
                )
            )

    class Signer(HmacV1Auth):
        def _get_date(self) -> str:
            return date

    # In a URL the security token stands in the query and is signed as if it were a header.
    headers = HTTPHeaders()
    for name, value in request.headers.items():
        if name.lower() in ("content-md5", "content-type") or name.lower().startswith("x-amz-"):
            headers[name] = value
    path = request.path
    host = request.headers.get("Host", "")
    if ".s3" in host:
        path = "/" + host.partition(".s3")[0] + path
    signer = Signer(Credentials(secret.access_key, secret.secret_key, secret.token))
    split = urlsplit("http://x" + quote(path, safe="/%~-_.!*'()&$@=;:+,") + ("?" + raw_query if raw_query else ""))
    expected: str = signer.get_signature(request.method, split, headers, auth_path=path)
    return None if hmac.compare_digest(expected, credential.signature) else WRONG_SIGNATURE
