"""The migrations make what the tables say."""

from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from svc_kit.migrations import runner
from tests.contract.inference_svc.product import migrated, owner_settings


async def test_nothing_is_missing_in_the_migrations(database, schema):
    engine = create_async_engine(owner_settings(database).url())
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(runner.config_of("inference", sync)))
    await engine.dispose()


async def test_row_level_security_is_forced_on_every_table(database, schema):
    engine = create_async_engine(owner_settings(database).url())
    async with engine.connect() as connection:
        open_tables = await connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'inference'::regnamespace AND relkind = 'r'"
                " AND relname <> 'alembic_version' AND NOT (relrowsecurity AND relforcerowsecurity)"
            )
        )
        assert open_tables.all() == []
    await engine.dispose()


async def test_migrating_again_changes_nothing(database, schema):
    assert (await migrated(database)).name == schema.name
