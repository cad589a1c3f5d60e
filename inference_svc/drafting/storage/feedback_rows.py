"""Feedback events as rows: written with the owner's action, claimed for delivery, acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Update, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from inference_svc.storage.tables import feedback_events
from svc_kit.database import Database
from svc_kit.ids import new_id

_WAITS = feedback_events.c.delivered_at.is_(None)


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """An action to report to training_svc. `attempts` counts the one that was claimed."""

    account_id: UUID
    event_id: UUID
    response_id: UUID
    attempts: int


async def add_feedback(connection: AsyncConnection, account_id: UUID, response_id: UUID) -> None:
    """Write an event for an action, in the action's transaction."""
    await connection.execute(
        insert(feedback_events).values(account_id=account_id, id=new_id(), response_id=response_id)
    )


class FeedbackRows:
    """svc_kit.outbox.Rows of feedback events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, limit: int, lease: float) -> Sequence[FeedbackEvent]:
        """Take events of all accounts; see Rows."""
        columns = feedback_events.c
        key = tuple_(columns.account_id, columns.id)
        due = (
            select(columns.account_id, columns.id)
            .where(_WAITS, columns.next_attempt_at <= func.now())
            .order_by(columns.next_attempt_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(feedback_events)
            .where(key.in_(due))
            .values(attempts=columns.attempts + 1, next_attempt_at=func.now() + timedelta(seconds=lease))
            .returning(columns.account_id, columns.id, columns.response_id, columns.attempts)
        )
        async with self._database.system_transaction() as connection:
            return [FeedbackEvent(*row) for row in await connection.execute(statement)]

    async def acknowledge(self, entries: Sequence[FeedbackEvent]) -> None:
        """Mark these as delivered."""
        for event in entries:
            await self._change(event, update(feedback_events).values(delivered_at=func.now()))

    async def postpone(self, entries: Sequence[FeedbackEvent], seconds: float) -> None:
        """Let these be claimed again after `seconds`."""
        later = func.now() + timedelta(seconds=seconds)
        for event in entries:
            await self._change(event, update(feedback_events).where(_WAITS).values(next_attempt_at=later))

    async def give_back(self, entries: Sequence[FeedbackEvent]) -> None:
        """Let these be claimed again at once, without counting the attempt."""
        values = {"attempts": feedback_events.c.attempts - 1, "next_attempt_at": func.now()}
        for event in entries:
            still_ours = feedback_events.c.attempts == event.attempts
            await self._change(event, update(feedback_events).where(_WAITS, still_ours).values(values))

    async def _change(self, event: FeedbackEvent, change: Update) -> None:
        this = change.where(feedback_events.c.account_id == event.account_id, feedback_events.c.id == event.event_id)
        async with self._database.transaction(event.account_id) as connection:
            await connection.execute(this)
