"""One writer of an account at a time: two devices that sync at once wait for each other instead of deadlocking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg

from svc_kit.database import Database, driver_connection

_LOCK = "SELECT pg_advisory_xact_lock($1)"


class AccountWriter:
    """Opens transactions that may write messages and conversations of an account."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def transaction(self, account_id: UUID) -> AsyncIterator[asyncpg.Connection[Any]]:
        """A transaction that holds the account's lock until its end."""
        turn = self._turns.get(account_id)
        if turn is None:
            turn = self._turns[account_id] = asyncio.Lock()
        # Those who wait here hold no connection, so that one busy account cannot empty the pool. The database's lock is for
        # the other processes.
        async with turn, self._database.transaction(account_id) as connection:
            driver = await driver_connection(connection)
            await driver.execute(_LOCK, int.from_bytes(account_id.bytes[8:], "big", signed=True))
            yield driver
