"""Which devices have a contact: it stays as long as one of them has, and is as the device says that changed it last.

A device sends all its contacts whenever one of them changes. What it only says again must not undo what another has changed since.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any
from uuid import UUID

import asyncpg

from sync_svc.domain.incoming import IncomingContact

# Those that are not there are news too, whatever was said of them before.
_SAY = """
WITH incoming AS (SELECT * FROM unnest($3::text[], $4::bigint[]) AS i (apple_id, said)),
changed AS (
    INSERT INTO sync.contact_devices AS known (account_id, device_id, apple_id, said)
    SELECT $1, $2, apple_id, said FROM incoming
    ON CONFLICT (account_id, apple_id, device_id) DO UPDATE SET said = excluded.said WHERE known.said <> excluded.said
    RETURNING apple_id
)
SELECT apple_id FROM changed
UNION
SELECT i.apple_id FROM incoming AS i
WHERE NOT EXISTS (SELECT FROM sync.contacts AS c WHERE c.account_id = $1 AND c.apple_id = i.apple_id)
"""

# A contact's own device_id is from the version before, which knew one device a contact: after a complete list of that device
# all that it has is known here.
_SETTLE = "UPDATE sync.contacts SET device_id = NULL WHERE account_id = $1 AND device_id = $2"

_LET_GO = "DELETE FROM sync.contact_devices WHERE account_id = $1 AND device_id = $2 AND apple_id <> ALL ($3::text[])"


async def say(
    driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, contacts: Mapping[str, IncomingContact]
) -> list[IncomingContact]:
    """Keep that the device has these; those of which it says something new."""
    said = [_fingerprint(contact) for contact in contacts.values()]
    news = await driver.fetch(_SAY, account_id, device_id, list(contacts), said)
    return [contacts[row["apple_id"]] for row in news]


async def let_go(driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, but: Collection[str]) -> None:
    """Keep that the device has only what is in `but`."""
    await driver.execute(_SETTLE, account_id, device_id)
    await driver.execute(_LET_GO, account_id, device_id, list(but))


def _fingerprint(contact: IncomingContact) -> int:
    content = [contact.display_name, contact.phone_number, contact.email, contact.avatar_hash, *contact.handles]
    return int.from_bytes(blake2b(json.dumps(content).encode(), digest_size=8).digest(), "big", signed=True)
