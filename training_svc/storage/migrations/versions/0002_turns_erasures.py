"""What a sample's prompt was made of, and what was deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from svc_kit.migrations.rls import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "training"
_NO_IDS = sa.text("'{}'::uuid[]")


def upgrade() -> None:
    """Add the columns, whose defaults say of existing samples that only their prompt is known, and the tombstones."""
    for table in ("samples", "feedback_events"):
        op.add_column(
            table, sa.Column("message_ids", ARRAY(sa.Uuid), nullable=False, server_default=_NO_IDS), schema=SCHEMA
        )
        op.add_column(
            table,
            sa.Column("prompt_only", sa.Boolean, nullable=False, server_default=sa.text("true")),
            schema=SCHEMA,
        )
    op.add_column("samples", sa.Column("turns", JSONB), schema=SCHEMA)
    op.add_column("samples", sa.Column("hints", JSONB), schema=SCHEMA)
    op.add_column("samples", sa.Column("template_id", sa.Text, nullable=False, server_default=""), schema=SCHEMA)
    op.create_table(
        "erased",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("is_whole", sa.Boolean, nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", "is_whole", name="pk_erased"),
        schema=SCHEMA,
    )
    protect(SCHEMA, "erased")


def downgrade() -> None:
    """Drop them."""
    op.drop_table("erased", schema=SCHEMA)
    for column in ("turns", "hints", "template_id"):
        op.drop_column("samples", column, schema=SCHEMA)
    for table in ("samples", "feedback_events"):
        op.drop_column(table, "message_ids", schema=SCHEMA)
        op.drop_column(table, "prompt_only", schema=SCHEMA)
