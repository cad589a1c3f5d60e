"""No deletion of a conversation reaches beyond the moment in which it was made."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Cut those off that a message with a future date had stretched: they swallowed all that came later."""
    # The policy is forced on the tables' owner too, who would not see a row to change.
    op.execute("ALTER TABLE sync.deleted_conversations NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE sync.deleted_conversations SET up_to = deleted_at WHERE up_to > deleted_at")
    op.execute("ALTER TABLE sync.deleted_conversations FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Nothing to undo: the version before reads them as they are."""
