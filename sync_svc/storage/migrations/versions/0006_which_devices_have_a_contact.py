"""Which devices have a contact, and what each said of it last: storage/contact_devices.py."""

from __future__ import annotations

from alembic import op

from svc_kit.migrations.rls import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: contacts.device_id goes on counting until its device has sent a complete list."""
    op.execute("""
        CREATE TABLE sync.contact_devices (
            account_id uuid NOT NULL,
            apple_id text COLLATE "C" NOT NULL,
            device_id uuid NOT NULL,
            said bigint NOT NULL,
            CONSTRAINT pk_contact_devices PRIMARY KEY (account_id, apple_id, device_id)
        )
    """)
    protect("sync", "contact_devices")


def downgrade() -> None:
    """Drop it: contacts that were named since are nobody's, and the next complete list removes those that it lacks."""
    op.drop_table("contact_devices", schema="sync")
