"""Writing messages: one statement for all of a transaction, and then the counts of the conversations it touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import uuid_utils

from sync_svc.domain.incoming import CONVERSATION_REF, FLAGS, GUID, MESSAGE_FIELDS, MessageRow, Written
from sync_svc.domain.messages import Flag, MessageType
from sync_svc.storage import precedence
from sync_svc.storage.rows import Row

# The quicker way in by the number of rows (measured here, with Row-Level Security and all indexes): arrays 1 ms for one
# row, 4 ms for 100, 16 ms for 500; COPY into a temporary table 1.5, 5 and 16, and from there on up to twice as quick.
COPY_FROM_ROWS = 500

COLUMNS = ("account_id", "id", "conversation_id", *MESSAGE_FIELDS[1:])
_TYPES = {
    "account_id": "uuid",
    "id": "uuid",
    "conversation_id": "uuid",
    "sent_at": "timestamptz",
    "state_hash": "bigint",
    "read_at": "timestamptz",
    "delivered_at": "timestamptz",
    "edited_at": "timestamptz",
    "unsent_at": "timestamptz",
    "direction": "smallint",
    "message_type": "smallint",
    "flags": "smallint",
    "attachments": "jsonb",
    "reactions": "jsonb",
    "edits": "jsonb",
    "extra": "jsonb",
}
_NAMES = ", ".join(COLUMNS)
_ARRAYS = ", ".join(f"${place}::{_TYPES.get(name, 'text')}[]" for place, name in enumerate(COLUMNS, 1))
# A message keeps its id and its GUID, and stays one that came late; all else is the device's to change.
_CHANGEABLE = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[2:] if name not in ("imessage_guid", "flags"))
_FLAGS = f"flags = excluded.flags | (known.flags & {Flag.BACKFILL:d})"

# An update sets xmax on the row it makes, an insert does not. The statement itself still sees a changed row as it was before,
# and so the conversation that it was in; nothing is looked up for new rows.
_UPSERT = f"""
WITH written AS (
    INSERT INTO sync.messages AS known ({_NAMES}, written_by) SELECT {_NAMES}, {{device}} FROM {{source}}
    ON CONFLICT (account_id, imessage_guid) DO UPDATE SET {_CHANGEABLE}, {_FLAGS}, {precedence.REMEMBER}
    WHERE known.state_hash <> excluded.state_hash AND {precedence.MAY_REPLACE}
    RETURNING account_id, id, conversation_id, xmax = 0 AS is_new
),
placed AS (
    SELECT conversation_id, is_new, CASE WHEN NOT is_new THEN (
        SELECT before.conversation_id FROM sync.messages AS before
        WHERE before.account_id = written.account_id AND before.id = written.id
    ) END AS was_in
    FROM written
)
SELECT conversation_id, was_in, count(*) AS written, count(*) FILTER (WHERE is_new) AS inserted FROM placed GROUP BY 1, 2
"""  # noqa: S608 - made of constants
UPSERT_ARRAYS = _UPSERT.format(source=f"unnest({_ARRAYS}) AS incoming ({_NAMES})", device=f"${len(COLUMNS) + 1}::uuid")
UPSERT_COPIED = _UPSERT.format(source="incoming", device="$1::uuid")

_INCOMING = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in COLUMNS)
# Made once a connection: making it in each transaction would wear the catalogue.
CREATE_INCOMING = f"CREATE TEMPORARY TABLE IF NOT EXISTS incoming ({_INCOMING}) ON COMMIT DELETE ROWS"

# The newest message is looked up rather than compared, so that it is right after an update and a deletion too. What is
# scheduled is not said yet, and an event is nobody's word: it counts only where nobody has said anything.
_REFRESH = f"""
UPDATE sync.conversations AS c
SET message_count = c.message_count + touched.more,
    last_message_id = coalesce(said.id, happened.id),
    last_message_at = coalesce(said.sent_at, happened.sent_at),
    updated_at = now()
FROM unnest($2::uuid[], $3::bigint[]) AS touched (id, more)
LEFT JOIN LATERAL (
    SELECT m.id, m.sent_at FROM sync.messages AS m
    WHERE m.account_id = $1 AND m.conversation_id = touched.id
      AND m.flags & {Flag.SCHEDULED:d} = 0 AND m.message_type <> {MessageType.GROUP_EVENT:d}
    ORDER BY m.sent_at DESC, m.id DESC LIMIT 1
) AS said ON true
LEFT JOIN LATERAL (
    SELECT m.id, m.sent_at FROM sync.messages AS m
    WHERE said.id IS NULL AND m.account_id = $1 AND m.conversation_id = touched.id
    ORDER BY m.sent_at DESC, m.id DESC LIMIT 1
) AS happened ON true
WHERE c.account_id = $1 AND c.id = touched.id
"""  # noqa: S608 - made of constants


def records_of(
    account_id: UUID, rows: Sequence[MessageRow], conversation_ids: Mapping[str, UUID]
) -> list[tuple[Any, ...]]:
    """The rows as COLUMNS, each with a new id; a GUID that comes twice counts by its last row, and came late if any did."""
    # The native type: making a uuid.UUID of each would take longer than all the rest of this line.
    new_id = uuid_utils.uuid7
    latest = {row[GUID]: row for row in rows}
    if len(latest) < len(rows):
        for guid in {row[GUID] for row in rows if row[FLAGS] & Flag.BACKFILL}:
            latest[guid] = _as_late(latest[guid])
    return [(account_id, new_id(), conversation_ids[row[CONVERSATION_REF]], *row[1:]) for row in latest.values()]


def _as_late(row: MessageRow) -> MessageRow:
    return (*row[:FLAGS], row[FLAGS] | int(Flag.BACKFILL), *row[FLAGS + 1 :])


async def upsert(
    driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, records: Sequence[tuple[Any, ...]]
) -> tuple[Written, Collection[UUID]]:
    """Insert what is new and update what has changed, unless another device knows better (storage/precedence.py).

    Also tells which chats have another message, or one less.
    """
    if not records:
        return Written(), ()
    if len(records) < COPY_FROM_ROWS:
        touched = await driver.fetch(UPSERT_ARRAYS, *zip(*records, strict=True), device_id)
    else:
        await driver.execute(CREATE_INCOMING)
        await driver.copy_records_to_table("incoming", records=records, columns=COLUMNS)
        touched = await driver.fetch(UPSERT_COPIED, device_id)
    more = _more(touched)
    if more:
        await refresh(driver, account_id, more)
    inserted = sum(row["inserted"] for row in touched)
    return Written(inserted=inserted, updated=sum(row["written"] for row in touched) - inserted), more.keys()


def _more(touched: Iterable[Row]) -> Mapping[UUID, int]:
    """How many messages each conversation has more than before: those that moved, less where they were."""
    more: Counter[UUID] = Counter()
    for row in touched:
        was_in = row["was_in"] or row["conversation_id"]
        moved = row["written"] if was_in != row["conversation_id"] else 0
        more[row["conversation_id"]] += row["inserted"] + moved
        more[was_in] -= moved
    return more


async def refresh(driver: asyncpg.Connection[Any], account_id: UUID, more: Mapping[UUID, int]) -> None:
    """Move the counts and the newest messages of conversations that were written to."""
    await driver.execute(_REFRESH, account_id, list(more), list(more.values()))
