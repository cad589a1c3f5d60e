"""The owner's recorded actions in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from training_svc.domain.samples import Feedback
from training_svc.storage.tables import feedback_events


class FeedbackEventTable:
    """The actions of one account; needs a transaction of it."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self._connection = connection
        self._account_id = account_id

    async def record(self, feedback: Feedback, sample_id: UUID, now: datetime) -> UUID:
        """Keep an action; the id of its sample, which is another one than `sample_id` when it was kept before."""
        values = {
            "account_id": self._account_id,
            "event_id": feedback.event_id,
            "sample_id": sample_id,
            "response_id": feedback.response_id,
            "conversation_id": feedback.conversation_id,
            "kind": feedback.kind,
            "confidence": feedback.confidence,
            "rejection_reason": feedback.rejection_reason,
            "model_version": feedback.model_version,
            "acted_at": feedback.acted_at,
            "created_at": now,
            "message_ids": list(feedback.message_ids),
            "prompt_only": feedback.prompt is None,
        }
        # Waits for a transaction that records the same event at this moment.
        add = insert(feedback_events).values(values).on_conflict_do_nothing()
        made = await self._connection.scalar(add.returning(feedback_events.c.sample_id))
        return made or await self._known(feedback.event_id)

    async def _known(self, event_id: UUID) -> UUID:
        query = select(feedback_events.c.sample_id).where(
            feedback_events.c.account_id == self._account_id, feedback_events.c.event_id == event_id
        )
        sample_id: UUID = (await self._connection.execute(query)).scalar_one()
        return sample_id
