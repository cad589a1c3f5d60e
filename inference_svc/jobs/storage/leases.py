"""domain.JobLeases on PostgreSQL: who runs which job, compared in the statement that writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Update, and_, func, select, tuple_, update
from sqlalchemy import delete as delete_from

from inference_svc.drafting.storage.abandoned_drafts import fail_of_requests
from inference_svc.jobs.domain.job import LIFETIME_S, MAX_ATTEMPTS, Job, JobKey, JobState, Lease
from inference_svc.jobs.storage.rows import IS_QUEUED, IS_RUNNING, ORDER, ended, job_of, lease_of, requeued, this
from inference_svc.metrics import JOB_WAIT_SECONDS, JOBS_ENDED
from inference_svc.storage.tables import generation_jobs as jobs
from svc_kit.database import Database

_DIED_EACH_TIME = f"given up after {MAX_ATTEMPTS} attempts: the process that made it ended each time"
_TOO_LATE = "it could not be made within a day"

IS_DUE = and_(IS_QUEUED, jobs.c.due_at <= func.now())
_KEY = tuple_(jobs.c.account_id, jobs.c.id)


class PostgresJobLeases:
    """Takes and ends jobs in the name of `maker`."""

    def __init__(self, database: Database, maker: str) -> None:
        self._database = database
        self._maker = maker

    async def claim(self, keys: Sequence[JobKey] | None, count: int, seconds: float) -> Sequence[Lease]:
        """Take jobs that are due; of two processes that ask at the same time, one gets a job."""
        due = IS_DUE
        if keys is not None:
            due = and_(due, _KEY.in_([(key.account_id, key.job_id) for key in keys]))
        statement = (
            _update_of(due, limit=count)
            .values(
                state=JobState.RUNNING.value,
                attempts=jobs.c.attempts + 1,
                maker=self._maker,
                lease_id=func.gen_random_uuid(),
                leased_until=func.now() + timedelta(seconds=seconds),
                started_at=func.now(),
            )
            .returning(jobs)
        )
        async with self._database.system_transaction() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        for row in rows:
            # Only at its first: an attempt that was taken back begins as the first one once more, but is due later.
            if row["attempts"] == 1 and row["due_at"] == row["created_at"]:
                JOB_WAIT_SECONDS.observe((row["started_at"] - row["created_at"]).total_seconds())
        return [lease_of(row) for row in sorted(rows, key=lambda row: (row["turn"], row["id"]))]

    async def renew(self, leases: Sequence[Lease], seconds: float) -> frozenset[UUID]:
        """Hold leases for longer. One that ran out is held still, as long as nobody noticed."""
        statement = (
            update(jobs)
            .where(
                _KEY.in_([(lease.key.account_id, lease.key.job_id) for lease in leases]),
                jobs.c.lease_id.in_([lease.lease_id for lease in leases]),
            )
            .values(leased_until=func.now() + timedelta(seconds=seconds))
            .returning(jobs.c.lease_id)
        )
        async with self._database.system_transaction() as connection:
            return frozenset((await connection.execute(statement)).scalars())

    async def begun(self, lease: Lease, draft_id: UUID) -> bool:
        """Say which draft the job makes."""
        return await self._write(lease, {"response_id": draft_id}) is not None

    async def complete(self, lease: Lease, draft_id: UUID) -> bool:
        """End a job well."""
        return await self._end(lease, JobState.COMPLETED, response_id=draft_id)

    async def fail(self, lease: Lease, reason: str) -> bool:
        """End a job badly."""
        return await self._end(lease, JobState.FAILED, error=reason)

    async def drop(self, lease: Lease) -> bool:
        """Cancel a job."""
        return await self._end(lease, JobState.CANCELLED)

    async def postpone(self, lease: Lease, seconds: float, *, counts: bool) -> Job | None:
        """Put a job back into the queue."""
        attempts = jobs.c.attempts if counts else jobs.c.attempts - 1
        due_at = func.now() + timedelta(seconds=seconds)
        return await self._write(lease, requeued(attempts=attempts, due_at=due_at))

    async def expire(self) -> Sequence[Job]:
        """Requeue or fail what nobody runs any more, and fail what nobody could begin."""
        died = and_(IS_RUNNING, jobs.c.leased_until < func.now())
        spent = jobs.c.attempts >= MAX_ATTEMPTS
        old = jobs.c.created_at < func.now() - timedelta(seconds=LIFETIME_S)
        statements = (
            _update_of(and_(died, spent)).values(ended(JobState.FAILED, error=_DIED_EACH_TIME)),
            _update_of(and_(died, ~spent)).values(requeued(due_at=func.now())),
            _update_of(and_(IS_QUEUED, old)).values(ended(JobState.FAILED, error=_TOO_LATE)),
        )
        changed: dict[JobKey, Job] = {}
        async with self._database.system_transaction() as connection:
            for statement in statements:
                for row in (await connection.execute(statement.returning(jobs))).mappings():
                    job = job_of(row)
                    changed[job.key] = job
        for job in changed.values():
            if job.state.ended:
                JOBS_ENDED.labels(job.state.value).inc()
        return list(changed.values())

    async def end_drafts(self, keys: Sequence[JobKey]) -> None:
        """Fail what is left half made."""
        if keys:
            await fail_of_requests(self._database, [(key.account_id, key.job_id) for key in keys])

    async def waiting(self, limit: int) -> Sequence[Job]:
        """The jobs that wait."""
        statement = select(jobs).where(IS_QUEUED).order_by(*ORDER).limit(limit)
        async with self._database.system_transaction() as connection:
            return [job_of(row) for row in (await connection.execute(statement)).mappings()]

    async def count_waiting(self) -> int:
        """How many jobs wait."""
        async with self._database.system_transaction() as connection:
            return int(await connection.scalar(select(func.count()).where(IS_QUEUED)) or 0)

    async def forget(self, seconds: float) -> int:
        """Delete jobs that ended long ago; their drafts stay."""
        statement = delete_from(jobs).where(jobs.c.ended_at < func.now() - timedelta(seconds=seconds))
        async with self._database.system_transaction() as connection:
            return (await connection.execute(statement)).rowcount

    async def _end(self, lease: Lease, state: JobState, **values: Any) -> bool:
        if await self._write(lease, ended(state, **values)) is None:
            return False
        JOBS_ENDED.labels(state.value).inc()
        return True

    async def _write(self, lease: Lease, values: dict[str, Any]) -> Job | None:
        held = (*this(lease.key), IS_RUNNING, jobs.c.lease_id == lease.lease_id)
        async with self._database.transaction(lease.key.account_id) as connection:
            found = (await connection.execute(update(jobs).where(*held).values(values).returning(jobs))).mappings()
            row = found.first()
        return job_of(row) if row else None


def first_of(which: ColumnElement[bool], limit: int | None = None) -> Select[tuple[UUID, UUID]]:
    """The first ones, but for those that somebody else is writing: a process that hangs in a transaction holds up no other job."""
    first = select(jobs.c.account_id, jobs.c.id).where(which).order_by(*ORDER).limit(limit)
    return first.with_for_update(skip_locked=True)


def _update_of(which: ColumnElement[bool], limit: int | None = None) -> Update:
    """Of the first ones that nobody else is writing.

    The choice is a CTE, which is run once: a sub-select with a limit may be run again, and choose more.
    """
    chosen = first_of(which, limit).cte("chosen")
    return update(jobs).where(jobs.c.account_id == chosen.c.account_id, jobs.c.id == chosen.c.id)
