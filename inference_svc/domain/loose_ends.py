"""Work that has to be finished although nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from svc_kit.logs import where


class LooseEnds:
    """Runs what a cancelled call leaves behind; `settle()` it before closing what it uses."""

    def __init__(self) -> None:
        # The loop keeps only weak references to tasks.
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    def tie(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` to its end, whatever becomes of the caller; its failure is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def settle(self) -> None:
        """Wait until all is done."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.warning("left undone", **where(error))
