"""Ending a task for certain."""

from __future__ import annotations

import asyncio
from typing import Any

_PATIENCE_S = 0.5


async def end_task(task: asyncio.Task[Any]) -> None:
    """Cancel a task until it has ended, whatever it ends with.

    Once is not always enough: when what the task waits for ends in the same moment, asyncio.wait_for before Python 3.12 loses
    the cancellation, and a driver that connects may, too. A loop that goes on then would hold up the shutdown for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_PATIENCE_S)
    if not task.cancelled():
        task.exception()  # seen, so that asyncio does not complain of it
