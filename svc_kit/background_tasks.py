"""Work that has to be finished although nobody waits for it any more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog

from svc_kit.errors import Unavailable
from svc_kit.logs import where

# A database that restarts is back in a second or two; what is away for longer is the sweeper's.
_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


class BackgroundTasks:
    """Runs what a cancelled call leaves behind; `drain()` it before closing what it uses."""

    def __init__(self, pauses: Sequence[float] = _PAUSES_S) -> None:
        self._pauses = pauses
        # The loop keeps only weak references to tasks.
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._log = structlog.get_logger()

    def spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Run `work` to its end, whatever becomes of the caller, again while what it needs is away; its failure is logged."""
        task = asyncio.get_running_loop().create_task(self._persist(work))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def drain(self) -> None:
        """Wait until all is done; nothing is tried more than once from now on."""
        self._closing.set()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _persist(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        for pause in self._pauses:
            try:
                await work()
            except Unavailable:
                if self._closing.is_set():
                    raise
            else:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._closing.wait()
        await work()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.warning("left undone", **where(error))
