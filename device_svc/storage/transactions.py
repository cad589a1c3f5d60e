"""One transaction per use case, with the tables that it may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from device_svc.storage.accounts import AccountTable, SessionTable
from device_svc.storage.device_tokens import DeviceTokenTable
from device_svc.storage.devices import DeviceTable
from device_svc.storage.registrations import RegistrationTable
from device_svc.storage.tries import TryTable
from svc_kit.database import Database

_ALSO_SEE = text("SELECT set_config('app.account_id', :account, true)")


class AccountTables:
    """What a transaction of one account sees."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self.sessions = SessionTable(connection)
        self.devices = DeviceTable(connection, account_id)
        self.tokens = DeviceTokenTable(connection, account_id)


class SystemTables:
    """What a transaction sees before the account is known."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.accounts = AccountTable(connection)
        self.sessions = SessionTable(connection)
        self.tries = TryTable(connection)
        self.registrations = RegistrationTable(connection)

    async def for_account(self, account_id: UUID) -> AccountTables:
        """Devices are closed even to system transactions: they open for one account at a time."""
        await self._connection.execute(_ALSO_SEE, {"account": str(account_id)})
        return AccountTables(self._connection, account_id)


class PostgresTransactions:
    """Opens transactions; each commits at the end of its block and rolls back on an error."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def account(self, account_id: UUID) -> AsyncIterator[AccountTables]:
        """A transaction of one account."""
        async with self._database.transaction(account_id) as connection:
            yield AccountTables(connection, account_id)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[SystemTables]:
        """A transaction before the account is known."""
        async with self._database.system_transaction() as connection:
            yield SystemTables(connection)
