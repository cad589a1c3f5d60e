"""Erasing drafts and jobs of deleted messages in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, any_, cast, delete, func, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from inference_svc.drafting.domain.draft import Finish, Status
from inference_svc.drafting.storage.draft_rows import OPEN_FOR
from inference_svc.drafting.storage.tombstones import UUIDS
from inference_svc.jobs.domain.job import JobKey, JobState
from inference_svc.jobs.storage.rows import IS_UNFINISHED, ended
from inference_svc.metrics import DRAFTS_ENDED, JOBS_ENDED
from inference_svc.storage.tables import erased, feedback_events, responses
from inference_svc.storage.tables import generation_jobs as jobs
from svc_kit.database import Database
from svc_kit.erasure import Erasure, id_floor, lock_number

# Whoever keeps text shares it (`inference.is_erased`).
_ALONE = text("SELECT pg_advisory_xact_lock(21, :account)")
# Said in the statement, so that a plan for any values may use the index of what is being made.
_IS_GENERATING = responses.c.status == literal_column(f"'{Status.GENERATING.value}'")
_NO_TEXT = {
    "prompt": "",
    "turns": None,
    "hints": None,
    "response": "",
    "instruction": "",
    "edited_response": "",
    "rejection_reason": "",
    # Hashes of texts, by which a guess could be checked.
    "cache_key": "",
    "request_digest": None,
    # The same request again is for a new draft.
    "request_id": None,
}


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: counts, the jobs that had not ended, and the keys of cached replies that must go."""

    draft_count: int
    job_count: int
    stopped_jobs: Sequence[JobKey]
    cache_keys: Sequence[str]


class PostgresErasureStore:
    """Erases in one transaction, which no draft's transaction overlaps without one knowing of the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def erase(self, account_id: UUID, erasure: Erasure) -> Erased:
        """Erase drafts, feedback and jobs, and keep tombstones; the same again finds the cache keys of the first time."""
        async with self._database.transaction(account_id) as connection:
            await connection.execute(_ALONE, {"account": lock_number(account_id)})
            rows = _Rows(connection, account_id, erasure)
            cancelled = await rows.cancel_drafts()
            keys = [*await rows.delete_drafts(), *await rows.clear_drafts()]
            stopped, job_count = await rows.end_jobs()
            cache_keys = await rows.keep_tombstones([key for key in keys if key])
        DRAFTS_ENDED.labels(Status.CANCELLED.value).inc(cancelled)
        JOBS_ENDED.labels(JobState.CANCELLED.value).inc(len(stopped))
        return Erased(len(keys), job_count, stopped, cache_keys)


class _Rows:
    """The rows of one account that an erasure concerns."""

    def __init__(self, connection: AsyncConnection, account_id: UUID, erasure: Erasure) -> None:
        self._connection = connection
        self._account_id = account_id
        self._erasure = erasure
        self._ours = responses.c.account_id == account_id
        self._deleted = responses.c.conversation_id == _any(erasure.conversation_ids)

    async def cancel_drafts(self) -> int:
        """Cancel those that are being made; how many."""
        ending = {"status": Status.CANCELLED.value, "finish_reason": Finish.CANCELLED.value}
        which = and_(self._ours, _IS_GENERATING, or_(self._deleted, holds(self._erasure)))
        return (await self._connection.execute(update(responses).where(which).values(ending))).rowcount

    async def delete_drafts(self) -> Sequence[str]:
        """Delete those of conversations that were deleted, and their feedback events with them; their cache keys."""
        if not self._erasure.conversation_ids:
            return []
        gone = delete(responses).where(self._ours, self._deleted).returning(responses.c.cache_key)
        return (await self._connection.execute(gone)).scalars().all()

    async def clear_drafts(self) -> Sequence[str]:
        """Take the texts of those that hold a deleted message; their cache keys."""
        if not self._erasure.message_ids:
            return []
        found = select(responses.c.id, responses.c.cache_key).where(self._ours, holds(self._erasure)).with_for_update()
        drafts = (await self._connection.execute(found)).all()
        if drafts:
            these = [draft.id for draft in drafts]
            cleared = update(responses).where(self._ours, responses.c.id == _any(these))
            await self._connection.execute(
                cleared.values(**_NO_TEXT, erased_at=func.now(), closed_at=func.now(), updated_at=func.now())
            )
            # There is nothing left to tell of them.
            await self._connection.execute(
                delete(feedback_events).where(
                    feedback_events.c.account_id == self._account_id, feedback_events.c.response_id == _any(these)
                )
            )
        return [draft.cache_key for draft in drafts]

    async def end_jobs(self) -> tuple[Sequence[JobKey], int]:
        """Delete the jobs of deleted conversations and cancel those of deleted messages; those that had not ended, and how many in all."""
        ours, erasure = jobs.c.account_id == self._account_id, self._erasure
        conversations = _any(erasure.conversation_ids)
        of_message = and_(jobs.c.id >= id_floor(erasure.message_ids), jobs.c.message_id == _any(erasure.message_ids))
        of_conversation = or_(jobs.c.conversation_id == conversations, jobs.c.arrived_in == conversations)
        cancelled = update(jobs).where(ours, IS_UNFINISHED, or_(of_message, of_conversation))
        stopped = await self._connection.execute(cancelled.values(ended(JobState.CANCELLED)).returning(jobs.c.id))
        keys = {JobKey(self._account_id, job_id) for job_id in stopped.scalars()}
        deleted = await self._connection.execute(delete(jobs).where(ours, of_conversation).returning(jobs.c.id))
        changed = keys | {JobKey(self._account_id, job_id) for job_id in deleted.scalars()}
        return list(keys), len(changed)

    async def keep_tombstones(self, cache_keys: Sequence[str]) -> Sequence[str]:
        """Remember what was deleted; all cache keys that this erasure has found, now and before."""
        erasure = self._erasure
        ids = {*erasure.conversation_ids, *erasure.message_ids} - {erasure.erasure_id}
        await self._upsert([{"id": each, "cache_keys": []} for each in ids])
        return await self._upsert([{"id": erasure.erasure_id, "cache_keys": list(cache_keys)}])

    async def _upsert(self, rows: Sequence[dict[str, Any]]) -> Sequence[str]:
        if not rows:
            return []
        add = insert(erased).values([{"account_id": self._account_id, **row} for row in rows])
        again = add.on_conflict_do_update(
            index_elements=["account_id", "id"],
            set_={"erased_at": func.now(), "cache_keys": erased.c.cache_keys.concat(add.excluded.cache_keys)},
        )
        kept = (await self._connection.execute(again.returning(erased.c.cache_keys))).scalars().all()
        keys: Sequence[str] = kept[-1]
        return keys


def holds(erasure: Erasure) -> ColumnElement[bool]:
    """Whether a draft holds one of the messages, and still has its texts.

    A draft is younger than the messages that it was made from, and at most a day older than the owner's message that it was
    compared with. So by its id, which begins with its time, only those since then are looked at.
    """
    messages = cast(list(erasure.message_ids), UUIDS)
    held = or_(
        responses.c.message_ids.overlap(messages),
        responses.c.message_id == any_(messages),
        responses.c.reply_message_id == any_(messages),
        # It is not known what it was made from: in doubt it goes.
        and_(responses.c.message_ids.is_(None), responses.c.conversation_id == _any(erasure.touched_conversation_ids)),
    )
    return and_(responses.c.id >= id_floor(erasure.message_ids, OPEN_FOR), responses.c.erased_at.is_(None), held)


def _any(ids: Sequence[UUID]) -> ColumnElement[bool]:
    return any_(cast(list(ids), UUIDS))
