"""Registers this worker in Redis with its state and load, and removes it at the end; nothing else waits for Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import redis.asyncio as redis
import structlog

from llama_worker.engine.host import HostState, ModelHost
from svc_kit.errors import Unavailable
from svc_kit.logs import where
from svc_kit.model_state import ModelState
from svc_kit.redis_presence import RedisPresence
from svc_kit.worker_entry import HEARTBEAT_S, LIFETIME_S, WORKERS, WorkerEntry, entry_key

_STATES = {
    HostState.LOADING: ModelState.LOADING,
    HostState.READY: ModelState.READY,
    HostState.FAILED: ModelState.FAILED,
}
# Seconds. The last writes must not keep the process from its end.
_LAST_WRITE_S = 0.5
# Seconds after which the address of a worker that wrote nothing is removed.
_FORGET_S = 3600.0


class Registration:
    """One worker's entry, written at each heartbeat: it comes back after Redis was emptied, and expires with its process."""

    def __init__(self, client: redis.Redis, host: ModelHost, entry: WorkerEntry, interval: float = HEARTBEAT_S) -> None:
        self._client = client
        self._host = host
        self._entry = entry
        self._interval = interval
        self._presence = RedisPresence("registering")
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Write the entry every `interval` seconds until cancelled."""
        while True:
            try:
                # Also while Redis is away: the sooner a write works the better.
                await self._presence.asked(self._write())
            except Exception as error:  # The worker goes on, and so do the heartbeats.
                self._log.error("not registered", **where(error))
            await asyncio.sleep(self._interval)

    async def drain(self) -> None:
        """Write that the worker takes no new work."""
        self._entry = replace(self._entry, draining=True)
        await self._write_last(self._write())

    async def leave(self) -> None:
        """Remove the entry."""
        pipeline = self._client.pipeline()
        pipeline.delete(entry_key(self._entry.address))
        pipeline.zrem(WORKERS, self._entry.address)
        await self._write_last(pipeline.execute())

    def _write(self) -> Awaitable[Any]:
        now = time.time()
        pipeline = self._client.pipeline()
        pipeline.set(entry_key(self._entry.address), self._current().to_json(), px=int(LIFETIME_S * 1000))
        pipeline.zadd(WORKERS, {self._entry.address: now})
        pipeline.zremrangebyscore(WORKERS, "-inf", now - _FORGET_S)
        return pipeline.execute()

    def _current(self) -> WorkerEntry:
        entry = replace(self._entry, state=_STATES[self._host.state])
        try:
            loaded = self._host.loaded_engine()
        except Unavailable:
            return entry
        engine = loaded.engine
        return replace(entry, sha256=loaded.model.sha256, running=engine.running, queued=engine.queued)

    async def _write_last(self, write: Awaitable[Any]) -> None:
        try:
            async with asyncio.timeout(_LAST_WRITE_S):
                await self._presence.asked(write)
        except TimeoutError:
            self._log.warning("the last write to Redis took too long")
