"""Tokens: what they say, and how long they live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

DEVICE_TOKEN_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a token says. `subject` is a device's or an account's id."""

    role: Literal["owner", "device"]
    account_id: UUID
    subject: UUID
    token_id: UUID
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and its end."""

    token: str
    expires_at: datetime
