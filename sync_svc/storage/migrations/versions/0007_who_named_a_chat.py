"""Which device gave a chat its name and its merge key: storage/chat_claims.py."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both, empty: what is there is anybody's."""
    op.execute("ALTER TABLE sync.conversations ADD COLUMN named_by uuid, ADD COLUMN keyed_by uuid")


def downgrade() -> None:
    """Take them away again: whoever describes a chat last is right."""
    op.execute("ALTER TABLE sync.conversations DROP COLUMN named_by, DROP COLUMN keyed_by")
