"""A database that an earlier version filled keeps its meaning, and may go back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from svc_kit.database import Database
from svc_kit.migrations.runner import config_of, migrate
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.browse_store import PostgresBrowseStore
from sync_svc.storage.digest_store import PostgresDigestStore
from tests.conftest import DatabaseAddress, MakeDatabase, role_password
from tests.sync_service import EPOCH

ACCOUNT = UUID(int=1)
CHATS = [UUID(int=2), UUID(int=3)]

# As the code of 0001 writes them: the chat $2 of the account $1, with a message of $3 that has its id.
FILL = (
    """INSERT INTO sync.conversations (account_id, id, imessage_id, display_name, is_group, is_self, service, participants,
           train, message_count, last_message_at, last_message_id)
       VALUES ($1, $2, 'chat ' || $2::uuid::text, '', false, false, 'SMS', '{+1}', true, 1, $3, $2)""",
    """INSERT INTO sync.messages (account_id, id, conversation_id, sent_at, state_hash, direction, message_type, flags,
           imessage_guid, sender_id, service, text, reply_to_guid)
       VALUES ($1, $2, $2, $3, 7, 1, 1, 4, $2::uuid::text, '+1', 'SMS', 'a canary', '')""",
    "INSERT INTO sync.deleted_conversations (account_id, imessage_id, up_to) VALUES ($1, 'gone ' || $2::uuid::text, $3)",
    """INSERT INTO sync.contacts (account_id, id, apple_id, display_name, phone_number, email, avatar_hash, handles, updated_at)
       VALUES ($1, $2, $2::uuid::text, 'Ana', '+1', '', '', '{+1}', $3)""",
)


@asynccontextmanager
async def _owner_of(address: DatabaseAddress) -> AsyncIterator["asyncpg.Connection[Any]"]:
    connection = await asyncpg.connect(address.settings.url().set(drivername="postgresql").render_as_string(False))
    try:
        yield connection
    finally:
        await connection.close()


async def _fill(owner: "asyncpg.Connection[Any]") -> None:
    for statement in FILL:
        await owner.executemany(statement, [(ACCOUNT, chat, EPOCH) for chat in CHATS])


async def _go_back(address: DatabaseAddress, to: str = "0001") -> None:
    engine = create_async_engine(address.settings.url())
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config_of("sync", sync), to))
    await engine.dispose()


async def _go_on(address: DatabaseAddress) -> None:
    await migrate(address.settings, {"sync": role_password("sync")})


@pytest.fixture
async def filled(make_database: MakeDatabase) -> DatabaseAddress:
    """A database of 0001 with rows in it, migrated since."""
    address = make_database()
    await _go_on(address)
    await _go_back(address)
    async with _owner_of(address) as owner:
        await _fill(owner)
    await _go_on(address)
    return address


async def test_rows_of_the_version_before_keep_their_meaning(filled: DatabaseAddress):
    pool = Database(filled.as_service("sync").settings, application="test")
    browse = PostgresBrowseStore(pool, AccountWriter(pool))

    listed = (await browse.list_conversations(ACCOUNT, None, 10)).conversations
    messages = (await browse.list_messages(ACCOUNT, CHATS[0], None, 10)).messages
    found = (await browse.search(ACCOUNT, "canary", CHATS[1], None, 10)).messages
    digests = (await PostgresDigestStore(pool).digests(ACCOUNT, None, "", 10)).digests

    await pool.close()
    assert {one.id for one in listed} == set(CHATS)
    assert all(one.settings.train and len(one.chats) == 1 and one.needs_reply for one in listed)
    assert [(one.text, one.flags, one.destination, one.extra) for one in messages] == [("a canary", 4, "", {})]
    assert [(one.conversation_id, one.chat_id) for one in found] == [(CHATS[1], CHATS[1])]
    assert [(one.message_count, one.deleted_up_to) for one in digests] == [(1, None)] * 2 + [(0, EPOCH)] * 2


async def test_the_version_before_goes_on_writing_and_searching(filled: DatabaseAddress):
    async with _owner_of(filled) as owner:
        await owner.execute("TRUNCATE sync.conversations, sync.messages, sync.deleted_conversations, sync.contacts")

        await _fill(owner)
        await owner.execute("SELECT set_config('app.account_id', $1, false)", str(ACCOUNT))
        # It names no types of what it passes, so that there must be one function only that it can mean.
        search = "SELECT id FROM sync.find_words('canary'::tsquery, $1, $2, $3, $4)"
        found = await owner.fetch(search, None, None, None, 10)

    assert {row["id"] for row in found} == set(CHATS)


async def test_going_back_loses_what_only_the_newer_version_knows_and_nothing_else(filled: DatabaseAddress):
    async with _owner_of(filled) as owner:
        await owner.execute("UPDATE sync.conversations SET merge_key = 'k', merged_into = $1 WHERE id <> $1", CHATS[0])
        await owner.execute("""UPDATE sync.messages SET destination = 'me', extra = '{"subject": "s"}'""")

        await _go_back(filled)
        kept = await owner.fetch("SELECT id, text, state_hash FROM sync.messages ORDER BY id")
        await _go_on(filled)
        again = await owner.fetch("SELECT merge_key, merged_into FROM sync.conversations")

    assert [tuple(row) for row in kept] == [(chat, "a canary", 7) for chat in CHATS]
    assert [tuple(row) for row in again] == [("", None)] * 2


async def test_a_deletion_that_reached_into_the_future_ends_when_it_was_made(filled: DatabaseAddress):
    await _go_back(filled, "0004")
    async with _owner_of(filled) as owner:
        await owner.execute("""
            UPDATE sync.deleted_conversations SET up_to = deleted_at + interval '1 year' WHERE imessage_id LIKE '%2'
        """)

        await _go_on(filled)
        rows = await owner.fetch("SELECT up_to, deleted_at FROM sync.deleted_conversations ORDER BY imessage_id")

    assert [row["up_to"] for row in rows] == [rows[0]["deleted_at"], EPOCH]
