"""Accounts and sessions in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from device_svc.domain.accounts import Account, Session
from device_svc.storage.tables import accounts, sessions
from svc_kit.errors import AlreadyExists


class AccountTable:
    """The accounts of this installation."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def by_name(self, name: str) -> Account | None:
        """Return the account with this name; names are unique."""
        found = await self._connection.execute(select(accounts).where(accounts.c.name == name))
        return _account(found.one_or_none())

    async def first(self, count: int) -> list[Account]:
        """Return up to `count` accounts, oldest first."""
        query = select(accounts).order_by(accounts.c.created_at, accounts.c.account_id).limit(count)
        return [account for row in await self._connection.execute(query) if (account := _account(row))]

    async def hold(self, account_id: UUID) -> Account | None:
        """Return the account and lock its row until the transaction ends."""
        query = select(accounts).where(accounts.c.account_id == account_id).with_for_update()
        return _account((await self._connection.execute(query)).one_or_none())

    async def add(self, account: Account) -> None:
        """Insert the account. Raises AlreadyExists when the name is taken."""
        values = {
            "account_id": account.account_id,
            "name": account.name,
            "password_hash": account.password_hash,
            "created_at": account.created_at,
            "updated_at": account.created_at,
        }
        statement = upsert(accounts).values(values).on_conflict_do_nothing(index_elements=["name"])
        made = await self._connection.execute(statement.returning(accounts.c.account_id))
        if made.one_or_none() is None:
            raise AlreadyExists(f"there is already an account {account.name!r}")

    async def set_password(self, account_id: UUID, password_hash: str, now: datetime) -> None:
        """Replace the hash of the password."""
        change = update(accounts).where(accounts.c.account_id == account_id)
        await self._connection.execute(change.values(password_hash=password_hash, updated_at=now))


class SessionTable:
    """Sign-ins that last."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def begin(self, session: Session) -> None:
        """Insert the session, and delete those of the account that have expired."""
        over = (sessions.c.account_id == session.account_id) & (sessions.c.expires_at <= session.created_at)
        await self._connection.execute(delete(sessions).where(over))
        await self._connection.execute(
            insert(sessions).values(
                account_id=session.account_id,
                session_id=session.session_id,
                created_at=session.created_at,
                expires_at=session.expires_at,
            )
        )

    async def live(self, account_id: UUID, session_id: UUID, now: datetime) -> Session | None:
        """Return the session unless it was ended or has expired by `now`."""
        query = select(sessions).where(
            sessions.c.account_id == account_id,
            sessions.c.session_id == session_id,
            sessions.c.ended_at.is_(None),
            sessions.c.expires_at > now,
        )
        row = (await self._connection.execute(query)).one_or_none()
        return Session(row.account_id, row.session_id, row.created_at, row.expires_at) if row else None

    async def end(self, account_id: UUID, session_id: UUID, now: datetime) -> None:
        """Set the end of one session that has none."""
        one = (sessions.c.account_id == account_id) & (sessions.c.session_id == session_id)
        await self._connection.execute(update(sessions).where(one, sessions.c.ended_at.is_(None)).values(ended_at=now))

    async def end_all(self, account_id: UUID, now: datetime) -> int:
        """Set the end of the account's live sessions; return how many there were."""
        live = (sessions.c.account_id == account_id) & sessions.c.ended_at.is_(None) & (sessions.c.expires_at > now)
        ended = await self._connection.execute(update(sessions).where(live).values(ended_at=now))
        return int(ended.rowcount)


def _account(row: Row[Any] | None) -> Account | None:
    return Account(row.account_id, row.name, row.password_hash, row.created_at) if row else None
