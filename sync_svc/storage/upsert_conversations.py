"""Finding the conversations that a write names, making those that are new, and keeping the deleted ones deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from svc_kit.ids import new_id
from sync_svc.domain.chat_guid import as_server_id, conversation_from_guid
from sync_svc.domain.errors import UnknownConversation
from sync_svc.domain.incoming import CONVERSATION_REF, SENT_AT, IncomingConversation, MessageRow
from sync_svc.storage import chat_claims, tombstones
from sync_svc.storage.regroup import regroup

_FIND = """
SELECT wanted.guid AS ref, c.id, c.merge_key, c.keyed_by, d.up_to, d.merge_key AS deleted_key
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

# What a description says beside the GUID and the participants, by column.
_TYPES = {
    "display_name": "text",
    "is_group": "boolean",
    "is_self": "boolean",
    "service": "text",
    "merge_key": "text",
    "is_orphaned": "boolean",
    "is_filtered": "boolean",
    "is_short_code": "boolean",
}
_NAMES = ", ".join(_TYPES)
_ARRAYS = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_TYPES.values(), 6))
_DEVICE = f"${6 + len(_TYPES)}::uuid"

_DESCRIBED = f"""
unnest($2::uuid[], $3::text[], $4::jsonb[], $5::boolean[], {_ARRAYS}) AS i (id, imessage_id, people, is_complete, {_NAMES})
CROSS JOIN LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(i.people)) AS participants) AS p
"""

_INSERT = f"""
INSERT INTO sync.conversations (account_id, id, imessage_id, participants, {_NAMES}, named_by, keyed_by)
SELECT $1, i.id, i.imessage_id, p.participants, {_NAMES}, {_DEVICE}, {_DEVICE} FROM {_DESCRIBED}
"""  # noqa: S608 - made of constants

# A complete description replaces what is known, as far as its device may (chat_claims.py); an incomplete one fills in what it says.
_FILLED_IN = {name: f"CASE WHEN i.is_complete THEN i.{name} ELSE k.{name} END" for name in _TYPES} | {
    "participants": "CASE WHEN i.is_complete OR p.participants <> '{}' THEN p.participants ELSE k.participants END",
    "display_name": f"""CASE WHEN i.display_name <> '' OR i.is_complete AND {chat_claims.MAY_CLEAR_NAME.format(device=_DEVICE)}
        THEN i.display_name ELSE k.display_name END""",
    "is_group": "CASE WHEN i.is_complete THEN i.is_group ELSE k.is_group OR i.is_group END",
}
_UPDATE = f"""
UPDATE sync.conversations AS c
SET {", ".join(f"{name} = i.{name}" for name in _FILLED_IN)},
    merged_into = CASE WHEN i.merge_key = '' THEN NULL ELSE c.merged_into END, updated_at = now(),
    named_by = CASE WHEN i.display_name = c.display_name THEN c.named_by ELSE {_DEVICE} END,
    keyed_by = CASE WHEN i.merge_key = c.merge_key THEN c.keyed_by ELSE {_DEVICE} END
FROM (
    SELECT k.id, {", ".join(f"{value} AS {name}" for name, value in _FILLED_IN.items())}
    FROM {_DESCRIBED}
    JOIN sync.conversations AS k ON k.account_id = $1 AND k.id = i.id AND k.imessage_id = i.imessage_id
) AS i
WHERE c.account_id = $1 AND c.id = i.id
  AND ({", ".join(f"c.{name}" for name in _FILLED_IN)}) IS DISTINCT FROM ({", ".join(f"i.{name}" for name in _FILLED_IN)})
RETURNING c.id
"""  # noqa: S608 - made of constants


@dataclass
class Known:
    """What is known of the conversations that a write names, by reference.

    Their ids and merge keys, which devices gave the keys, until when deleted ones stay deleted, and the keys of the deleted ones.
    """

    ids: dict[str, UUID] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    keyed_by: dict[str, UUID] = field(default_factory=dict)
    deleted_up_to: dict[str, datetime] = field(default_factory=dict)
    deleted_keys: dict[str, str] = field(default_factory=dict)

    def keeps(self, row: MessageRow) -> bool:
        """Whether a message is stored: not when it was in a conversation that the owner deleted."""
        up_to = self.deleted_up_to.get(row[CONVERSATION_REF])
        return up_to is None or row[SENT_AT] > up_to


@dataclass(frozen=True, slots=True)
class UpsertedConversations:
    """The chats' ids by reference, the messages to store, and the ids of the chats that are new or changed."""

    ids: dict[str, UUID]
    rows: Sequence[MessageRow]
    changed: Collection[UUID]


async def upsert_conversations(
    driver: asyncpg.Connection[Any],
    account_id: UUID,
    device_id: UUID,
    descriptions: Iterable[IncomingConversation],
    rows: Sequence[MessageRow],
) -> UpsertedConversations:
    """Insert and update the conversations that are described or named.

    Raises UnknownConversation for a UUID that is no conversation of the account.
    """
    described = {description.imessage_id: description for description in descriptions}
    named = dict.fromkeys(row[CONVERSATION_REF] for row in rows)
    known = await _find(driver, account_id, described.keys() | named.keys())
    rivals = {guid: device for guid, device in known.keyed_by.items() if device != device_id}
    described = await chat_claims.resolve_merge_keys(driver, account_id, described, known.keys, rivals)
    await _apply_tombstones(driver, account_id, described, known)
    if known.deleted_up_to:
        rows = [row for row in rows if known.keeps(row)]
        named = dict.fromkeys(row[CONVERSATION_REF] for row in rows)
    # The description of a deleted conversation alone does not bring it back. Ids are given in the order in which the device
    # names the chats: the first of several that are merged gives them its own.
    wanted = [guid for guid in described if guid not in known.deleted_up_to] + list(named)
    old = {guid: one for guid, one in described.items() if guid in known.ids}
    new = {guid: described.get(guid) or _guessed(guid, known) for guid in wanted if guid not in known.ids}
    known.ids.update({guid: new_id() for guid in new})
    changed = {known.ids[guid] for guid in new}
    if new:
        await driver.execute(_INSERT, account_id, *_columns(new.values(), known.ids), device_id)
    if old:
        updated = await driver.fetch(_UPDATE, account_id, *_columns(old.values(), known.ids), device_id)
        changed.update(row["id"] for row in updated)
    if keys := _touched_keys(old, new, known):
        changed.update(await regroup(driver, account_id, keys, {known.ids[guid] for guid in new}))
    return UpsertedConversations(known.ids, rows, changed)


def _guessed(guid: str, known: Known) -> IncomingConversation:
    """A chat that is named without being described: one that comes back after its deletion goes by the key it had."""
    return replace(conversation_from_guid(guid), merge_key=known.deleted_keys.get(guid, ""))


async def _find(driver: asyncpg.Connection[Any], account_id: UUID, references: Collection[str]) -> Known:
    by_id = {reference: server_id for reference in references if (server_id := as_server_id(reference)) is not None}
    known = Known()
    for row in await driver.fetch(_FIND, account_id, [one for one in references if one not in by_id]):
        if row["id"] is not None:
            known.ids[row["ref"]], known.keys[row["ref"]] = row["id"], row["merge_key"]
            if row["keyed_by"] is not None:
                known.keyed_by[row["ref"]] = row["keyed_by"]
        if row["up_to"] is not None:
            known.deleted_up_to[row["ref"]], known.deleted_keys[row["ref"]] = row["up_to"], row["deleted_key"]
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


async def _apply_tombstones(
    driver: asyncpg.Connection[Any], account_id: UUID, described: Mapping[str, IncomingConversation], known: Known
) -> None:
    keys = {guid: one.merge_key for guid, one in described.items() if one.is_complete}
    moved = {guid: keys[guid] for guid, key in known.deleted_keys.items() if keys.get(guid, key) != key}
    if moved:
        await tombstones.follow_keys(driver, account_id, moved)
    unknown = {
        guid: key for guid, key in keys.items() if key and guid not in known.ids and guid not in known.deleted_up_to
    }
    if unknown:
        known.deleted_up_to.update(await tombstones.inherit(driver, account_id, unknown))


def _touched_keys(
    old: Mapping[str, IncomingConversation], new: Mapping[str, IncomingConversation], known: Known
) -> set[str]:
    """The keys of chats that are new, and those that chats had or have now that changed theirs."""
    changed = [
        (known.keys[guid], one.merge_key)
        for guid, one in old.items()
        if one.is_complete and one.merge_key != known.keys[guid]
    ]
    return {key for pair in changed for key in pair if key} | {one.merge_key for one in new.values() if one.merge_key}


def _columns(conversations: Iterable[IncomingConversation], ids: Mapping[str, UUID]) -> tuple[list[Any], ...]:
    rows = [
        (
            ids[one.imessage_id],
            one.imessage_id,
            json.dumps(one.participants),
            one.is_complete,
            *(getattr(one, name) for name in _TYPES),
        )
        for one in conversations
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))
