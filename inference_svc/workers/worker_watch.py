"""Keeps the pool of workers true: who is there, by what they say in Redis, and who answers again."""

from __future__ import annotations

import asyncio

import structlog

from inference_svc.workers.worker_pool import WorkerPool
from inference_svc.workers.worker_registry import WorkerRegistry
from svc_kit.logs import where

_ANSWER_S = 2.0


class WorkerWatch:
    """Looks every `interval` seconds. Without a registry there are only the workers that the operator named."""

    def __init__(self, pool: WorkerPool, registry: WorkerRegistry | None, *, interval: float) -> None:
        self._pool = pool
        self._registry = registry
        self._interval = interval
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self._look()
            except Exception as error:  # The workers that are known still work.
                self._log.error("workers not looked after", **where(error))
            await asyncio.sleep(self._interval)

    async def _look(self) -> None:
        entries = await self._registry.entries() if self._registry else None
        if entries is not None:
            self._pool.meet(entries)
        await self._pool.look_after(_ANSWER_S)
