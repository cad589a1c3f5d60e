"""domain.ReplyCache in Redis, and what stands in for it where there is none."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict

import redis.asyncio as redis
import structlog

from inference_svc.domain.draft import Finish
from inference_svc.domain.ports import CachedReply
from svc_kit.errors import Unavailable
from svc_kit.logs import where
from svc_kit.redis_client import KEY_PREFIX, redis_errors

# While Redis is away no draft should wait for it again and again.
_REST_S = 10.0


class RedisReplyCache:
    """Keeps replies for `lifetime` seconds. Without Redis there is no cache, which one log line says."""

    def __init__(self, client: redis.Redis, lifetime: int) -> None:
        self._client = client
        self._lifetime = lifetime
        self._away_until = 0.0
        self._told = False
        self._log = structlog.get_logger()

    async def get(self, key: str) -> tuple[CachedReply, ...] | None:
        """All suggestions of a request, or None."""
        if self._resting():
            return None
        try:
            with redis_errors():
                found = await self._client.get(_name(key))
        except Unavailable as error:
            self._went_away(error)
            return None
        self._came_back()
        return _decoded(found) if found else None

    async def put(self, key: str, replies: Sequence[CachedReply]) -> None:
        """Remember them."""
        if self._resting():
            return
        try:
            with redis_errors():
                await self._client.set(_name(key), json.dumps([asdict(reply) for reply in replies]), ex=self._lifetime)
        except Unavailable as error:
            self._went_away(error)

    async def forget(self, key: str) -> None:
        """Forget them."""
        if self._resting():
            return
        try:
            with redis_errors():
                await self._client.delete(_name(key))
        except Unavailable as error:
            self._went_away(error)

    def _resting(self) -> bool:
        return time.monotonic() < self._away_until

    def _went_away(self, error: Unavailable) -> None:
        self._away_until = time.monotonic() + _REST_S
        if not self._told:
            self._told = True
            self._log.warning("drafting without the cache", **where(error))

    def _came_back(self) -> None:
        if self._told:
            self._told = False
            self._log.info("drafting with the cache again")


class NoReplyCache:
    """For installations that switched the cache off."""

    async def get(self, key: str) -> tuple[CachedReply, ...] | None:
        """Nothing."""
        return None

    async def put(self, key: str, replies: Sequence[CachedReply]) -> None:
        """Do nothing."""

    async def forget(self, key: str) -> None:
        """Do nothing."""


def _name(key: str) -> str:
    return f"{KEY_PREFIX}:cache:{key}"


def _decoded(found: bytes | str) -> tuple[CachedReply, ...] | None:
    try:
        return tuple(CachedReply(**{**entry, "finish": Finish(entry["finish"])}) for entry in json.loads(found))
    except (ValueError, TypeError, KeyError):
        # Written by another version, or by somebody else: as good as nothing.
        return None
