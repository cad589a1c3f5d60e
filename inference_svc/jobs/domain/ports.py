"""What jobs need of the world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from inference_svc.drafting.domain.draft_request import DraftRequest
from inference_svc.drafting.domain.events import Progress
from inference_svc.drafting.domain.ports import IdempotencyKey
from inference_svc.jobs.domain.job import Job, JobKey, JobState, Lease


class JobStore(Protocol):
    """Keeps the jobs of accounts: the record. Each call is a transaction of its own and short."""

    async def find_by_request(self, account_id: UUID, repeated: IdempotencyKey) -> Job | None:
        """The job of an earlier request with this id. Raises InvalidInput if it asked something else."""
        ...

    async def add(self, order: DraftRequest, repeated: IdempotencyKey | None, *, limit: int) -> Job | None:
        """Keep a new job; None when the request id was used meanwhile. Raises Overloaded when `limit` wait already."""
        ...

    async def get(self, key: JobKey) -> Job:
        """A job. Raises NotFound."""
        ...

    async def cancel(self, key: JobKey) -> tuple[Job, bool]:
        """Cancel a job that has not ended; how it is then, and whether this did it. Raises NotFound."""
        ...

    async def cancel_arrived(self, account_id: UUID, conversation_id: UUID, *, before: UUID) -> Sequence[Job]:
        """Cancel what waits and was queued by the arrival of an older message in a conversation; how these are then."""
        ...

    async def waiting_before(self, job: Job) -> int:
        """How many jobs come before this one, whosever they are."""
        ...


class JobLeases(Protocol):
    """Who runs which job, over all accounts. What is written under a lease is written only while it is held."""

    async def claim(self, keys: Sequence[JobKey] | None, count: int, seconds: float) -> Sequence[Lease]:
        """Take up to `count` jobs that are due, of these or of all, by their turn, and begin an attempt of each."""
        ...

    async def renew(self, leases: Sequence[Lease], seconds: float) -> frozenset[UUID]:
        """Hold leases for longer; the ids of those that are held still."""
        ...

    async def begun(self, lease: Lease, draft_id: UUID) -> bool:
        """Say which draft the job makes. False when the lease is lost."""
        ...

    async def complete(self, lease: Lease, draft_id: UUID) -> bool:
        """End a job well. False when the lease is lost, as with all that follow."""
        ...

    async def fail(self, lease: Lease, reason: str) -> bool:
        """End a job badly."""
        ...

    async def drop(self, lease: Lease) -> bool:
        """Cancel a job."""
        ...

    async def postpone(self, lease: Lease, seconds: float, *, counts: bool) -> Job | None:
        """Put a job back into the queue; the attempt is taken back unless it `counts`. None when the lease is lost."""
        ...

    async def expire(self) -> Sequence[Job]:
        """Requeue or fail jobs whose process died, fail those that are too old; how they are then."""
        ...

    async def end_drafts(self, keys: Sequence[JobKey]) -> None:
        """Fail what is left half made of jobs that nobody makes any more."""
        ...

    async def waiting(self, limit: int) -> Sequence[Job]:
        """The jobs that wait, in the order in which they are taken."""
        ...

    async def count_waiting(self) -> int:
        """How many jobs wait."""
        ...

    async def forget(self, seconds: float) -> int:
        """Delete jobs that ended longer ago than that; how many."""
        ...


class JobQueue(Protocol):
    """The order of what waits, and how far a running job is, for all processes. It may lose all of it, and never raises."""

    async def put(self, jobs: Sequence[Job]) -> None:
        """Let jobs wait, each for its turn."""
        ...

    async def first(self, count: int) -> Sequence[JobKey]:
        """The first jobs, of which some may not be due yet; empty also when that is not known."""
        ...

    async def all(self) -> Sequence[JobKey]:
        """All jobs that wait here, also those that do not wait any more."""
        ...

    async def remove(self, keys: Sequence[JobKey]) -> None:
        """Let jobs wait no longer."""
        ...

    async def place(self, key: JobKey) -> int | None:
        """How many jobs come before this one; None when that is not known."""
        ...

    async def note(self, key: JobKey, progress: Progress, seconds: float) -> None:
        """Remember for so long how far a job is."""
        ...

    async def progress(self, key: JobKey) -> Progress | None:
        """How far a job is; None when that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """A reason to look at a job: what is true of it says the record alone."""

    key: JobKey
    state: JobState


class JobEvents(Protocol):
    """Spreads news among all processes. It may lose some, so whoever waits looks again after a while."""

    async def tell(self, news: News) -> None:
        """Tell everybody."""
        ...

    def subscribe(self, wanted: Callable[[News], bool], event: asyncio.Event) -> AbstractContextManager[None]:
        """Set `event` at each piece of news that is `wanted`, for the length of a block."""
        ...
