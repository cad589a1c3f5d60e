"""What a draft's prompt was made of, and what was deleted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from svc_kit.migrations.rls import protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "inference"
# Whoever keeps text shares the lock, an erasure has it alone (erasure_store.py). In a volatile function each statement has a
# snapshot of its own, so the second one sees what the erasure committed that the first one waited for; one statement of
# the caller's could not do both. It says also in a RETURNING, once the row is there, what the row must not stay for.
_IS_ERASED = """
CREATE FUNCTION inference.is_erased(account uuid, ids uuid[]) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(21, ('x' || right(account::text, 8))::bit(32)::integer);
    RETURN EXISTS (SELECT FROM inference.erased AS e WHERE e.account_id = account AND e.id = ANY (ids));
END
$$
"""


def upgrade() -> None:
    """Add the columns; of drafts of before, only the prompt is known. What ended jobs asked for is not kept any longer."""
    for column in _new():
        op.add_column("responses", column, schema=SCHEMA)
    op.create_table(
        "erased",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column(
            "cache_keys",
            ARRAY(sa.String(64)),
            nullable=False,
            server_default=sa.text("'{}'::character varying[]"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_erased"),
        schema=SCHEMA,
    )
    # Old ones of all accounts are swept.
    protect(SCHEMA, "erased", system=True)
    op.execute(_IS_ERASED)
    # The policy is forced on the table's owner too, who would not see a row to change.
    op.execute("ALTER TABLE inference.generation_jobs NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE inference.generation_jobs SET instruction = '', sampling = '{}' WHERE state NOT IN ('queued', 'running')"
    )
    op.execute("ALTER TABLE inference.generation_jobs FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP FUNCTION inference.is_erased(uuid, uuid[])")
    op.drop_table("erased", schema=SCHEMA)
    for column in _new():
        op.drop_column("responses", column.name, schema=SCHEMA)


def _new() -> list[sa.Column[Any]]:
    return [
        sa.Column("turns", JSONB),
        sa.Column("hints", JSONB),
        sa.Column("template_id", sa.Text, nullable=False, server_default=""),
        sa.Column("message_ids", ARRAY(sa.Uuid)),
        sa.Column("reply_message_id", sa.Uuid),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
    ]
