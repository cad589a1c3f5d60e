"""Wait for a condition instead of sleeping."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return as soon as `condition` holds; fail when it does not within some seconds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def eventually_answers(ask: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """The same for a condition that has to be asked for."""
    async with asyncio.timeout(seconds):
        while not await ask():
            await asyncio.sleep(0.02)
