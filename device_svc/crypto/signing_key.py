"""The key that signs the tokens of owners and devices: one PEM file that nobody else can read."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_COORDINATE_BYTES = 32


class UnusableKey(Exception):
    """The key file cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class SigningKey:
    """An EC P-256 private key."""

    private: ec.EllipticCurvePrivateKey

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as RFC 7517 has it; its id is the thumbprint of RFC 7638."""
        numbers = self.private.public_key().public_numbers()
        bare = {"crv": "P-256", "kty": "EC", "x": _base64(numbers.x), "y": _base64(numbers.y)}
        canonical = json.dumps(bare, separators=(",", ":"), sort_keys=True).encode()
        return {**bare, "kid": _encode(hashlib.sha256(canonical).digest()), "alg": "ES256", "use": "sig"}

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The set of public keys."""
        return {"keys": [self.jwk]}


def load_signing_key(path: Path) -> SigningKey:
    """Read the key. Raises UnusableKey when it is missing, readable by others, or not an EC P-256 key."""
    try:
        mode = path.stat().st_mode
        pem = path.read_bytes()
    except OSError as error:
        raise UnusableKey(f"{path}: cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise UnusableKey(f"{path}: others may read this private key; run `chmod 600 {path}`")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{path}: is not a private key in PEM without a password") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UnusableKey(f"{path}: is not an EC key on the curve P-256")
    return SigningKey(key)


def _base64(coordinate: int) -> str:
    return _encode(coordinate.to_bytes(_COORDINATE_BYTES, "big"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
