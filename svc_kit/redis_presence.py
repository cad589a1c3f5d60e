"""Doing without Redis while it is away."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

from svc_kit.errors import Unavailable
from svc_kit.logs import where
from svc_kit.redis_client import redis_errors

Answer = TypeVar("Answer")

# While Redis is away nothing should wait for it again and again.
_REST_S = 10.0


class RedisPresence:
    """Asks Redis unless it was away a moment ago; one log line says that it went away, and one that it came back."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._away_until = 0.0
        self._told = False
        self._log = structlog.get_logger()

    @property
    def is_away(self) -> bool:
        """Whether Redis was away a moment ago."""
        return time.monotonic() < self._away_until

    async def asked(self, question: Awaitable[Answer]) -> Answer | None:
        """The answer; None when there is none. Ask nothing while it `is_away`."""
        try:
            with redis_errors():
                answer = await question
        # Not only its absence: a Redis that is full or is still loading is of no more use.
        except (Unavailable, RedisError) as error:
            self._went_away(error)
            return None
        self._came_back()
        return answer

    def _went_away(self, error: Exception) -> None:
        self._away_until = time.monotonic() + _REST_S
        if not self._told:
            self._told = True
            self._log.warning(f"{self._what} without Redis", **where(error))

    def _came_back(self) -> None:
        if self._told:
            self._told = False
            self._log.info(f"{self._what} with Redis again")
