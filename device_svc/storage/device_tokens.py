"""The tokens given to the devices of one account, in PostgreSQL: their ids, never themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from device_svc.storage.tables import device_tokens, devices


class DeviceTokenTable:
    """Needs a connection that sees the account's rows."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self._connection = connection
        self._account_id = account_id

    async def add(self, device_id: UUID, token_id: UUID, issued_at: datetime, expires_at: datetime) -> None:
        """Insert the token's id, and delete those of the device that have expired."""
        expired = device_tokens.c.expires_at <= issued_at
        await self._connection.execute(delete(device_tokens).where(self._of(device_id), expired))
        await self._connection.execute(
            insert(device_tokens).values(
                account_id=self._account_id,
                token_id=token_id,
                device_id=device_id,
                issued_at=issued_at,
                expires_at=expires_at,
            )
        )

    async def revoke_all(self, device_id: UUID, now: datetime) -> None:
        """Revoke the device's tokens; those that are revoked keep their time."""
        standing = device_tokens.c.revoked_at.is_(None)
        await self._connection.execute(
            update(device_tokens).where(self._of(device_id), standing).values(revoked_at=now)
        )

    async def stands(self, device_id: UUID, token_id: UUID, now: datetime) -> bool:
        """Return whether the token is neither revoked nor expired, and its device not deactivated."""
        same_device = and_(
            devices.c.account_id == device_tokens.c.account_id, devices.c.device_id == device_tokens.c.device_id
        )
        query = (
            select(device_tokens.c.token_id)
            .join(devices, same_device)
            .where(
                self._of(device_id),
                device_tokens.c.token_id == token_id,
                device_tokens.c.revoked_at.is_(None),
                device_tokens.c.expires_at > now,
                devices.c.deactivated_at.is_(None),
            )
        )
        return (await self._connection.execute(query)).one_or_none() is not None

    def _of(self, device_id: UUID) -> ColumnElement[bool]:
        return and_(device_tokens.c.account_id == self._account_id, device_tokens.c.device_id == device_id)
