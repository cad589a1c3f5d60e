"""Which device wrote a message last, and the latest receipt or reaction it ever had: storage/precedence.py."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both, empty: what is there is anybody's, and no table is rewritten."""
    op.execute("ALTER TABLE sync.messages ADD COLUMN written_by uuid, ADD COLUMN ranked_at timestamptz")


def downgrade() -> None:
    """Take them away again: whoever comes last is right."""
    op.execute("ALTER TABLE sync.messages DROP COLUMN written_by, DROP COLUMN ranked_at")
