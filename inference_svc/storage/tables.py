"""The tables of the schema `inference`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from svc_kit.database import new_metadata

metadata = new_metadata("inference")

_JOB_STATES = "'queued','running','completed','failed','cancelled'"
_STATUSES = "'generating','completed','rejected','accepted','edited','failed','cancelled','superseded'"

# Drafts (GeneratedResponse of the contract).
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
    # When the owner had written something after it, and it was compared with that: no later text of theirs says anything of it.
    Column("closed_at", DateTime(timezone=True)),
    # What the prompt was made of (prompting.stored_prompt); NULL for drafts of before it was kept.
    Column("turns", JSONB),
    Column("hints", JSONB),
    Column("template_id", Text, nullable=False, server_default=""),
    # The messages of the prompt; NULL where they are not known.
    Column("message_ids", ARRAY(Uuid)),
    # The message that the owner sent instead of acting on it.
    Column("reply_message_id", Uuid),
    # Since when its texts are gone, because a message that they were made from was deleted.
    Column("erased_at", DateTime(timezone=True)),
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

# Drafts in the queue: what was asked, and who makes it.
generation_jobs = Table(
    "generation_jobs",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("message_id", Uuid),
    Column("conversation_id", Uuid),
    Column("max_history", Integer, nullable=False),
    Column("suggestions", Integer, nullable=False),
    Column("instruction", Text, nullable=False),
    Column("sampling", JSONB, nullable=False),
    Column("skip_cache", Boolean, nullable=False),
    Column("model_id", Text, nullable=False),
    # The conversation whose arrival alone is why it is made; NULL when somebody asked.
    Column("arrived_in", Uuid),
    # A client's id of its request; `request_digest` tells whether it asked the same.
    Column("request_id", Uuid),
    Column("request_digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    # Whose turn it is: each account's jobs are numbered one after the other, from the turn that is served on.
    Column("turn", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Which process runs it, and until when nobody else may; the id is another one each time it is taken.
    Column("maker", Text, nullable=False, server_default=""),
    Column("lease_id", Uuid),
    Column("leased_until", DateTime(timezone=True)),
    # No message text.
    Column("error", Text, nullable=False, server_default=""),
    # The first suggestion, once there is one.
    Column("response_id", Uuid),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # When it may be taken.
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("account_id", "id"),
    CheckConstraint(f"state IN ({_JOB_STATES})", name="state"),
    CheckConstraint("(state = 'running') = (lease_id IS NOT NULL AND leased_until IS NOT NULL)", name="lease"),
    CheckConstraint("(state IN ('queued','running')) = (ended_at IS NULL)", name="ended"),
)

Index(
    "uq_generation_jobs_request",
    generation_jobs.c.account_id,
    generation_jobs.c.request_id,
    unique=True,
    postgresql_where=text("request_id IS NOT NULL"),
)
Index(
    "ix_generation_jobs_waiting",
    generation_jobs.c.turn,
    generation_jobs.c.id,
    postgresql_where=text("state = 'queued'"),
)
# How many of an account's jobs wait, and until which turn.
Index(
    "ix_generation_jobs_account",
    generation_jobs.c.account_id,
    generation_jobs.c.turn,
    postgresql_where=text("state = 'queued'"),
)
# The turn that is served, and who had it.
Index(
    "ix_generation_jobs_served",
    generation_jobs.c.turn,
    generation_jobs.c.account_id,
    postgresql_where=text("started_at IS NOT NULL"),
)
Index(
    "ix_generation_jobs_running",
    generation_jobs.c.account_id,
    generation_jobs.c.leased_until,
    postgresql_where=text("state = 'running'"),
)

# Tombstones: messages, conversations and erasures, so that what was on its way when they were deleted is not kept.
# `is_erased` of migration 0005 looks here, and waits for an erasure that runs.
erased = Table(
    "erased",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("erased_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Of an erasure: the keys of the cached replies that it has to take away.
    Column("cache_keys", ARRAY(String(64)), nullable=False, server_default=text("'{}'::character varying[]")),
    PrimaryKeyConstraint("account_id", "id"),
)
