"""PostgreSQL: one transaction per use case, scoped to one account by Row-Level Security."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from svc_kit.errors import DomainError, InvalidInput, Unavailable
from svc_kit.settings import DatabaseSettings

_ENTER = text("SELECT set_config('app.account_id', :account, true), set_config('app.scope', :scope, true)")
# Whatever goes wrong before the first statement is the database's absence: no server, one that starts or stops, none free.
_AWAY = (OSError, TimeoutError, PoolTimeoutError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)
# asyncpg's own errors come from statements that go to the driver directly; the internal one is what a connection that dies
# between two of them leaves behind.
_LOST = (OSError, TimeoutError, asyncpg.InternalClientError)
_FAILED = (*_LOST, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)
# Lost connections (08), lost races (40), no room (53), a server that stops or starts (57P).
_AWAY_STATES = ("08", "40", "53", "57P")
_NUL_STATE = "22021"


class Database:
    """A pool. Make one per process; `close()` it at the end."""

    def __init__(self, settings: DatabaseSettings, *, pool_size: int = 5, application: str = "") -> None:
        self._engine: AsyncEngine = create_async_engine(
            settings.url(),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            # Parameters are what people wrote: they must not get into an exception's text.
            hide_parameters=True,
            connect_args={
                "timeout": 5,
                "command_timeout": 60,
                "server_settings": {"application_name": application},
            },
        )

    @asynccontextmanager
    async def transaction(self, account_id: UUID) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees and writes rows of this account only. Commits at the end, rolls back on an error.

        Raises Unavailable when the database does not answer.
        """
        async with self._begin(str(account_id), "") as connection:
            yield connection

    @asynccontextmanager
    async def system_transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction across accounts, for the few tables whose policy admits it (sign-in, start-up, clean-up)."""
        async with self._begin("", "system") as connection:
            yield connection

    @asynccontextmanager
    async def _begin(self, account: str, scope: str) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await self._entered(account, scope)
        except _AWAY as error:
            raise _away() from error
        try:
            yield connection
            await connection.commit()
        except _FAILED as error:
            understood = _away() if await _is_closed(connection) else _understood(error)
            if understood is None:
                raise
            if isinstance(understood, Unavailable):
                # A statement that went to the driver failed without SQLAlchemy's knowledge, which would roll back on it.
                await connection.invalidate()
            raise understood from error
        finally:
            await _release(connection)

    async def _entered(self, account: str, scope: str) -> AsyncConnection:
        connection = await self._engine.connect()
        try:
            await connection.execute(_ENTER, {"account": account, "scope": scope})
        except BaseException as error:
            await _release(connection)
            if not isinstance(error, DBAPIError) or not error.connection_invalidated:
                raise
        else:
            return connection
        # The server was restarted under the pool, which has now dropped all its connections: once more on a new one.
        connection = await self._engine.connect()
        try:
            await connection.execute(_ENTER, {"account": account, "scope": scope})
        except BaseException:
            await _release(connection)
            raise
        return connection

    async def ping(self) -> None:
        """Ask for nothing. Raises Unavailable when the database does not answer."""
        async with self.system_transaction() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _understood(error: Exception) -> DomainError | None:
    """What a failed statement means to the caller; None when it is our own fault."""
    state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
    if state == _NUL_STATE:
        return InvalidInput("request", "text must not hold the character NUL")
    lost = isinstance(error, _LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    return _away() if lost or state.startswith(_AWAY_STATES) else None


async def _release(connection: AsyncConnection) -> None:
    """Give a connection back to the pool, or drop it: giving back rolls back, and a lost connection cannot do that.

    What it would say of itself then must not take the place of the error that is on its way.
    """
    try:
        await connection.close()
    except (DBAPIError, OSError):
        if not connection.closed:
            await connection.invalidate()
            await connection.close()


async def _is_closed(connection: AsyncConnection) -> bool:
    return not connection.invalidated and bool((await driver_connection(connection)).is_closed())


def _away() -> Unavailable:
    return Unavailable("the database does not answer; try again in a moment")


async def driver_connection(connection: AsyncConnection) -> asyncpg.Connection[Any]:
    """asyncpg's own connection of a transaction, for COPY and arrays."""
    raw = await connection.get_raw_connection()
    driver: asyncpg.Connection[Any] = raw.driver_connection
    return driver


def new_metadata(schema: str) -> MetaData:
    """The MetaData of one service: its schema, and names for all constraints, so that migrations can drop them."""
    return MetaData(
        schema=schema,
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
