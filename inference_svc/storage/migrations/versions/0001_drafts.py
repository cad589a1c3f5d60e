"""Drafts, and what the owner did with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from svc_kit.migrations.rls import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATUSES = "'generating','completed','rejected','accepted','edited','failed','cancelled','superseded'"


def upgrade() -> None:
    """Make the tables."""
    _make_responses()
    _make_feedback_events()
    # The sweeper and the deliverer work for all accounts.
    protect("inference", "responses", system=True)
    protect("inference", "feedback_events", system=True)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("feedback_events", schema="inference")
    op.drop_table("responses", schema="inference")


def _make_responses() -> None:
    op.create_table(
        "responses",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("finish_reason", sa.String(16), nullable=False),
        sa.Column("suggestion", sa.Integer, nullable=False),
        sa.Column("instruction", sa.Text, nullable=False),
        sa.Column("cached", sa.Boolean, nullable=False),
        sa.Column("cache_key", sa.String(64), nullable=False),
        sa.Column("request_id", sa.Uuid),
        sa.Column("request_digest", sa.String(64)),
        sa.Column("maker", sa.Text, nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("generated_at", sa.DateTime(timezone=True)),
        sa.Column("edited_response", sa.Text, nullable=False),
        sa.Column("rejection_reason", sa.Text, nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_responses"),
        sa.CheckConstraint(f"status IN ({_STATUSES})", name=op.f("ck_responses_status")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_responses_confidence")),
        schema="inference",
    )
    op.create_index(
        "ix_responses_conversation",
        "responses",
        ["account_id", "conversation_id", sa.text("created_at DESC"), sa.text("id DESC")],
        schema="inference",
    )
    op.create_index(
        "uq_responses_request",
        "responses",
        ["account_id", "request_id", "suggestion"],
        unique=True,
        schema="inference",
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index(
        "ix_responses_generating",
        "responses",
        ["account_id", "deadline_at"],
        schema="inference",
        postgresql_where=sa.text("status = 'generating'"),
    )


def _make_feedback_events() -> None:
    op.create_table(
        "feedback_events",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("response_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_feedback_events"),
        sa.ForeignKeyConstraint(
            ["account_id", "response_id"],
            ["inference.responses.account_id", "inference.responses.id"],
            name="fk_feedback_events_account_id_response_id_responses",
            ondelete="CASCADE",
        ),
        schema="inference",
    )
    op.create_index(
        "uq_feedback_events_response", "feedback_events", ["account_id", "response_id"], unique=True, schema="inference"
    )
    op.create_index(
        "ix_feedback_events_waiting",
        "feedback_events",
        ["account_id", "next_attempt_at"],
        schema="inference",
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
