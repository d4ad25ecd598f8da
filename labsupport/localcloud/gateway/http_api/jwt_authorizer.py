"""JWT authorizers: is the token signed by the issuer, meant for this API, and of use now?

Source: API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway" and "Troubleshooting
issues with HTTP API JWT authorizers". Cognito's user pools are moto's; any other issuer is asked over HTTP.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .api import Authorizer

#: "API Gateway can cache the public key for two hours."
_KEYS_SECONDS = 2 * 3600.0
#: A token that names a key nobody knows makes the issuer be asked again, but not by every request.
_ASK_AGAIN_SECONDS = 10.0
_ALGORITHMS = ["RS256", "RS384", "RS512"]
_COGNITO = re.compile(r"cognito-idp\.[a-z0-9-]+\.amazonaws\.com")

#: ``await fetch(url)``: the JSON document at an address. Raises OSError or ValueError when there is none.
Fetch = Callable[[str], Awaitable[Any]]


class TokenRefused(Exception):
    """The text is the ``error_description`` of the answer's WWW-Authenticate header; ``error`` its ``error``."""

    def __init__(self, text: str, error: str = "invalid_token") -> None:
        super().__init__(text)
        self.error = error


@dataclass(frozen=True)
class Token:
    """A token that is good. ``scopes`` are those that it has."""

    claims: Mapping[str, Any]
    scopes: tuple[str, ...]

    def shown_claims(self) -> dict[str, str]:
        """As events have them: each value a string, a list ``[one two]``."""
        return {name: _shown(value) for name, value in self.claims.items()}


class JwtAuthorizers:
    """Checks tokens; remembers the keys of issuers."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._keys: dict[str, tuple[float, Any]] = {}

    async def check(self, authorizer: Authorizer, text: str, scopes: tuple[str, ...]) -> Token:
        """The token in ``text``, which may begin with ``Bearer``. Raises TokenRefused; with error
        ``insufficient_scope`` when it has none of the route's ``scopes``."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        encoded = re.sub(r"^Bearer\s+", "", text.strip(), flags=re.IGNORECASE)
        if encoded.count(".") != 2:
            raise TokenRefused("token contains an invalid number of segments")
        header, claims = _unverified(encoded)
        if header.get("alg") not in _ALGORITHMS:
            raise TokenRefused(f"signing method {header.get('alg')} is invalid")
        keys = await self._key_set(authorizer.issuer, header.get("kid"))
        try:
            claims = jwt.decode(encoded, keys, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError):
            raise TokenRefused("the token's signature is invalid") from None
        _check_claims(claims, authorizer)
        token = Token(claims, _scopes(claims))
        if scopes and not set(scopes) & set(token.scopes):
            raise TokenRefused("the token does not have one of the scopes of the route", "insufficient_scope")
        return token

    async def _key_set(self, issuer: str, key_id: Any) -> Any:
        from joserfc.jwk import KeySet

        age, keys = self._keys.get(issuer, (0.0, None))
        asked = time.monotonic() - age if keys is not None else float("inf")
        known = keys is not None and any(key.kid == key_id for key in keys.keys)
        if asked > _KEYS_SECONDS or (not known and asked > _ASK_AGAIN_SECONDS):
            try:
                discovery = await self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                keys = KeySet.import_key_set(await self._fetch(discovery["jwks_uri"]))
            except (OSError, ValueError, KeyError, TypeError):
                raise TokenRefused("OIDC discovery endpoint communication error") from None
            self._keys[issuer] = (time.monotonic(), keys)
            known = any(key.kid == key_id for key in keys.keys)
        if not known:
            raise TokenRefused("unable to find a signing key that matches the token's kid")
        return keys


def is_cognito(url: str) -> bool:
    """An address of a user pool, which moto has."""
    return _COGNITO.fullmatch(urlsplit(url).hostname or "") is not None


def _unverified(encoded: str) -> tuple[dict[str, Any], dict[str, Any]]:
    import base64

    parts: list[dict[str, Any]] = []
    for piece in encoded.split(".")[:2]:
        try:
            document = json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
        except (ValueError, RecursionError):
            raise TokenRefused("the token cannot be decoded") from None
        if not isinstance(document, dict):
            raise TokenRefused("the token cannot be decoded")
        parts.append(document)
    return parts[0], parts[1]


def _check_claims(claims: Mapping[str, Any], authorizer: Authorizer) -> None:
    now = time.time()
    if claims.get("iss") != authorizer.issuer:
        raise TokenRefused("the token does not have a valid issuer")
    expires, not_before, issued = (_moment(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None or expires <= now:
        raise TokenRefused("the token has expired")
    if (not_before or 0) > now or (issued or 0) > now:
        raise TokenRefused("the token is not valid yet")
    # The client id counts only where there is no audience: Cognito's access tokens have none.
    audience = claims.get("aud", claims.get("client_id"))
    given = audience if isinstance(audience, list) else [audience]
    if not set(authorizer.audience) & {one for one in given if isinstance(one, str)}:
        raise TokenRefused("the token does not have a valid audience")


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _scopes(claims: Mapping[str, Any]) -> tuple[str, ...]:
    value = claims.get("scope", claims.get("scp"))
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{' '.join(_shown(one) for one in value)}]"
    return value if isinstance(value, str) else json.dumps(value)
