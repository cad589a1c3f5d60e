"""Makes the ES256 tokens that svc_kit.tokens verifies."""

from __future__ import annotations

import jwt

from device_svc.crypto.signing_key import SigningKey
from device_svc.domain.tokens import TokenClaims
from svc_kit.tokens import API_AUDIENCE, ISSUER


class Es256Signer:
    """Signs with the installation's key."""

    def __init__(self, key: SigningKey) -> None:
        self._private = key.private
        self._headers = {"kid": key.jwk["kid"]}

    def sign(self, claims: TokenClaims) -> str:
        """The token, whole."""
        payload = {
            "iss": ISSUER,
            "aud": API_AUDIENCE,
            "sub": str(claims.subject),
            "account": str(claims.account_id),
            "role": claims.role,
            "jti": str(claims.token_id),
            "iat": int(claims.issued_at.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
        }
        return jwt.encode(payload, self._private, algorithm="ES256", headers=self._headers)
