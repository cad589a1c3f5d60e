"""Erasing what is kept of deleted messages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from inference_svc.drafting.domain.ports import Model, ReplyCache
from inference_svc.erasure.erasure_store import PostgresErasureStore
from inference_svc.jobs.domain.job import JobState
from inference_svc.jobs.domain.ports import JobEvents, JobQueue, News
from svc_kit.erasure import Erasure
from svc_kit.errors import Unavailable


@dataclass(frozen=True, slots=True)
class ErasedCounts:
    """How many drafts lost their texts or went with their conversation, and how many jobs were removed or cancelled."""

    drafts: int
    jobs: int


class Eraser:
    """Erases in the database first, which is what stays, and then in Redis and in the workers."""

    def __init__(
        self, store: PostgresErasureStore, cache: ReplyCache, queue: JobQueue, news: JobEvents, model: Model
    ) -> None:
        self._store = store
        self._cache = cache
        self._queue = queue
        self._news = news
        self._model = model

    async def erase(self, account_id: UUID, erasure: Erasure) -> ErasedCounts:
        """Erase; the same erasure again changes nothing.

        Raises Unavailable when Redis or a worker did not say that it forgot: then it has to be asked again.
        """
        erased = await self._store.erase(account_id, erasure)
        await self._queue.remove(erased.stopped_jobs)
        for key in erased.stopped_jobs:
            await self._news.tell(News(key, JobState.CANCELLED))
        cache_is_clear = await self._cache.erase(erased.cache_keys)
        await self._model.forget(account_id, [*erasure.conversation_ids, *erasure.touched_conversation_ids])
        if not cache_is_clear:
            raise Unavailable("Redis did not answer, so that cached replies may be left; ask again")
        return ErasedCounts(erased.draft_count, erased.job_count)
