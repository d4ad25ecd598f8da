"""How AWS says no: error code, HTTP status and wording differ by protocol and service.

Sources: botocore's service models (protocols), "Common errors" pages of the API references, S3 API Reference "Error
responses", and messages as AWS sends them.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

from .evaluation import Decision, Question

_QUERY_LIKE_JSON = frozenset(("sqs",))


@dataclass(frozen=True)
class Denial:
    """A refusal ready to be sent. ``body`` is empty where the method is HEAD."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused, before it is put into a protocol. ``codes``: in JSON, in the query protocol, in S3.

    ``status_s3`` because S3 answers some of them differently.
    """

    message: str
    json_code: str
    query_code: str
    s3_code: str
    s3_message: str | None = None
    s3_status: int = 403
    details: tuple[tuple[str, str], ...] = ()


UNKNOWN_KEY = Refusal(
    "The security token included in the request is invalid.",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "The AWS Access Key Id you provided does not exist in our records.",
)
WRONG_TOKEN = Refusal(
    "The security token included in the request is invalid.",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidToken",
    "The provided token is malformed or otherwise invalid.",
    400,
)
EXPIRED = Refusal(
    "The security token included in the request is expired",
    "ExpiredTokenException",
    "ExpiredToken",
    "ExpiredToken",
    "The provided token has expired.",
    400,
)
WRONG_SIGNATURE = Refusal(
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
    "signing method. Consult the service documentation for details.",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
)
BODY_CHANGED = Refusal(
    WRONG_SIGNATURE.message,
    WRONG_SIGNATURE.json_code,
    WRONG_SIGNATURE.query_code,
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    400,
)
NOT_DELETED = Refusal(
    "This local cloud deletes all keys of a call or none: call again with the keys that may be deleted.",
    "InternalError",
    "InternalError",
    "InternalError",
)


def skewed(message: str) -> Refusal:
    """The request's time is too far from now; ``message`` is the wording of all but S3."""
    return Refusal(
        message,
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    )


def url_expired(details: tuple[tuple[str, str], ...]) -> Refusal:
    """A presigned URL after its time."""
    return Refusal(
        "Signature expired",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "AccessDenied",
        "Request has expired",
        403,
        details,
    )


def not_allowed(service: str, caller_arn: str, question: Question, decision: Decision) -> Refusal:
    """AWS's sentence for a denied action. SQS writes actions in lower case, SNS its prefix in capitals, S3 puts the
    resource into quotes, AssumeRole gives no reason."""
    action, resource, reason = question.action, question.resource, decision.reason
    shown = action
    if service == "sqs":
        shown = action.lower()
    elif action.startswith("sns:"):
        shown = "SNS:" + action[4:]
    reason = reason.replace(action, shown)
    if service == "s3":
        resource = f'"{resource}"' if resource is not None else None
    if action == "sts:AssumeRole":
        reason = "with an explicit deny" if reason.startswith("with") else ""
    where = "" if resource is None else f" on resource: {resource}"
    message = f"User: {caller_arn} is not authorized to perform: {shown}{where} {reason}".rstrip()
    query_code = "AuthorizationError" if service == "sns" else "AccessDenied"
    return Refusal(message, "AccessDeniedException", query_code, "AccessDenied")


def answer(refusal: Refusal, protocol: str, service: str, method: str) -> Denial:
    """The refusal as a response of this protocol ("json", "query", "s3", "rest", "cbor")."""
    request_id = str(uuid.uuid4())
    if protocol == "s3":
        return _s3(refusal, method, request_id)
    if protocol == "query":
        return _query(refusal, request_id)
    headers = {"x-amzn-RequestId": request_id}
    code = refusal.json_code
    if protocol == "rest":
        headers |= {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        key = "Message" if service == "lambda" else "message"
        return Denial(403, headers, b"" if method == "HEAD" else json.dumps({key: refusal.message}).encode())
    if protocol == "cbor":
        headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Denial(400, headers, _cbor_map({"__type": code, "message": refusal.message}))
    if service in _QUERY_LIKE_JSON:
        # SQS moved from the query protocol to JSON; the header keeps the old codes for SDKs that know them.
        headers |= {"Content-Type": "application/x-amz-json-1.0", "x-amzn-query-error": f"{refusal.query_code};Sender"}
        body = {"__type": f"com.amazon.coral.service#{code}", "message": refusal.message}
        return Denial(403, headers, json.dumps(body).encode())
    headers["Content-Type"] = "application/x-amz-json-1.1"
    key = "message"
    if service == "dynamodb":
        headers["Content-Type"] = "application/x-amz-json-1.0"
        code = f"com.amazon.coral.service#{code}"
        key = "Message" if refusal.json_code == "AccessDeniedException" else "message"
    elif service in ("secretsmanager", "events") and refusal.json_code == "AccessDeniedException":
        key = "Message"
    return Denial(400, headers, json.dumps({"__type": code, key: refusal.message}).encode())


def _s3(refusal: Refusal, method: str, request_id: str) -> Denial:
    s3_request_id = request_id.replace("-", "")[:16].upper()
    headers = {"x-amz-request-id": s3_request_id, "x-amz-id-2": request_id, "Content-Type": "application/xml"}
    if method == "HEAD":
        return Denial(refusal.s3_status, headers, b"")
    details = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in refusal.details)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refusal.s3_code}</Code><Message>{escape(refusal.s3_message or refusal.message)}</Message>{details}"
        f"<RequestId>{s3_request_id}</RequestId><HostId>{request_id}</HostId></Error>"
    )
    return Denial(refusal.s3_status, headers, body.encode())


def _query(refusal: Refusal, request_id: str) -> Denial:
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{refusal.query_code}</Code>"
        f"<Message>{escape(refusal.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Denial(403, {"x-amzn-RequestId": request_id, "Content-Type": "text/xml"}, body.encode())


def _cbor_map(fields: dict[str, str]) -> bytes:
    """A CBOR map of text to text (RFC 8949): at most 23 pairs, texts under 64 KB."""
    encoded = bytes([0xA0 | len(fields)])
    for text in (text for pair in fields.items() for text in pair):
        raw = text.encode()
        encoded += bytes([0x60 | len(raw)]) if len(raw) < 24 else b"\x79" + len(raw).to_bytes(2, "big")
        encoded += raw
    return encoded


def deleted_objects(results: list[tuple[str, str | None, Refusal]]) -> Denial:
    """The answer of DeleteObjects when keys are refused: 200 with one error a key."""
    request_id = str(uuid.uuid4())
    errors = "".join(
        f"<Error><Key>{escape(key)}</Key>"
        + (f"<VersionId>{escape(version)}</VersionId>" if version else "")
        + f"<Code>{refusal.s3_code}</Code><Message>{escape(refusal.message)}</Message></Error>"
        for key, version, refusal in results
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{errors}</DeleteResult>'
    )
    headers = {"x-amz-request-id": request_id.replace("-", "")[:16].upper(), "Content-Type": "application/xml"}
    return Denial(200, headers, body.encode())
