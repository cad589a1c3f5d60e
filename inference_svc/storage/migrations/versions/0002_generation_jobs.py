"""Drafts in the queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from svc_kit.migrations.rls import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATES = "'queued','running','completed','failed','cancelled'"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "generation_jobs",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Uuid),
        sa.Column("conversation_id", sa.Uuid),
        sa.Column("max_history", sa.Integer, nullable=False),
        sa.Column("suggestions", sa.Integer, nullable=False),
        sa.Column("instruction", sa.Text, nullable=False),
        sa.Column("sampling", JSONB, nullable=False),
        sa.Column("skip_cache", sa.Boolean, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("request_id", sa.Uuid),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("maker", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_id", sa.Uuid),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("response_id", sa.Uuid),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_generation_jobs"),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_generation_jobs_state")),
        sa.CheckConstraint(
            "(state = 'running') = (lease_id IS NOT NULL AND leased_until IS NOT NULL)",
            name=op.f("ck_generation_jobs_lease"),
        ),
        sa.CheckConstraint(
            "(state IN ('queued','running')) = (ended_at IS NULL)", name=op.f("ck_generation_jobs_ended")
        ),
        schema="inference",
    )
    _make_indexes()
    # Whoever runs jobs takes those of all accounts.
    protect("inference", "generation_jobs", system=True)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("generation_jobs", schema="inference")


def _make_indexes() -> None:
    op.create_index(
        "uq_generation_jobs_request",
        "generation_jobs",
        ["account_id", "request_id"],
        unique=True,
        schema="inference",
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index(
        "ix_generation_jobs_waiting",
        "generation_jobs",
        ["account_id", "due_at", "id"],
        schema="inference",
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_generation_jobs_running",
        "generation_jobs",
        ["account_id", "leased_until"],
        schema="inference",
        postgresql_where=sa.text("state = 'running'"),
    )
