"""Taking in a stream: what has arrived while a transaction ran goes into the next one together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from sync_svc.domain.errors import UnknownConversation
from sync_svc.domain.incoming import CONVERSATION_REF, Batch, Written

# Fewer rows a transaction leave the database waiting for the next one (measured from the agent on: 2,000 rows 34,000
# messages/s, 4,000 rows 42,000, 8,000 rows 46,000); more only hold memory.
MAX_ROWS = 8_000
MAX_BYTES = 8 * 1024 * 1024

Write = Callable[[Sequence[Batch]], Awaitable[Written]]


class Backlog:
    """Batches that wait for the database; full, it makes the stream wait, and with it the device."""

    def __init__(self) -> None:
        self._batches: deque[Batch] = deque()
        self._rows = 0
        self._bytes = 0
        self._ended = False
        self._changed = asyncio.Condition()

    async def fill(self, batches: AsyncIterator[Batch]) -> None:
        """Take the stream's batches until it ends or fails."""
        try:
            async for batch in batches:
                async with self._changed:
                    await self._changed.wait_for(self._has_room)
                    self._batches.append(batch)
                    self._rows += len(batch.messages)
                    self._bytes += batch.size_bytes
                    self._changed.notify_all()
        finally:
            self._ended = True
            async with self._changed:
                self._changed.notify_all()

    async def take(self) -> list[Batch]:
        """All that waits, up to a transaction's size, as soon as anything does; empty at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._batches or self._ended)
            taken: list[Batch] = []
            rows = size = 0
            while self._batches and (not taken or self._fits(rows, size)):
                batch = self._batches.popleft()
                taken.append(batch)
                rows += len(batch.messages)
                size += batch.size_bytes
            self._rows -= rows
            self._bytes -= size
            self._changed.notify_all()
            return taken

    def _has_room(self) -> bool:
        return self._rows < MAX_ROWS and self._bytes < MAX_BYTES

    def _fits(self, rows: int, size: int) -> bool:
        following = self._batches[0]
        return rows + len(following.messages) <= MAX_ROWS and size + following.size_bytes <= MAX_BYTES


async def ingest(batches: AsyncIterator[Batch], write: Write) -> Written:
    """Write a stream to its end; the stream is read and checked while the database works.

    When the stream fails, or a batch is wrong, all before it is written, and then the error is raised.
    """
    backlog = Backlog()
    reader = asyncio.create_task(backlog.fill(batches))
    total = Written()
    try:
        while joined := await backlog.take():
            total += await _write_up_to_the_wrong_one(joined, write)
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
    return total


async def _write_up_to_the_wrong_one(batches: Sequence[Batch], write: Write) -> Written:
    try:
        return await write(batches)
    except UnknownConversation as error:
        wrong = next(place for place, batch in enumerate(batches) if _names(batch, error.reference))
        if wrong:
            await _write_up_to_the_wrong_one(batches[:wrong], write)
        raise


def _names(batch: Batch, reference: str) -> bool:
    return any(row[CONVERSATION_REF] == reference for row in batch.messages)
