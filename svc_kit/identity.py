"""Who is calling: set once per call by the gate, read by servicers."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from svc_kit.errors import Unauthenticated

Role = Literal["owner", "device", "service"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller.

    `account_id` is None only for a service that acts for no account. `subject` is the device's or the account's id, or
    a service's name. `token_id` is the claim `jti`; None for services, whose tokens live for a minute.
    """

    role: Role
    account_id: UUID | None
    subject: str
    token_id: UUID | None = None


_current: ContextVar[Identity | None] = ContextVar("identity", default=None)


def set_current(identity: Identity | None) -> None:
    """Set the caller of the running call. Only the gate does this."""
    _current.set(identity)


def current() -> Identity:
    """The caller of the running call. Raises Unauthenticated when there is none (a public RPC)."""
    identity = _current.get()
    if identity is None:
        raise Unauthenticated("sign in first")
    return identity


def current_account() -> UUID:
    """The account of the running call. Raises Unauthenticated when the caller acts for none."""
    account_id = current().account_id
    if account_id is None:
        raise Unauthenticated("this call needs an account")
    return account_id
