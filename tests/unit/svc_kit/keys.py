"""A key and tokens signed with it."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from svc_kit.tokens import API_AUDIENCE, ISSUER, Jwks

ACCOUNT, DEVICE, TOKEN = UUID(int=1), UUID(int=2), UUID(int=3)


class Signer:
    """Somebody with a key."""

    def __init__(self, kid: str = "one") -> None:
        self.kid = kid
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self) -> dict[str, Any]:
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "alg": "ES256", "use": "sig"}

    async def keys(self) -> Jwks:
        return {"keys": [self.jwk]}

    def token(self, *without: str, **changed: Any) -> str:
        """A good device token, but for what is changed and left out."""
        claims = good_claims() | changed
        kept = {name: value for name, value in claims.items() if name not in without}
        return jwt.encode(kept, self._key, algorithm="ES256", headers={"kid": self.kid})


def good_claims() -> dict[str, Any]:
    """The claims of a device token."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": API_AUDIENCE,
        "sub": str(DEVICE),
        "account": str(ACCOUNT),
        "role": "device",
        "jti": str(TOKEN),
        "iat": now,
        "exp": now + 60,
    }
