"""What was deleted message by message: a device that has not heard of it does not bring it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from sync_svc.domain.incoming import GUID, MessageRow

# Stands where a device would: what the owner deleted here no device brings back, whatever it deleted itself.
OWNER = UUID(int=0)

_KEEP = """
INSERT INTO sync.deleted_messages (account_id, imessage_guid, device_id)
SELECT $1, guid, $2 FROM unnest($3::text[]) AS guid
ON CONFLICT DO NOTHING
"""

# Asked first: most accounts have none, and then the GUIDs need not even be sent.
_ANY = "SELECT EXISTS (SELECT FROM sync.deleted_messages WHERE account_id = $1)"

FIND = f"""
SELECT imessage_guid, bool_or(device_id = $2) AND NOT bool_or(device_id = '{OWNER}') AS is_own FROM sync.deleted_messages
WHERE account_id = $1 AND imessage_guid = ANY ($3::text[])
GROUP BY imessage_guid
"""  # noqa: S608 - made of constants

_FORGET = "DELETE FROM sync.deleted_messages WHERE account_id = $1 AND imessage_guid = ANY ($2::text[])"


async def keep(driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, guids: Iterable[str]) -> None:
    """Remember that the device, or the owner, deleted these, stored or not: another may still be about to bring them."""
    await driver.execute(_KEEP, account_id, device_id, list(guids))


async def without(
    driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, rows: Sequence[MessageRow]
) -> Sequence[MessageRow]:
    """The rows without those that were deleted.

    A device that brings what it deleted itself has taken it back from Recently Deleted; all others have not heard of it yet.
    """
    if not rows or not await driver.fetchval(_ANY, account_id):
        return rows
    found = await driver.fetch(FIND, account_id, device_id, [row[GUID] for row in rows])
    if back := [row["imessage_guid"] for row in found if row["is_own"]]:
        await driver.execute(_FORGET, account_id, back)
    gone = {row["imessage_guid"] for row in found}.difference(back)
    return [row for row in rows if row[GUID] not in gone] if gone else rows
