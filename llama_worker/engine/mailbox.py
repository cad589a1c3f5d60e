"""From the engine's thread to the event loop, without releasing the interpreter's lock."""

import asyncio
import ctypes
import os
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# PyDLL keeps the interpreter's lock during the call. loop.call_soon_threadsafe writes to a socket and releases the lock
# meanwhile; the loop takes it at once, and the model waits until the loop is done: a hundredth of a small model's speed.
_write = ctypes.PyDLL(None).write


class Mailbox(Generic[T]):
    """The thread posts, the loop receives; posts made before the loop looks come in one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Callable[[T], None]) -> None:
        self._loop = loop
        self._receive = receive
        self._posts: deque[T] = deque()
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        # A full pipe wakes the loop just as well: the write fails, but what is in the pipe is still to be read.
        os.set_blocking(self._write_end, False)
        loop.add_reader(self._read_end, self._collect)

    def post(self, item: T) -> None:
        """Called by the thread."""
        self._posts.append(item)
        _write(self._write_end, b"!", 1)

    def close(self) -> None:
        """Called on the loop once the thread posts no more; what is left is received now."""
        if self._read_end < 0:
            return
        self._loop.remove_reader(self._read_end)
        self._deliver()
        os.close(self._read_end)
        os.close(self._write_end)
        self._read_end = self._write_end = -1

    def _collect(self) -> None:
        os.read(self._read_end, 4096)
        self._deliver()

    def _deliver(self) -> None:
        while self._posts:
            self._receive(self._posts.popleft())
