"""The way of feedback events from our database to training_svc: soon, and until each has arrived."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol
from uuid import UUID

import structlog

from inference_svc.drafting.domain.draft import Draft
from inference_svc.drafting.storage.draft_rows import DraftRows
from inference_svc.drafting.storage.feedback_rows import FeedbackEvent, claim_due, mark_delivered, postpone
from svc_kit.database import Database
from svc_kit.errors import DomainError
from svc_kit.logs import where

_BATCH = 20
# How long an owner's click may wait for its sample; after that it is delivered behind the owner's back.
_PATIENCE_S = 1.0
# Longer than a delivery may take; after it another process takes the event from one that died.
_LEASE_S = 60.0


class Training(Protocol):
    """Learns what the owner did with a draft."""

    async def record(self, account_id: UUID, event_id: UUID, draft: Draft) -> None:
        """Take an event; taking it again changes nothing. Raises Unavailable when it is away."""
        ...


class FeedbackDelivery:
    """Delivers what waits: at the start, whenever `deliver_soon` is called, and every `interval` seconds.

    An event is ticked off after training_svc has it, and training_svc knows events by their id: so each arrives, and
    counts once, whoever dies in between.
    """

    def __init__(self, database: Database, training: Training, *, interval: float = 5.0, longest: float = 60.0) -> None:
        self._database = database
        self._training = training
        self._interval = interval
        self._longest = longest
        self._waiting = asyncio.Event()
        self._tried = asyncio.Event()
        self._log = structlog.get_logger()

    def wake(self) -> None:
        """Say that there is something to deliver, and wait for nothing."""
        self._waiting.set()

    async def deliver_soon(self) -> None:
        """Say that there is something to deliver, and wait a moment until that was tried; it is never given up."""
        self._tried.clear()
        self.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._tried.wait()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                await self.deliver_due()
            except Exception as error:  # Whatever it was, the events wait in the database for the next round.
                self._log.warning("feedback waits", **where(error))
            if not self._waiting.is_set():
                self._tried.set()
            try:
                async with asyncio.timeout(self._interval):
                    await self._waiting.wait()
            except TimeoutError:
                continue

    async def deliver_due(self) -> None:
        """Deliver all that is due now."""
        while True:
            # Before the look at the database: a call of `deliver_soon` after it means that there may be more.
            self._waiting.clear()
            async with self._database.system_transaction() as connection:
                events = await claim_due(connection, limit=_BATCH, lease=_LEASE_S)
            for event in events:
                await self._deliver(event)
            if len(events) < _BATCH:
                return

    async def _deliver(self, event: FeedbackEvent) -> None:
        async with self._database.transaction(event.account_id) as connection:
            draft = (await DraftRows(connection, event.account_id).get([event.response_id])).get(event.response_id)
        try:
            # Erased after it was claimed, it has nothing to tell.
            if draft is not None and draft.erased_at is None:
                await self._training.record(event.account_id, event.event_id, draft)
        except DomainError as error:
            await self._postpone(event)
            self._log.info("feedback waits", event_id=str(event.event_id), attempts=event.attempts, reason=error.reason)
            return
        except Exception as error:  # One event that cannot be delivered must not hold up the others.
            await self._postpone(event)
            self._log.error("feedback waits", event_id=str(event.event_id), attempts=event.attempts, **where(error))
            return
        async with self._database.transaction(event.account_id) as connection:
            await mark_delivered(connection, event)

    async def _postpone(self, event: FeedbackEvent) -> None:
        seconds = min(self._longest, self._interval * 2 ** min(event.attempts - 1, 10))
        async with self._database.transaction(event.account_id) as connection:
            await postpone(connection, event, seconds)
