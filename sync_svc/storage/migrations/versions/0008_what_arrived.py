"""What arrived and inference_svc has yet to hear of: storage/arrivals.py."""

from __future__ import annotations

from alembic import op

from svc_kit.migrations.rls import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty: what is there already is no news. It is read across accounts, and holds ids only."""
    op.execute("""
        CREATE TABLE sync.arrivals (
            account_id uuid NOT NULL,
            conversation_id uuid NOT NULL,
            message_id uuid NOT NULL,
            arrived_at timestamptz NOT NULL DEFAULT now(),
            attempts integer NOT NULL DEFAULT 0,
            next_attempt_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_arrivals PRIMARY KEY (account_id, conversation_id)
        )
    """)
    protect("sync", "arrivals", system=True)


def downgrade() -> None:
    """Drop it: what was not delivered is not drafted for by itself."""
    op.drop_table("arrivals", schema="sync")
