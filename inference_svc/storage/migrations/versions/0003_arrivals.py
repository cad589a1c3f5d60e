"""Drafts that a message's arrival makes, and those that an own message closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("responses", sa.Column("closed_at", sa.DateTime(timezone=True)), schema="inference")
    op.add_column("generation_jobs", sa.Column("arrived_in", sa.Uuid), schema="inference")


def downgrade() -> None:
    """Drop them."""
    op.drop_column("generation_jobs", "arrived_in", schema="inference")
    op.drop_column("responses", "closed_at", schema="inference")
