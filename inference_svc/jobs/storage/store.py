"""domain.JobStore on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, func, select, text, tuple_, update
from sqlalchemy import literal as value
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from inference_svc.drafting.domain.draft_request import DraftRequest
from inference_svc.drafting.domain.ports import IdempotencyKey
from inference_svc.jobs.domain.job import Job, JobKey, JobState
from inference_svc.jobs.storage.rows import IS_BEGUN, IS_QUEUED, IS_UNFINISHED, ORDER, ended, job_of, this, values_of
from inference_svc.metrics import JOBS_ENDED
from inference_svc.storage.tables import generation_jobs as jobs
from svc_kit.database import Database
from svc_kit.errors import InvalidInput, NotFound, Overloaded
from svc_kit.ids import new_id

# So long that some of a full queue is gone.
_RETRY_AFTER_S = 10.0
# The turn that was served last.
TURN_SERVED = select(jobs.c.turn).where(IS_BEGUN).order_by(jobs.c.turn.desc()).limit(1)
# Beside the locks that others take for an account: the second number is the account's.
_COUNTING = text("SELECT pg_advisory_xact_lock(20, :account)")


class PostgresJobStore:
    """Keeps the jobs of accounts, each seen by its own account alone; of all accounts only numbers are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_by_request(self, account_id: UUID, repeated: IdempotencyKey) -> Job | None:
        """The job of an earlier request with this id."""
        statement = select(jobs).where(jobs.c.account_id == account_id, jobs.c.request_id == repeated.request_id)
        async with self._database.transaction(account_id) as connection:
            row = (await connection.execute(statement)).mappings().first()
        if row is None:
            return None
        if row["request_digest"] != repeated.digest:
            raise InvalidInput("request_id", "was used for another request")
        return job_of(row)

    async def add(self, order: DraftRequest, repeated: IdempotencyKey | None, *, limit: int) -> Job | None:
        """Keep a new job, unless its request id is taken or the account's queue is full."""
        statement = (
            insert(jobs)
            .values(
                id=new_id(),
                state=JobState.QUEUED.value,
                request_id=repeated.request_id if repeated else None,
                turn=next_turn(order.account_id, await self._turn_served()),
                **values_of(order),
            )
            .on_conflict_do_nothing(
                index_elements=["account_id", "request_id"], index_where=jobs.c.request_id.is_not(None)
            )
            .returning(jobs)
        )
        async with self._database.transaction(order.account_id) as connection:
            await _check_room(connection, order.account_id, limit)
            row = (await connection.execute(statement)).mappings().first()
        return job_of(row) if row else None

    async def get(self, key: JobKey) -> Job:
        """A job."""
        async with self._database.transaction(key.account_id) as connection:
            return await _get(connection, key)

    async def cancel(self, key: JobKey) -> tuple[Job, bool]:
        """Cancel a job that has not ended. Whoever runs it loses its lease by that."""
        statement = update(jobs).where(*this(key), IS_UNFINISHED).values(ended(JobState.CANCELLED)).returning(jobs)
        async with self._database.transaction(key.account_id) as connection:
            row = (await connection.execute(statement)).mappings().first()
            if row is None:
                return await _get(connection, key), False
        JOBS_ENDED.labels(JobState.CANCELLED.value).inc()
        return job_of(row), True

    async def cancel_arrived(self, account_id: UUID, conversation_id: UUID, *, before: UUID) -> Sequence[Job]:
        """Cancel what an arrival queued. A later message has a greater id."""
        older = (jobs.c.account_id == account_id, jobs.c.arrived_in == conversation_id, jobs.c.message_id < before)
        statement = update(jobs).where(*older, IS_QUEUED).values(ended(JobState.CANCELLED)).returning(jobs)
        async with self._database.transaction(account_id) as connection:
            rows = (await connection.execute(statement)).mappings().all()
        JOBS_ENDED.labels(JobState.CANCELLED.value).inc(len(rows))
        return [job_of(row) for row in rows]

    async def waiting_before(self, job: Job) -> int:
        """How many jobs come before this one, whosever they are."""
        statement = select(func.count()).where(IS_QUEUED, tuple_(*ORDER) < (job.turn, job.key.job_id))
        async with self._database.system_transaction() as connection:
            return int(await connection.scalar(statement) or 0)

    async def _turn_served(self) -> int:
        """The turn that is served now, of whichever account; it may go on before it is used, which costs nobody more than that."""
        async with self._database.system_transaction() as connection:
            return int(await connection.scalar(TURN_SERVED) or 0)


def next_turn(account_id: UUID, served: int) -> ColumnElement[int]:
    """The turn after the account's last one; who had none for a while joins those who are served."""
    own = jobs.c.account_id == account_id
    waits = select(func.max(jobs.c.turn)).where(own, IS_QUEUED).scalar_subquery()
    was_served = select(func.max(jobs.c.turn)).where(own, jobs.c.turn == served, IS_BEGUN).scalar_subquery()
    return func.greatest(waits + 1, was_served + 1, value(served, BigInteger))


async def _check_room(connection: AsyncConnection, account_id: UUID, limit: int) -> None:
    # One after another: of several that count at once, each would see room.
    await connection.execute(_COUNTING, {"account": int.from_bytes(account_id.bytes[12:], "big", signed=True)})
    waiting = await connection.scalar(select(func.count()).where(jobs.c.account_id == account_id, IS_QUEUED))
    if int(waiting or 0) >= limit:
        raise Overloaded(f"{limit} drafts wait already; try again later", retry_after=_RETRY_AFTER_S)


async def _get(connection: AsyncConnection, key: JobKey) -> Job:
    row = (await connection.execute(select(jobs).where(*this(key)))).mappings().first()
    if row is None:
        raise NotFound("there is no such job")
    return job_of(row)
