"""Samples, and the actions they come from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from svc_kit.migrations.rls import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "training"
_TIME = sa.DateTime(timezone=True)
_SOURCES = "source IN ('accepted', 'edited', 'manual', 'history', 'rejected')"


def upgrade() -> None:
    """Make both tables."""
    _samples()
    _feedback_events()
    protect(SCHEMA, "samples")
    protect(SCHEMA, "feedback_events")


def downgrade() -> None:
    """Drop them."""
    op.drop_table("feedback_events", schema=SCHEMA)
    op.drop_table("samples", schema=SCHEMA)


def _samples() -> None:
    op.create_table(
        "samples",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("sample_id", sa.Uuid, nullable=False),
        sa.Column("input_context", sa.Text, nullable=False),
        sa.Column("expected_output", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("quality", sa.Double, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("response_id", sa.Uuid),
        sa.Column("conversation_id", sa.Uuid),
        sa.Column("rejected_output", sa.Text, nullable=False, server_default=""),
        sa.Column("negative", sa.Boolean, nullable=False),
        sa.Column("request_id", sa.Uuid),
        sa.PrimaryKeyConstraint("account_id", "sample_id", name="pk_samples"),
        sa.UniqueConstraint("account_id", "request_id", name="uq_samples_account_id_request_id"),
        sa.CheckConstraint(_SOURCES, name=op.f("ck_samples_source")),
        sa.CheckConstraint("quality BETWEEN 0 AND 1", name=op.f("ck_samples_quality")),
        schema=SCHEMA,
    )
    by_time = ["account_id", "created_at", "sample_id"]
    by_source = ["account_id", "source", "created_at", "sample_id"]
    op.create_index("ix_samples_by_time", "samples", by_time, schema=SCHEMA)
    op.create_index("ix_samples_by_source", "samples", by_source, schema=SCHEMA)


def _feedback_events() -> None:
    op.create_table(
        "feedback_events",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("sample_id", sa.Uuid, nullable=False),
        sa.Column("response_id", sa.Uuid, nullable=False),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("rejection_reason", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("acted_at", _TIME, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "event_id", name="pk_feedback_events"),
        sa.CheckConstraint("kind IN ('accepted', 'edited', 'rejected')", name=op.f("ck_feedback_events_kind")),
        schema=SCHEMA,
    )
