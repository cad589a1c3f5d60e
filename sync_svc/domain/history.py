"""Reading the history of all conversations that may be trained on, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from sync_svc.domain.messages import Conversation
from sync_svc.domain.ports import After, BrowseStore, Page

# A page is a transaction and a stream message: no transaction waits for a slow reader.
PAGE_SIZE = 500


async def read_history(
    store: BrowseStore, account_id: UUID, only: Sequence[UUID], since: datetime | None
) -> AsyncIterator[tuple[Conversation, Page]]:
    """Pages of messages with their conversation, each conversation's oldest first; nothing of what may not be trained on."""
    allowed = await store.trainable(account_id, only)
    for conversation in allowed.conversations:
        after: After = None
        while True:
            page = await store.history(account_id, conversation.id, since, after, PAGE_SIZE)
            if page.messages:
                yield conversation, page
            if page.after is None:
                break
            after = page.after
