"""One transaction per use case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from svc_kit.database import Database
from training_svc.storage.erasures import ErasureTable
from training_svc.storage.feedback_events import FeedbackEventTable
from training_svc.storage.samples import SampleTable


class AccountTables:
    """What a transaction of one account sees."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self.samples = SampleTable(connection, account_id)
        self.events = FeedbackEventTable(connection, account_id)
        self.erasures = ErasureTable(connection, account_id)


class PostgresTransactions:
    """Opens transactions; each commits at the end of its block and rolls back on an error."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def account(self, account_id: UUID) -> AsyncIterator[AccountTables]:
        """A transaction of one account."""
        async with self._database.transaction(account_id) as connection:
            yield AccountTables(connection, account_id)
