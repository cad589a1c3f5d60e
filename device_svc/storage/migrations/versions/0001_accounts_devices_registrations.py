"""Accounts, sessions, devices, their tokens, open registrations and counted tries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from svc_kit.migrations.rls import only_system, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "device"
_TIME = sa.DateTime(timezone=True)
_HEALTHS = "health IN ('unspecified', 'ok', 'cannot_read', 'paused', 'warning')"


def upgrade() -> None:
    """Make all tables."""
    _accounts()
    _devices()
    _registrations()
    protect(SCHEMA, "accounts", system=True)
    protect(SCHEMA, "sessions", system=True)
    protect(SCHEMA, "devices")
    protect(SCHEMA, "device_tokens")
    only_system(SCHEMA, "registrations")
    only_system(SCHEMA, "tries")


def downgrade() -> None:
    """Drop them."""
    for table in ("tries", "registrations", "device_tokens", "devices", "sessions", "accounts"):
        op.drop_table(table, schema=SCHEMA)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
        schema=SCHEMA,
    )
    op.create_table(
        "sessions",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.PrimaryKeyConstraint("account_id", "session_id", name="pk_sessions"),
        _of_account("sessions"),
        schema=SCHEMA,
    )


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("device_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hardware_id", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("os_version", sa.Text, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("last_sync_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("agent_version", sa.Text, nullable=False, server_default=""),
        sa.Column("health", sa.Text, nullable=False, server_default="unspecified"),
        sa.Column("health_message", sa.Text, nullable=False, server_default=""),
        sa.Column("message_count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("conversation_count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("deactivated_at", _TIME),
        sa.PrimaryKeyConstraint("account_id", "device_id", name="pk_devices"),
        sa.UniqueConstraint("account_id", "hardware_id", name="uq_devices_account_id_hardware_id"),
        _of_account("devices"),
        sa.CheckConstraint(_HEALTHS, name=op.f("ck_devices_health")),
        schema=SCHEMA,
    )
    op.create_index("ix_devices_newest_first", "devices", ["account_id", "created_at", "device_id"], schema=SCHEMA)
    op.create_table(
        "device_tokens",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("token_id", sa.Uuid, nullable=False),
        sa.Column("device_id", sa.Uuid, nullable=False),
        sa.Column("issued_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("revoked_at", _TIME),
        sa.PrimaryKeyConstraint("account_id", "token_id", name="pk_device_tokens"),
        sa.ForeignKeyConstraint(
            ["account_id", "device_id"],
            ["device.devices.account_id", "device.devices.device_id"],
            name="fk_device_tokens_account_id_device_id_devices",
            ondelete="CASCADE",
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_device_tokens_account_id_device_id", "device_tokens", ["account_id", "device_id"], schema=SCHEMA
    )


def _registrations() -> None:
    op.create_table(
        "registrations",
        sa.Column("device_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hardware_id", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("os_version", sa.Text, nullable=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        sa.Column("code_expires_at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("approved_account_id", sa.Uuid),
        sa.Column("approved_at", _TIME),
        sa.Column("used_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("device_id", name="pk_registrations"),
        schema=SCHEMA,
    )
    for name, column in (
        ("uq_registrations_open_code", "code_hash"),
        ("uq_registrations_open_hardware", "hardware_id"),
    ):
        op.create_index(
            name, "registrations", [column], schema=SCHEMA, unique=True, postgresql_where=sa.text("used_at IS NULL")
        )
    op.create_table(
        "tries",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("began_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_tries"),
        schema=SCHEMA,
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["device.accounts.account_id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
    )
