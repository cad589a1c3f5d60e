"""Reading conversations, and what the owner changes about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from svc_kit.database import Database, driver_connection
from svc_kit.errors import FailedPrecondition, NotFound
from sync_svc.domain.messages import Conversation, Message, Settings
from sync_svc.domain.ports import After, DraftContext, Page
from sync_svc.storage import queries
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.contacts import address_book
from sync_svc.storage.rows import Row, conversation_of, message_of

Driver: TypeAlias = "asyncpg.Connection[Any]"
_NO_KEY = (None, None)


class PostgresBrowseStore:
    """domain.ports.BrowseStore."""

    def __init__(self, database: Database, writer: AccountWriter) -> None:
        self._database = database
        self._writer = writer

    async def list_conversations(self, account_id: UUID, after: After, size: int) -> Page:
        """See BrowseStore."""
        async with self._reading(account_id) as driver:
            if after is None:
                rows = await driver.fetch(queries.FIRST_CONVERSATIONS, account_id, size + 1)
            else:
                rows = await driver.fetch(queries.NEXT_CONVERSATIONS, account_id, size + 1, *after)
            shown = [_with_last_message(row) for row in rows[:size]]
            names = await address_book(driver, account_id, _handles(shown))
        return Page(
            conversations=shown,
            names=names,
            after=_after(rows, size, lambda row: (row["last_message_at"], row["c_id"])),
        )

    async def conversation(self, account_id: UUID, conversation_id: UUID) -> Page:
        """See BrowseStore."""
        async with self._reading(account_id) as driver:
            return await _one(driver, account_id, conversation_id)

    async def change_settings(
        self, account_id: UUID, conversation_id: UUID, settings: Settings, fields: Sequence[str]
    ) -> Page:
        """See BrowseStore."""
        chosen = [getattr(settings, name) if name in fields else None for name in queries.SETTINGS]
        async with self._reading(account_id) as driver:
            await driver.execute(queries.CHANGE_SETTINGS, account_id, conversation_id, *chosen)
            return await _one(driver, account_id, conversation_id)

    async def delete_conversation(self, account_id: UUID, conversation_id: UUID) -> int:
        """See BrowseStore."""
        async with self._writer.transaction(account_id) as driver:
            await _require(driver, account_id, conversation_id)
            await driver.execute(queries.KEEP_DELETED, account_id, conversation_id)
            deleted: int = await driver.fetchval(queries.DELETE_MESSAGES, account_id, conversation_id)
            await driver.execute(queries.DELETE_CONVERSATION, account_id, conversation_id)
            return deleted

    async def list_messages(self, account_id: UUID, conversation_id: UUID, after: After, size: int) -> Page:
        """See BrowseStore."""
        async with self._reading(account_id) as driver:
            if after is None:
                rows = await driver.fetch(queries.FIRST_MESSAGES, account_id, conversation_id, size + 1)
            else:
                rows = await driver.fetch(queries.NEXT_MESSAGES, account_id, conversation_id, size + 1, *after)
            if not rows:
                await _require(driver, account_id, conversation_id)
            return await _page_of_messages(driver, account_id, rows, size)

    async def search(self, account_id: UUID, query: str, within: UUID | None, after: After, size: int) -> Page:
        """See BrowseStore."""
        *whole, last = query.split()
        beginning = "'" + last.replace("\\", "\\\\").replace("'", "''") + "':*"
        async with self._reading(account_id) as driver:
            if within is not None:
                await _require(driver, account_id, within)
            rows = await driver.fetch(
                queries.SEARCH, account_id, " ".join(whole), beginning, within, *(after or _NO_KEY), size + 1
            )
            shown = [(message_of(row), conversation_of(row)) for row in rows[:size]]
            conversations = list({conversation.id: conversation for _, conversation in shown}.values())
            messages = [message for message, _ in shown]
            names = await address_book(driver, account_id, [*_handles(conversations), *_senders(messages)])
        return Page(conversations, messages, names, _after(rows, size, lambda row: (row["sent_at"], row["id"])))

    async def context(
        self, account_id: UUID, conversation_id: UUID | None, message_id: UUID | None, size: int
    ) -> DraftContext:
        """See BrowseStore."""
        async with self._reading(account_id) as driver:
            up_to: After = None
            if message_id is not None:
                asked = await driver.fetchrow(queries.MESSAGE_PLACE, account_id, message_id)
                if asked is None or conversation_id not in (None, asked["conversation_id"]):
                    raise NotFound("no such message")
                conversation_id, up_to = asked["conversation_id"], (asked["sent_at"], asked["id"])
            assert conversation_id is not None
            conversation = await _require(driver, account_id, conversation_id)
            rows = await driver.fetch(queries.CONTEXT, account_id, conversation_id, size, *(up_to or _NO_KEY))
            if not rows:
                raise FailedPrecondition("EMPTY_CONVERSATION", "the conversation has no message with text to answer")
            newest = await driver.fetchval(queries.NEWEST_WITH_TEXT, account_id, conversation_id)
            messages = [message_of(row) for row in reversed(rows)]
            names = await address_book(driver, account_id, [*_handles([conversation]), *_senders(messages)])
        return DraftContext(conversation, messages, newest, names)

    async def trainable(self, account_id: UUID, only: Sequence[UUID]) -> Page:
        """See BrowseStore."""
        async with self._reading(account_id) as driver:
            rows = await driver.fetch(queries.TRAINABLE, account_id, list(only) or None)
            conversations = [conversation_of(row) for row in rows]
            names = await address_book(driver, account_id, _handles(conversations))
        return Page(conversations=conversations, names=names)

    async def history(
        self, account_id: UUID, conversation_id: UUID, since: datetime | None, after: After, size: int
    ) -> Page:
        """See BrowseStore."""
        async with self._reading(account_id) as driver:
            rows = await driver.fetch(
                queries.HISTORY, account_id, conversation_id, size + 1, since, *(after or _NO_KEY)
            )
            return await _page_of_messages(driver, account_id, rows, size)

    @asynccontextmanager
    async def _reading(self, account_id: UUID) -> AsyncIterator[Driver]:
        async with self._database.transaction(account_id) as connection:
            yield await driver_connection(connection)


async def _require(driver: Driver, account_id: UUID, conversation_id: UUID) -> Conversation:
    row = await driver.fetchrow(queries.CONVERSATION, account_id, conversation_id)
    if row is None:
        raise NotFound("no such conversation")
    return conversation_of(row)


async def _one(driver: Driver, account_id: UUID, conversation_id: UUID) -> Page:
    row = await driver.fetchrow(queries.CONVERSATION_WITH_LAST, account_id, conversation_id)
    if row is None:
        raise NotFound("no such conversation")
    shown = [_with_last_message(row)]
    return Page(conversations=shown, names=await address_book(driver, account_id, _handles(shown)))


async def _page_of_messages(driver: Driver, account_id: UUID, rows: Sequence[Row], size: int) -> Page:
    messages = [message_of(row) for row in rows[:size]]
    names = await address_book(driver, account_id, _senders(messages))
    return Page(messages=messages, names=names, after=_after(rows, size, lambda row: (row["sent_at"], row["id"])))


def _with_last_message(row: Row) -> Conversation:
    return conversation_of(row, message_of(row) if row["id"] is not None else None)


def _handles(conversations: Sequence[Conversation]) -> list[str]:
    handles = [handle for one in conversations for handle in one.participants]
    return handles + _senders([one.last_message for one in conversations if one.last_message is not None])


def _senders(messages: Sequence[Message]) -> list[str]:
    return [message.sender_id for message in messages]


def _after(rows: Sequence[Row], size: int, key: Callable[[Row], tuple[datetime, UUID]]) -> After:
    return key(rows[size - 1]) if len(rows) > size else None
