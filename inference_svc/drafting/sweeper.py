"""Ending drafts whose maker died, so that no client waits for them for ever, and deleting old tombstones."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from inference_svc.drafting.storage.abandoned_drafts import fail_made_by, fail_overdue
from inference_svc.drafting.storage.tombstones import forget_old_tombstones
from svc_kit.database import Database
from svc_kit.logs import where


class Sweeper:
    """Ends what an earlier process of this name was making, and whatever is overdue. Make it at the process's start."""

    def __init__(self, database: Database, maker: str, *, interval: float = 30.0) -> None:
        self._database = database
        self._maker = maker
        self._interval = interval
        self._started_at = datetime.now(UTC)
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # The database is away, and comes back.
                self._log.warning("drafts not swept", **where(error))
            await asyncio.sleep(self._interval)

    async def sweep(self) -> None:
        """Sweep once."""
        swept = await fail_made_by(self._database, self._maker, self._started_at) + await fail_overdue(self._database)
        if swept:
            self._log.info("drafts without a maker ended", count=swept)
        await forget_old_tombstones(self._database)
