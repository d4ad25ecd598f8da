"""Which API or function URL a request is for: by AWS's host name, or by a path on the cloud's own port."""

from __future__ import annotations

import re
from dataclasses import dataclass

_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?::\d+)?", re.IGNORECASE)
_URL_HOST = re.compile(r"([a-z0-9]+)\.lambda-url\.([a-z0-9-]+)\.on\.aws(?::\d+)?", re.IGNORECASE)
API_PATH = "/_aws/execute-api/"
URL_PATH = "/_aws/lambda-url/"


@dataclass(frozen=True)
class Address:
    """``identifier`` is the API's or the function URL's id. ``raw_path`` is what AWS would have as the path, undecoded
    and with a slash in front; for APIs it begins with the stage. ``region`` is None when only a path names the API."""

    kind: str
    identifier: str
    region: str | None
    raw_path: str

    API = "api"
    FUNCTION_URL = "function-url"


def address_of(host: str, raw_path: str) -> Address | None:
    """The address of a request with this Host header and undecoded path (no query); None for the AWS APIs."""
    for kind, prefix in ((Address.API, API_PATH), (Address.FUNCTION_URL, URL_PATH)):
        if raw_path.startswith(prefix):
            identifier, slash, rest = raw_path[len(prefix) :].partition("/")
            return Address(kind, identifier.lower(), None, slash + rest or "/")
    for kind, pattern in ((Address.API, _API_HOST), (Address.FUNCTION_URL, _URL_HOST)):
        match = pattern.fullmatch(host)
        if match:
            return Address(kind, match[1].lower(), match[2].lower(), raw_path or "/")
    return None


def domain_name(kind: str, identifier: str, region: str) -> str:
    """The host name that AWS gives to an API or a function URL."""
    if kind == Address.API:
        return f"{identifier}.execute-api.{region}.amazonaws.com"
    return f"{identifier}.lambda-url.{region}.on.aws"
