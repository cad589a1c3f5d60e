"""The tables of the schema `device`. The migrations make them; a test keeps the two equal."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from svc_kit.database import new_metadata

metadata = new_metadata("device")
_TIME = DateTime(timezone=True)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    UniqueConstraint("name"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    PrimaryKeyConstraint("account_id", "session_id"),
    ForeignKeyConstraint(["account_id"], ["device.accounts.account_id"], ondelete="CASCADE"),
)

devices = Table(
    "devices",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("hardware_id", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("os_version", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("last_sync_at", _TIME),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    Column("agent_version", Text, nullable=False, server_default=""),
    Column("health", Text, nullable=False, server_default="unspecified"),
    Column("health_message", Text, nullable=False, server_default=""),
    Column("message_count", BigInteger, nullable=False, server_default="0"),
    Column("conversation_count", BigInteger, nullable=False, server_default="0"),
    Column("deactivated_at", _TIME),
    PrimaryKeyConstraint("account_id", "device_id"),
    UniqueConstraint("account_id", "hardware_id"),
    ForeignKeyConstraint(["account_id"], ["device.accounts.account_id"], ondelete="CASCADE"),
    CheckConstraint("health IN ('unspecified', 'ok', 'cannot_read', 'paused', 'warning')", name="health"),
    Index("ix_devices_newest_first", "account_id", "created_at", "device_id"),
)

device_tokens = Table(
    "device_tokens",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("token_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("issued_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("revoked_at", _TIME),
    PrimaryKeyConstraint("account_id", "token_id"),
    ForeignKeyConstraint(
        ["account_id", "device_id"],
        ["device.devices.account_id", "device.devices.device_id"],
        ondelete="CASCADE",
    ),
    Index(None, "account_id", "device_id"),
)

# No account_id in the key: a registration belongs to nobody until it is approved, and only the system sees it.
registrations = Table(
    "registrations",
    metadata,
    Column("device_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hardware_id", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("os_version", Text, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("code_expires_at", _TIME, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("approved_account_id", Uuid),
    Column("approved_at", _TIME),
    Column("used_at", _TIME),
    Column("created_at", _TIME, nullable=False),
    Index("uq_registrations_open_code", "code_hash", unique=True, postgresql_where=text("used_at IS NULL")),
    Index("uq_registrations_open_hardware", "hardware_id", unique=True, postgresql_where=text("used_at IS NULL")),
)

# Counts of tries, also for names that are no account's.
tries = Table(
    "tries",
    metadata,
    Column("kind", Text, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    Column("began_at", _TIME, nullable=False),
    PrimaryKeyConstraint("kind", "subject"),
)
