"""What was deleted or unsent, and inference_svc and training_svc have yet to erase: storage/erasures.py."""

from __future__ import annotations

from alembic import op

from svc_kit.migrations.rls import protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty. It is read across accounts, and holds ids only."""
    op.execute("""
        CREATE TABLE sync.erasures (
            account_id uuid NOT NULL,
            id uuid NOT NULL,
            destination text NOT NULL,
            conversation_ids uuid[] NOT NULL,
            message_ids uuid[] NOT NULL,
            touched_conversation_ids uuid[] NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            attempts integer NOT NULL DEFAULT 0,
            next_attempt_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_erasures PRIMARY KEY (account_id, id, destination)
        )
    """)
    protect("sync", "erasures", system=True)


def downgrade() -> None:
    """Drop it: the version before erases nothing elsewhere."""
    op.drop_table("erasures", schema="sync")
