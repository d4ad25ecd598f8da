"""S3 uploads whose chunks are each signed (``STREAMING-AWS4-HMAC-SHA256-PAYLOAD``, with or without a trailer).

Source: S3 API Reference, "Signature calculations for the Authorization header: transferring payload in multiple chunks"
and "... including trailing headers". botocore signs such uploads only with its C extension, so this is our own.
"""

from __future__ import annotations

import hashlib
import hmac

from .request import AwsRequest

_NOTHING = hashlib.sha256(b"").hexdigest()


def are_signed(request: AwsRequest, secret_key: str) -> bool:
    """True when the signatures of all chunks (and of the trailer, if there is one) follow from the first."""
    credential = request.credential
    day = credential.timestamp[:8]
    key = b"AWS4" + secret_key.encode()
    for part in (day, credential.region, credential.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    scope = f"{day}/{credential.region}/{credential.service}/aws4_request"
    previous = credential.signature

    def signature(kind: str, *hashes: str) -> str:
        text = "\n".join((kind, credential.timestamp, scope, previous, *hashes))
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    body = memoryview(request.body)
    position = 0
    while True:
        end = request.body.find(b"\r\n", position)
        if end == -1:
            return False
        size_text, _, given = request.body[position:end].partition(b";chunk-signature=")
        try:
            size = int(size_text, 16)
        except ValueError:
            return False
        start = end + 2
        chunk = body[start : start + size]
        expected = signature("AWS4-HMAC-SHA256-PAYLOAD", _NOTHING, hashlib.sha256(chunk).hexdigest())
        if len(chunk) != size or not hmac.compare_digest(expected.encode(), given.strip()):
            return False
        previous = expected
        if size == 0:
            break
        position = start + size + 2
    if not request.headers.get("x-amz-content-sha256", "").endswith("-TRAILER"):
        return True
    lines = [line for line in request.body[start:].split(b"\r\n") if line]
    if not lines or not lines[-1].startswith(b"x-amz-trailer-signature:"):
        return False
    trailer = b"".join(line + b"\n" for line in lines[:-1])
    expected = signature("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(trailer).hexdigest())
    return hmac.compare_digest(expected.encode(), lines[-1].partition(b":")[2].strip())
