"""Devices: the Macs that bring messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class DeviceState(StrEnum):
    """Whether a device's tokens are accepted."""

    APPROVED = "approved"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class DeviceHealth(StrEnum):
    """How an agent says it is."""

    UNSPECIFIED = "unspecified"
    OK = "ok"
    CANNOT_READ = "cannot_read"
    PAUSED = "paused"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Device:
    """A device of an account."""

    account_id: UUID
    device_id: UUID
    name: str
    hardware_id: str
    platform: str
    os_version: str
    verified: bool
    created_at: datetime
    updated_at: datetime
    last_sync_at: datetime | None = None
    agent_version: str = ""
    health: DeviceHealth = DeviceHealth.UNSPECIFIED
    health_message: str = ""
    message_count: int = 0
    conversation_count: int = 0
    deactivated_at: datetime | None = None

    @property
    def state(self) -> DeviceState:
        """Whether its tokens are accepted."""
        if self.deactivated_at is not None:
            return DeviceState.DEACTIVATED
        return DeviceState.ACTIVE if self.verified else DeviceState.APPROVED


@dataclass(frozen=True, slots=True)
class Activity:
    """What a device told of itself. What is None is left as it was."""

    last_sync_at: datetime | None = None
    agent_version: str | None = None
    health: DeviceHealth | None = None
    health_message: str | None = None
    message_count: int | None = None
    conversation_count: int | None = None


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Some devices, newest first; `more` when there are further ones."""

    devices: list[Device]
    more: bool
    approval_tries_left: int
