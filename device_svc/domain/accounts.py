"""Accounts and the sessions of their owners."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from svc_kit.errors import InvalidInput

OWNER_NAME = "owner"
MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 1024

_NAME = re.compile(r"^[a-z0-9][a-z0-9._@-]{0,99}$")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who owns messages."""

    account_id: UUID
    name: str
    password_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that lasts; its id is the `jti` of the token in the cookie."""

    account_id: UUID
    session_id: UUID
    created_at: datetime
    expires_at: datetime


def name_to_look_up(typed: str) -> str:
    """The name as it is kept: telephones like to begin it with a capital."""
    return typed.strip().lower()


def new_account_name(typed: str) -> str:
    """The name of an account to make. Raises InvalidInput."""
    name = name_to_look_up(typed)
    if not _NAME.match(name):
        raise InvalidInput(
            "name", "must be 1 to 100 letters, digits, '.', '_', '@' or '-', and begin with a letter or digit"
        )
    return name


def new_password(typed: str) -> str:
    """A password that may be set. Raises InvalidInput, which does not quote it."""
    if not MIN_PASSWORD_LENGTH <= len(typed) <= MAX_PASSWORD_LENGTH:
        raise InvalidInput("password", f"must have {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters")
    return typed
