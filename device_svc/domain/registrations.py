"""Registrations: devices that belong to no account yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says of itself when it registers."""

    name: str
    hardware_id: str
    platform: str
    os_version: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A device that waits for its owner. Its code is kept as a keyed hash only."""

    device_id: UUID
    description: Description
    code_hash: bytes
    code_expires_at: datetime
    created_at: datetime
    attempts: int = 0
    approved_account_id: UUID | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenRegistration:
    """What the device gets: the digits to show, once."""

    device_id: UUID
    code: str
    expires_at: datetime
