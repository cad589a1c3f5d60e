"""Reading conversations, and what the owner changes about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from svc_kit.database import Database, driver_connection
from svc_kit.errors import FailedPrecondition, NotFound
from sync_svc.domain.changes import DraftReady
from sync_svc.domain.conversations import Conversation, Settings, conversations_of
from sync_svc.domain.erasures import of_conversation
from sync_svc.domain.messages import Message
from sync_svc.domain.pages import After, DraftContext, Page
from sync_svc.storage import arrivals, change_notices, deleted_messages, erasures, queries, tombstones
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.contacts import address_book
from sync_svc.storage.conversation_reads import chats_beside, context_of, require_conversation
from sync_svc.storage.keys import LAST_ID, NEWEST, OLDEST, after_of
from sync_svc.storage.rows import Row, chat_of, chat_with_last_message, message_of

Driver: TypeAlias = "asyncpg.Connection[Any]"
_NO_KEY = (None, None)


# A page of the list, as its first readers see it.
_NEWEST = 50


class PostgresBrowseStore:
    """Reads, and what the owner changes. Raises NotFound for whatever is not the account's.

    A conversation goes by the id of any of its chats, and is answered with its own.
    """

    def __init__(self, database: Database, writer: AccountWriter, erased: Callable[[], None] = lambda: None) -> None:
        """`erased` is called when an erasure was committed."""
        self._database = database
        self._writer = writer
        self._erased = erased

    async def list_conversations(self, account_id: UUID, after: After, size: int) -> Page:
        """Conversations with messages, the one with the newest message first."""
        async with self._reading(account_id) as driver:
            rows = await driver.fetch(queries.LIST_CONVERSATIONS, account_id, size + 1, *(after or NEWEST))
            newest = [chat_with_last_message(row) for row in rows[:size]]
            shown = conversations_of([*newest, *await chats_beside(driver, account_id, newest)])
            names = await address_book(driver, account_id, _handles(shown))
        return Page(conversations=shown, names=names, after=after_of(rows, size, "last_message_at", "c_id"))

    async def conversation(self, account_id: UUID, conversation_id: UUID) -> Page:
        """One conversation with its last message."""
        async with self._reading(account_id) as driver:
            return await _one(driver, account_id, conversation_id)

    async def some_conversations(self, account_id: UUID, conversation_ids: Collection[UUID]) -> Page:
        """Conversations by ids of their chats, as they are listed; what is gone is left out."""
        async with self._reading(account_id) as driver:
            rows = await driver.fetch(queries.CONVERSATIONS_BY_ID, account_id, list(conversation_ids))
            if keys := {row["merge_key"] for row in rows if row["merge_key"]}:
                rows += await driver.fetch(queries.CONVERSATIONS_BY_KEY, account_id, list(keys))
            chats = {row["c_id"]: chat_with_last_message(row) for row in rows}
            shown = conversations_of(chats.values())
            return Page(conversations=shown, names=await address_book(driver, account_id, _handles(shown)))

    async def changed_conversations(self, account_id: UUID, ids: frozenset[UUID] | None) -> Page:
        """What these ids name as it is listed; the first page of the list when anything may have changed (None)."""
        if ids is None:
            return await self.list_conversations(account_id, None, _NEWEST)
        return await self.some_conversations(account_id, ids)

    async def announce_draft(self, account_id: UUID, draft: DraftReady) -> None:
        """Tell all who watch the account, in whatever process, that a draft is ready; nothing is kept."""
        async with self._reading(account_id) as driver:
            shown = await require_conversation(driver, account_id, draft.conversation_id)
            await change_notices.tell_draft(driver, account_id, replace(draft, conversation_id=shown.id))

    async def change_settings(
        self, account_id: UUID, conversation_id: UUID, settings: Settings, fields: Sequence[str]
    ) -> Page:
        """Change the named fields of a conversation's settings; the conversation as it is then."""
        chosen = [getattr(settings, name) if name in fields else None for name in queries.SETTINGS]
        # As a writer, so that no chat joins meanwhile with what was set before.
        async with self._writer.transaction(account_id) as driver:
            chats = await _chat_ids(driver, account_id, conversation_id)
            await driver.execute(queries.CHANGE_SETTINGS, account_id, chats, *chosen)
            await change_notices.tell_changed(driver, account_id, chats[:1])
            return await _one(driver, account_id, conversation_id)

    async def delete_conversation(self, account_id: UUID, conversation_id: UUID) -> int:
        """Delete a conversation and its messages; how many there were. What was synced does not come back."""
        async with self._writer.transaction(account_id) as driver:
            conversation = await require_conversation(driver, account_id, conversation_id)
            chats = [chat.id for chat in conversation.chats]
            gone = await driver.fetchrow(queries.DELETE_MESSAGES, account_id, chats)
            if gone["up_to"] is not None:
                await tombstones.keep(driver, account_id, chats, gone["up_to"])
            await deleted_messages.keep(driver, account_id, deleted_messages.OWNER, gone["ahead"])
            await driver.execute(queries.DELETE_CHATS, account_id, chats)
            await change_notices.tell_changed(driver, account_id, chats)
            await arrivals.drop_conversations(driver, account_id, chats)
            every_id = list(dict.fromkeys([*chats, conversation.id]))
            await erasures.add(driver, account_id, of_conversation(every_id, gone["deleted"]))
        self._erased()
        return len(gone["deleted"])

    async def list_messages(self, account_id: UUID, conversation_id: UUID, after: After, size: int) -> Page:
        """A conversation's messages, newest first."""
        async with self._reading(account_id) as driver:
            rows = await driver.fetch(queries.LIST_MESSAGES, account_id, conversation_id, size + 1, *(after or NEWEST))
            if not rows:
                await require_conversation(driver, account_id, conversation_id)
            return await _page_of_messages(driver, account_id, rows, size)

    async def search(self, account_id: UUID, query: str, within: UUID | None, after: After, size: int) -> Page:
        """Messages with all words of the query, newest first, and the conversations they are in."""
        *whole, last = query.split()
        beginning = "'" + last.replace("\\", "\\\\").replace("'", "''") + "':*"
        async with self._reading(account_id) as driver:
            chats = await _chat_ids(driver, account_id, within) if within is not None else None
            rows = await driver.fetch(
                queries.SEARCH, account_id, " ".join(whole), beginning, chats, *(after or _NO_KEY), size + 1
            )
            messages = [message_of(row) for row in rows[:size]]
            found = list({row["c_id"]: chat_of(row) for row in rows[:size]}.values())
            conversations = conversations_of([*found, *await chats_beside(driver, account_id, found)])
            names = await address_book(driver, account_id, [*_handles(conversations), *_people(messages)])
        return Page(conversations, messages, names, after_of(rows, size))

    async def context(
        self, account_id: UUID, conversation_id: UUID | None, message_id: UUID | None, size: int
    ) -> DraftContext:
        """The last messages up to `message_id`, as a draft reads them. Raises FailedPrecondition EMPTY_CONVERSATION."""
        async with self._reading(account_id) as driver:
            up_to: After = None
            named = conversation_id
            if message_id is not None:
                asked = await driver.fetchrow(queries.MESSAGE_PLACE, account_id, message_id)
                if asked is None:
                    raise NotFound("no such message")
                named, up_to = asked["conversation_id"], (asked["sent_at"], asked["id"])
            assert named is not None
            conversation = await require_conversation(driver, account_id, named)
            if conversation_id not in (None, *(chat.id for chat in conversation.chats)):
                raise NotFound("no such message")
            messages = await context_of(driver, account_id, named, up_to or NEWEST, size)
            newest = messages if up_to is None else await context_of(driver, account_id, named, NEWEST, 1)
            if not messages:
                raise FailedPrecondition("EMPTY_CONVERSATION", "the conversation has no message with text to answer")
            names = await address_book(driver, account_id, [*_handles([conversation]), *_people(messages)])
        return DraftContext(conversation, messages, newest[-1].id, names)

    async def trainable(self, account_id: UUID, only: Sequence[UUID]) -> Page:
        """The conversations that may be trained on; of `only`, when it is not empty."""
        async with self._reading(account_id) as driver:
            rows = await driver.fetch(queries.TRAINABLE, account_id)
            allowed = [one for one in conversations_of(map(chat_of, rows)) if one.may_be_trained_on]
            if only:
                wanted = set(only)
                allowed = [one for one in allowed if any(chat.id in wanted for chat in one.chats)]
            names = await address_book(driver, account_id, _handles(allowed))
        return Page(conversations=allowed, names=names)

    async def history(
        self, account_id: UUID, conversation_id: UUID, since: datetime | None, after: After, size: int
    ) -> Page:
        """A conversation's messages that training may read, oldest first; as they are stored: see domain/reading.py."""
        start = after or ((since, LAST_ID) if since is not None else OLDEST)
        async with self._reading(account_id) as driver:
            rows = await driver.fetch(queries.HISTORY, account_id, conversation_id, size + 1, *start)
            return await _page_of_messages(driver, account_id, rows, size)

    @asynccontextmanager
    async def _reading(self, account_id: UUID) -> AsyncIterator[Driver]:
        async with self._database.transaction(account_id) as connection:
            yield await driver_connection(connection)


async def _chat_ids(driver: Driver, account_id: UUID, conversation_id: UUID) -> list[UUID]:
    return [chat.id for chat in (await require_conversation(driver, account_id, conversation_id)).chats]


async def _one(driver: Driver, account_id: UUID, conversation_id: UUID) -> Page:
    rows = await driver.fetch(queries.CONVERSATION_WITH_LAST, account_id, conversation_id)
    if not rows:
        raise NotFound("no such conversation")
    shown = conversations_of(map(chat_with_last_message, rows))
    return Page(conversations=shown, names=await address_book(driver, account_id, _handles(shown)))


async def _page_of_messages(driver: Driver, account_id: UUID, rows: Sequence[Row], size: int) -> Page:
    messages = [message_of(row) for row in rows[:size]]
    names = await address_book(driver, account_id, _people(messages))
    return Page(messages=messages, names=names, after=after_of(rows, size))


def _handles(conversations: Sequence[Conversation]) -> list[str]:
    handles = [handle for one in conversations for handle in one.participants]
    return handles + _people([newest for one in conversations if (newest := one.last_message) is not None])


def _people(messages: Sequence[Message]) -> list[str]:
    """The handles whose names messages show."""
    happened_to = (message.extra["group_event"]["handle"] for message in messages if "group_event" in message.extra)
    return [*(message.sender_id for message in messages), *happened_to]
