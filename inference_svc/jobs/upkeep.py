"""Looking after jobs that nobody runs: those of processes that died, those the queue lost, and those of long ago."""

from __future__ import annotations

import asyncio
import time

import structlog

from inference_svc.jobs.domain.job import JobState
from inference_svc.jobs.domain.ports import JobEvents, JobLeases, JobQueue, News
from inference_svc.metrics import JOBS_WAITING
from svc_kit.logs import where

# The queue holds the first ones; the database gives the others when these are done.
_QUEUED_AGAIN = 5000
_KEPT_S = 30 * 86400.0
_FORGETTING_S = 3600.0


class JobUpkeep:
    """Compares the queue with the record, at the start and then every `interval` seconds."""

    def __init__(self, leases: JobLeases, queue: JobQueue, news: JobEvents, *, interval: float) -> None:
        self._leases = leases
        self._queue = queue
        self._news = news
        self._interval = interval
        self._forgets_at = 0.0
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Look after them for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:  # The database is away, and comes back.
                self._log.warning("jobs not looked after", **where(error))
            await asyncio.sleep(self._interval)

    async def look(self) -> None:
        """Look once."""
        changed = await self._leases.expire()
        await self._put_in_order()
        for job in changed:
            await self._news.tell(News(job.key, job.state))
        if changed:
            again = sum(job.state is JobState.QUEUED for job in changed)
            self._log.info("jobs without a maker", queued_again=again, failed=len(changed) - again)
        JOBS_WAITING.set(await self._leases.count_waiting())
        await self._leases.end_drafts([job.key for job in changed if job.state.ended])
        if time.monotonic() >= self._forgets_at:
            await self._leases.forget(_KEPT_S)
            self._forgets_at = time.monotonic() + _FORGETTING_S

    async def _put_in_order(self) -> None:
        """Make the queue what the record says."""
        # Before the record is read: what is put into the queue has been written there by then.
        listed = await self._queue.all()
        waiting = await self._leases.waiting(_QUEUED_AGAIN)
        if len(waiting) < _QUEUED_AGAIN:
            known = {job.key for job in waiting}
            await self._queue.remove([key for key in listed if key not in known])
        await self._queue.put(waiting)
