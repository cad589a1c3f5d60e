"""Events from the engine's thread to one reader on the event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from llama_worker.engine.events import Event, Failed, Finished, Piece


class TokenStream:
    """An async iterator of events; leaving its `async with` block cancels the work.

    The buffer is bounded by counting, not by blocking: the engine reads `full` and leaves a slow reader's sequences out
    of its steps. Each counter has one writer, so no lock is needed.
    """

    def __init__(self, capacity: int, wake: Callable[[], None], cancel: Callable[[], None]) -> None:
        self._capacity = capacity
        self._wake = wake
        self._cancel = cancel
        self._items: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._emitted = 0
        self._taken = 0
        self._paused = False

    @property
    def _behind(self) -> int:
        return self._emitted - self._taken

    # The engine's side.

    @property
    def full(self) -> bool:
        """Whether the reader is so far behind that its work has to wait. Only for the engine's thread.

        Once full it stays so until half is read, or the work would pause and resume at every token.
        """
        if self._behind >= self._capacity:
            self._paused = True
        # Counted anew: a reader that caught up just before the flag was set did not call `wake`.
        if self._behind <= self._capacity // 2:
            self._paused = False
        return self._paused

    def count(self, event: Event) -> None:
        """Note that the engine sends this event; pieces count against the capacity."""
        if isinstance(event, Piece):
            self._emitted += 1

    # The loop's side.

    def deliver(self, event: Event) -> None:
        """Add an event for the reader."""
        self._items.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def cancel(self) -> None:
        """Ask the engine to drop the work; nothing more comes."""
        if not self._ended:
            self._ended = True
            self._cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.cancel()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._items:
            if self._ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.take()

    def take(self) -> Event:
        """The next event that was delivered."""
        event = self._items.popleft()
        if isinstance(event, Piece):
            self._taken += 1
            if self._paused and self._behind <= self._capacity // 2:
                self._wake()
        elif isinstance(event, Failed):
            self._ended = True
            raise event.error
        elif isinstance(event, Finished):
            self._ended = event.last
        return event
