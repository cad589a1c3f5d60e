"""Reading the history of all conversations that may be trained on, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sync_svc.domain.conversations import Conversation
from sync_svc.domain.messages import Message
from sync_svc.domain.pages import After, Page
from sync_svc.domain.reading import training_history
from sync_svc.storage.browse_store import PostgresBrowseStore

# A page is a transaction and a stream message: no transaction waits for a slow reader.
PAGE_SIZE = 500


async def read_history(
    store: PostgresBrowseStore, account_id: UUID, only: Sequence[UUID], since: datetime | None
) -> AsyncIterator[tuple[Conversation, Page]]:
    """Pages of messages with their conversation, each conversation's oldest first; nothing of what may not be trained on."""
    allowed = await store.trainable(account_id, only)
    for conversation in allowed.conversations:
        before: Sequence[Message] = ()
        after: After = None
        while True:
            page = await store.history(account_id, conversation.id, since, after, PAGE_SIZE)
            if texts := training_history(page.messages, before):
                yield conversation, replace(page, messages=texts)
            if page.after is None:
                break
            before, after = page.messages, page.after
