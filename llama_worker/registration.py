"""Says in Redis that this worker is there, how it is, and that it goes; nobody here waits for Redis."""

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
# A word of farewell must not keep the process from its end.
_FAREWELL_S = 0.5
# Ids of workers that died long ago are no use to anybody.
_FORGET_S = 3600.0


class Registration:
    """One worker's entry, written anew at each heartbeat, so that it outlives an emptied Redis and not its process."""

    def __init__(self, client: redis.Redis, host: ModelHost, entry: WorkerEntry, interval: float = HEARTBEAT_S) -> None:
        self._client = client
        self._host = host
        self._entry = entry
        self._interval = interval
        self._presence = RedisPresence("registering")
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Keep the entry for ever."""
        while True:
            try:
                # Asked also while Redis is away: this is the only question, and the sooner it is answered the better.
                await self._presence.asked(self._write())
            except Exception as error:  # The worker goes on, and so does its heart.
                self._log.error("not registered", **where(error))
            await asyncio.sleep(self._interval)

    async def drain(self) -> None:
        """Say that nothing new should come."""
        self._entry = replace(self._entry, draining=True)
        await self._in_passing(self._write())

    async def leave(self) -> None:
        """Say that it is gone."""
        pipeline = self._client.pipeline()
        pipeline.delete(entry_key(self._entry.address))
        pipeline.zrem(WORKERS, self._entry.address)
        await self._in_passing(pipeline.execute())

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
            served = self._host.loaded_engine()
        except Unavailable:
            return entry
        engine = served.engine
        return replace(entry, sha256=served.model.sha256, running=engine.running, queued=engine.queued)

    async def _in_passing(self, word: Awaitable[Any]) -> None:
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await self._presence.asked(word)
        except TimeoutError:
            self._log.warning("not told that it goes")
