"""What every service's Alembic env.py does."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import MetaData


def run(metadata: MetaData) -> None:
    """Run the migrations of `metadata`'s schema on the connection that `svc_kit.migrations.runner` opened."""
    schema = metadata.schema

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        # Without this, autogenerate proposes to drop the neighbours' tables.
        return kind != "schema" or name == schema

    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        include_schemas=True,
        include_name=ours,
        version_table_schema=schema,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
