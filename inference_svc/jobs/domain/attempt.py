"""One attempt of a job: drafting what it asks for, and saying what became of it."""

from __future__ import annotations

import time

import structlog

from inference_svc.drafting.domain.drafting import Drafting
from inference_svc.drafting.domain.events import DraftEvent, Progress, Started
from inference_svc.jobs.domain.job import (
    Completed,
    Dropped,
    GivenUp,
    JobState,
    Lease,
    LeaseLost,
    Outcome,
    Postponed,
    outcome_of,
)
from inference_svc.jobs.domain.pace import Pace
from inference_svc.jobs.domain.ports import JobEvents, JobLeases, JobQueue, News
from svc_kit.errors import DomainError
from svc_kit.logs import where

# How far a draft is, is said again before this is over, or is not worth knowing.
_PROGRESS_S = 60.0


class JobAttempt:
    """Makes attempts. What it writes of a job it writes under its lease."""

    def __init__(self, drafting: Drafting, leases: JobLeases, queue: JobQueue, news: JobEvents, pace: Pace) -> None:
        self._drafting = drafting
        self._leases = leases
        self._queue = queue
        self._news = news
        self._pace = pace
        self._log = structlog.get_logger()

    async def make(self, lease: Lease, pause: float) -> Outcome:
        """Draft; what is to become of the job. `pause` is the shortest one before the next attempt."""
        heard = _Heard(self, lease)
        began = time.monotonic()
        try:
            # Of an attempt whose process died: whoever holds the lease knows that nobody makes them.
            await self._drafting.give_up_unfinished(lease.order)
            drafts, _ = await self._drafting.draft_once(lease.order, heard)
        except Exception as error:
            if not isinstance(error, DomainError | LeaseLost):
                self._log.error("draft of a job broke off", job_id=str(lease.key.job_id), **where(error))
            return outcome_of(error, lease.attempts, begun=heard.begun, pause=pause)
        self._pace.ended(time.monotonic() - began)
        return Completed(drafts[0].draft_id)

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Write down what became of the job and tell of it; nothing when the lease is lost. Raises Unavailable."""
        match outcome:
            case Completed(draft_id):
                state = JobState.COMPLETED
                written = await self._leases.complete(lease, draft_id)
            case GivenUp(reason):
                state = JobState.FAILED
                written = await self._leases.fail(lease, reason)
            case Dropped():
                state = JobState.CANCELLED
                written = await self._leases.drop(lease)
            case Postponed(seconds, counts):
                state = JobState.QUEUED
                job = await self._leases.postpone(lease, seconds, counts=counts)
                written = job is not None
                await self._queue.put([job] if job else [])
        if not written:
            self._log.info("job was taken away before it ended", job_id=str(lease.key.job_id))
            return
        self._log.info("job", job_id=str(lease.key.job_id), state=state.value, attempts=lease.attempts)
        await self._news.tell(News(lease.key, state))

    async def begun(self, lease: Lease, started: Started) -> None:
        """The model has the draft. Raises LeaseLost."""
        if not await self._leases.begun(lease, started.draft_ids[0]):
            raise LeaseLost
        # Whoever queued it may have done so after it was taken.
        await self._queue.remove([lease.key])
        await self._news.tell(News(lease.key, JobState.RUNNING))

    async def moved(self, lease: Lease, progress: Progress) -> None:
        """The draft's place changed."""
        await self._queue.note(lease.key, progress, _PROGRESS_S)
        await self._news.tell(News(lease.key, JobState.RUNNING))


class _Heard:
    """Listens to one attempt's draft."""

    def __init__(self, attempt: JobAttempt, lease: Lease) -> None:
        self._attempt = attempt
        self._lease = lease
        self.begun = False

    async def __call__(self, event: DraftEvent) -> None:
        if isinstance(event, Started):
            self.begun = True
            await self._attempt.begun(self._lease, event)
        elif isinstance(event, Progress):
            await self._attempt.moved(self._lease, event)
