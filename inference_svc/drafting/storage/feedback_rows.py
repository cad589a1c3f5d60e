"""Feedback events as rows: written with the owner's action, claimed for delivery, ticked off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from inference_svc.storage.tables import feedback_events
from svc_kit.ids import new_id

_WAITS = feedback_events.c.delivered_at.is_(None)


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """Something to tell training_svc of. `attempts` counts the one that was claimed."""

    account_id: UUID
    event_id: UUID
    response_id: UUID
    attempts: int


async def add_feedback(connection: AsyncConnection, account_id: UUID, response_id: UUID) -> None:
    """Write an event for an action, in the action's transaction."""
    await connection.execute(
        insert(feedback_events).values(account_id=account_id, id=new_id(), response_id=response_id)
    )


async def claim_due(connection: AsyncConnection, *, limit: int, lease: float) -> Sequence[FeedbackEvent]:
    """Take events of all accounts that are due, oldest first; nobody else gets them for `lease` seconds.

    For a system transaction, which is to end before anything is delivered.
    """
    key = tuple_(feedback_events.c.account_id, feedback_events.c.id)
    due = (
        select(feedback_events.c.account_id, feedback_events.c.id)
        .where(_WAITS, feedback_events.c.next_attempt_at <= func.now())
        .order_by(feedback_events.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(feedback_events)
        .where(key.in_(due))
        .values(
            attempts=feedback_events.c.attempts + 1,
            next_attempt_at=func.now() + timedelta(seconds=lease),
        )
        .returning(
            feedback_events.c.account_id,
            feedback_events.c.id,
            feedback_events.c.response_id,
            feedback_events.c.attempts,
        )
    )
    return [FeedbackEvent(*row) for row in await connection.execute(statement)]


async def mark_delivered(connection: AsyncConnection, event: FeedbackEvent) -> None:
    """Tick an event off."""
    await connection.execute(update(feedback_events).where(*_this(event)).values(delivered_at=func.now()))


async def postpone(connection: AsyncConnection, event: FeedbackEvent, seconds: float) -> None:
    """Let an event be claimed again after `seconds`."""
    await connection.execute(
        update(feedback_events)
        .where(*_this(event), _WAITS)
        .values(next_attempt_at=func.now() + timedelta(seconds=seconds))
    )


def _this(event: FeedbackEvent) -> tuple[ColumnElement[bool], ...]:
    return (feedback_events.c.account_id == event.account_id, feedback_events.c.id == event.event_id)
