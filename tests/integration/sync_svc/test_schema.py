"""The schema: what the migrations make, and what Row-Level Security hides."""

from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from assistant.sync.v1 import sync_pb2
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from svc_kit.database import Database
from svc_kit.migrations import runner
from sync_svc.api.parse_batches import batch_of_stream, contacts_of
from sync_svc.storage.ingest_store import PostgresIngestStore
from sync_svc.storage.tables import metadata
from tests.conftest import DatabaseAddress
from tests.sync_service import incoming, request

TABLES = [table.name for table in metadata.sorted_tables]


async def test_the_migrations_make_what_the_tables_say(database: DatabaseAddress):
    engine = create_async_engine(database.settings.url())
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(runner.config_of("sync", sync)))
    await engine.dispose()


async def test_row_level_security_is_forced_on_every_table(database: DatabaseAddress):
    engine = create_async_engine(database.settings.url())
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT relname, relrowsecurity AND relforcerowsecurity AS closed FROM pg_class "
                "WHERE relnamespace = 'sync'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'"
            )
        )
        closed = {row.relname: row.closed for row in found}
    await engine.dispose()

    assert closed == dict.fromkeys(TABLES, True)


async def _fill(store: PostgresIngestStore):
    account, device = uuid4(), uuid4()
    batch = batch_of_stream(request(incoming("a", "a canary sings"), cursor="1"))
    await store.write(account, device, [batch])
    ana = sync_pb2.SyncedContact(apple_id="A", display_name="Ana", handles=["+1"])
    await store.delete_messages(account, device, ["gone"], "")
    await store.write_contacts(account, device, contacts_of(sync_pb2.SyncContactsRequest(contacts=[ana])))
    return account


@pytest.mark.parametrize(
    "table", [name for name in TABLES if name not in ("deleted_conversations", "arrivals", "erasures")]
)
async def test_a_forgotten_where_shows_nothing_of_others(pool: Database, ingest_store: PostgresIngestStore, table: str):
    mine, stranger = await _fill(ingest_store), uuid4()
    count = text(f"SELECT count(*), count(DISTINCT account_id) FROM sync.{table}")  # noqa: S608 - a name from the list above

    async with pool.transaction(mine) as connection:
        own = (await connection.execute(count)).one()
    async with pool.transaction(stranger) as connection:
        others = (await connection.execute(count)).one()
    async with pool.system_transaction() as connection:
        nobodys = (await connection.execute(count)).one()

    assert own == (1, 1)
    assert others == nobodys == (0, 0)


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("arrivals", "conversation_id, message_id", ":mine, :mine"),
        (
            "erasures",
            "id, destination, conversation_ids, message_ids, touched_conversation_ids",
            ":mine, 'nobody', '{}', '{}', '{}'",
        ),
    ],
)
async def test_an_outbox_is_read_across_accounts_and_by_no_other_account(
    pool: Database, table: str, columns: str, values: str
):
    mine = uuid4()
    arrive = text(f"INSERT INTO sync.{table} (account_id, {columns}) VALUES (:mine, {values})")  # noqa: S608 - from the list above
    count = text(f"SELECT count(*) FROM sync.{table}")  # noqa: S608 - from the list above

    async with pool.transaction(mine) as connection:
        await connection.execute(arrive, {"mine": mine})
    async with pool.transaction(uuid4()) as connection:
        others = await connection.scalar(count)
    async with pool.system_transaction() as connection:
        systems = await connection.scalar(count)

    assert (others, systems) == (0, 1)


async def test_a_row_of_another_account_cannot_be_written(pool: Database):
    statement = text(
        "INSERT INTO sync.deleted_conversations (account_id, imessage_id, up_to) VALUES (:other, 'x', now())"
    )

    with pytest.raises(ProgrammingError, match="row-level security"):
        async with pool.transaction(uuid4()) as connection:
            await connection.execute(statement, {"other": uuid4()})


async def test_the_search_looks_at_the_account_by_itself(pool: Database, ingest_store: PostgresIngestStore):
    mine = await _fill(ingest_store)
    find = text("SELECT count(*) FROM sync.find_words_in('canary'::tsquery, NULL, NULL, NULL, 100)")

    async with pool.transaction(mine) as connection:
        own = await connection.scalar(find)
    async with pool.transaction(uuid4()) as connection:
        others = await connection.scalar(find)
    async with pool.system_transaction() as connection:
        nobodys = await connection.scalar(find)

    assert (own, others, nobodys) == (1, 0, 0)


async def test_the_search_finds_what_is_in_the_chats_it_is_told(pool: Database, ingest_store: PostgresIngestStore):
    mine = await _fill(ingest_store)
    find = text("SELECT count(*) FROM sync.find_words_in('canary'::tsquery, :chats, NULL, NULL, 100)")

    async with pool.transaction(mine) as connection:
        chat = await connection.scalar(text("SELECT id FROM sync.conversations"))
        found = [await connection.scalar(find, {"chats": chats}) for chats in ([uuid4(), chat], [uuid4()], [])]

    assert found == [1, 0, 0]


async def test_the_search_uses_the_index(database: DatabaseAddress):
    connection = await asyncpg.connect(database.settings.url().set(drivername="postgresql").render_as_string(False))
    await connection.execute("SET enable_seqscan = off")
    plan = await connection.fetch(
        "EXPLAIN SELECT id FROM sync.messages "
        "WHERE to_tsvector('simple'::regconfig, \"left\"(text, 20000)) @@ 'canary'::tsquery"
    )
    await connection.close()

    assert any("ix_messages_words" in line[0] for line in plan)
