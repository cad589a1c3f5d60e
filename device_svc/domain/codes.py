"""The six digits of a registration, and the keyed hashes that are kept instead of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

CODE_LIFETIME = timedelta(minutes=10)
MAX_WRONG_CODES = 5


def new_code() -> str:
    """Six digits that nobody can foresee."""
    return f"{secrets.randbelow(1_000_000):06d}"


class KeyedHash:
    """HMAC-SHA256: a million codes are hashed in a second, so that a hash without a key would hide nothing."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of(self, purpose: str, text: str) -> bytes:
        """The hash of `text`; the same text has another one for another purpose."""
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()

    def of_code(self, code: str) -> bytes:
        """The hash of six digits."""
        return self.of("registration", code)


def same(left: bytes, right: bytes) -> bool:
    """Compare two hashes in a time that does not tell where they differ."""
    return hmac.compare_digest(left, right)
