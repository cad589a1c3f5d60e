"""How far each device has come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg

from sync_svc.domain.incoming import Written
from sync_svc.domain.pages import SyncState

# Of a row `s`. After a week without a sync a device has no more claim on what it said.
STILL_SYNCS = "s.last_sync_at > now() - interval '7 days'"

_KEEP = """
INSERT INTO sync.sync_states AS known (account_id, device_id, cursor, last_sync_at, received, inserted, updated)
VALUES ($1, $2, $3, now(), $4, $5, $6)
ON CONFLICT (account_id, device_id) DO UPDATE
SET cursor = CASE WHEN excluded.cursor = '' THEN known.cursor ELSE excluded.cursor END,
    last_sync_at = excluded.last_sync_at,
    received = known.received + excluded.received,
    inserted = known.inserted + excluded.inserted,
    updated = known.updated + excluded.updated
RETURNING cursor
"""

_READ = "SELECT cursor, last_sync_at FROM sync.sync_states WHERE account_id = $1 AND device_id = $2"

# The conversations know how many messages they have; counting the messages would take longer with each. Chats that are shown
# as one conversation count as one.
_TOTALS = """
SELECT coalesce(sum(message_count), 0)::bigint AS messages, count(DISTINCT coalesce(merged_into, id)) AS conversations
FROM sync.conversations WHERE account_id = $1 AND message_count > 0
"""


async def keep(driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, written: Written) -> str:
    """Move the device's state by one write, in the write's own transaction; the cursor that is kept then."""
    kept: str = await driver.fetchval(
        _KEEP, account_id, device_id, written.cursor, written.received, written.inserted, written.updated
    )
    return kept


async def read(driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID) -> SyncState:
    """The device's state, and how much the account has."""
    state = await driver.fetchrow(_READ, account_id, device_id)
    totals = await driver.fetchrow(_TOTALS, account_id)
    return SyncState(
        cursor=state["cursor"] if state else "",
        last_sync_at=state["last_sync_at"] if state else None,
        message_count=totals["messages"],
        conversation_count=totals["conversations"],
    )
