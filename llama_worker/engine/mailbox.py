"""From the engine's thread to the event loop, without letting go of the interpreter."""

import asyncio
import ctypes
import os
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# PyDLL keeps the interpreter's lock during the call. loop.call_soon_threadsafe writes to a socket and gives the lock away
# meanwhile; the loop takes it at once, and the model waits for the loop to be done: a hundredth of a small model's speed.
_write = ctypes.PyDLL(None).write


class Mailbox(Generic[T]):
    """The thread posts, the loop receives; posts made before the loop looks come in one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Callable[[T], None]) -> None:
        self._loop = loop
        self._receive = receive
        self._posts: deque[T] = deque()
        self._bell, self._button = os.pipe()
        os.set_blocking(self._bell, False)
        # A full pipe rings just as well: the write fails and the loop has still to look.
        os.set_blocking(self._button, False)
        loop.add_reader(self._bell, self._collect)

    def post(self, item: T) -> None:
        """Called by the thread."""
        self._posts.append(item)
        _write(self._button, b"!", 1)

    def close(self) -> None:
        """Called on the loop once the thread posts no more; what is left is received now."""
        if self._bell < 0:
            return
        self._loop.remove_reader(self._bell)
        self._deliver()
        os.close(self._bell)
        os.close(self._button)
        self._bell = self._button = -1

    def _collect(self) -> None:
        os.read(self._bell, 4096)
        self._deliver()

    def _deliver(self) -> None:
        while self._posts:
            self._receive(self._posts.popleft())
