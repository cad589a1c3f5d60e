"""Which workers there are, by what they say in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import redis.asyncio as redis

from svc_kit.redis_presence import RedisPresence
from svc_kit.worker_entry import WORKERS, WorkerEntry, entry_key, entry_of


class WorkerRegistry:
    """Reads the workers' entries."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._presence = RedisPresence("looking for workers")

    async def entries(self) -> Sequence[WorkerEntry] | None:
        """Those that live; None when Redis does not say."""
        if self._presence.is_away:
            return None
        ids = cast("list[bytes] | None", await self._presence.asked(self._client.zrange(WORKERS, 0, -1)))
        if not ids:
            return None if ids is None else []
        kept = self._client.mget([entry_key(address.decode(errors="replace")) for address in ids])
        found = cast("list[bytes | None] | None", await self._presence.asked(kept))
        return None if found is None else [entry for each in found if (entry := entry_of(each))]
