"""The way of arrivals from our database to inference_svc: at once, and until each was taken note of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog

from svc_kit.errors import Unavailable
from svc_kit.logs import where
from sync_svc.domain.arrivals import Arrival
from sync_svc.inference.arrivals import MOST_AT_ONCE
from sync_svc.storage.arrivals import PostgresArrivals, Waiting

# Longer than a delivery may take; after it another process takes the arrivals from one that died.
_LEASE_S = 10.0


class Drafts(Protocol):
    """Makes drafts for what arrives."""

    async def note(self, account_id: UUID, arrivals: Sequence[Arrival]) -> None:
        """Take note of these; doing so again changes nothing. Raises Unavailable when it is away."""
        ...


class ArrivalDelivery:
    """Delivers what waits: at the start, whenever `deliver_soon` is called, and every `interval` seconds.

    An arrival is dropped after inference_svc has it, and inference_svc knows messages by their ids: so each arrives, and counts
    once, whoever dies in between. What waits for a quarter of an hour is dropped, too.
    """

    def __init__(
        self, arrivals: PostgresArrivals, drafts: Drafts, *, interval: float = 5.0, longest: float = 60.0
    ) -> None:
        self._arrivals = arrivals
        self._drafts = drafts
        self._interval = interval
        self._longest = longest
        self._waiting = asyncio.Event()
        self._log = structlog.get_logger()

    def deliver_soon(self) -> None:
        """Say that there is something to deliver."""
        self._waiting.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                await self.deliver_due()
            except Exception as error:  # Whatever it was, the arrivals wait in the database for the next round.
                self._log.warning("arrivals wait", **where(error))
            try:
                async with asyncio.timeout(self._interval):
                    await self._waiting.wait()
            except TimeoutError:
                continue

    async def deliver_due(self) -> None:
        """Deliver all that is due now."""
        if forgotten := await self._arrivals.forget_old():
            self._log.warning("arrivals were not taken note of in time", count=forgotten)
        while True:
            # Before the look at the database: a call of `deliver_soon` after it means that there may be more.
            self._waiting.clear()
            waiting = await self._arrivals.claim_due(limit=MOST_AT_ONCE, lease=_LEASE_S)
            if not waiting:
                return
            try:
                await self._deliver(waiting[0].account_id, waiting)
            except asyncio.CancelledError:
                # The next process need not wait for the lease to run out.
                await self._arrivals.postpone(waiting[0].account_id, waiting, 0)
                raise

    async def _deliver(self, account_id: UUID, waiting: Sequence[Waiting]) -> None:
        found = await self._arrivals.read(account_id, waiting)
        told = {one for one, _ in found}
        await self._arrivals.remove(account_id, [one for one in waiting if one not in told])
        if found and not await self._tell(account_id, found) and len(told) > 1:
            # One that is refused must not hold up the others.
            for each in dict.fromkeys(row for row, _ in found):
                await self._tell(account_id, [one for one in found if one[0] is each])

    async def _tell(self, account_id: UUID, found: Sequence[tuple[Waiting, Arrival]]) -> bool:
        """Tell these and drop them, or let them wait; False when they were refused."""
        waiting = list(dict.fromkeys(one for one, _ in found))
        arrivals = [arrival for _, arrival in found]
        try:
            for place in range(0, len(arrivals), MOST_AT_ONCE):
                await self._drafts.note(account_id, arrivals[place : place + MOST_AT_ONCE])
        except Unavailable as error:
            await self._postpone(account_id, waiting)
            self._log.info("arrivals wait", count=len(waiting), reason=error.reason)
            return True
        except Exception as error:
            await self._postpone(account_id, waiting)
            self._log.error("arrivals refused", count=len(waiting), attempts=waiting[0].attempts, **where(error))
            return False
        await self._arrivals.remove(account_id, waiting)
        return True

    async def _postpone(self, account_id: UUID, waiting: Sequence[Waiting]) -> None:
        attempts = min(one.attempts for one in waiting)
        seconds = min(self._longest, self._interval * 2 ** min(attempts - 1, 10))
        await self._arrivals.postpone(account_id, waiting, seconds)
