"""Binary media types of a REST API.

Source: API Gateway Developer Guide, "Binary media types for REST APIs in API Gateway".
"""

from __future__ import annotations


def is_binary(media_type: str | None, binary_media_types: tuple[str, ...]) -> bool:
    """Whether a Content-Type is one of the API's binary media types; ``*/*`` is all of them, ``image/*`` a family."""
    if not binary_media_types:
        return False
    plain = (media_type or "").partition(";")[0].strip().lower()
    return any(_matches(plain, wanted.strip().lower()) for wanted in binary_media_types)


def _matches(plain: str, wanted: str) -> bool:
    if wanted == "*/*":
        return True
    if wanted.endswith("/*"):
        return plain.startswith(wanted[:-1])
    return plain == wanted.partition(";")[0].strip()


def wants_binary(accept: str | None, binary_media_types: tuple[str, ...]) -> bool:
    """Whether a base64 answer is to be sent as bytes: API Gateway looks only at the first type of Accept."""
    return is_binary((accept or "").partition(",")[0], binary_media_types)
