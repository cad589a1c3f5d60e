"""Open registrations in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from device_svc.domain.codes import MAX_WRONG_CODES
from device_svc.domain.registrations import Description, Registration
from device_svc.storage.tables import registrations

# One registration begins at a time, or two of them would both be the hundredth.
_LOCK = 0x72656769


class RegistrationTable:
    """Devices that wait for their owner."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def hold_all(self) -> None:
        """Take the advisory lock of all registrations until the transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    async def forget_over(self, hardware_id: str, now: datetime) -> None:
        """Delete expired registrations, and those of this hardware that were not used."""
        over = registrations.c.code_expires_at <= now
        replaced = (registrations.c.hardware_id == hardware_id) & registrations.c.used_at.is_(None)
        await self._connection.execute(delete(registrations).where(or_(over, replaced)))

    async def earliest_expiry(self, at_most: int, now: datetime) -> datetime | None:
        """Return when the first of the open ones expires; None while fewer than `at_most` are open."""
        query = select(func.count(), func.min(registrations.c.code_expires_at)).where(*_open(now))
        count, earliest = (await self._connection.execute(query)).one()
        return earliest if count >= at_most else None

    async def add(self, registration: Registration) -> bool:
        """Insert the registration; False when an unused one has the same code."""
        described = registration.description
        values = {
            "device_id": registration.device_id,
            "name": described.name,
            "hardware_id": described.hardware_id,
            "platform": described.platform,
            "os_version": described.os_version,
            "code_hash": registration.code_hash,
            "code_expires_at": registration.code_expires_at,
            "created_at": registration.created_at,
        }
        free = (
            insert(registrations)
            .values(values)
            .on_conflict_do_nothing(index_elements=["code_hash"], index_where=registrations.c.used_at.is_(None))
        )
        made = await self._connection.execute(free.returning(registrations.c.device_id))
        return made.one_or_none() is not None

    async def hold_by_code(self, code_hash: bytes, now: datetime) -> Registration | None:
        """Return the open registration with this code and lock its row until the transaction ends."""
        query = select(registrations).where(registrations.c.code_hash == code_hash, *_open(now))
        return _registration((await self._connection.execute(query.with_for_update())).one_or_none())

    async def approve(self, device_id: UUID, account_id: UUID, now: datetime) -> None:
        """Store which account approved it."""
        await self._connection.execute(_change(device_id).values(approved_account_id=account_id, approved_at=now))

    async def take_try(self, device_id: UUID, now: datetime) -> Registration | None:
        """Count a try and return the registration, locked; None when none is open with tries left."""
        count = _change(device_id).where(*_open(now)).values(attempts=registrations.c.attempts + 1)
        return _registration((await self._connection.execute(count.returning(registrations))).one_or_none())

    async def give_try_back(self, device_id: UUID) -> None:
        """Take back the try that `take_try` counted."""
        await self._connection.execute(_change(device_id).values(attempts=registrations.c.attempts - 1))

    async def use(self, device_id: UUID, now: datetime) -> None:
        """Mark the registration as used."""
        await self._connection.execute(_change(device_id).values(used_at=now))


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        registrations.c.used_at.is_(None),
        registrations.c.code_expires_at > now,
        registrations.c.attempts < MAX_WRONG_CODES,
    )


def _change(device_id: UUID) -> Any:
    return update(registrations).where(registrations.c.device_id == device_id)


def _registration(row: Row[Any] | None) -> Registration | None:
    if row is None:
        return None
    return Registration(
        device_id=row.device_id,
        description=Description(row.name, row.hardware_id, row.platform, row.os_version),
        code_hash=row.code_hash,
        code_expires_at=row.code_expires_at,
        created_at=row.created_at,
        attempts=row.attempts,
        approved_account_id=row.approved_account_id,
        used_at=row.used_at,
    )
