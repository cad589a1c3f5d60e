"""What is stored, told so that a device finds what it missed: fingerprints of chats, and states of messages."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from svc_kit.database import Database, driver_connection
from sync_svc.domain.pages import After, Digest, DigestPage, StatePage
from sync_svc.storage.keys import NEWEST, OLDEST, after_of

# Times are compared with plain parameters, here as in all statements: under Row-Level Security PostgreSQL looks for nothing else in
# an index, not even for coalesce($3, …).
#
# Chat by chat in the order of the page, so that a page looks at no more of them than it needs, and at each by its index.
# conversations.last_message_at would not tell which have messages since then: what is scheduled and group events do not move it.
DIGESTS = """
SELECT known.imessage_id, stored.message_count, stored.hash, known.up_to
FROM (
    SELECT imessage_id, c.id, d.up_to
    FROM (SELECT imessage_id, id FROM sync.conversations WHERE account_id = $1 AND imessage_id > $2) AS c
    FULL JOIN (SELECT imessage_id, up_to FROM sync.deleted_conversations WHERE account_id = $1 AND imessage_id > $2) AS d
        USING (imessage_id)
    ORDER BY imessage_id
) AS known
CROSS JOIN LATERAL (
    SELECT count(*) AS message_count, coalesce(bit_xor(m.state_hash), 0) AS hash
    FROM sync.messages AS m
    WHERE m.account_id = $1 AND m.conversation_id = known.id AND m.sent_at >= $3
) AS stored
WHERE stored.message_count > 0 OR known.up_to IS NOT NULL
ORDER BY known.imessage_id LIMIT $4
"""

STATES = """
SELECT m.imessage_guid, m.state_hash, m.sent_at, m.id
FROM sync.messages AS m
WHERE m.account_id = $1
  AND m.conversation_id = (SELECT c.id FROM sync.conversations AS c WHERE c.account_id = $1 AND c.imessage_id = $2)
  AND m.sent_at >= $3 AND (m.sent_at, m.id) < ($4, $5)
ORDER BY m.sent_at DESC, m.id DESC LIMIT $6
"""


class PostgresDigestStore:
    """Tells devices what is stored, so that they find what they missed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def digests(self, account_id: UUID, since: datetime | None, after: str, size: int) -> DigestPage:
        """Fingerprints of the chats with messages since then, and of all that were deleted."""
        async with self._database.transaction(account_id) as connection:
            driver = await driver_connection(connection)
            rows = await driver.fetch(DIGESTS, account_id, after, since or OLDEST[0], size + 1)
        digests = [Digest(*row) for row in rows[:size]]
        return DigestPage(digests, digests[-1].imessage_id if len(rows) > size else "")

    async def message_states(
        self, account_id: UUID, imessage_id: str, since: datetime | None, after: After, size: int
    ) -> StatePage:
        """What is stored of a chat's messages since then, newest first; nothing of a chat that is not stored."""
        async with self._database.transaction(account_id) as connection:
            driver = await driver_connection(connection)
            rows = await driver.fetch(STATES, account_id, imessage_id, since or OLDEST[0], *(after or NEWEST), size + 1)
        states = [(row["imessage_guid"], row["state_hash"]) for row in rows[:size]]
        return StatePage(states, after_of(rows, size))
