"""What arrived and inference_svc has yet to hear of: written with the messages, by their ids alone.

Of each conversation these are the newest message, and what the owner wrote before it: the first answer to a draft labels it.

ADR 0006 says why such a table. A row is locked by those who deliver only while nobody else has it, so that ingest never waits for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from svc_kit.database import Database, driver_connection
from sync_svc.domain.arrivals import Arrival, arrival_of
from sync_svc.domain.conversations import Conversation, conversations_of
from sync_svc.domain.messages import Direction, Flag
from sync_svc.domain.reading import written_text
from sync_svc.storage.conversation_reads import Driver, chats_beside, context_of
from sync_svc.storage.keys import LAST_ID
from sync_svc.storage.rows import CHAT, SHOWN_ID, WHOLE_MESSAGE, Row, chat_of, message_of
from sync_svc.storage.upsert_messages import COLUMNS

# By the server's clock: how long ago a message may have been sent, or how far ahead another clock may be.
NEWS_WITHIN = timedelta(minutes=10)
# A draft for what is older helps nobody.
EXPIRED_AFTER = timedelta(minutes=15)
_NO_NEWS = int(Flag.BACKFILL | Flag.SCHEDULED | Flag.SPAM)
_ID, _SENT_AT, _FLAGS = (COLUMNS.index(name) for name in ("id", "sent_at", "flags"))

_MESSAGES = f"""
SELECT {WHOLE_MESSAGE}, {CHAT}, {SHOWN_ID}
FROM sync.messages AS m
JOIN sync.conversations AS c ON c.account_id = $1 AND c.id = m.conversation_id
WHERE m.account_id = $1 AND m.id = ANY ($2::uuid[])
"""  # noqa: S608 - made of constants

# Of the owner's own the first ones stay: the drafts that they answer are older than they all.
_MOST_OWN = 8
_KEEP = f"""
INSERT INTO sync.arrivals AS known (account_id, conversation_id, message_id, own_message_ids)
SELECT $1, i.conversation_id, i.message_id, coalesce((
    SELECT (array_agg(own.message_id ORDER BY own.place))[1:{_MOST_OWN}]
    FROM unnest($4::uuid[], $5::uuid[]) WITH ORDINALITY AS own (conversation_id, message_id, place)
    WHERE own.conversation_id = i.conversation_id
), '{{}}')
FROM unnest($2::uuid[], $3::uuid[]) AS i (conversation_id, message_id)
ON CONFLICT (account_id, conversation_id) DO UPDATE
SET message_id = excluded.message_id,
    own_message_ids = (known.own_message_ids || excluded.own_message_ids)[1:{_MOST_OWN}],
    arrived_at = now(), attempts = 0, next_attempt_at = now()
"""  # noqa: S608 - made of constants

_DROP_EXPIRED = """
DELETE FROM sync.arrivals WHERE (account_id, conversation_id) IN (
    SELECT account_id, conversation_id FROM sync.arrivals WHERE arrived_at < now() - $1::interval FOR UPDATE SKIP LOCKED
) RETURNING 1
"""

_CLAIM = """
UPDATE sync.arrivals AS a SET attempts = a.attempts + 1, next_attempt_at = now() + $2::interval
FROM (
    SELECT account_id, conversation_id FROM sync.arrivals
    WHERE next_attempt_at <= now() AND account_id = (
        SELECT account_id FROM sync.arrivals WHERE next_attempt_at <= now() ORDER BY next_attempt_at LIMIT 1
    )
    ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
) AS due
WHERE a.account_id = due.account_id AND a.conversation_id = due.conversation_id
RETURNING a.account_id, a.conversation_id, a.message_id, a.own_message_ids, a.attempts
"""

# Only what still names the same message: another that took its place has yet to be delivered.
_THESE = """(account_id, conversation_id) IN (
    SELECT a.account_id, a.conversation_id
    FROM unnest($2::uuid[], $3::uuid[]) AS i (conversation_id, message_id)
    JOIN sync.arrivals AS a ON a.account_id = $1 AND a.conversation_id = i.conversation_id AND a.message_id = i.message_id
    FOR UPDATE OF a SKIP LOCKED
)"""
_REMOVE = f"DELETE FROM sync.arrivals WHERE {_THESE}"  # noqa: S608 - made of constants
_POSTPONE = f"UPDATE sync.arrivals SET next_attempt_at = now() + $4::interval WHERE {_THESE}"  # noqa: S608 - made of constants
# Rows that another process claimed meanwhile have one attempt more.
_GIVE_BACK = """
UPDATE sync.arrivals AS a SET attempts = a.attempts - 1, next_attempt_at = now()
FROM unnest($2::uuid[], $3::uuid[], $4::integer[]) AS i (conversation_id, message_id, attempts)
WHERE a.account_id = $1 AND a.conversation_id = i.conversation_id AND a.message_id = i.message_id
  AND a.attempts = i.attempts
"""


_DROP_CONVERSATIONS = "DELETE FROM sync.arrivals WHERE account_id = $1 AND conversation_id = ANY ($2::uuid[])"
# One of which messages are left is delivered with these.
_DROP_MESSAGES = """
DELETE FROM sync.arrivals
WHERE account_id = $1 AND message_id = ANY ($2::uuid[]) AND own_message_ids <@ $2::uuid[]
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the table. `attempts` counts the one that was claimed."""

    account_id: UUID
    conversation_id: UUID
    message_id: UUID
    own_message_ids: tuple[UUID, ...]
    attempts: int


async def keep_news(driver: Driver, account_id: UUID, records: Sequence[tuple[Any, ...]], now: datetime) -> bool:
    """Keep what of these records, just written, is news, if one is the newest of its conversation; whether there is any."""
    since, until = now - NEWS_WITHIN, now + NEWS_WITHIN
    recent = [one[_ID] for one in records if since <= one[_SENT_AT] <= until and not one[_FLAGS] & _NO_NEWS]
    if not recent:
        return False
    # Only what was inserted is found: a message that was there keeps the id that it had.
    rows = await driver.fetch(_MESSAGES, account_id, recent)
    inserted = {row["id"] for row in rows}
    news: dict[UUID, UUID] = {}
    for conversation in await _conversations(driver, account_id, rows):
        newest = await context_of(driver, account_id, conversation.id, (until, LAST_ID), 1)
        if conversation.is_with_somebody and newest and newest[-1].id in inserted:
            news[conversation.id] = newest[-1].id
    if news:
        own = _own_of(rows, news)
        await driver.execute(
            _KEEP, account_id, list(news), list(news.values()), [place for place, _ in own], [one for _, one in own]
        )
    return bool(news)


async def drop_conversations(driver: Driver, account_id: UUID, conversation_ids: Sequence[UUID]) -> None:
    """Delete the arrivals of conversations that are deleted."""
    await driver.execute(_DROP_CONVERSATIONS, account_id, conversation_ids)


async def drop_messages(driver: Driver, account_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Delete the arrivals of which all messages are deleted."""
    if message_ids:
        await driver.execute(_DROP_MESSAGES, account_id, message_ids)


class PostgresArrivals:
    """svc_kit.outbox.Rows of arrivals; what is claimed together is of one account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drop_expired(self) -> int:
        """Delete what has waited for longer than EXPIRED_AFTER, of all accounts; return the number of rows."""
        async with self._database.system_transaction() as connection:
            driver = await driver_connection(connection)
            return len(await driver.fetch(_DROP_EXPIRED, EXPIRED_AFTER))

    async def claim(self, limit: int, lease: float) -> Sequence[Waiting]:
        """Take what is due of the account that has waited longest; nobody else gets it for `lease` seconds."""
        async with self._database.system_transaction() as connection:
            driver = await driver_connection(connection)
            rows = await driver.fetch(_CLAIM, limit, timedelta(seconds=lease))
        return [Waiting(**{**row, "own_message_ids": tuple(row["own_message_ids"])}) for row in rows]

    async def read(self, account_id: UUID, waiting: Sequence[Waiting]) -> list[Arrival]:
        """Read what arrived, oldest first; nothing of what is gone or hidden by now.

        Of a conversation that is what the owner wrote, and its newest message.
        """
        ids = [message_id for one in waiting for message_id in (one.message_id, *one.own_message_ids)]
        async with self._database.transaction(account_id) as connection:
            driver = await driver_connection(connection)
            rows = await driver.fetch(_MESSAGES, account_id, ids)
            shown = {one.id: one for one in await _conversations(driver, account_id, rows)}
        found = (arrival_of(shown[row["shown_id"]], message_of(row)) for row in rows)
        arrivals = sorted((one for one in found if one is not None), key=lambda one: (one.sent_at, one.message_id))
        # Chats that were merged meanwhile have a row each.
        newest = {one.conversation_id: one for one in arrivals}
        return [one for one in arrivals if one.is_own or newest[one.conversation_id] is one]

    async def acknowledge(self, entries: Sequence[Waiting]) -> None:
        """Delete these, unless another message took their place."""
        await self._change(entries, _REMOVE)

    async def postpone(self, entries: Sequence[Waiting], seconds: float) -> None:
        """Let these be claimed again after `seconds`; one whose place another message took is due anyway."""
        await self._change(entries, _POSTPONE, timedelta(seconds=seconds))

    async def give_back(self, entries: Sequence[Waiting]) -> None:
        """Let these be claimed again at once, without counting the attempt."""
        await self._change(entries, _GIVE_BACK, [one.attempts for one in entries])

    async def _change(self, entries: Sequence[Waiting], statement: str, *values: Any) -> None:
        """Run a statement for rows that were claimed together, which are of one account."""
        account_id = entries[0].account_id
        conversations, messages = [one.conversation_id for one in entries], [one.message_id for one in entries]
        async with self._database.transaction(account_id) as connection:
            driver = await driver_connection(connection)
            await driver.execute(statement, account_id, conversations, messages, *values)


def _own_of(rows: Sequence[Row], news: Mapping[UUID, UUID]) -> list[tuple[UUID, UUID]]:
    """What the owner wrote in these conversations up to what is news, oldest first, each with its conversation."""
    own = sorted((row for row in rows if row["direction"] == Direction.OUTGOING), key=itemgetter("sent_at", "id"))
    return [
        (row["shown_id"], row["id"])
        for row in own
        # A later id would say that it answers what it does not.
        if row["shown_id"] in news and row["id"] <= news[row["shown_id"]] and written_text(message_of(row))
    ]


async def _conversations(driver: Driver, account_id: UUID, rows: Sequence[Row]) -> list[Conversation]:
    chats = list({row["c_id"]: chat_of(row) for row in rows}.values())
    return conversations_of([*chats, *await chats_beside(driver, account_id, chats)])
