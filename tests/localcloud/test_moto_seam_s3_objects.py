"""What moto's S3 does wrong, and that the seam puts it right. A test of moto itself that fails names what is no longer
needed in the seam."""

from __future__ import annotations

import io
from urllib.parse import quote

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.utilities import RegexConverter
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response
from werkzeug.test import Client

from labsupport.localcloud import moto_seam_s3_objects

PATCHED = (
    (S3Backend, "put_object"),
    (S3Backend, "delete_object"),
    (S3Response, "setup_class"),
    (RegexConverter, "__init__"),
)


@pytest.fixture
def moto():
    """A client of moto's S3 as it is, with a bucket."""
    originals = [getattr(owner, name) for owner, name in PATCHED]
    store = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]
    store.reset()
    yield S3()
    store.reset()
    for (owner, name), original in zip(PATCHED, originals, strict=True):
        setattr(owner, name, original)


@pytest.fixture
def righted(moto):
    """The same with everything put right."""
    moto_seam_s3_objects.match_keys_with_line_breaks()
    moto_seam_s3_objects.behave_like_s3()
    return S3()


class S3:
    """Requests to moto's server, in this process."""

    def __init__(self) -> None:
        self._client = Client(DomainDispatcherApplication(create_backend_app))
        self.request("PUT", "")

    def request(self, method: str, path: str, body: bytes = b"", **headers: str):
        headers["Authorization"] = (
            "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
        )
        address = f"/photos/{path}" if path and not path.startswith("?") else f"/photos{path}"
        return self._client.open(
            address,
            method=method,
            input_stream=io.BytesIO(body),
            headers=headers,
            environ_overrides={"HTTP_HOST": "127.0.0.1:5000", "RAW_URI": address, "CONTENT_LENGTH": str(len(body))},
        )

    def version(self, status: str) -> None:
        self.request(
            "PUT",
            "?versioning",
            f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>".encode(),
        )

    def versions(self, key: str) -> list[str]:
        """Ids of all versions and markers of a key, the newest last."""
        store = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]
        return [str(version.version_id) for version in store.get_bucket("photos").keys.getlist(key, [])]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_moto_loses_a_body_with_the_content_type_of_a_form(moto):
    moto.request("PUT", "k", b"a=b", **FORM)
    assert moto.request("GET", "k").data == b""


@pytest.mark.parametrize("body", [b"a=b&key=c", b"", b"\x89PNG\xff"])
@pytest.mark.parametrize("kind", [FORM["Content-Type"], "multipart/form-data; boundary=x"])
def test_a_body_with_the_content_type_of_a_form_is_kept(righted, body, kind):
    righted.request("PUT", "k", body, **{"Content-Type": kind})
    answer = righted.request("GET", "k")
    assert (answer.data, answer.content_type) == (body, kind)


def test_moto_finds_no_key_with_a_line_break(moto):
    assert moto.request("PUT", quote("a\nb"), b"x").status_code == 404


def test_a_key_may_have_a_line_break(righted):
    assert righted.request("PUT", quote("a\nb"), b"x").status_code == 200
    assert righted.request("GET", quote("a\nb")).data == b"x"


def test_moto_takes_keys_of_any_length(moto):
    assert moto.request("PUT", "a" * 1025, b"x").status_code == 200


def test_a_key_has_at_most_1024_bytes(righted):
    assert righted.request("PUT", quote("ß" * 512), b"x").status_code == 200
    answer = righted.request("PUT", quote("ß" * 512 + "a"), b"x")
    assert answer.status_code == 400
    assert b"<Code>KeyTooLongError</Code><Message>Your key is too long</Message>" in answer.data


def test_moto_makes_no_delete_marker_for_a_key_that_was_never_there(moto):
    moto.version("Enabled")
    assert "x-amz-delete-marker" not in moto.request("DELETE", "k").headers


def test_a_delete_marker_for_a_key_that_was_never_there(righted):
    righted.version("Enabled")
    answer = righted.request("DELETE", "k")
    assert answer.headers["x-amz-delete-marker"] == "true"
    assert righted.versions("k") == [answer.headers["x-amz-version-id"]]
    assert righted.request("GET", "k").status_code == 404
    listed = righted.request("GET", "?versions").data
    assert b"<DeleteMarker>" in listed and b"<Key>k</Key>" in listed


def with_old_versions(s3: S3) -> list[str]:
    s3.version("Enabled")
    old = [s3.request("PUT", "k", body).headers["x-amz-version-id"] for body in (b"1", b"2")]
    s3.version("Suspended")
    return old


def test_moto_forgets_old_versions_while_versioning_is_suspended(moto):
    with_old_versions(moto)
    moto.request("PUT", "k", b"3")
    assert moto.versions("k") == ["null"]
    moto.request("DELETE", "k")
    assert moto.versions("k") == []


def test_old_versions_are_kept_while_versioning_is_suspended(righted):
    """Only the version ``null`` is replaced, by an upload or by a delete marker."""
    old = with_old_versions(righted)
    for body in (b"3", b"4"):
        righted.request("PUT", "k", body)
        assert righted.versions("k") == [*old, "null"]
    assert [righted.request("GET", f"k?versionId={version}").data for version in old] == [b"1", b"2"]
    assert righted.request("GET", "k").data == b"4"

    answer = righted.request("DELETE", "k")
    assert (answer.headers["x-amz-version-id"], answer.headers["x-amz-delete-marker"]) == ("null", "true")
    assert righted.versions("k") == [*old, "null"]
    assert righted.request("GET", "k").status_code == 404
    assert righted.request("GET", f"k?versionId={old[0]}").data == b"1"


def test_a_version_is_deleted_while_versioning_is_suspended(righted):
    old = with_old_versions(righted)
    righted.request("DELETE", f"k?versionId={old[1]}")
    assert righted.versions("k") == old[:1]
    assert righted.request("GET", "k").data == b"1"
    righted.request("DELETE", "k")
    assert righted.request("DELETE", "k?versionId=null").headers["x-amz-delete-marker"] == "true"
    assert righted.request("GET", "k").data == b"1"
    righted.request("DELETE", f"k?versionId={old[0]}")
    assert righted.versions("k") == []
