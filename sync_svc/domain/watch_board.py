"""Who watches which account in this process, and what each has yet to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from uuid import UUID

from svc_kit.errors import Unavailable
from svc_kit.task_end import end_task
from sync_svc.domain.changes import EVERYTHING, MOST_NAMED, Changes, DraftReady
from sync_svc.domain.pages import Page

# Reads the conversations that these ids name, or the newest ones where there are none.
Read = Callable[[UUID, frozenset[UUID] | None], Coroutine[Any, Any, Page]]
_NO_IDS: frozenset[UUID] = frozenset()


class Watcher:
    """What one stream has yet to tell: ids only, and not many of them, however slow its reader is."""

    def __init__(self) -> None:
        self._ids: set[UUID] = set()
        self._everything = False
        self._drafts: dict[UUID, DraftReady] = {}
        self._bell = asyncio.Event()
        self._is_closed = False

    def hear(self, changes: Changes) -> None:
        """Add to what is to be told."""
        self._ids |= changes.conversation_ids
        if changes.everything or len(self._ids) > MOST_NAMED:
            self._ids, self._everything = set(), True
        for draft in changes.drafts:
            self._drafts[draft.response_id] = draft
        while len(self._drafts) > MOST_NAMED:
            del self._drafts[next(iter(self._drafts))]
        self._bell.set()

    def close(self) -> None:
        """Let the stream end."""
        self._is_closed = True
        self._bell.set()

    async def take(self, seconds: float) -> Changes | None:
        """What is to be told, as soon as there is anything; None after a silence. Raises Unavailable once it is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        if self._is_closed:
            raise Unavailable("the service is stopping; watch again in a moment")
        if not self._bell.is_set():
            return None
        self._bell.clear()
        # Where all is looked at anyway, nothing needs a name.
        ids = _NO_IDS if self._everything else frozenset(self._ids)
        taken = Changes(ids, self._everything, tuple(self._drafts.values()))
        self._ids, self._everything, self._drafts = set(), False, {}
        return taken


class Audience:
    """Those who watch one account. What several of them want to see is read once."""

    def __init__(self, begin_reading: Callable[[frozenset[UUID] | None], asyncio.Task[Page]]) -> None:
        self.watchers: set[Watcher] = set()
        self._begin_reading = begin_reading
        self._heard = 0
        self._asked: tuple[int, frozenset[UUID] | None] | None = None
        self._reading: asyncio.Task[Page] | None = None

    def hear(self, changes: Changes) -> None:
        """Tell all of them."""
        self._heard += 1
        for watcher in self.watchers:
            watcher.hear(changes)

    async def page(self, changes: Changes) -> Page:
        """The conversations as they are now. A reading that began after the last change is good enough for everybody."""
        asked = (self._heard, None if changes.everything else changes.conversation_ids)
        reading = self._reading
        if reading is None or self._asked != asked or _has_failed(reading):
            reading = self._reading = self._begin_reading(asked[1])
            self._asked = asked
        # One watcher that goes away takes it from no other.
        return await asyncio.shield(reading)


class WatchBoard:
    """Tells watchers of changes. One per process."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._audiences: dict[UUID, Audience] = {}
        # The loop keeps only weak references to tasks.
        self._readings: set[asyncio.Task[Page]] = set()
        self._is_closed = False

    @contextmanager
    def watching(self, account_id: UUID) -> Iterator[tuple[Audience, Watcher]]:
        """A watcher among its account's; it hears of every change from here on."""
        audience = self._audiences.get(account_id)
        if audience is None:
            audience = self._audiences[account_id] = Audience(partial(self._begin_reading, account_id))
        watcher = Watcher()
        if self._is_closed:
            watcher.close()
        audience.watchers.add(watcher)
        try:
            yield audience, watcher
        finally:
            audience.watchers.discard(watcher)
            if not audience.watchers:
                self._audiences.pop(account_id, None)

    def post(self, account_id: UUID, changes: Changes) -> None:
        """Tell those who watch the account."""
        if audience := self._audiences.get(account_id):
            audience.hear(changes)

    def post_all(self) -> None:
        """Tell everybody that anything may have changed."""
        for audience in self._audiences.values():
            audience.hear(EVERYTHING)

    def close(self) -> None:
        """Let all streams end, and those that still begin."""
        self._is_closed = True
        for audience in self._audiences.values():
            for watcher in audience.watchers:
                watcher.close()

    async def end(self) -> None:
        """Give up what is still being read."""
        for reading in tuple(self._readings):
            await end_task(reading)

    def _begin_reading(self, account_id: UUID, ids: frozenset[UUID] | None) -> asyncio.Task[Page]:
        reading = asyncio.create_task(self._read(account_id, ids))
        self._readings.add(reading)
        reading.add_done_callback(self._has_read)
        return reading

    def _has_read(self, reading: asyncio.Task[Page]) -> None:
        self._readings.discard(reading)
        if not reading.cancelled():
            reading.exception()  # seen, also where all who waited for it have gone


def _has_failed(reading: asyncio.Task[Page]) -> bool:
    return reading.done() and (reading.cancelled() or reading.exception() is not None)
