"""domain.JobQueue in Redis, and what stands in for it where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

import redis.asyncio as redis

from inference_svc.drafting.domain.events import Phase, Progress
from inference_svc.jobs.domain.job import Job, JobKey
from svc_kit.redis_client import KEY_PREFIX
from svc_kit.redis_presence import RedisPresence

_QUEUE = f"{KEY_PREFIX}:queue:generation"


class RedisJobQueue:
    """A sorted set of `job/account` by turn, and a hash for each running job. Of one turn the oldest job is the first: ids sort by time."""

    def __init__(self, client: redis.Redis, presence: RedisPresence) -> None:
        self._client = client
        self._presence = presence

    async def put(self, jobs: Sequence[Job]) -> None:
        """Let jobs wait."""
        if jobs and not self._presence.is_away:
            turns = {_member(job.key): job.turn for job in jobs}
            await self._presence.asked(self._client.zadd(_QUEUE, turns))

    async def first(self, count: int) -> Sequence[JobKey]:
        """The first jobs."""
        if self._presence.is_away:
            return []
        return _keys(await self._presence.asked(self._client.zrange(_QUEUE, 0, count - 1)))

    async def all(self) -> Sequence[JobKey]:
        """All jobs that wait here."""
        if self._presence.is_away:
            return []
        return _keys(await self._presence.asked(self._client.zrange(_QUEUE, 0, -1)))

    async def remove(self, keys: Sequence[JobKey]) -> None:
        """Let jobs wait no longer."""
        if keys and not self._presence.is_away:
            await self._presence.asked(self._client.zrem(_QUEUE, *[_member(key) for key in keys]))

    async def place(self, key: JobKey) -> int | None:
        """How many jobs come before this one."""
        if self._presence.is_away:
            return None
        return cast("int | None", await self._presence.asked(self._client.zrank(_QUEUE, _member(key))))

    async def note(self, key: JobKey, progress: Progress, seconds: float) -> None:
        """Remember how far a job is."""
        if self._presence.is_away:
            return
        pipeline = self._client.pipeline()
        pipeline.hset(
            _hash(key),
            mapping={
                "account_id": str(key.account_id),
                "phase": progress.phase.value,
                "position": progress.position,
                "eta_seconds": progress.eta_seconds,
            },
        )
        pipeline.pexpire(_hash(key), int(seconds * 1000))
        await self._presence.asked(pipeline.execute())

    async def progress(self, key: JobKey) -> Progress | None:
        """How far a job is."""
        if self._presence.is_away:
            return None
        found = cast("dict[bytes, bytes] | None", await self._presence.asked(self._client.hgetall(_hash(key))))
        return _progress(found) if found else None


class NoJobQueue:
    """For installations without Redis: the order is the database's."""

    async def put(self, jobs: Sequence[Job]) -> None:
        """Do nothing."""

    async def first(self, count: int) -> Sequence[JobKey]:
        """Nothing is known."""
        return []

    async def all(self) -> Sequence[JobKey]:
        """Nothing is known."""
        return []

    async def remove(self, keys: Sequence[JobKey]) -> None:
        """Do nothing."""

    async def place(self, key: JobKey) -> int | None:
        """Nothing is known."""
        return None

    async def note(self, key: JobKey, progress: Progress, seconds: float) -> None:
        """Do nothing."""

    async def progress(self, key: JobKey) -> Progress | None:
        """Nothing is known."""
        return None


def _member(key: JobKey) -> str:
    return f"{key.job_id}/{key.account_id}"


def _hash(key: JobKey) -> str:
    return f"{KEY_PREFIX}:job:{key.job_id}"


def _keys(members: object) -> list[JobKey]:
    return [key for member in cast("list[bytes] | None", members) or () if (key := _key(member))]


def _key(member: bytes) -> JobKey | None:
    job, _, account = member.decode(errors="replace").partition("/")
    try:
        return JobKey(UUID(account), UUID(job))
    except ValueError:
        # Written by another version, or by somebody else.
        return None


def _progress(found: dict[bytes, bytes]) -> Progress | None:
    try:
        return Progress(
            Phase(found[b"phase"].decode()), int(found[b"position"].decode()), float(found[b"eta_seconds"].decode())
        )
    except (ValueError, KeyError):
        return None
