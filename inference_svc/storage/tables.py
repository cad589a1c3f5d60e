"""The tables of the schema `inference`."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from svc_kit.database import new_metadata

metadata = new_metadata("inference")

_STATUSES = "'generating','completed','rejected','accepted','edited','failed','cancelled','superseded'"

# The mission's GeneratedResponse.
responses = Table(
    "responses",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("conversation_id", Uuid, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("response", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("finish_reason", String(16), nullable=False),
    Column("suggestion", Integer, nullable=False),
    Column("instruction", Text, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("cache_key", String(64), nullable=False),
    # A client's id of its request, until the request failed; `request_digest` tells whether it asked the same.
    Column("request_id", Uuid),
    Column("request_digest", String(64)),
    # Which process makes it, and until when: a draft that is still being made then has lost its maker.
    Column("maker", Text, nullable=False),
    Column("deadline_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("generated_at", DateTime(timezone=True)),
    Column("edited_response", Text, nullable=False),
    Column("rejection_reason", Text, nullable=False),
    Column("acted_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("account_id", "id"),
    CheckConstraint(f"status IN ({_STATUSES})", name="status"),
    CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
)

Index(
    "ix_responses_conversation",
    responses.c.account_id,
    responses.c.conversation_id,
    responses.c.created_at.desc(),
    responses.c.id.desc(),
)
Index(
    "uq_responses_request",
    responses.c.account_id,
    responses.c.request_id,
    responses.c.suggestion,
    unique=True,
    postgresql_where=text("request_id IS NOT NULL"),
)
Index(
    "ix_responses_generating",
    responses.c.account_id,
    responses.c.deadline_at,
    postgresql_where=text("status = 'generating'"),
)

# What training_svc is still to be told, and was told: written with the action, delivered after it.
feedback_events = Table(
    "feedback_events",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("response_id", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("delivered_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("account_id", "id"),
    ForeignKeyConstraint(
        ["account_id", "response_id"], ["inference.responses.account_id", "inference.responses.id"], ondelete="CASCADE"
    ),
)

# One action a draft, so one event.
Index("uq_feedback_events_response", feedback_events.c.account_id, feedback_events.c.response_id, unique=True)
Index(
    "ix_feedback_events_waiting",
    feedback_events.c.account_id,
    feedback_events.c.next_attempt_at,
    postgresql_where=text("delivered_at IS NULL"),
)
