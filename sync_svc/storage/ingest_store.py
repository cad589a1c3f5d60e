"""Taking in what devices bring, each write in one transaction: messages, their conversations' counts, and the cursor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from svc_kit.database import Database, driver_connection
from sync_svc.domain.erasures import of_messages
from sync_svc.domain.incoming import GUID, Batch, IncomingContact, Written
from sync_svc.domain.pages import StoredBatch, SyncState
from sync_svc.storage import arrivals, change_notices, deleted_messages, erasures, sync_states
from sync_svc.storage import contacts as contact_rows
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.upsert_conversations import upsert_conversations
from sync_svc.storage.upsert_messages import records_of, refresh, upsert

_IDS = """
SELECT imessage_guid, id FROM sync.messages WHERE account_id = $1 AND imessage_guid = ANY ($2::text[])
"""

_DELETE = """
WITH gone AS (
    DELETE FROM sync.messages WHERE account_id = $1 AND imessage_guid = ANY ($2::text[]) RETURNING id, conversation_id
)
SELECT gone.id, gone.conversation_id, coalesce(c.merged_into, gone.conversation_id) AS shown_id
FROM gone LEFT JOIN sync.conversations AS c ON c.account_id = $1 AND c.id = gone.conversation_id
"""


@dataclass(frozen=True, slots=True)
class _Done:
    """What a transaction did: `conversations` are the ids of the chats that it named, by their references."""

    written: Written
    conversations: dict[str, UUID]
    has_news: bool
    has_unsent: bool


class PostgresIngestStore:
    """Takes in what devices bring; every call is one transaction.

    `arrived` is called when news was committed, `erased` when an erasure was.
    """

    def __init__(
        self,
        database: Database,
        writer: AccountWriter,
        arrived: Callable[[], None] = lambda: None,
        erased: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._arrived = arrived
        self._erased = erased

    async def write(self, account_id: UUID, device_id: UUID, batches: Sequence[Batch]) -> Written:
        """Store batches in their order, with the last cursor.

        Raises UnknownConversation, with nothing stored, when a message names a UUID that is no conversation of the account.
        """
        async with self._writer.transaction(account_id) as driver:
            done = await _write(driver, account_id, device_id, batches)
        self._tell_of(done)
        return done.written

    async def write_one(self, account_id: UUID, device_id: UUID, batch: Batch, reference: str) -> StoredBatch:
        """Store one batch of the conversation `reference` and tell the ids. Raises UnknownConversation as `write`."""
        guids = [row[GUID] for row in batch.messages]
        async with self._writer.transaction(account_id) as driver:
            done = await _write(driver, account_id, device_id, [batch])
            ids = {row["imessage_guid"]: row["id"] for row in await driver.fetch(_IDS, account_id, guids)}
        self._tell_of(done)
        return StoredBatch(done.written, done.conversations.get(reference), [ids.get(guid) for guid in guids])

    async def write_contacts(self, account_id: UUID, device_id: UUID, contacts: Sequence[IncomingContact]) -> Written:
        """Store contacts with their handles: the device has them from then on, and what it says anew of them counts."""
        async with self._writer.transaction(account_id) as driver:
            written = await contact_rows.upsert(driver, account_id, device_id, contacts)
            if written.inserted or written.updated:
                await change_notices.tell_everything(driver, account_id)  # a name may stand anywhere
            return written

    async def remove_contacts(self, account_id: UUID, device_id: UUID, but: Collection[str]) -> int:
        """The device has only the contacts whose address book's ids are in `but`; how many went, that no other has."""
        async with self._writer.transaction(account_id) as driver:
            removed = await contact_rows.remove(driver, account_id, device_id, but)
            if removed:
                await change_notices.tell_everything(driver, account_id)
            return removed

    async def delete_messages(self, account_id: UUID, device_id: UUID, guids: Sequence[str], cursor: str) -> int:
        """Delete messages by their GUIDs, and keep the cursor unless it is empty; how many there were.

        No other device brings them back; this one does, when it took them back itself.
        """
        async with self._writer.transaction(account_id) as driver:
            gone = await driver.fetch(_DELETE, account_id, guids)
            await deleted_messages.keep(driver, account_id, device_id, guids)
            less = Counter(row["conversation_id"] for row in gone)
            await refresh(driver, account_id, {chat: -count for chat, count in less.items()})
            await change_notices.tell_changed(driver, account_id, less.keys())
            await erasures.add(driver, account_id, of_messages({row["id"]: row["shown_id"] for row in gone}))
            await arrivals.drop_messages(driver, account_id, [row["id"] for row in gone])
            if cursor:
                await sync_states.keep(driver, account_id, device_id, Written(cursor=cursor))
        if gone:
            self._erased()
        return len(gone)

    async def note_sync(self, account_id: UUID, device_id: UUID) -> None:
        """Keep that the device has nothing left to bring now."""
        async with self._database.transaction(account_id) as connection:
            await sync_states.keep(await driver_connection(connection), account_id, device_id, Written())

    async def sync_state(self, account_id: UUID, device_id: UUID) -> SyncState:
        """What is kept of the device's syncs."""
        async with self._database.transaction(account_id) as connection:
            return await sync_states.read(await driver_connection(connection), account_id, device_id)

    def _tell_of(self, done: _Done) -> None:
        if done.has_news:
            self._arrived()
        if done.has_unsent:
            self._erased()


async def _write(driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, batches: Sequence[Batch]) -> _Done:
    descriptions = [described for batch in batches for described in batch.conversations]
    rows = [row for batch in batches for row in batch.messages]
    wanted = await deleted_messages.without(driver, account_id, device_id, rows)
    before = await erasures.before_unsending(driver, account_id, wanted)
    upserted = await upsert_conversations(driver, account_id, device_id, descriptions, wanted)
    records = records_of(account_id, upserted.rows, upserted.ids)
    changed, touched = await upsert(driver, account_id, device_id, records)
    await change_notices.tell_changed(driver, account_id, {*upserted.changed, *touched})
    has_unsent = before is not None and await erasures.add_unsent(driver, account_id, before)
    has_news = changed.inserted > 0 and await arrivals.keep_news(driver, account_id, records, datetime.now(UTC))
    cursor = next((batch.cursor for batch in reversed(batches) if batch.cursor), "")
    written = Written(len(rows), changed.inserted, changed.updated, cursor)
    kept_cursor = await sync_states.keep(driver, account_id, device_id, written)
    return _Done(Written(len(rows), changed.inserted, changed.updated, kept_cursor), upserted.ids, has_news, has_unsent)
