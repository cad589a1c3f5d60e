"""Wait for a condition instead of sleeping."""

import asyncio
from collections.abc import Callable


async def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return as soon as `condition` holds; fail when it does not within some seconds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
