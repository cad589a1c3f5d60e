"""Counts of tries in PostgreSQL: a restart does not forget them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, case, delete, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from device_svc.domain.tries import TryLimit
from device_svc.storage.tables import tries


class TryTable:
    """One row for each secret that is being guessed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self, limit: TryLimit, subject: bytes, now: datetime) -> None:
        """Count a try in one statement, so that two at once are two. Raises Overloaded when none is left."""
        await self._forget_old(limit, now)
        over = tries.c.began_at <= now - limit.window
        count = insert(tries).values(kind=limit.kind, subject=subject, count=1, began_at=now)
        count = count.on_conflict_do_update(
            index_elements=["kind", "subject"],
            set_={
                "count": case((over, 1), else_=tries.c.count + 1),
                "began_at": case((over, now), else_=tries.c.began_at),
            },
            where=or_(over, tries.c.count < limit.tries),
        )
        taken = (await self._connection.execute(count.returning(tries.c.count))).one_or_none()
        if taken is None:
            began_at = await self._connection.scalar(select(tries.c.began_at).where(_one(limit, subject)))
            raise limit.paused(began_at or now, now)

    async def give_back(self, limit: TryLimit, subject: bytes) -> None:
        """Take one try back; never below none."""
        one = and_(_one(limit, subject), tries.c.count > 0)
        await self._connection.execute(update(tries).where(one).values(count=tries.c.count - 1))

    async def clear(self, limit: TryLimit, subject: bytes) -> None:
        """Delete the count."""
        await self._connection.execute(delete(tries).where(_one(limit, subject)))

    async def left(self, limit: TryLimit, subject: bytes, now: datetime) -> int:
        """Return how many tries are left in the window that runs at `now`."""
        current = and_(_one(limit, subject), tries.c.began_at > now - limit.window)
        used = await self._connection.scalar(select(tries.c.count).where(current))
        return limit.tries - (used or 0)

    async def _forget_old(self, limit: TryLimit, now: datetime) -> None:
        # Names that nobody has are counted too; skipping locked rows, two who clean up never wait for each other.
        key = tuple_(tries.c.kind, tries.c.subject)
        old = select(tries.c.kind, tries.c.subject).where(
            tries.c.kind == limit.kind, tries.c.began_at <= now - limit.window
        )
        await self._connection.execute(delete(tries).where(key.in_(old.limit(100).with_for_update(skip_locked=True))))


def _one(limit: TryLimit, subject: bytes) -> ColumnElement[bool]:
    return and_(tries.c.kind == limit.kind, tries.c.subject == subject)
