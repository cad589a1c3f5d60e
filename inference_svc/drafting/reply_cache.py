"""domain.ReplyCache in Redis, and what stands in for it where there is none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import redis.asyncio as redis

from inference_svc.drafting.domain.draft import Finish
from inference_svc.drafting.domain.ports import CachedReply
from inference_svc.metrics import CACHE_LOOKUPS
from svc_kit.redis_client import KEY_PREFIX
from svc_kit.redis_presence import RedisPresence


class RedisReplyCache:
    """Keeps replies for `lifetime` seconds. Without Redis there is no cache, which one log line says."""

    def __init__(self, client: redis.Redis, lifetime: int) -> None:
        self._client = client
        self._lifetime = lifetime
        self._presence = RedisPresence("remembering drafts")

    async def get(self, key: str) -> tuple[CachedReply, ...] | None:
        """All suggestions of a request, or None."""
        if self._presence.is_away:
            return None
        found = await self._presence.asked(self._client.get(_name(key)))
        replies = _decoded(found) if found else None
        CACHE_LOOKUPS.labels("miss" if replies is None else "hit").inc()
        return replies

    async def put(self, key: str, replies: Sequence[CachedReply]) -> None:
        """Remember them."""
        if not self._presence.is_away:
            kept = json.dumps([asdict(reply) for reply in replies])
            await self._presence.asked(self._client.set(_name(key), kept, ex=self._lifetime))

    async def forget(self, key: str) -> None:
        """Forget them."""
        await self.erase([key])

    async def erase(self, keys: Sequence[str]) -> bool:
        """Forget all of these; False when Redis did not say that it has."""
        if not keys:
            return True
        if self._presence.is_away:
            return False
        gone = self._client.delete(*[_name(key) for key in keys])
        return await self._presence.asked(gone) is not None


class NoReplyCache:
    """For installations that switched the cache off."""

    async def get(self, key: str) -> tuple[CachedReply, ...] | None:
        """Nothing."""
        return None

    async def put(self, key: str, replies: Sequence[CachedReply]) -> None:
        """Do nothing."""

    async def forget(self, key: str) -> None:
        """Do nothing."""

    async def erase(self, keys: Sequence[str]) -> bool:
        """Nothing is kept."""
        return True


def _name(key: str) -> str:
    return f"{KEY_PREFIX}:cache:{key}"


def _decoded(found: bytes | str) -> tuple[CachedReply, ...] | None:
    try:
        return tuple(CachedReply(**{**entry, "finish": Finish(entry["finish"])}) for entry in json.loads(found))
    except (ValueError, TypeError, KeyError):
        # Written by another version, or by somebody else: as good as nothing.
        return None
