"""Watching an account: what a stream tells, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sync_svc.domain.changes import DraftReady
from sync_svc.domain.conversations import Conversation
from sync_svc.domain.handles import AddressBook
from sync_svc.domain.pages import Page
from sync_svc.domain.watch_board import WatchBoard


@dataclass(frozen=True)
class WatchIntervals:
    """In seconds: the silence before a heartbeat, how often the caller is checked, and how long changes gather."""

    heartbeat: float = 20.0
    check: float = 2.0
    gather: float = 0.25


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing happened. The first one says that whatever happens from there on is told."""


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """A conversation as it is now, with the names of its people."""

    conversation: Conversation
    names: AddressBook


@dataclass(frozen=True, slots=True)
class ConversationDeleted:
    """A conversation, or a chat that was part of one, is no longer there."""

    conversation_id: UUID


WatchEvent = Heartbeat | ConversationChanged | ConversationDeleted | DraftReady


class Watching:
    """Makes streams of events."""

    def __init__(self, board: WatchBoard, intervals: WatchIntervals) -> None:
        self._board = board
        self._intervals = intervals

    async def events(
        self, account_id: UUID, check_caller: Callable[[], Awaitable[None]]
    ) -> AsyncGenerator[WatchEvent, None]:
        """What happens in the account, for ever. Raises what `check_caller` raises, and Unavailable when the service stops."""
        clock = asyncio.get_running_loop().time
        with self._board.watching(account_id) as (audience, watcher):
            yield Heartbeat()
            beat_at = clock() + self._intervals.heartbeat
            while True:
                changes = await watcher.take(max(0.0, min(self._intervals.check, beat_at - clock())))
                await check_caller()
                if changes is None:
                    if clock() < beat_at:
                        continue
                    yield Heartbeat()
                else:
                    if changes.has_conversations:
                        page = await audience.page(changes)
                        for conversation in page.conversations:
                            yield ConversationChanged(conversation, page.names)
                        for gone in changes.conversation_ids - _ids_in(page):
                            yield ConversationDeleted(gone)
                    for draft in changes.drafts:
                        yield draft
                    # A first sync changes the same conversations several times a second.
                    await asyncio.sleep(self._intervals.gather)
                beat_at = clock() + self._intervals.heartbeat


def _ids_in(page: Page) -> set[UUID]:
    """All ids that name a conversation of this page."""
    return {one_id for one in page.conversations for one_id in (one.id, *(chat.id for chat in one.chats))}
