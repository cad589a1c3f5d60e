"""Finding the conversations that a write names, making those that are new, and keeping the deleted ones deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from svc_kit.ids import new_id
from sync_svc.domain.chat_guid import as_server_id, conversation_from_guid
from sync_svc.domain.errors import UnknownConversation
from sync_svc.domain.incoming import CONVERSATION_REF, SENT_AT, IncomingConversation, MessageRow

_FIND = """
SELECT wanted.guid AS ref, c.id, d.up_to
FROM unnest($2::text[]) AS wanted (guid)
LEFT JOIN sync.conversations AS c ON c.account_id = $1 AND c.imessage_id = wanted.guid
LEFT JOIN sync.deleted_conversations AS d ON d.account_id = $1 AND d.imessage_id = wanted.guid
"""

_FIND_BY_ID = """
SELECT c.id, d.up_to
FROM sync.conversations AS c
LEFT JOIN sync.deleted_conversations AS d ON d.account_id = $1 AND d.imessage_id = c.imessage_id
WHERE c.account_id = $1 AND c.id = ANY ($2::uuid[])
"""

_DESCRIBED = """
unnest($2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::text[], $8::jsonb[], $9::boolean[])
    AS i (id, imessage_id, display_name, is_group, is_self, service, people, is_complete)
CROSS JOIN LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(i.people)) AS participants) AS p
"""

_INSERT = f"""
INSERT INTO sync.conversations (account_id, id, imessage_id, display_name, is_group, is_self, service, participants)
SELECT $1, i.id, i.imessage_id, i.display_name, i.is_group, i.is_self, i.service, p.participants
FROM {_DESCRIBED}
"""  # noqa: S608 - made of constants

# A complete description replaces what is known; an incomplete one fills in what it says.
_UPDATE = f"""
UPDATE sync.conversations AS c
SET display_name = i.display_name, is_group = i.is_group, is_self = i.is_self, service = i.service,
    participants = i.participants, updated_at = now()
FROM (
    SELECT k.id,
           CASE WHEN i.is_complete OR i.display_name <> '' THEN i.display_name ELSE k.display_name END AS display_name,
           CASE WHEN i.is_complete THEN i.is_group ELSE k.is_group OR i.is_group END AS is_group,
           CASE WHEN i.is_complete THEN i.is_self ELSE k.is_self END AS is_self,
           CASE WHEN i.is_complete THEN i.service ELSE k.service END AS service,
           CASE WHEN i.is_complete OR p.participants <> '{{}}' THEN p.participants ELSE k.participants END AS participants
    FROM {_DESCRIBED}
    JOIN sync.conversations AS k ON k.account_id = $1 AND k.id = i.id AND k.imessage_id = i.imessage_id
) AS i
WHERE c.account_id = $1 AND c.id = i.id
  AND (c.display_name, c.is_group, c.is_self, c.service, c.participants)
      IS DISTINCT FROM (i.display_name, i.is_group, i.is_self, i.service, i.participants)
"""  # noqa: S608 - made of constants


@dataclass
class Known:
    """What is known of the conversations that a write names: ids, and until when deleted ones stay deleted."""

    ids: dict[str, UUID]
    deleted_up_to: dict[str, datetime]

    def keeps(self, row: MessageRow) -> bool:
        """Whether a message is stored: not when it was in a conversation that the owner deleted."""
        up_to = self.deleted_up_to.get(row[CONVERSATION_REF])
        return up_to is None or row[SENT_AT] > up_to


async def settle(
    driver: asyncpg.Connection[Any],
    account_id: UUID,
    descriptions: Iterable[IncomingConversation],
    rows: Sequence[MessageRow],
) -> tuple[dict[str, UUID], Sequence[MessageRow]]:
    """Make and update what is described or named; the ids by reference, and the messages to store.

    Raises UnknownConversation for a UUID that is no conversation of the account.
    """
    described = {description.imessage_id: description for description in descriptions}
    named = {row[CONVERSATION_REF] for row in rows}
    known = await _find(driver, account_id, described.keys() | named)
    if known.deleted_up_to:
        rows = [row for row in rows if known.keeps(row)]
        named = {row[CONVERSATION_REF] for row in rows}
    # The description of a deleted conversation alone does not bring it back.
    wanted = named | (described.keys() - known.deleted_up_to.keys())
    old = {guid: described[guid] for guid in described.keys() & known.ids.keys()}
    new = {guid: described.get(guid) or conversation_from_guid(guid) for guid in wanted - known.ids.keys()}
    known.ids.update({guid: new_id() for guid in new})
    if new:
        await driver.execute(_INSERT, account_id, *_columns(new.values(), known.ids))
    if old:
        await driver.execute(_UPDATE, account_id, *_columns(old.values(), known.ids))
    return known.ids, rows


async def _find(driver: asyncpg.Connection[Any], account_id: UUID, references: Collection[str]) -> Known:
    by_id = {reference: server_id for reference in references if (server_id := as_server_id(reference)) is not None}
    found = await driver.fetch(_FIND, account_id, [reference for reference in references if reference not in by_id])
    known = Known(
        {row["ref"]: row["id"] for row in found if row["id"] is not None},
        {row["ref"]: row["up_to"] for row in found if row["up_to"] is not None},
    )
    if by_id:
        await _find_by_id(driver, account_id, by_id, known)
    return known


async def _find_by_id(
    driver: asyncpg.Connection[Any], account_id: UUID, by_id: Mapping[str, UUID], known: Known
) -> None:
    found = {row["id"]: row["up_to"] for row in await driver.fetch(_FIND_BY_ID, account_id, list(by_id.values()))}
    for reference, server_id in by_id.items():
        if server_id not in found:
            raise UnknownConversation(reference)
        known.ids[reference] = server_id
        if found[server_id] is not None:
            known.deleted_up_to[reference] = found[server_id]


def _columns(conversations: Iterable[IncomingConversation], ids: Mapping[str, UUID]) -> tuple[list[Any], ...]:
    rows = [
        (
            ids[one.imessage_id],
            one.imessage_id,
            one.display_name,
            one.is_group,
            one.is_self,
            one.service,
            json.dumps(one.participants),
            one.is_complete,
        )
        for one in conversations
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))
