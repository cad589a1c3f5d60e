"""The owner's contacts: taking them in, and names by handle."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from svc_kit.ids import new_id
from sync_svc.domain.handles import AddressBook, handle_key
from sync_svc.domain.incoming import IncomingContact, Written
from sync_svc.storage import contact_devices

_UPSERT = """
INSERT INTO sync.contacts AS known
    (account_id, id, apple_id, display_name, phone_number, email, avatar_hash, handles)
SELECT $1, i.id, i.apple_id, i.display_name, i.phone_number, i.email, i.avatar_hash,
       ARRAY(SELECT jsonb_array_elements_text(i.handles))
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
    AS i (id, apple_id, display_name, phone_number, email, avatar_hash, handles)
ON CONFLICT (account_id, apple_id) DO UPDATE
SET display_name = excluded.display_name, phone_number = excluded.phone_number, email = excluded.email,
    avatar_hash = excluded.avatar_hash, handles = excluded.handles, updated_at = now()
WHERE (known.display_name, known.phone_number, known.email, known.avatar_hash, known.handles)
    IS DISTINCT FROM (excluded.display_name, excluded.phone_number, excluded.email, excluded.avatar_hash, excluded.handles)
RETURNING id, apple_id, xmax = 0 AS is_new
"""

# Those that no device has: `device_id` is of the version before, see contact_devices.py.
_REMOVE = """
WITH gone AS (
    DELETE FROM sync.contacts AS c
    WHERE c.account_id = $1 AND c.device_id IS NULL AND c.apple_id <> ALL ($2::text[]) AND NOT EXISTS (
        SELECT FROM sync.contact_devices AS d WHERE d.account_id = $1 AND d.apple_id = c.apple_id
    )
    RETURNING id
),
handles AS (
    DELETE FROM sync.contact_handles WHERE account_id = $1 AND contact_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone
"""

_FORGET_HANDLES = "DELETE FROM sync.contact_handles WHERE account_id = $1 AND contact_id = ANY ($2::uuid[])"

_ADD_HANDLES = """
INSERT INTO sync.contact_handles (account_id, handle_key, contact_id)
SELECT $1, h.handle_key, h.contact_id FROM unnest($2::text[], $3::uuid[]) AS h (handle_key, contact_id)
ON CONFLICT DO NOTHING
"""

# Two contacts with one handle: the one known longer, so that a name does not change from read to read.
_NAMES = """
SELECT DISTINCT ON (h.handle_key) h.handle_key, c.display_name
FROM sync.contact_handles AS h
JOIN sync.contacts AS c ON c.account_id = $1 AND c.id = h.contact_id
WHERE h.account_id = $1 AND h.handle_key = ANY ($2::text[]) AND c.display_name <> ''
ORDER BY h.handle_key, c.id
"""


async def upsert(
    driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, contacts: Sequence[IncomingContact]
) -> Written:
    """Insert what is new and update what has changed; an address book's id that comes twice counts by its last."""
    latest = {contact.apple_id: contact for contact in contacts}
    if not latest:
        return Written()
    news = await contact_devices.say(driver, account_id, device_id, latest)
    if not news:
        return Written(received=len(contacts))
    written = await driver.fetch(_UPSERT, account_id, *_columns(news))
    await _replace_handles(driver, account_id, {row["id"]: latest[row["apple_id"]] for row in written})
    inserted = sum(row["is_new"] for row in written)
    return Written(received=len(contacts), inserted=inserted, updated=len(written) - inserted)


async def remove(driver: asyncpg.Connection[Any], account_id: UUID, device_id: UUID, but: Collection[str]) -> int:
    """Remove what no device has, now that this one has only what is in `but`; how many there were."""
    await contact_devices.let_go(driver, account_id, device_id, but)
    removed: int = await driver.fetchval(_REMOVE, account_id, list(but))
    return removed


async def address_book(driver: asyncpg.Connection[Any], account_id: UUID, handles: Iterable[str]) -> AddressBook:
    """The names of these handles, as far as there are any."""
    keys = {handle_key(handle) for handle in handles if handle}
    if not keys:
        return AddressBook()
    found = await driver.fetch(_NAMES, account_id, list(keys))
    return AddressBook({row["handle_key"]: row["display_name"] for row in found})


async def _replace_handles(
    driver: asyncpg.Connection[Any], account_id: UUID, contacts: dict[UUID, IncomingContact]
) -> None:
    await driver.execute(_FORGET_HANDLES, account_id, list(contacts))
    pairs = [(handle_key(handle), contact_id) for contact_id, contact in contacts.items() for handle in contact.handles]
    await driver.execute(_ADD_HANDLES, account_id, [key for key, _ in pairs], [contact_id for _, contact_id in pairs])


def _columns(contacts: Iterable[IncomingContact]) -> tuple[list[Any], ...]:
    rows = [
        (
            new_id(),
            one.apple_id,
            one.display_name,
            one.phone_number,
            one.email,
            one.avatar_hash,
            json.dumps(one.handles),
        )
        for one in contacts
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))
