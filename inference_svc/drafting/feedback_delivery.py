"""The way of feedback events from our database to training_svc: soon, and until each was acknowledged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

from inference_svc.drafting.domain.draft import Draft
from inference_svc.drafting.storage.draft_rows import DraftRows
from inference_svc.drafting.storage.feedback_rows import FeedbackEvent, FeedbackRows
from svc_kit.database import Database
from svc_kit.outbox import Outbox, Timing

# How long an owner's click may wait for its sample; after that it is delivered in the background.
_PATIENCE_S = 1.0


class Training(Protocol):
    """Keeps what the owner did with a draft."""

    async def record(self, account_id: UUID, event_id: UUID, draft: Draft) -> None:
        """Take an event; taking it again changes nothing. Raises Unavailable when it is away."""
        ...


class FeedbackDelivery:
    """The outbox of feedback events (svc_kit/outbox.py); training_svc knows events by their id."""

    def __init__(
        self,
        database: Database,
        training: Training,
        *,
        is_serving: Callable[[], Awaitable[bool]] | None = None,
        interval: float = 5.0,
        longest: float = 60.0,
    ) -> None:
        """`interval` and `longest` are seconds, as in Timing; `is_serving` asks training_svc whether it serves."""
        self._database = database
        self._training = training
        timing = Timing(interval=interval, longest=longest)
        self._outbox = Outbox("feedback", FeedbackRows(database), self._send, timing, is_serving=is_serving)
        self.run = self._outbox.run
        self.deliver_due = self._outbox.deliver_due

    def wake(self) -> None:
        """Say that there is something to deliver, and wait for nothing."""
        self._outbox.wake()

    async def deliver_soon(self) -> None:
        """Say that there is something to deliver, and wait a moment until that was tried; it is never given up."""
        await self._outbox.deliver_soon(_PATIENCE_S)

    async def _send(self, events: Sequence[FeedbackEvent]) -> None:
        for event in events:
            async with self._database.transaction(event.account_id) as connection:
                draft = (await DraftRows(connection, event.account_id).get([event.response_id]))[event.response_id]
            await self._training.record(event.account_id, event.event_id, draft)
