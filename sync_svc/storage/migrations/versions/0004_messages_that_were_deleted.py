"""Which messages devices deleted, so that another device does not bring them back: storage/deleted_messages.py."""

from __future__ import annotations

from alembic import op

from svc_kit.migrations.rls import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: what was deleted before is not known."""
    op.execute("""
        CREATE TABLE sync.deleted_messages (
            account_id uuid NOT NULL,
            imessage_guid text COLLATE "C" NOT NULL,
            device_id uuid NOT NULL,
            deleted_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_deleted_messages PRIMARY KEY (account_id, imessage_guid, device_id)
        )
    """)
    protect("sync", "deleted_messages")


def downgrade() -> None:
    """Drop it: a device that has a message which another deleted brings it back."""
    op.drop_table("deleted_messages", schema="sync")
