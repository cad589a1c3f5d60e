"""The devices of one account in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Update, case, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from device_svc.domain.devices import Activity, Device, DeviceHealth
from device_svc.domain.registrations import Description
from device_svc.storage.tables import devices


class DeviceTable:
    """Needs a connection that sees the account's rows; names the account all the same, for the index."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self._connection = connection
        self._account_id = account_id

    async def get(self, device_id: UUID) -> Device | None:
        """Return the device, deactivated or not."""
        query = select(devices).where(devices.c.account_id == self._account_id, devices.c.device_id == device_id)
        return _device((await self._connection.execute(query)).one_or_none())

    async def by_hardware(self, hardware_id: str) -> Device | None:
        """Return the device with this hardware id and lock its row until the transaction ends."""
        query = select(devices).where(devices.c.account_id == self._account_id, devices.c.hardware_id == hardware_id)
        return _device((await self._connection.execute(query.with_for_update())).one_or_none())

    async def page(self, after: tuple[datetime, UUID] | None, size: int) -> Sequence[Device]:
        """Return up to `size` devices, newest first, after the sort key (created_at, device_id)."""
        key = tuple_(devices.c.created_at, devices.c.device_id)
        query = select(devices).where(devices.c.account_id == self._account_id)
        if after is not None:
            query = query.where(key < tuple_(*after))
        query = query.order_by(devices.c.created_at.desc(), devices.c.device_id.desc()).limit(size)
        return [device for row in await self._connection.execute(query) if (device := _device(row))]

    async def approve(self, device_id: UUID, described: Description, now: datetime) -> Device:
        """Insert the device, or open again the one that has this hardware id, under its old id and name."""
        add = insert(devices).values(
            account_id=self._account_id, device_id=device_id, verified=False, created_at=now, updated_at=now,
            **asdict(described),
        )  # fmt: skip
        reopen = add.on_conflict_do_update(
            index_elements=["account_id", "hardware_id"],
            # A device that works goes on working until the new token is fetched; a deactivated one waits for it.
            set_={
                "verified": case((devices.c.deactivated_at.is_(None), devices.c.verified), else_=False),
                "deactivated_at": None,
                "updated_at": now,
            },
        )
        return _some((await self._connection.execute(reopen.returning(devices))).one())

    async def verify(self, device_id: UUID, described: Description, now: datetime) -> None:
        """Mark the device as verified and store its platform and system's version."""
        change = self._change(device_id, now)
        await self._connection.execute(
            change.values(verified=True, platform=described.platform, os_version=described.os_version)
        )

    async def hold_active(self, device_id: UUID) -> Device | None:
        """Return the device if it is verified and not deactivated, and lock its row until the transaction ends."""
        query = select(devices).where(
            devices.c.account_id == self._account_id,
            devices.c.device_id == device_id,
            devices.c.verified,
            devices.c.deactivated_at.is_(None),
        )
        return _device((await self._connection.execute(query.with_for_update())).one_or_none())

    async def rename(self, device_id: UUID, name: str, now: datetime) -> Device | None:
        """Change the name; None when there is no such device."""
        change = self._change(device_id, now).values(name=name)
        return _device((await self._connection.execute(change.returning(devices))).one_or_none())

    async def deactivate(self, device_id: UUID, now: datetime) -> Device | None:
        """Set the time of deactivation unless there is one; None when there is no such device."""
        first = self._change(device_id, now).where(devices.c.deactivated_at.is_(None)).values(deactivated_at=now)
        changed = _device((await self._connection.execute(first.returning(devices))).one_or_none())
        return changed or await self.get(device_id)

    async def record(self, device_id: UUID, activity: Activity, now: datetime) -> bool:
        """Store what is not None; the time of the last sync never goes back. False when there is no such device."""
        values = {name: value for name, value in asdict(activity).items() if value is not None}
        if activity.last_sync_at is not None:
            # Reports may overtake each other.
            values["last_sync_at"] = func.greatest(devices.c.last_sync_at, activity.last_sync_at)
        change = self._change(device_id, now).values(**values)
        return (await self._connection.execute(change.returning(devices.c.device_id))).one_or_none() is not None

    def _change(self, device_id: UUID, now: datetime) -> Update:
        one = update(devices).where(devices.c.account_id == self._account_id, devices.c.device_id == device_id)
        return one.values(updated_at=now)


def _device(row: Row[Any] | None) -> Device | None:
    return _some(row) if row is not None else None


def _some(row: Row[Any]) -> Device:
    values = dict(row._mapping)
    return Device(**(values | {"health": DeviceHealth(values["health"])}))
