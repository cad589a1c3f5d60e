"""Whether something was deleted meanwhile, asked in the transaction that keeps text of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, cast, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from inference_svc.storage.tables import erased
from svc_kit.database import Database
from svc_kit.erasure import TOMBSTONE_LIFETIME

UUIDS = ARRAY(Uuid)


def is_erased(account_id: ColumnElement[UUID], ids: ColumnElement[Sequence[UUID]]) -> ColumnElement[bool]:
    """Whether one of these messages or conversations was deleted.

    Waits for an erasure of the account that runs; one that begins later waits for the end of this transaction, and sees what
    it wrote. So of the two, one knows of the other.
    """
    return func.inference.is_erased(account_id, ids)


async def any_erased(connection: AsyncConnection, account_id: UUID, ids: Sequence[UUID]) -> bool:
    """The same as a statement of its own."""
    asked = select(is_erased(cast(account_id, Uuid), cast(list(ids), UUIDS)))
    return bool(await connection.scalar(asked))


async def forget_old_tombstones(database: Database) -> int:
    """Delete the tombstones of all accounts that are older than TOMBSTONE_LIFETIME; how many there were."""
    async with database.system_transaction() as connection:
        old = delete(erased).where(erased.c.erased_at < func.now() - TOMBSTONE_LIFETIME)
        return (await connection.execute(old)).rowcount
