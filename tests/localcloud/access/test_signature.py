"""A signature of boto3's own signer is accepted; any change to what it covers is not."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from multidict import CIMultiDict

from labsupport.localcloud.access.credential import credential_of, is_aws_key, may_be_aws_key
from labsupport.localcloud.access.request import read, split
from labsupport.localcloud.access.signature import Secret, check

KEY, SECRET, TOKEN = "ASIAQWERTYUIOPASDFGH", "secret/key+1", "token=="
OWNER = Secret(KEY, SECRET, TOKEN)
ENDPOINT = "http://127.0.0.1:8000"


def arrives(method, url, headers, body=b""):
    """The request as the front door sees it."""
    parts = urlsplit(url)
    raw_path = parts.path + (f"?{parts.query}" if parts.query else "")
    seen = CIMultiDict({"Host": parts.netloc} | {name: str(value) for name, value in headers.items()})
    path, query = split(raw_path)
    credential = credential_of(query, seen)
    assert credential is not None
    return read(method, path, query, seen, body, credential), parts.query


def signed(service="dynamodb", url=ENDPOINT + "/", body=b"{}", method="POST", headers=None, signer=None):
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {"X-Amz-Target": "T.PutItem"})
    (signer or SigV4Auth)(Credentials(KEY, SECRET, TOKEN), service, "us-east-1").add_auth(request)
    return request


def refusal_of(request, body=None, method="POST", secret=OWNER, now=None, url=None, **changed):
    headers = dict(request.headers.items()) | {name.replace("_", "-"): value for name, value in changed.items()}
    arrived, query = arrives(method, url or request.url, headers, request.data if body is None else body)
    found = check(arrived, query, secret, now or datetime.now(UTC))
    return found and (found.json_code, found.message)


WRONG = (
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
    "signing method. Consult the service documentation for details.",
)


def test_a_right_signature_is_accepted():
    assert refusal_of(signed()) is None
    assert (
        refusal_of(signed(url=ENDPOINT + "/a%20b/c?x=1&y=%2F%20&a&x=0", method="GET", body=b""), method="GET") is None
    )


def test_another_secret_body_header_path_or_method_is_not():
    assert refusal_of(signed(), secret=Secret(KEY, "other", TOKEN)) == WRONG
    assert refusal_of(signed(), body=b"{ }") == WRONG
    assert refusal_of(signed(), X_Amz_Target="T.DeleteItem") == WRONG
    assert refusal_of(signed(), url=ENDPOINT + "/x") == WRONG
    assert refusal_of(signed(), method="PUT") == WRONG
    assert refusal_of(signed(), Host="127.0.0.1:9000") == WRONG


def test_a_header_that_is_not_signed_may_change():
    assert refusal_of(signed(), X_Amzn_Trace_Id="Root=1", User_Agent="x") is None


def test_the_session_token_must_be_the_one_of_the_key():
    invalid = ("UnrecognizedClientException", "The security token included in the request is invalid.")
    assert refusal_of(signed(), secret=Secret(KEY, SECRET, "another")) == invalid
    assert refusal_of(signed(), secret=Secret(KEY, SECRET, None)) == invalid


def test_a_clock_that_is_wrong_is_told_by_how_much():
    request = signed()
    stamp = request.headers["X-Amz-Date"]
    now = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert refusal_of(request, now=now + timedelta(minutes=4)) is None
    late = now + timedelta(minutes=6)
    assert refusal_of(request, now=late) == (
        "InvalidSignatureException",
        f"Signature expired: {stamp} is now earlier than {late - timedelta(minutes=5):%Y%m%dT%H%M%SZ} "
        f"({late:%Y%m%dT%H%M%SZ} - 5 min.)",
    )
    early = now - timedelta(minutes=6)
    assert refusal_of(request, now=early) == (
        "InvalidSignatureException",
        f"Signature not yet current: {stamp} is still later than {early + timedelta(minutes=5):%Y%m%dT%H%M%SZ} "
        f"({early:%Y%m%dT%H%M%SZ} + 5 min.)",
    )


def s3_request(key="/photos/a%20b/%C3%9F.txt", body=b"hello", headers=None):
    return signed("s3", ENDPOINT + key, body, "PUT", headers or {"x-amz-meta-a": "1  2"}, S3SigV4Auth)


def test_s3_keys_are_not_normalised():
    for key in ("/b/plain", "/b/a%20b", "/b//x", "/b/dir/../x", "/b/%E6%97%A5", "/b/a+b", "/b/q%3Fx"):
        assert refusal_of(s3_request(key), method="PUT") is None, key


def test_s3_with_another_body_than_the_hash_it_signed():
    request = s3_request()
    arrived, query = arrives("PUT", request.url, dict(request.headers.items()), b"hullo")
    found = check(arrived, query, OWNER, datetime.now(UTC))
    assert (found.s3_code, found.s3_status) == ("XAmzContentSHA256Mismatch", 400)


def test_s3_with_an_unsigned_payload():
    class Unsigned(S3SigV4Auth):
        def payload(self, request):
            return "UNSIGNED-PAYLOAD"

    request = signed("s3", ENDPOINT + "/b/k", b"hello", "PUT", {"x-amz-meta-a": "1"}, Unsigned)
    assert refusal_of(request, body=b"anything", method="PUT") is None


def client(version):
    return boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=TOKEN,
        config=Config(signature_version=version),
    )


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("key", ["plain.txt", "a b/ß+1.txt", "a//b"])
def test_presigned_urls_of_both_versions(version, key):
    url = client(version).generate_presigned_url("get_object", {"Bucket": "photos", "Key": key}, ExpiresIn=60)
    request = AWSRequest(method="GET", url=url)
    now = datetime.now(UTC)
    assert refusal_of(request, method="GET", body=b"") is None
    assert refusal_of(request, method="GET", body=b"", url=url.replace("photos", "fotos")) == WRONG
    arrived, query = arrives("GET", url, {})
    found = check(arrived, query, OWNER, now + timedelta(seconds=70))
    assert (found.s3_code, found.s3_message, found.s3_status) == ("AccessDenied", "Request has expired", 403)
    assert "ServerTime" in dict(found.details)


def test_a_presigned_upload_signs_its_content_type():
    url = client("s3").generate_presigned_url(
        "put_object", {"Bucket": "photos", "Key": "k", "ContentType": "image/png"}, ExpiresIn=60
    )
    request = AWSRequest(method="PUT", url=url)
    assert refusal_of(request, method="PUT", body=b"x", Content_Type="image/png") is None
    assert refusal_of(request, method="PUT", body=b"x", Content_Type="text/plain") == WRONG


def chunked(trailer=False, tamper=b""):
    """An upload in two signed chunks, as S3's documentation describes it, made here step by step."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")

    class Streaming(S3SigV4Auth):
        def payload(self, request):
            return kind

    request = AWSRequest(method="PUT", url=ENDPOINT + "/b/k", data=b"", headers={"content-encoding": "aws-chunked"})
    auth = Streaming(Credentials(KEY, SECRET, TOKEN), "s3", "us-east-1")
    auth.add_auth(request)
    stamp = request.context["timestamp"]
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    key = ("AWS4" + SECRET).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    previous = request.headers["Authorization"].rpartition("=")[2]
    empty = hashlib.sha256(b"").hexdigest()
    body = b""
    for chunk in (b"first", b"second", b""):
        text = "\n".join(("AWS4-HMAC-SHA256-PAYLOAD", stamp, scope, previous, empty, hashlib.sha256(chunk).hexdigest()))
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode()
        body += chunk + (b"\r\n" if chunk or not trailer else b"")
    if trailer:
        line = b"x-amz-checksum-crc32:AAAAAA=="
        text = "\n".join(("AWS4-HMAC-SHA256-TRAILER", stamp, scope, previous, hashlib.sha256(line + b"\n").hexdigest()))
        last = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        body += line + b"\r\nx-amz-trailer-signature:" + last.encode() + b"\r\n\r\n"
    return request, body.replace(b"second", tamper) if tamper else body


@pytest.mark.parametrize("trailer", [False, True])
def test_chunks_are_signed_one_after_the_other(trailer):
    request, body = chunked(trailer)
    assert refusal_of(request, method="PUT", body=body) is None
    request, body = chunked(trailer, tamper=b"sekond")
    assert refusal_of(request, method="PUT", body=body) == WRONG
    request, body = chunked(trailer)
    assert refusal_of(request, method="PUT", body=body[:20]) == WRONG


def test_a_trailer_with_another_checksum_is_refused():
    request, body = chunked(trailer=True)
    assert refusal_of(request, method="PUT", body=body.replace(b"AAAAAA", b"AAAAAB")) == WRONG


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("AKIAQWERTYUIOPASDFGH", True),
        ("ASIAQWERTYUIOPASDFGH", True),
        ("AKIAIOSFODNN7EXAMPLE", False),
        ("testing", False),
        ("test", False),
        ("AKIA", False),
        ("AKIAQWERTYUIOPASDFGHX", False),
        ("ABIAQWERTYUIOPASDFGH", False),
    ],
)
def test_which_keys_belong_to_a_principal(key, expected):
    assert is_aws_key(key) is expected


def test_a_learners_call_costs_one_look():
    assert not may_be_aws_key("/b/k", {"Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/…"})
    assert not may_be_aws_key("/b/k?x=1", {})
    assert may_be_aws_key("/b/k?AWSAccessKeyId=AKIAQWERTYUIOPASDFGH", {})
