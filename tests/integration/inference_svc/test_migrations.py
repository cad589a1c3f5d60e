"""The migrations make what the tables say."""

from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from svc_kit.database import Database
from svc_kit.ids import new_id
from svc_kit.migrations import runner
from tests.contract.inference_svc.product import migrated, owner_settings

# As the version of 0003 writes it, also while 0004 is there already.
_QUEUE_AS_BEFORE = text("""
    INSERT INTO inference.generation_jobs
        (account_id, id, state, max_history, suggestions, instruction, sampling, skip_cache, model_id, request_digest)
    VALUES (:account, :id, 'queued', 10, 1, '', '{}', false, '', '')
""")


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


async def test_what_waited_before_there_were_turns_takes_turns(make_database):
    address = make_database()
    pool = Database(await migrated(address))
    engine = create_async_engine(owner_settings(address).url())
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(runner.config_of("inference", sync), "0003"))
    busy, other = new_id(), new_id()
    async with pool.system_transaction() as jobs:
        for account_id in (busy, busy, busy, other):
            await jobs.execute(_QUEUE_AS_BEFORE, {"account": account_id, "id": new_id()})

    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(runner.config_of("inference", sync), "head"))

    await engine.dispose()
    async with pool.system_transaction() as jobs:
        await jobs.execute(_QUEUE_AS_BEFORE, {"account": other, "id": new_id()})
        order = await jobs.scalars(text("SELECT account_id FROM inference.generation_jobs ORDER BY turn, id"))
    await pool.close()
    assert order.all() == [other, busy, other, busy, busy]
