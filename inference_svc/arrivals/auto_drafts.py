"""Drafts that are made by themselves: jobs that nobody asked for but the arrival of a message."""

from __future__ import annotations

from uuid import UUID, uuid5

import structlog

from inference_svc.arrivals.arrival import Arrival
from inference_svc.drafting.domain.draft_request import DraftRequest, deadline_in
from inference_svc.drafting.domain.ports import IdempotencyKey
from inference_svc.jobs.domain.jobs import JobContext
from inference_svc.jobs.domain.ports import News
from svc_kit.errors import Overloaded


class AutoDrafts:
    """Makes these jobs, and cancels those that wait when the conversation goes on.

    Only the database is asked, so that whoever tells of an arrival waits for nobody else. What became of the conversation
    is looked at when a job's turn comes (`Context.check_unanswered`).
    """

    def __init__(self, world: JobContext, *, max_waiting: int) -> None:
        self._store = world.store
        self._queue = world.queue
        self._news = world.news
        self._max_waiting = max_waiting
        self._log = structlog.get_logger()

    async def cancel_before(self, account_id: UUID, arrival: Arrival) -> None:
        """Cancel what waits to be made for older messages of the conversation."""
        jobs = await self._store.cancel_arrived(account_id, arrival.conversation_id, before=arrival.message_id)
        await self._queue.remove([job.key for job in jobs])
        for job in jobs:
            await self._news.tell(News(job.key, job.state))

    async def make(self, account_id: UUID, arrival: Arrival) -> bool:
        """Queue a draft for a message, once however often it is asked. False when too much of the account's waits already."""
        order = DraftRequest(
            account_id, deadline_in(None), message_id=arrival.message_id, arrived_in=arrival.conversation_id
        )
        repeated = IdempotencyKey(uuid5(account_id, str(arrival.message_id)), order.digest)
        try:
            job = await self._store.add(order, repeated, limit=self._max_waiting)
        except Overloaded:
            self._log.info("no draft by itself: too many wait", message_id=str(arrival.message_id))
            return False
        if job is not None:
            await self._queue.put([job])
            await self._news.tell(News(job.key, job.state))
        return True
