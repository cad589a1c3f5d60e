"""What the owner wrote before the newest message is told too."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the version before leaves it as it is."""
    op.execute("ALTER TABLE sync.arrivals ADD COLUMN own_message_ids uuid[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Drop it: only the newest messages are told."""
    op.execute("ALTER TABLE sync.arrivals DROP COLUMN own_message_ids")
