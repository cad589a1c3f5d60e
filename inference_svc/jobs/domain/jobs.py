"""Drafts in the queue, as their owner sees them: asking for one, looking at it, watching it, cancelling it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from inference_svc.drafting.domain.draft import Draft
from inference_svc.drafting.domain.draft_plan import Planner
from inference_svc.drafting.domain.draft_request import DraftRequest
from inference_svc.drafting.domain.ports import DraftStore, IdempotencyKey
from inference_svc.jobs.domain.board import heard
from inference_svc.jobs.domain.job import Job, JobKey, JobState, JobView
from inference_svc.jobs.domain.pace import Pace
from inference_svc.jobs.domain.ports import JobEvents, JobQueue, JobStore, News
from svc_kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class JobContext:
    """Where jobs are kept, ordered and spoken of."""

    store: JobStore
    queue: JobQueue
    news: JobEvents
    pace: Pace


class Jobs:
    """The jobs of all accounts; who may see one is its key's account alone."""

    def __init__(
        self, planner: Planner, drafts: DraftStore, world: JobContext, *, max_waiting: int, look_seconds: float
    ) -> None:
        self._planner = planner
        self._drafts = drafts
        self._store = world.store
        self._queue = world.queue
        self._news = world.news
        self._pace = world.pace
        self._max_waiting = max_waiting
        self._look_seconds = look_seconds

    async def accept(self, order: DraftRequest, request_id: UUID | None) -> JobView:
        """A new job, or that of the same request before.

        Raises what makes the draft impossible, as far as that can be known now, and Overloaded.
        """
        order.check()
        repeated = IdempotencyKey(request_id, order.digest) if request_id else None
        job = await self._store.find_by_request(order.account_id, repeated) if repeated else None
        if job is None:
            await self._planner.check(order)
            job = await self._store.add(order, repeated, limit=self._max_waiting)
            if job is None:
                # The same request at the same time was quicker.
                return await self.accept(order, request_id)
            await self._queue.put([job])
            await self._news.tell(News(job.key, job.state))
        return await self._seen(job)

    async def get(self, key: JobKey) -> JobView:
        """A job. Raises NotFound."""
        return await self._seen(await self._store.get(key))

    async def cancel(self, key: JobKey) -> JobView:
        """The job, which has ended then. Whoever runs it hears of it. Raises NotFound."""
        job, changed = await self._store.cancel(key)
        if changed:
            await self._queue.remove([key])
            await self._news.tell(News(key, job.state))
        return await self._seen(job)

    async def watch(self, key: JobKey) -> AsyncGenerator[JobView, None]:
        """The job now and at each change, the last time when it has ended. Raises NotFound."""
        event = asyncio.Event()
        told: JobView | None = None
        with self._news.subscribe(lambda news: news.key == key, event):
            while True:
                # Before the look: what happens during it rings again.
                event.clear()
                view = await self.get(key)
                # An estimate changes all the time, which is no news.
                if (shown := replace(view, eta_seconds=0.0)) != told:
                    told = shown
                    yield view
                if view.job.state.ended:
                    return
                await heard(event, self._look_seconds)

    async def _seen(self, job: Job) -> JobView:
        if job.state is JobState.QUEUED:
            place = await self._queue.place(job.key)
            if place is None:
                place = await self._store.waiting_before(job)
            return JobView(job, None, place, self._pace.until_done(place))
        draft = await self._draft(job)
        if job.state is JobState.RUNNING:
            progress = await self._queue.progress(job.key)
            return JobView(job, draft, progress.position if progress else 0, self._estimated_seconds(job))
        return JobView(job, draft)

    async def _draft(self, job: Job) -> Draft | None:
        if job.draft_id is None:
            return None
        try:
            (draft,) = await self._drafts.get(job.key.account_id, [job.draft_id])
        except NotFound:
            # Drafts can be deleted before the job that made them.
            return None
        return draft

    def _estimated_seconds(self, job: Job) -> float:
        started = job.started_at or job.created_at
        return self._pace.left((datetime.now(UTC) - started).total_seconds())
