"""Where moto's S3 does to an object what Amazon S3 does not, it is put right here.

Each touch has a test in ``tests/localcloud/test_moto_seam_s3_objects.py`` that also tells when moto itself does it right.
"""

from __future__ import annotations

from typing import Any

#: Amazon S3 User Guide, "Naming Amazon S3 objects": 1,024 bytes of UTF-8.
_LONGEST_KEY_BYTES = 1024


def behave_like_s3() -> None:
    """Put moto's S3 right; its modules must have been imported."""
    _keep_bodies_that_look_like_forms()
    _refuse_long_keys_and_keep_old_versions()
    _make_and_remove_delete_markers()


def match_keys_with_line_breaks() -> None:
    """moto 5.2.5 answers 404 for a key with a line break, because ``.`` in an address matches none. To be called before
    moto's server makes its addresses."""
    from moto.moto_server.utilities import RegexConverter

    make = RegexConverter.__init__

    def make_with_line_breaks(self: Any, url_map: Any, *items: Any) -> None:
        make(self, url_map, *items)
        if self.regex == ".+":
            self.regex = "(?s:.+)"

    RegexConverter.__init__ = make_with_line_breaks  # type: ignore[method-assign]


def _keep_bodies_that_look_like_forms() -> None:
    """moto 5.2.5 stores nothing when an upload's content type is one of HTML's forms: it has read the body as one. Only
    a POST is a form in S3."""
    from moto.s3.responses import S3Response
    from werkzeug.datastructures import ImmutableMultiDict

    setup_class = S3Response.setup_class

    def setup_with_body(self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        if request.method == "PUT":
            request.get_data(cache=True)
            request.__dict__.update(form=ImmutableMultiDict(), files=ImmutableMultiDict())
        setup_class(self, request, *args, **kwargs)

    S3Response.setup_class = setup_with_body  # type: ignore[method-assign]


def _refuse_long_keys_and_keep_old_versions() -> None:
    """moto 5.2.5 takes keys of any length, and forgets all versions of an object that is stored while versioning is
    suspended: S3 then replaces only the version ``null`` ("Adding objects to versioning-suspended buckets")."""
    from moto.s3.exceptions import S3ClientError
    from moto.s3.models import S3Backend

    put_object = S3Backend.put_object

    class KeyTooLong(S3ClientError):
        code = "KeyTooLongError"

        def __init__(self) -> None:
            super().__init__("Your key is too long")

    def put(self: Any, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
        if len(key_name.encode()) > _LONGEST_KEY_BYTES:
            raise KeyTooLong
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Suspended":
            return put_object(self, bucket_name, key_name, *args, **kwargs)
        versions = bucket.keys.getlist(key_name, [])
        kept = [version for version in versions if str(version.version_id) != "null"]
        for version in kept:  # what moto finds there it throws away
            versions.remove(version)
        key = put_object(self, bucket_name, key_name, *args, **kwargs)
        bucket.keys.setlist(key_name, [*kept, key])
        return key

    S3Backend.put_object = put  # type: ignore[method-assign]


def _make_and_remove_delete_markers() -> None:
    """moto 5.2.5 makes no delete marker for a key that was never there, and deletes all versions of an object while
    versioning is suspended ("Deleting object versions from a versioning-enabled bucket" and "Deleting objects from
    versioning-suspended buckets")."""
    from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend

    delete_object = S3Backend.delete_object

    def delete(
        self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        bucket = self.get_bucket(bucket_name)
        suspended = bucket.versioning_status == "Suspended"
        versions = bucket.keys.getlist(key_name, [])
        if suspended and version_id is not None:
            found = [version for version in versions if str(version.version_id) == version_id]
            left = [version for version in versions if version not in found]
            bucket.keys.setlist(key_name, left)
            if not left:
                bucket.keys.pop(key_name)
            marker = {"delete-marker": "true"} if found and isinstance(found[0], FakeDeleteMarker) else {}
            return True, {"version-id": version_id, **marker}
        if version_id is not None or not (suspended or (bucket.is_versioned and not versions)):
            return delete_object(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        nothing = FakeKey(key_name, b"", self.account_id, bucket.region_name, bucket_name=bucket_name)
        marker_of = FakeDeleteMarker(key=versions[-1] if versions else nothing)
        if suspended:
            marker_of._version_id = "null"
        kept = [version for version in versions if not suspended or str(version.version_id) != "null"]
        bucket.keys.setlist(key_name, [*kept, marker_of])
        return True, {"version-id": marker_of.version_id, "delete-marker": "true"}

    S3Backend.delete_object = delete  # type: ignore[method-assign]
