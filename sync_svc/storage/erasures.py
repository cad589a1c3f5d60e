"""Erasures that inference_svc and training_svc have yet to make: written with the deletion, by ids alone (ADR 0006).

There is one row per destination. Rows go when they are acknowledged, and never by age.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg

from svc_kit.database import Database, driver_connection
from svc_kit.erasure import TOMBSTONE_LIFETIME
from svc_kit.ids import new_id
from sync_svc.domain.erasures import Erasure, of_messages
from sync_svc.domain.incoming import GUID, MESSAGE_FIELDS, MessageRow
from sync_svc.storage.precedence import unsent_amount


class Destination(StrEnum):
    """Who erases."""

    INFERENCE = "inference"
    TRAINING = "training"


_UNSENT_AT, _EXTRA = MESSAGE_FIELDS.index("unsent_at"), MESSAGE_FIELDS.index("extra")

_ADD = """
INSERT INTO sync.erasures (account_id, id, destination, conversation_ids, message_ids, touched_conversation_ids)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_CLAIM = """
UPDATE sync.erasures AS e SET attempts = e.attempts + 1, next_attempt_at = now() + $3::interval
FROM (
    SELECT account_id, id FROM sync.erasures WHERE destination = $1 AND next_attempt_at <= now()
    ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
) AS due
WHERE e.account_id = due.account_id AND e.id = due.id AND e.destination = $1
RETURNING e.account_id, e.id, e.created_at, e.conversation_ids, e.message_ids, e.touched_conversation_ids, e.attempts
"""

_THIS = "account_id = $1 AND id = $2 AND destination = $3"
# training_svc's tombstones end. What inference_svc erases so late, it may have told as feedback after that: once more, then.
_REMOVE = f"""
WITH gone AS (DELETE FROM sync.erasures WHERE {_THIS} RETURNING *)
INSERT INTO sync.erasures (account_id, id, destination, conversation_ids, message_ids, touched_conversation_ids)
SELECT account_id, id, '{Destination.TRAINING}', conversation_ids, message_ids, touched_conversation_ids FROM gone
WHERE destination = '{Destination.INFERENCE}' AND created_at < now() - $4::interval
ON CONFLICT DO NOTHING
"""  # noqa: S608 - made of constants
_LATE = TOMBSTONE_LIFETIME / 2
_POSTPONE = f"UPDATE sync.erasures SET next_attempt_at = now() + $4::interval WHERE {_THIS}"  # noqa: S608 - made of constants
# A row that another process claimed meanwhile has one attempt more.
_GIVE_BACK = f"""
UPDATE sync.erasures SET attempts = attempts - 1, next_attempt_at = now() WHERE {_THIS} AND attempts = $4
"""  # noqa: S608 - made of constants

_BEFORE = f"""
SELECT m.id, coalesce(c.merged_into, m.conversation_id) AS shown_id, {unsent_amount("m")} AS amount
FROM sync.messages AS m LEFT JOIN sync.conversations AS c ON c.account_id = $1 AND c.id = m.conversation_id
WHERE m.account_id = $1 AND m.imessage_guid = ANY ($2::text[])
"""  # noqa: S608 - made of constants
_UNSENT_SINCE = f"""
SELECT m.id FROM unnest($2::uuid[], $3::integer[]) AS before (id, amount)
JOIN sync.messages AS m ON m.account_id = $1 AND m.id = before.id
WHERE {unsent_amount("m")} > before.amount
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class StoredErasure:
    """A claimed row. `attempts` counts the one that it was claimed for."""

    account_id: UUID
    id: UUID
    erasure: Erasure
    attempts: int


async def add(driver: asyncpg.Connection[Any], account_id: UUID, erasures: Sequence[Erasure]) -> None:
    """Write a row for each destination, in the transaction that deletes."""
    rows = [
        (account_id, erasure_id, destination.value, one.conversation_ids, one.message_ids, one.touched_conversation_ids)
        for one, erasure_id in ((one, new_id()) for one in erasures)
        for destination in Destination
    ]
    if rows:
        await driver.executemany(_ADD, rows)


@dataclass(frozen=True, slots=True)
class BeforeUnsending:
    """Messages that a write may unsend: in which conversation each is shown, and how much of it was unsent before."""

    shown_in: Mapping[UUID, UUID]
    amounts: Mapping[UUID, int]


async def before_unsending(
    driver: asyncpg.Connection[Any], account_id: UUID, rows: Sequence[MessageRow]
) -> BeforeUnsending | None:
    """Read, before a write, the stored messages that it may unsend; None, without a query, where it brings nothing unsent."""
    guids = [row[GUID] for row in rows if row[_UNSENT_AT] is not None or _has_unsent_parts(row[_EXTRA])]
    found = await driver.fetch(_BEFORE, account_id, guids) if guids else []
    if not found:
        return None
    return BeforeUnsending({row["id"]: row["shown_id"] for row in found}, {row["id"]: row["amount"] for row in found})


async def add_unsent(driver: asyncpg.Connection[Any], account_id: UUID, before: BeforeUnsending) -> bool:
    """Write the erasures of messages of which more is unsent now than before the write; whether there are any."""
    unsent = await driver.fetch(_UNSENT_SINCE, account_id, list(before.amounts), list(before.amounts.values()))
    await add(driver, account_id, of_messages({row["id"]: before.shown_in[row["id"]] for row in unsent}))
    return bool(unsent)


class PostgresErasures:
    """svc_kit.outbox.Rows of the erasures for one destination."""

    def __init__(self, database: Database, destination: Destination) -> None:
        self._database = database
        self._destination = destination.value

    async def claim(self, limit: int, lease: float) -> Sequence[StoredErasure]:
        """Take what is due of all accounts, in the order in which it was written; see Rows."""
        async with self._database.system_transaction() as connection:
            driver = await driver_connection(connection)
            rows = await driver.fetch(_CLAIM, self._destination, limit, timedelta(seconds=lease))
        return [
            StoredErasure(
                row["account_id"],
                row["id"],
                Erasure(row["conversation_ids"], row["message_ids"], row["touched_conversation_ids"]),
                row["attempts"],
            )
            for row in sorted(rows, key=lambda row: (row["created_at"], row["id"]))
        ]

    async def acknowledge(self, entries: Sequence[StoredErasure]) -> None:
        """Delete these; what inference_svc erased late, training_svc erases again."""
        for one in entries:
            await self._change(one, _REMOVE, _LATE)

    async def postpone(self, entries: Sequence[StoredErasure], seconds: float) -> None:
        """Let these be claimed again after `seconds`."""
        for one in entries:
            await self._change(one, _POSTPONE, timedelta(seconds=seconds))

    async def give_back(self, entries: Sequence[StoredErasure]) -> None:
        """Let these be claimed again at once, without counting the attempt."""
        for one in entries:
            await self._change(one, _GIVE_BACK, one.attempts)

    async def _change(self, one: StoredErasure, statement: str, *values: Any) -> None:
        async with self._database.transaction(one.account_id) as connection:
            driver = await driver_connection(connection)
            await driver.execute(statement, one.account_id, one.id, self._destination, *values)


def _has_unsent_parts(extra: str | None) -> bool:
    return extra is not None and '"unsent_parts"' in extra
