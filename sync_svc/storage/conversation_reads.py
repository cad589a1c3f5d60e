"""What several stores read of conversations, within a transaction of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from svc_kit.errors import NotFound
from sync_svc.domain.conversations import Chat, Conversation, conversations_of
from sync_svc.domain.messages import Message
from sync_svc.domain.reading import draft_context
from sync_svc.storage import queries
from sync_svc.storage.rows import chat_of, message_of

Driver: TypeAlias = "asyncpg.Connection[Any]"
# A link and its preview are two rows, of which a draft reads one.
_ROWS_FOR_ONE = 2
_ROWS_AT_LEAST = 20


async def require_conversation(driver: Driver, account_id: UUID, conversation_id: UUID) -> Conversation:
    """The conversation that the id of any of its chats names. Raises NotFound."""
    rows = await driver.fetch(queries.CONVERSATION, account_id, conversation_id)
    if not rows:
        raise NotFound("no such conversation")
    return conversations_of(map(chat_of, rows))[0]


async def chats_beside(driver: Driver, account_id: UUID, chats: Sequence[Chat]) -> list[Chat]:
    """The others of the conversations that these chats are shown in."""
    keys = {chat.merge_key for chat in chats if chat.merge_key}
    if not keys:
        return []
    known = {chat.id for chat in chats}
    rows = await driver.fetch(queries.CHATS_WITH_KEYS, account_id, list(keys))
    return [chat_of(row) for row in rows if row["c_id"] not in known]


async def context_of(
    driver: Driver, account_id: UUID, conversation_id: UUID, up_to: tuple[datetime, UUID], size: int
) -> list[Message]:
    """The last `size` messages up to this place as a draft reads them, oldest first."""
    candidates = max(size * _ROWS_FOR_ONE, _ROWS_AT_LEAST)
    rows = await driver.fetch(queries.CONTEXT, account_id, conversation_id, candidates, *up_to)
    return draft_context([message_of(row) for row in reversed(rows)], size)
