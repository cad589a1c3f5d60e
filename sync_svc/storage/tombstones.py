"""What the owner deleted here and the Mac still has, so that it stays deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

_KEEP = """
INSERT INTO sync.deleted_conversations AS known (account_id, imessage_id, up_to, merge_key)
SELECT c.account_id, c.imessage_id, $3, c.merge_key FROM sync.conversations AS c
WHERE c.account_id = $1 AND c.id = ANY ($2::uuid[])
ON CONFLICT (account_id, imessage_id) DO UPDATE
SET up_to = greatest(known.up_to, excluded.up_to), merge_key = excluded.merge_key, deleted_at = now()
"""

_INHERIT = """
INSERT INTO sync.deleted_conversations (account_id, imessage_id, up_to, merge_key)
SELECT $1, new.imessage_id, max(d.up_to), new.merge_key
FROM unnest($2::text[], $3::text[]) AS new (imessage_id, merge_key)
JOIN sync.deleted_conversations AS d ON d.account_id = $1 AND d.merge_key = new.merge_key
GROUP BY new.imessage_id, new.merge_key
RETURNING imessage_id, up_to
"""

_FOLLOW_KEYS = """
UPDATE sync.deleted_conversations AS d SET merge_key = described.merge_key
FROM unnest($2::text[], $3::text[]) AS described (imessage_id, merge_key)
WHERE d.account_id = $1 AND d.imessage_id = described.imessage_id AND d.merge_key <> described.merge_key
"""


async def keep(driver: asyncpg.Connection[Any], account_id: UUID, chat_ids: Sequence[UUID], up_to: datetime) -> None:
    """Remember of chats that are about to be deleted that their messages up to then do not come back."""
    await driver.execute(_KEEP, account_id, chat_ids, up_to)


async def inherit(
    driver: asyncpg.Connection[Any], account_id: UUID, merge_keys: Mapping[str, str]
) -> dict[str, datetime]:
    """Until when new chats, given with their keys, are deleted: as long as others with their key.

    macOS gives a chat a new GUID now and then; what was deleted under the old one stays so. It is kept for each chat by
    itself from here on, so that a later change of keys deletes nothing and brings nothing back.
    """
    rows = await driver.fetch(_INHERIT, account_id, list(merge_keys), list(merge_keys.values()))
    return {row["imessage_id"]: row["up_to"] for row in rows}


async def follow_keys(driver: asyncpg.Connection[Any], account_id: UUID, merge_keys: Mapping[str, str]) -> None:
    """Keep deleted chats under the keys that they are described with now."""
    await driver.execute(_FOLLOW_KEYS, account_id, list(merge_keys), list(merge_keys.values()))
