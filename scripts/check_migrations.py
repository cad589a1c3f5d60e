"""Proves, on a real PostgreSQL, that each service's migrations make the tables its code expects, and can be undone."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from stack.embedded.postgres import PostgresInstance, running_postgres
from svc_kit.migrations.runner import SERVICES, config_of, migrate
from svc_kit.settings import DatabaseSettings

DATABASE = "migrations"


def owner_of(server: PostgresInstance) -> DatabaseSettings:
    """Return how the owner of the tables connects."""
    return DatabaseSettings(
        host=server.host, port=server.port, user=server.user, password=SecretStr(server.owner_password), name=DATABASE
    )


def prove(connection: Connection, schema: str) -> None:
    """Check one service's history against its tables, then walk it down to nothing and up again."""
    config = config_of(schema, connection)
    heads = ScriptDirectory.from_config(config).get_heads()
    if len(heads) != 1:
        raise CommandError(f"there must be one head, not {len(heads)}: {', '.join(heads)}")
    command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)


async def check(owner: DatabaseSettings) -> list[str]:
    """Return what is wrong, a line for each service."""
    wrong = []
    await migrate(owner, dict.fromkeys(SERVICES, "password-of-a-check"))
    engine = create_async_engine(owner.url())
    for schema in SERVICES:
        async with engine.connect() as connection:
            try:
                await connection.run_sync(prove, schema)
            except CommandError as error:
                wrong.append(f"{schema}: {error}")
            await connection.rollback()
    await engine.dispose()
    return wrong


def main() -> int:
    """Run a server for the length of the check."""
    with tempfile.TemporaryDirectory(prefix="assistant-migrations-") as name:
        directory = Path(name)
        # As root, PostgreSQL runs as another user, who must be able to enter.
        directory.chmod(0o755)
        with running_postgres(directory, durable=False) as server:
            wrong = asyncio.run(check(owner_of(server)))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
