"""Waits until a file descriptor has something to read."""

import asyncio
from contextlib import suppress
from typing import Final

# Messages writes in several steps, and our own look at the database must not wake us in a circle.
GATHER_SECONDS: Final = 0.05


async def readable(file: int, seconds: float) -> bool:
    """Return whether the file became readable within these seconds. What follows at once is waited for."""
    loop = asyncio.get_running_loop()
    has_something = asyncio.Event()
    loop.add_reader(file, has_something.set)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(has_something.wait(), seconds)
    finally:
        loop.remove_reader(file)
    if has_something.is_set():
        await asyncio.sleep(GATHER_SECONDS)
    return has_something.is_set()
