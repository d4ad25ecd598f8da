"""The address at which a browser, curl or Python reaches a REST API's stage."""

from __future__ import annotations

#: Path under which the local cloud answers for APIs, beside AWS's own host names.
_LOCAL_PATH = "/_aws/execute-api"


def api_address(api_id: str, stage: str, *, region: str, endpoint: str | None = None) -> str:
    """The stage's address, without a slash at its end. ``endpoint`` is the local cloud's; without one it is AWS's
    (API Gateway Developer Guide, "Invoke REST APIs in API Gateway")."""
    if endpoint is None:
        return f"https://{api_id}.execute-api.{region}.amazonaws.com/{stage}"
    return f"{endpoint.rstrip('/')}{_LOCAL_PATH}/{api_id}/{stage}"
