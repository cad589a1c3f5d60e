"""Jobs are taken in turns of their accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_generation_jobs_waiting": (["turn", "id"], "state = 'queued'"),
    "ix_generation_jobs_account": (["account_id", "turn"], "state = 'queued'"),
    "ix_generation_jobs_served": (["turn", "account_id"], "started_at IS NOT NULL"),
}


def upgrade() -> None:
    """Number what waits; what the version before queues from now on is of the first turn, which is as good as before."""
    op.add_column(
        "generation_jobs", sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"), schema="inference"
    )
    # The policy is forced on the table's owner too, who would not see a row to change.
    op.execute("ALTER TABLE inference.generation_jobs NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        UPDATE inference.generation_jobs AS job SET turn = waiting.turn
        FROM (
            SELECT account_id, id, row_number() OVER (PARTITION BY account_id ORDER BY due_at, id) AS turn
            FROM inference.generation_jobs WHERE state = 'queued'
        ) AS waiting
        WHERE job.account_id = waiting.account_id AND job.id = waiting.id
    """)
    op.execute("ALTER TABLE inference.generation_jobs FORCE ROW LEVEL SECURITY")
    op.drop_index("ix_generation_jobs_waiting", "generation_jobs", schema="inference")
    for name, (columns, condition) in _INDEXES.items():
        _make_index(name, columns, condition)


def downgrade() -> None:
    """Go back to the order of time."""
    for name in _INDEXES:
        op.drop_index(name, "generation_jobs", schema="inference")
    op.drop_column("generation_jobs", "turn", schema="inference")
    _make_index("ix_generation_jobs_waiting", ["account_id", "due_at", "id"], "state = 'queued'")


def _make_index(name: str, columns: list[str], condition: str) -> None:
    op.create_index(name, "generation_jobs", columns, schema="inference", postgresql_where=sa.text(condition))
