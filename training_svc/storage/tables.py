"""The tables of the schema `training`. The migrations make them; a test keeps the two equal."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from svc_kit.database import new_metadata

metadata = new_metadata("training")
_TIME = DateTime(timezone=True)

samples = Table(
    "samples",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("sample_id", Uuid, nullable=False),
    Column("input_context", Text, nullable=False),
    Column("expected_output", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("quality", Double, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    Column("response_id", Uuid),
    Column("conversation_id", Uuid),
    Column("rejected_output", Text, nullable=False, server_default=""),
    Column("negative", Boolean, nullable=False),
    Column("request_id", Uuid),
    # What the prompt was made of (prompting.stored_prompt); NULL when only the finished prompt is known.
    Column("turns", JSONB),
    Column("hints", JSONB),
    Column("template_id", Text, nullable=False, server_default=""),
    Column("message_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'::uuid[]")),
    Column("prompt_only", Boolean, nullable=False, server_default=text("true")),
    PrimaryKeyConstraint("account_id", "sample_id"),
    UniqueConstraint("account_id", "request_id"),
    CheckConstraint("source IN ('accepted', 'edited', 'manual', 'history', 'rejected')", name="source"),
    CheckConstraint("quality BETWEEN 0 AND 1", name="quality"),
    Index("ix_samples_by_time", "account_id", "created_at", "sample_id"),
    # Also counts by source without reading the texts.
    Index("ix_samples_by_source", "account_id", "source", "created_at", "sample_id"),
)

# An event outlives its sample: told again after the sample was deleted, it must not make another one.
feedback_events = Table(
    "feedback_events",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("sample_id", Uuid, nullable=False),
    Column("response_id", Uuid, nullable=False),
    Column("conversation_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("rejection_reason", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("acted_at", _TIME, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("message_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'::uuid[]")),
    # Whether `message_ids` lacks those of the prompt.
    Column("prompt_only", Boolean, nullable=False, server_default=text("true")),
    PrimaryKeyConstraint("account_id", "event_id"),
    CheckConstraint("kind IN ('accepted', 'edited', 'rejected')", name="kind"),
)

# Tombstones: what was deleted, so that what was on its way then is not kept. `is_whole` is false for a conversation that stays.
erased = Table(
    "erased",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("erased_at", _TIME, nullable=False),
    PrimaryKeyConstraint("account_id", "id", "is_whole"),
)
