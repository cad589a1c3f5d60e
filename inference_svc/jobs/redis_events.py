"""domain.JobEvents over Redis: what happens to a job in one process is heard in all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

from inference_svc.jobs.domain.board import JobBoard
from inference_svc.jobs.domain.job import JobKey, JobState
from inference_svc.jobs.domain.ports import News
from svc_kit.logs import where
from svc_kit.redis_client import KEY_PREFIX
from svc_kit.redis_presence import RedisPresence

_CHANNEL = f"{KEY_PREFIX}:news:generation"
# Shorter than the client's health check, which notices a connection that is dead without saying so.
_LISTEN_S = 5.0
_PAUSE_S = 1.0


class RedisJobEvents:
    """Tells this process directly and the others by publishing; `run` it to hear them. Only ids and states travel."""

    def __init__(self, board: JobBoard, client: redis.Redis, presence: RedisPresence) -> None:
        self._board = board
        self._client = client
        self._presence = presence
        self._log = structlog.get_logger()

    async def tell(self, news: News) -> None:
        """Tell everybody."""
        self._board.post(news)
        if not self._presence.is_away:
            word = f"{news.key.account_id}/{news.key.job_id}/{news.state.value}"
            await self._presence.asked(self._client.publish(_CHANNEL, word))

    def subscribe(self, wanted: Callable[[News], bool], event: asyncio.Event) -> AbstractContextManager[None]:
        """Set `event` at each piece of news that is `wanted`."""
        return self._board.subscribe(wanted, event)

    async def run(self) -> None:
        """Hear the other processes for ever."""
        while True:
            try:
                await self._listen()
            except Exception as error:  # Whoever waits for news looks for itself meanwhile.
                # That Redis is away says `tell` in the log.
                if not isinstance(error, RedisError | OSError):
                    self._log.error("news of drafts not heard", **where(error))
                await asyncio.sleep(_PAUSE_S)

    async def _listen(self) -> None:
        async with self._client.pubsub() as channel:
            await channel.subscribe(_CHANNEL)
            # Nobody knows what was said before this.
            self._board.post_all()
            while True:
                message = await channel.get_message(ignore_subscribe_messages=True, timeout=_LISTEN_S)
                if message is not None and (news := _news(message["data"])) is not None:
                    self._board.post(news)


def _news(word: bytes) -> News | None:
    try:
        account, job, state = word.decode().split("/")
        return News(JobKey(UUID(account), UUID(job)), JobState(state))
    except ValueError:
        # Written by another version, or by somebody else.
        return None
