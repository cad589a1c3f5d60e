"""Making and verifying the tokens: ES256 for owners and devices, HS256 between services (docs/adr/0004)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import jwt

from svc_kit.errors import Unauthenticated
from svc_kit.identity import Identity

ISSUER = "conversation-assistant"
API_AUDIENCE = "assistant-api"
INTERNAL_AUDIENCE = "assistant-internal"
SESSION_COOKIE = "assistant_session"
INTERNAL_LIFETIME_S = 60
# Clocks of one installation's machines may differ by this much, as in Envoy's own check.
LEEWAY_S = 30

Jwks = Mapping[str, Any]
FetchKeys = Callable[[], Awaitable[Jwks]]


def mint_internal(key: str, service: str, account_id: UUID | None) -> str:
    """A token for one call between services. `key` is ASSISTANT_INTERNAL_KEY."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": INTERNAL_AUDIENCE,
        "sub": service,
        "role": "service",
        "exp": int(time.time()) + INTERNAL_LIFETIME_S,
    }
    if account_id is not None:
        claims["account"] = str(account_id)
    return jwt.encode(claims, key, algorithm="HS256")


class KeyRing:
    """The public keys by id, fetched when an unknown id turns up, at most once in `min_interval` seconds."""

    def __init__(self, fetch: FetchKeys, *, min_interval: float = 5.0) -> None:
        self._fetch = fetch
        self._min_interval = min_interval
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")

    async def key(self, kid: str) -> jwt.PyJWK:
        """The key with this id. Raises Unauthenticated when the issuer has no such key."""
        if kid not in self._keys and time.monotonic() - self._fetched_at >= self._min_interval:
            jwks = await self._fetch()
            self._keys = {entry["kid"]: jwt.PyJWK(dict(entry)) for entry in jwks["keys"]}
            self._fetched_at = time.monotonic()
        if kid not in self._keys:
            raise Unauthenticated("the token was signed with an unknown key")
        return self._keys[kid]


class TokenVerifier:
    """Verifies a token of either kind. Does not ask whether it was revoked: that is the gate's second question."""

    def __init__(self, keys: KeyRing, internal_key: str) -> None:
        self._keys = keys
        self._internal_key = internal_key

    async def verify(self, token: str) -> Identity:
        """The caller. Raises Unauthenticated for anything but a whole, current token of ours."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") == "HS256":
                return _internal_identity(token, self._internal_key)
            key = await self._keys.key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=["ES256"],
                audience=API_AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY_S,
                options={"require": ["exp", "sub", "jti"]},
            )
            return _api_identity(claims)
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("the token has expired", reason="TOKEN_EXPIRED") from error
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise Unauthenticated("the token is not valid", reason="TOKEN_INVALID") from error


def _internal_identity(token: str, key: str) -> Identity:
    claims = jwt.decode(
        token,
        key,
        algorithms=["HS256"],
        audience=INTERNAL_AUDIENCE,
        issuer=ISSUER,
        leeway=LEEWAY_S,
        options={"require": ["exp", "sub"]},
    )
    account = claims.get("account")
    return Identity("service", UUID(account) if account else None, str(claims["sub"]))


def _api_identity(claims: Mapping[str, Any]) -> Identity:
    role = claims["role"]
    if role not in ("owner", "device"):
        raise ValueError(role)
    return Identity(role, UUID(claims["account"]), str(UUID(claims["sub"])), UUID(claims["jti"]))
