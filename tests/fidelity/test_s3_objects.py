"""Objects through the whole cloud: keys with every awkward character, empty and large bodies, content types, ids."""

from __future__ import annotations

import hashlib
import io

import pytest

from .buckets import Bucket
from .deployment import refusal

AWKWARD = [
    "sale photo+1.jpg",
    "größe/ß.png",
    "a//b",
    "/leading",
    "trailing/",
    "//",
    "..",
    "a/../b",
    "./c",
    "100%",
    "a%20b",
    "%2F",
    "?q=1&r=2",
    "#fragment",
    "'quoted\"",
    "<x>&amp;",
    "new\nline\ttab",
    "back\\slash",
    "*:@;,=$!()",
    "{x}[y]^`|~",
    " ",
    "emoji-📷",
    "e\u0301",
    "ß" * 512,
]


@pytest.fixture(scope="module")
def bucket(cloud):
    return Bucket(cloud)


def test_a_key_may_have_every_awkward_character(bucket):
    """UTF-8 of at most 1,024 bytes. User Guide, "Naming Amazon S3 objects"."""
    s3, name = bucket.s3, bucket.name
    for key in AWKWARD:
        bucket.put(key, key.encode())
        assert s3.get_object(Bucket=name, Key=key)["Body"].read() == key.encode(), key
        s3.copy_object(Bucket=name, Key="copy/" + key[:500], CopySource={"Bucket": name, "Key": key})
        assert s3.get_object(Bucket=name, Key="copy/" + key[:500])["Body"].read() == key.encode(), key
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=name, PaginationConfig={"PageSize": 7})
    listed = [about["Key"] for page in pages for about in page["Contents"]]
    assert sorted(listed) == sorted(AWKWARD + ["copy/" + key[:500] for key in AWKWARD])
    deleted = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key} for key in listed]})
    assert len(deleted["Deleted"]) == len(listed)
    assert "Contents" not in s3.list_objects_v2(Bucket=name)


def test_a_longer_key_is_refused(bucket):
    found = refusal(bucket.s3.put_object, Bucket=bucket.name, Key="a" * 1025, Body=b"")
    assert found == ("KeyTooLongError", 400, "Your key is too long")


@pytest.mark.parametrize("body", [b"", b"a=b&c=d", b"\x89PNG\r\n\x1a\n\x00\xff"])
@pytest.mark.parametrize(
    "kind", [None, "image/png", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_body_and_content_type_are_kept(bucket, body, kind):
    answer = bucket.put("k", body, **({"ContentType": kind} if kind else {}))
    found = bucket.s3.get_object(Bucket=bucket.name, Key="k")
    assert found["Body"].read() == body
    assert found["ContentType"] == (kind or "binary/octet-stream")
    assert found["ContentLength"] == len(body)
    assert answer["ETag"] == found["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'


def test_thirty_megabytes_in_one_piece_and_in_parts(bucket):
    body = hashlib.sha256(b"seed").digest() * (30 * 1024 * 1024 // 32)
    bucket.put("whole", body)
    bucket.s3.upload_fileobj(io.BytesIO(body), bucket.name, "parts", ExtraArgs={"ContentType": "image/png"})
    for key in ("whole", "parts"):
        assert bucket.s3.get_object(Bucket=bucket.name, Key=key)["Body"].read() == body
    about = bucket.s3.head_object(Bucket=bucket.name, Key="parts")
    assert (about["ContentType"], about["ContentLength"]) == ("image/png", len(body))
    assert about["ETag"].endswith('-4"')


def test_an_error_has_the_ids_of_its_request(bucket):
    with pytest.raises(bucket.s3.exceptions.NoSuchKey) as raised:
        bucket.s3.get_object(Bucket=bucket.name, Key="not there")
    about = raised.value.response["ResponseMetadata"]
    assert about["RequestId"] == about["HTTPHeaders"]["x-amz-request-id"]
    assert len(about["RequestId"]) == 16
    assert about["HTTPHeaders"]["x-amz-id-2"]
