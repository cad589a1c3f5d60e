"""What was deleted, and the erasing of what was made of it, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Table, TextClause, Uuid, and_, cast, delete, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from svc_kit.erasure import TOMBSTONE_LIFETIME, Erasure, id_floor, lock_number
from training_svc.domain.samples import Feedback
from training_svc.storage.tables import erased, feedback_events, samples

# Whoever keeps text shares the lock, an erasure has it alone: of the two, one sees what the other wrote.
_SHARED = text("SELECT pg_advisory_xact_lock_shared(22, :account)")
_ALONE = text("SELECT pg_advisory_xact_lock(22, :account)")
_UUIDS = ARRAY(Uuid)


class ErasureTable:
    """The tombstones of one account; needs a transaction of it."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self._connection = connection
        self._account_id = account_id

    async def are_erased(self, feedback: Feedback) -> bool:
        """Whether a message of the feedback, or its conversation, was deleted.

        Of feedback that does not know the messages of its prompt: whether any message of the conversation was.
        """
        await self._lock(_SHARED)
        told = erased.c.is_whole & erased.c.id.in_([feedback.conversation_id, *feedback.message_ids])
        if feedback.prompt is None:
            told |= erased.c.id == feedback.conversation_id
        # A statement after the one that took the lock: its snapshot has what the erasure before committed.
        return bool(await self._connection.scalar(select(exists().where(self._mine(erased), told))))

    async def erase(self, erasure: Erasure) -> int:
        """Delete the samples and events that deleted messages are part of, and keep tombstones; how many samples."""
        await self._lock(_ALONE)
        await self._keep_tombstones(erasure)
        await self._connection.execute(delete(feedback_events).where(self._mine(feedback_events), _events_of(erasure)))
        count = 0
        for which in samples_of(erasure):
            gone = await self._connection.execute(delete(samples).where(self._mine(samples), which))
            count += gone.rowcount
        return count

    async def _keep_tombstones(self, erasure: Erasure) -> None:
        old = erased.c.erased_at < func.now() - TOMBSTONE_LIFETIME
        await self._connection.execute(delete(erased).where(self._mine(erased), old))
        rows = [(deleted, True) for deleted in (*erasure.conversation_ids, *erasure.message_ids)]
        rows += [(touched, False) for touched in erasure.touched_conversation_ids]
        # A statement may not name a row twice.
        values = [
            {"account_id": self._account_id, "id": each, "is_whole": is_whole, "erased_at": func.now()}
            for each, is_whole in dict.fromkeys(rows)
        ]
        if values:
            add = insert(erased).values(values)
            again = add.on_conflict_do_update(
                index_elements=["account_id", "id", "is_whole"], set_={"erased_at": func.now()}
            )
            await self._connection.execute(again)

    async def _lock(self, how: TextClause) -> None:
        await self._connection.execute(how, {"account": lock_number(self._account_id)})

    def _mine(self, table: Table) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = table.c.account_id == self._account_id
        return mine


def samples_of(erasure: Erasure) -> tuple[ColumnElement[bool], ...]:
    """The samples to delete: one condition for each way to find them.

    A sample is younger than the messages that it holds, so by its id, which begins with its time, only those since the
    oldest message are looked at.
    """
    held = samples.c.message_ids.overlap(_ids(erasure))
    # It may hold the message: in doubt it goes.
    in_doubt = and_(samples.c.prompt_only, samples.c.conversation_id.in_(erasure.touched_conversation_ids))
    since = samples.c.sample_id >= id_floor(erasure.message_ids)
    return samples.c.conversation_id.in_(erasure.conversation_ids), and_(since, or_(held, in_doubt))


def _events_of(erasure: Erasure) -> ColumnElement[bool]:
    in_doubt = and_(
        feedback_events.c.prompt_only, feedback_events.c.conversation_id.in_(erasure.touched_conversation_ids)
    )
    return or_(
        feedback_events.c.conversation_id.in_(erasure.conversation_ids),
        feedback_events.c.message_ids.overlap(_ids(erasure)),
        in_doubt,
    )


def _ids(erasure: Erasure) -> ColumnElement[Sequence[UUID]]:
    return cast(list(erasure.message_ids), _UUIDS)
